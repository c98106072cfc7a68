//! Chat completions as OpenAI forms them: gpt-oss, Qwen, DeepSeek V3, Kimi, MiniMax, newer Mistral models and others.

use serde_json::{Value, json};

use crate::formats::body::{either, limit, malformed, required_list, texts, wrong_type};
use crate::formats::{Chunks, Said};
use crate::json::items;
use crate::model::piece::Piece;
use crate::model::prompt::{Prompt, ToolChoice, message, text_block};
use crate::model::provider_fields::{answer_schema, wants_reasoning};
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;

pub(crate) fn read(model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
    let mut prompt = Prompt {
        reasoning: reasons(model, body)?,
        tools: items(&body["tools"]).iter().map(read_tool).collect(),
        tool_choice: match (&body["tool_choice"], body["tool_choice"]["function"]["name"].as_str()) {
            (_, Some(name)) => ToolChoice::Named(name.to_owned()),
            (choice, None) if choice == "required" || choice == "any" => ToolChoice::Any,
            (choice, None) if choice == "none" => ToolChoice::Never,
            _ => ToolChoice::Auto,
        },
        max_tokens: limit(either(body, &["max_tokens", "max_completion_tokens"]))?,
        stop_sequences: texts(&body["stop"]),
        answer_schema: answer_schema(body),
        ..Prompt::default()
    };
    for (index, read) in required_list(body, "messages")?.iter().enumerate() {
        let content = content(&read["content"]);
        match read["role"].as_str().unwrap_or_default() {
            "system" | "developer" => prompt.system.extend(content),
            "user" => prompt.messages.push(message("user", content)),
            "assistant" => {
                let calls = items(&read["tool_calls"]).iter().map(read_call);
                prompt.messages.push(message("assistant", content.into_iter().chain(calls).collect()));
            }
            "tool" => {
                let result =
                    json!({ "toolResult": { "toolUseId": read["tool_call_id"], "content": content } });
                prompt.messages.push(message("user", vec![result]));
            }
            role => {
                return Err(malformed(&format!("#/messages/{index}/role: {role} is not a valid enum value")));
            }
        }
    }
    Ok(prompt)
}

/// Whether the model reasons: some do unasked, all of them where the body says so. An effort is a text.
fn reasons(model: &FoundationModel, body: &Value) -> AwsResult<bool> {
    match &body["reasoning_effort"] {
        Value::Null | Value::String(_) => {
            Ok(wants_reasoning(body) || model.style.unrequested_reasoning.is_some())
        }
        other => Err(wrong_type("#/reasoning_effort", "String", other)),
    }
}

/// A text, a list of parts, or one part alone, as Writer's models have it.
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

fn read_tool(tool: &Value) -> Value {
    let function = &tool["function"];
    json!({ "toolSpec": {
        "name": function["name"],
        "description": function["description"],
        "inputSchema": { "json": function["parameters"] },
    } })
}

fn read_call(call: &Value) -> Value {
    let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
    let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    json!({ "toolUse": { "toolUseId": call["id"], "name": call["function"]["name"], "input": input } })
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let mut message = json!({ "role": "assistant", "content": text(said), "refusal": null });
    let calls = calls(said);
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let mut answer = frame(said, "chat.completion");
    let mut choice = json!({ "index": 0, "message": message, "logprobs": null });
    choice[reason_member(said)] = json!(reason(said));
    answer["choices"] = json!([choice]);
    answer["usage"] = usage(said, said.completion.usage.output);
    answer
}

/// What was thought comes before the text, each chunk of it in tags (recorded); tool input in fragments.
pub(crate) fn chunks() -> Chunks {
    let (mut calls, mut has_input) = (0, false);
    let mut block = Value::Null;
    Box::new(move |said, piece| {
        let call = |call: Value| json!({ "tool_calls": [call] });
        let input = |index: usize, fragment: &str| {
            call(json!({ "index": index, "function": { "arguments": fragment } }))
        };
        let is_call = block["toolUse"].is_object();
        let delta = match piece {
            Piece::Begin => json!({ "role": "assistant", "content": "" }),
            Piece::Start(started) => {
                block = started.clone();
                let tool_use = &started["toolUse"];
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
            Piece::Delta(_) => match (piece.text(), piece.thought(), piece.tool_input()) {
                (Some(text), ..) => json!({ "content": text }),
                (_, Some(thought), _) => json!({ "content": in_tags(thought) }),
                (.., Some(fragment)) => {
                    has_input = true;
                    input(calls - 1, fragment)
                }
                _ => return Vec::new(),
            },
            Piece::Stop if is_call && !has_input => input(calls - 1, "{}"),
            Piece::Stop => return Vec::new(),
            Piece::End(_) => json!({}),
        };
        let finish = matches!(piece, Piece::End(_)).then(|| reason(said));
        let mut chunk = frame(said, "chat.completion.chunk");
        chunk["choices"] = json!([{ "index": 0, "delta": delta }]);
        chunk["choices"][0][reason_member(said)] = json!(finish);
        vec![chunk]
    })
}

fn frame(said: &Said<'_>, object: &str) -> Value {
    json!({
        "id": id(said),
        "object": object,
        "created": said.now.as_second(),
        "model": said.asked.model.model_id,
        "service_tier": "auto",
    })
}

pub(super) fn id(said: &Said<'_>) -> String {
    format!("chatcmpl-{}", said.id)
}

/// Mistral's first chat models name it otherwise.
fn reason_member(said: &Said<'_>) -> &'static str {
    if said.asked.model.base_id().starts_with("mistral.mistral-large-24") {
        "stop_reason"
    } else {
        "finish_reason"
    }
}

pub(super) fn reason<'a>(said: &'a Said<'_>) -> &'a str {
    match said.completion.stop_reason.as_str() {
        "tool_use" => "tool_calls",
        _ => said.stopped_by("length", "stop", "stop"),
    }
}

/// The text, what was thought before it in tags.
pub(super) fn text(said: &Said<'_>) -> String {
    said.completion.thoughts().map(in_tags).collect::<String>() + &said.completion.text()
}

fn in_tags(thought: &str) -> String {
    format!("<reasoning>{thought}</reasoning>")
}

pub(super) fn calls(said: &Said<'_>) -> Vec<Value> {
    let uses =
        said.completion.content.iter().map(|block| &block["toolUse"]).filter(|tool_use| tool_use.is_object());
    let call = |tool_use: &Value| {
        json!({
            "id": tool_use["toolUseId"],
            "type": "function",
            "function": { "name": tool_use["name"], "arguments": tool_use["input"].to_string() },
        })
    };
    uses.map(call).collect()
}

/// What was read, and what was said so far.
pub(super) fn usage(said: &Said<'_>, output: u64) -> Value {
    let input = said.completion.usage.input;
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}
