//! The format of OpenAI's chat completions: gpt-oss, Qwen, DeepSeek V3, Kimi, MiniMax, newer Mistral models and others.

use serde_json::{Value, json};

use crate::formats::body::{first_of, malformed, required_list, texts, token_limit, wrong_type};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice, message, text_block};
use crate::model::provider_fields::{output_schema, requests_reasoning};
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;

pub(crate) fn parse(model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
    let mut prompt = Prompt {
        reasoning: wants_reasoning(model, body)?,
        tools: items(&body["tools"]).iter().map(parse_tool).collect(),
        tool_choice: match (&body["tool_choice"], body["tool_choice"]["function"]["name"].as_str()) {
            (_, Some(name)) => ToolChoice::Named(name.to_owned()),
            (choice, None) if choice == "required" || choice == "any" => ToolChoice::Any,
            (choice, None) if choice == "none" => ToolChoice::Never,
            _ => ToolChoice::Auto,
        },
        max_tokens: token_limit(first_of(body, &["max_tokens", "max_completion_tokens"]))?,
        stop_sequences: texts(&body["stop"]),
        output_schema: output_schema(body),
        ..Prompt::default()
    };
    for (index, input) in required_list(body, "messages")?.iter().enumerate() {
        let content = content(&input["content"]);
        match input["role"].as_str().unwrap_or_default() {
            "system" | "developer" => prompt.system.extend(content),
            "user" => prompt.messages.push(message("user", content)),
            "assistant" => {
                let calls = items(&input["tool_calls"]).iter().map(parse_call);
                prompt.messages.push(message("assistant", content.into_iter().chain(calls).collect()));
            }
            "tool" => {
                let result =
                    json!({ "toolResult": { "toolUseId": input["tool_call_id"], "content": content } });
                prompt.messages.push(message("user", vec![result]));
            }
            role => {
                return Err(malformed(&format!("#/messages/{index}/role: {role} is not a valid enum value")));
            }
        }
    }
    Ok(prompt)
}

/// Returns whether the model reasons: if the body asks for it, or if the model always does. An effort is a text.
fn wants_reasoning(model: &FoundationModel, body: &Value) -> AwsResult<bool> {
    match &body["reasoning_effort"] {
        Value::Null | Value::String(_) => {
            Ok(requests_reasoning(body) || model.style.unrequested_reasoning.is_some())
        }
        other => Err(wrong_type("#/reasoning_effort", "String", other)),
    }
}

/// Parses content: a text, a list of parts, or, for Writer's models, a single part.
fn content(content: &Value) -> Vec<Value> {
    let part = |part: &Value| match part["text"].as_str() {
        Some(text) => Some(text_block(text)),
        None => part["image_url"].is_object().then(|| json!({ "image": { "source": part["image_url"] } })),
    };
    match content {
        Value::String(text) => vec![text_block(text)],
        Value::Object(_) => part(content).into_iter().collect(),
        _ => items(content).iter().filter_map(part).collect(),
    }
}

fn parse_tool(tool: &Value) -> Value {
    let function = &tool["function"];
    json!({ "toolSpec": {
        "name": function["name"],
        "description": function["description"],
        "inputSchema": { "json": function["parameters"] },
    } })
}

fn parse_call(call: &Value) -> Value {
    let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
    let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    json!({ "toolUse": { "toolUseId": call["id"], "name": call["function"]["name"], "input": input } })
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let mut message = json!({ "role": "assistant", "content": text(response), "refusal": null });
    let calls = calls(response);
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let mut body = object_head(response, "chat.completion");
    let mut choice = json!({ "index": 0, "message": message, "logprobs": null });
    choice[reason_member(response)] = json!(reason(response));
    body["choices"] = json!([choice]);
    body["usage"] = usage(response, response.completion.usage.output);
    body
}

