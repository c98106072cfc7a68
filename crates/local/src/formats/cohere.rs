//! The format of Cohere's Command R.

use serde_json::{Map, Value, json};

use crate::formats::body::{malformed, required_list, required_text, texts, token_limit};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::json::items;
use crate::model::prompt::{Prompt, message, text_block};
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "message")?;
    let mut prompt = Prompt {
        system: body["preamble"].as_str().map(text_block).into_iter().collect(),
        tools: items(&body["tools"]).iter().map(parse_tool).collect(),
        max_tokens: token_limit(&body["max_tokens"])?,
        stop_sequences: texts(&body["stop_sequences"]),
        ..Prompt::default()
    };
    for turn in items(&body["chat_history"]) {
        parse_turn(turn, &mut prompt.messages);
    }
    if !text.trim().is_empty() {
        prompt.messages.push(message("user", vec![text_block(text)]));
    }
    if !body["tool_results"].is_null() {
        parse_results(required_list(body, "tool_results")?, &mut prompt.messages);
    }
    match prompt.messages.last().is_none_or(|message| message["role"] == "assistant") {
        true => Err(malformed("#/message: expected minLength: 1, actual: 0")),
        false => Ok(prompt),
    }
}

/// Parses a turn of the chat history. The calls of a `CHATBOT` turn are skipped, because the results repeat them.
fn parse_turn(turn: &Value, messages: &mut Vec<Value>) {
    let content = || vec![text_block(turn["message"].as_str().unwrap_or_default())];
    match turn["role"].as_str() {
        Some("TOOL") => parse_results(items(&turn["tool_results"]), messages),
        Some("CHATBOT") if turn["tool_calls"].is_array() => {}
        Some("CHATBOT") => messages.push(message("assistant", content())),
        _ => messages.push(message("user", content())),
    }
}

/// Parses tool results, which repeat their calls. Cohere's calls have no IDs, so they get new ones.
fn parse_results(results: &[Value], messages: &mut Vec<Value>) {
    let turn = messages.len();
    let id = |nth: usize| format!("call_{turn}_{nth}");
    let call = |(nth, result): (usize, &Value)| {
        let call = &result["call"];
        json!({ "toolUse": { "toolUseId": id(nth), "name": call["name"], "input": call["parameters"] } })
    };
    let outcome = |(nth, result): (usize, &Value)| {
        let outputs: Vec<_> =
            items(&result["outputs"]).iter().map(|output| json!({ "json": output })).collect();
        json!({ "toolResult": { "toolUseId": id(nth), "content": outputs } })
    };
    messages.push(message("assistant", results.iter().enumerate().map(call).collect()));
    messages.push(message("user", results.iter().enumerate().map(outcome).collect()));
}

/// Parses a tool. Its parameters become a JSON schema.
fn parse_tool(tool: &Value) -> Value {
    let parameters = tool["parameter_definitions"].as_object();
    let property = |(name, parameter): (&String, &Value)| {
        let kind = json_type(parameter["type"].as_str().unwrap_or_default());
        (name.clone(), json!({ "type": kind, "description": parameter["description"] }))
    };
    let properties: Map<_, _> = parameters.into_iter().flatten().map(property).collect();
    let required = parameters.into_iter().flatten().filter(|(_, parameter)| parameter["required"] == true);
    let required: Vec<_> = required.map(|(name, _)| name).collect();
    json!({ "toolSpec": {
        "name": tool["name"],
        "description": tool["description"],
        "inputSchema": { "json": { "type": "object", "properties": properties, "required": required } },
    } })
}

/// Converts a type name of Python to one of JSON schema. JSON's names stay.
fn json_type(name: &str) -> &str {
    match name.split('[').next().unwrap_or_default() {
        "str" => "string",
        "int" => "integer",
        "float" => "number",
        "bool" => "boolean",
        "List" | "list" | "Tuple" | "tuple" => "array",
        "Dict" | "dict" => "object",
        "" => "string",
        other => other,
    }
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let text = response.completion.text();
    let body = &response.request.body;
    let mut history = items(&body["chat_history"]).to_vec();
    history.push(json!({ "role": "USER", "message": body["message"] }));
    if !body["tool_results"].is_null() {
        history.push(json!({ "role": "TOOL", "tool_results": body["tool_results"] }));
    }
    let mut reply = json!({ "role": "CHATBOT", "message": text });
    let mut response_body = json!({
        "response_id": response.id,
        "text": text,
        "generation_id": response.ids.uuid(),
        "finish_reason": response.stop_reason("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE"),
    });
    let calls = calls(response);
    if !calls.is_empty() {
        reply["tool_calls"] = json!(calls);
        response_body["tool_calls"] = json!(calls);
    }
    history.push(reply);
    response_body["chat_history"] = json!(history);
    response_body
}

fn calls(response: &ProviderResponse<'_>) -> Vec<Value> {
    let tool_uses = response
        .completion
        .content
        .iter()
        .map(|block| &block["toolUse"])
        .filter(|tool_use| tool_use.is_object());
    tool_uses.map(|tool_use| json!({ "name": tool_use["name"], "parameters": tool_use["input"] })).collect()
}

/// Writes no chunk for the start, and the usage in the last chunk only (recorded).
pub(crate) fn chunk_writer() -> ChunkWriter {
    Box::new(|response, event| match (event, event.text()) {
        (_, Some(text)) => {
            vec![json!({ "event_type": "text-generation", "is_finished": false, "text": text })]
        }
        (ReplyEvent::MessageStop(_), _) => {
            let mut body = response_body(response);
            let usage = &response.completion.usage;
            let tokens = json!({ "input_tokens": usage.input, "output_tokens": usage.output });
            body["meta"] =
                json!({ "api_version": { "version": "1" }, "billed_units": tokens, "tokens": tokens });
            let calls = body.get("tool_calls").map(|calls| {
                json!({ "event_type": "tool-calls-generation", "is_finished": false, "tool_calls": calls })
            });
            let end = json!({
                "event_type": "stream-end",
                "is_finished": true,
                "finish_reason": body["finish_reason"],
                "response": body,
            });
            calls.into_iter().chain([end]).collect()
        }
        _ => Vec::new(),
    })
}
