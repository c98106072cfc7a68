//! Converse's own format. CountTokens and batch jobs have it, too.

use serde_json::{Map, Value, json};

use crate::json::{items, strings};
use crate::model::completion::{Completion, TOOL_USE};
use crate::model::prompt::{Prompt, Thinking, ToolChoice, message};
use crate::model::provider_fields::{
    output_schema, parse_anthropic_tool, parse_anthropic_tool_choice, requests_reasoning,
};
use crate::rules;
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::style::ReasoningPosition;

/// Parses Converse's input into a prompt, and checks both.
pub(crate) fn parse(model: &FoundationModel, input: &Value) -> AwsResult<Prompt> {
    rules::converse::check(model, input)?;
    let prompt = prompt(model, input);
    rules::prompt::check(model, &prompt).map_err(rules::refusal::Refusal::into_converse_error)?;
    Ok(prompt)
}

fn prompt(model: &FoundationModel, input: &Value) -> Prompt {
    let inference = &input["inferenceConfig"];
    let fields = &input["additionalModelRequestFields"];
    let schema = input["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str();
    let schema = schema.and_then(|schema| serde_json::from_str(schema).ok());
    let tools = items(&input["toolConfig"]["tools"]).iter().cloned();
    Prompt {
        system: items(&input["system"]).to_vec(),
        messages: items(&input["messages"]).to_vec(),
        tools: tools.chain(items(&fields["tools"]).iter().map(parse_anthropic_tool)).collect(),
        tool_choice: match &input["toolConfig"]["toolChoice"] {
            Value::Null => parse_anthropic_tool_choice(&fields["tool_choice"]),
            choice => tool_choice(choice),
        },
        max_tokens: inference["maxTokens"].as_u64(),
        temperature: inference["temperature"].as_f64(),
        top_p: inference["topP"].as_f64(),
        stop_sequences: strings(&inference["stopSequences"]),
        thinking: Thinking::from_fields(&input["additionalModelRequestFields"]),
        reasoning: requests_reasoning(fields) || model.style.unrequested_reasoning.is_some(),
        output_schema: schema.or_else(|| output_schema(fields)),
    }
}

fn tool_choice(choice: &Value) -> ToolChoice {
    if choice["any"].is_object() {
        return ToolChoice::Any;
    }
    choice["tool"]["name"].as_str().map_or(ToolChoice::Auto, |name| ToolChoice::Named(name.to_owned()))
}

/// Returns the members that every response has.
pub(crate) fn response_body(model: &FoundationModel, completion: Completion) -> Value {
    let style = model.style;
    let latency = completion.latency_ms();
    let mut content = completion.content;
    if style.unrequested_reasoning == Some(ReasoningPosition::AfterText) {
        content.sort_by_key(|block| block["reasoningContent"].is_object());
    }
    if style.sets_tool_use_type {
        let lacks_type =
            |block: &&mut Value| block["toolUse"].is_object() && block["toolUse"]["type"].is_null();
        content.iter_mut().filter(lacks_type).for_each(|block| block["toolUse"]["type"] = json!(TOOL_USE));
    }
    let mut body = json!({
        "metrics": { "latencyMs": latency },
        "output": { "message": null },
        "stopReason": completion.stop_reason,
        "usage": null,
    });
    // `json!` copies what it contains.
    body["output"]["message"] = message("assistant", content);
    body["usage"] = completion.usage.to_converse();
    body
}

/// Returns the fields of the provider's own response that the request asks for, if the server has them.
pub(crate) fn additional_fields(wanted: &[String], completion: &Completion) -> Option<Value> {
    if completion.additional_fields.is_some() {
        return completion.additional_fields.clone();
    }
    let own = json!({ "stop_reason": completion.stop_reason, "stop_sequence": completion.stop_sequence });
    let fields: Map<_, _> = wanted
        .iter()
        .filter_map(|path| Some((path.strip_prefix('/')?.to_owned(), own.pointer(path)?.clone())))
        .collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}
