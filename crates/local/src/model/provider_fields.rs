//! Fields of the providers' formats, in an InvokeModel body or in Converse's `additionalModelRequestFields`.

use serde_json::{Value, json};

use crate::json::set;
use crate::model::prompt::ToolChoice;

/// Returns whether the fields switch reasoning on, with an object or with an effort.
pub(crate) fn requests_reasoning(fields: &Value) -> bool {
    let members = ["thinking", "reasoning_config", "reasoningConfig", "reasoning_effort"];
    members.into_iter().any(|member| match &fields[member] {
        Value::String(effort) => effort != "none",
        setting => matches!(setting["type"].as_str(), Some("enabled" | "adaptive")),
    })
}

/// Returns the JSON schema of the reply's text: Anthropic's `output_config.format` or its former name `output_format`, or
/// `response_format` of chat completions.
pub(crate) fn output_schema(fields: &Value) -> Option<Value> {
    let schemas = [
        &fields["output_config"]["format"]["schema"],
        &fields["output_format"]["schema"],
        &fields["response_format"]["json_schema"]["schema"],
    ];
    schemas.into_iter().find(|schema| schema.is_object()).cloned()
}

/// Converts a tool of Anthropic's format to Converse's. Tools that Anthropic defines have no schema in the request: it is
/// known here.
pub(crate) fn parse_anthropic_tool(tool: &Value) -> Value {
    let schema = match &tool["input_schema"] {
        Value::Null => defined_schema(tool["type"].as_str().unwrap_or_default()),
        schema => schema.clone(),
    };
    let mut specification = json!({
        "name": tool["name"],
        "description": tool["description"],
        "inputSchema": { "json": schema },
    });
    set(&mut specification, "strict", tool.get("strict").cloned());
    json!({ "toolSpec": specification })
}

/// Returns the schema of a tool that Anthropic defines, by its type such as `bash_20250124` without the date. The default of
/// the schema is a minimal input.
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

/// Converts a tool choice of Anthropic's format.
pub(crate) fn parse_anthropic_tool_choice(choice: &Value) -> ToolChoice {
    match (choice["type"].as_str(), choice["name"].as_str()) {
        (Some("any"), _) => ToolChoice::Any,
        (Some("tool"), Some(name)) => ToolChoice::Named(name.to_owned()),
        (Some("none"), _) => ToolChoice::Never,
        _ => ToolChoice::Auto,
    }
}
