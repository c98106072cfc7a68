//! Cohere's Command R.

use serde_json::{Map, Value, json};

use crate::formats::body::{limit, malformed, required_list, required_text, texts};
use crate::formats::{Chunks, Said};
use crate::json::items;
use crate::model::piece::Piece;
use crate::model::prompt::{Prompt, message, text_block};
use crate::wire::error::AwsResult;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "message")?;
    let mut prompt = Prompt {
        system: body["preamble"].as_str().map(text_block).into_iter().collect(),
        tools: items(&body["tools"]).iter().map(read_tool).collect(),
        max_tokens: limit(&body["max_tokens"])?,
        stop_sequences: texts(&body["stop_sequences"]),
        ..Prompt::default()
    };
    for turn in items(&body["chat_history"]) {
        read_turn(turn, &mut prompt.messages);
    }
    if !text.trim().is_empty() {
        prompt.messages.push(message("user", vec![text_block(text)]));
    }
    if !body["tool_results"].is_null() {
        read_results(required_list(body, "tool_results")?, &mut prompt.messages);
    }
    match prompt.messages.last().is_none_or(|message| message["role"] == "assistant") {
        true => Err(malformed("#/message: expected minLength: 1, actual: 0")),
        false => Ok(prompt),
    }
}

/// A turn of the chat history. The calls of a `CHATBOT` turn are left out: the results repeat them.
fn read_turn(turn: &Value, messages: &mut Vec<Value>) {
    let said = || vec![text_block(turn["message"].as_str().unwrap_or_default())];
    match turn["role"].as_str() {
        Some("TOOL") => read_results(items(&turn["tool_results"]), messages),
        Some("CHATBOT") if turn["tool_calls"].is_array() => {}
        Some("CHATBOT") => messages.push(message("assistant", said())),
        _ => messages.push(message("user", said())),
    }
}

/// Results repeat their calls. Cohere's calls have no ids: they get some here.
fn read_results(results: &[Value], messages: &mut Vec<Value>) {
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

/// A tool's parameters as a JSON schema.
fn read_tool(tool: &Value) -> Value {
    let parameters = tool["parameter_definitions"].as_object();
    let property = |(name, told): (&String, &Value)| {
        let kind = json_type(told["type"].as_str().unwrap_or_default());
        (name.clone(), json!({ "type": kind, "description": told["description"] }))
    };
    let properties: Map<_, _> = parameters.into_iter().flatten().map(property).collect();
    let required = parameters.into_iter().flatten().filter(|(_, told)| told["required"] == true);
    let required: Vec<_> = required.map(|(name, _)| name).collect();
    json!({ "toolSpec": {
        "name": tool["name"],
        "description": tool["description"],
        "inputSchema": { "json": { "type": "object", "properties": properties, "required": required } },
    } })
}

/// Cohere names Python's types, JSON's too.
fn json_type(named: &str) -> &str {
    match named.split('[').next().unwrap_or_default() {
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

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let text = said.completion.text();
    let body = &said.asked.body;
    let mut history = items(&body["chat_history"]).to_vec();
    history.push(json!({ "role": "USER", "message": body["message"] }));
    if !body["tool_results"].is_null() {
        history.push(json!({ "role": "TOOL", "tool_results": body["tool_results"] }));
    }
    let mut spoken = json!({ "role": "CHATBOT", "message": text });
    let mut answer = json!({
        "response_id": said.id,
        "text": text,
        "generation_id": said.ids.uuid(),
        "finish_reason": said.stopped_by("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE"),
    });
    let calls = calls(said);
    if !calls.is_empty() {
        spoken["tool_calls"] = json!(calls);
        answer["tool_calls"] = json!(calls);
    }
    history.push(spoken);
    answer["chat_history"] = json!(history);
    answer
}

fn calls(said: &Said<'_>) -> Vec<Value> {
    let uses = said.completion.content.iter().map(|block| &block["toolUse"]).filter(|used| used.is_object());
    uses.map(|used| json!({ "name": used["name"], "parameters": used["input"] })).collect()
}

/// As recorded: there is no event for the start, and only the last one has the usage.
pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match (piece, piece.text()) {
        (_, Some(text)) => {
            vec![json!({ "event_type": "text-generation", "is_finished": false, "text": text })]
        }
        (Piece::End(_), _) => {
            let mut answer = answer(said);
            let usage = &said.completion.usage;
            let tokens = json!({ "input_tokens": usage.input, "output_tokens": usage.output });
            answer["meta"] =
                json!({ "api_version": { "version": "1" }, "billed_units": tokens, "tokens": tokens });
            let calls = answer.get("tool_calls").map(|calls| {
                json!({ "event_type": "tool-calls-generation", "is_finished": false, "tool_calls": calls })
            });
            let end = json!({
                "event_type": "stream-end",
                "is_finished": true,
                "finish_reason": answer["finish_reason"],
                "response": answer,
            });
            calls.into_iter().chain([end]).collect()
        }
        _ => Vec::new(),
    })
}