/// Writes reasoning before the text, with each chunk in tags (recorded), and tool input in fragments.
pub(crate) fn chunk_writer() -> ChunkWriter {
    let (mut calls, mut has_input) = (0, false);
    let mut block = Value::Null;
    Box::new(move |response, event| {
        let call = |call: Value| json!({ "tool_calls": [call] });
        let input = |index: usize, fragment: &str| {
            call(json!({ "index": index, "function": { "arguments": fragment } }))
        };
        let is_call = block["toolUse"].is_object();
        let delta = match event {
            ReplyEvent::MessageStart => json!({ "role": "assistant", "content": "" }),
            ReplyEvent::BlockStart(new_block) => {
                block = new_block.clone();
                let tool_use = &new_block["toolUse"];
                if tool_use.is_object() {
                    calls += 1;
                    has_input = false;
                    let function = json!({ "name": tool_use["name"], "arguments": "" });
                    call(json!({
                        "index": calls - 1, "id": tool_use["toolUseId"], "type": "function", "function": function,
                    }))
                } else {
                    return Vec::new();
                }
            }
            ReplyEvent::BlockDelta(_) => match (event.text(), event.reasoning_text(), event.tool_input()) {
                (Some(text), ..) => json!({ "content": text }),
                (_, Some(reasoning), _) => json!({ "content": in_tags(reasoning) }),
                (.., Some(fragment)) => {
                    has_input = true;
                    input(calls - 1, fragment)
                }
                _ => return Vec::new(),
            },
            ReplyEvent::BlockStop if is_call && !has_input => input(calls - 1, "{}"),
            ReplyEvent::BlockStop => return Vec::new(),
            ReplyEvent::MessageStop(_) => json!({}),
        };
        let finish = matches!(event, ReplyEvent::MessageStop(_)).then(|| reason(response));
        let mut chunk = object_head(response, "chat.completion.chunk");
        chunk["choices"] = json!([{ "index": 0, "delta": delta }]);
        chunk["choices"][0][reason_member(response)] = json!(finish);
        vec![chunk]
    })
}

/// Returns the members that the response body and all chunks have.
fn object_head(response: &ProviderResponse<'_>, object: &str) -> Value {
    json!({
        "id": id(response),
        "object": object,
        "created": response.now.as_second(),
        "model": response.request.model.model_id,
        "service_tier": "auto",
    })
}

pub(super) fn id(response: &ProviderResponse<'_>) -> String {
    format!("chatcmpl-{}", response.id)
}

/// Returns the member of the stop reason. Mistral's first chat models have another one.
fn reason_member(response: &ProviderResponse<'_>) -> &'static str {
    if response.request.model.base_id().starts_with("mistral.mistral-large-24") {
        "stop_reason"
    } else {
        "finish_reason"
    }
}

pub(super) fn reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    match response.completion.stop_reason.as_str() {
        "tool_use" => "tool_calls",
        _ => response.stop_reason("length", "stop", "stop"),
    }
}

/// Returns the text, after the reasoning in tags.
pub(super) fn text(response: &ProviderResponse<'_>) -> String {
    response.completion.reasoning_texts().map(in_tags).collect::<String>() + &response.completion.text()
}

fn in_tags(reasoning: &str) -> String {
    format!("<reasoning>{reasoning}</reasoning>")
}

pub(super) fn calls(response: &ProviderResponse<'_>) -> Vec<Value> {
    let tool_uses = response
        .completion
        .content
        .iter()
        .map(|block| &block["toolUse"])
        .filter(|tool_use| tool_use.is_object());
    let call = |tool_use: &Value| {
        json!({
            "id": tool_use["toolUseId"],
            "type": "function",
            "function": { "name": tool_use["name"], "arguments": tool_use["input"].to_string() },
        })
    };
    tool_uses.map(call).collect()
}

/// Returns the usage with the input tokens and the output tokens so far.
pub(super) fn usage(response: &ProviderResponse<'_>, output: u64) -> Value {
    let input = response.completion.usage.input;
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}
