//! What a model is told in its provider's own fields: in an InvokeModel body, or beside Converse's own members in
//! `additionalModelRequestFields`.

use serde_json::{Value, json};

use crate::model::prompt::ToolChoice;

/// Whether reasoning is switched on: by an object, or by a word that tells how much of it is wanted.
pub(crate) fn wants_reasoning(fields: &Value) -> bool {
    let switches = ["thinking", "reasoning_config", "reasoningConfig", "reasoning_effort"];
    switches.into_iter().any(|switch| match &fields[switch] {
        Value::String(effort) => effort != "none",
        switch => matches!(switch["type"].as_str(), Some("enabled" | "adaptive")),
    })
}

/// The JSON schema that the answer's text is to follow: Anthropic's `output_config.format`, or `output_format` as it
/// was called before; `response_format` of chat completions.
pub(crate) fn answer_schema(fields: &Value) -> Option<Value> {
    let schemas = [
        &fields["output_config"]["format"]["schema"],
        &fields["output_format"]["schema"],
        &fields["response_format"]["json_schema"]["schema"],
    ];
    schemas.into_iter().find(|schema| schema.is_object()).cloned()
}

/// Anthropic's tool as Converse has it. The tools that Anthropic defines come without a schema: theirs is known here.
pub(crate) fn anthropic_tool(tool: &Value) -> Value {
    let schema = match &tool["input_schema"] {
        Value::Null => defined_schema(tool["type"].as_str().unwrap_or_default()),
        schema => schema.clone(),
    };
    json!({ "toolSpec": {
        "name": tool["name"],
        "description": tool["description"],
        "inputSchema": { "json": schema },
    } })
}

/// The smallest input of a tool that Anthropic defines, by its type without the date: `bash_20250124`.
fn defined_schema(kind: &str) -> Value {
    let input = match kind.rsplit_once('_').map_or(kind, |(kind, _)| kind) {
        "bash" => json!({ "command": "ls" }),
        "text_editor" => json!({ "command": "view", "path": "." }),
        "computer" => json!({ "action": "screenshot" }),
        "memory" => json!({ "command": "view", "path": "/memories" }),
        _ => json!({}),
    };
    json!({ "type": "object", "default": input })
}

pub(crate) fn anthropic_tool_choice(choice: &Value) -> ToolChoice {
    match (choice["type"].as_str(), choice["name"].as_str()) {
        (Some("any"), _) => ToolChoice::Any,
        (Some("tool"), Some(name)) => ToolChoice::Named(name.to_owned()),
        (Some("none"), _) => ToolChoice::Never,
        _ => ToolChoice::Auto,
    }
}
