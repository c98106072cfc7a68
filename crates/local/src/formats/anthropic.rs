//! Anthropic's Messages.

use serde_json::{Value, json};

use crate::formats::body::{limit, malformed, required_list, required_text, texts, wrong_type};
use crate::formats::{Chunks, Said};
use crate::json::items;
use crate::model::citations;
use crate::model::completion::Usage;
use crate::model::piece::Piece;
use crate::model::prompt::{Prompt, Thinking, message, text_block};
use crate::model::provider_fields::{answer_schema, anthropic_tool, anthropic_tool_choice, wants_reasoning};
use crate::wire::error::{AwsError, AwsResult};

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let messages = required_list(body, "messages")?;
    required_text(body, "anthropic_version")?;
    if body["max_tokens"].is_null() {
        return Err(malformed("#: required key [max_tokens] not found"));
    }
    let messages = messages.iter().enumerate().map(|(index, message)| read_message(index, message));
    Ok(Prompt {
        system: content(&body["system"]),
        messages: messages.collect::<AwsResult<_>>()?,
        tools: items(&body["tools"]).iter().map(anthropic_tool).collect(),
        tool_choice: anthropic_tool_choice(&body["tool_choice"]),
        max_tokens: limit(&body["max_tokens"])?,
        stop_sequences: texts(&body["stop_sequences"]),
        reasoning: wants_reasoning(body),
        answer_schema: answer_schema(body),
        thinking: Thinking::of(body),
        ..Prompt::default()
    })
}

fn read_message(index: usize, read: &Value) -> AwsResult<Value> {
    let role = read["role"].as_str().unwrap_or_default();
    if !matches!(role, "user" | "assistant" | "system") {
        return Err(malformed(&format!("#/messages/{index}/role: {role} is not a valid enum value")));
    }
    match &read["content"] {
        Value::String(_) | Value::Array(_) => {}
        Value::Null => {
            return Err(malformed(&format!("#/messages/{index}: required key [content] not found")));
        }
        other => return Err(wrong_type(&format!("#/messages/{index}/content"), "JSONArray", other)),
    }
    for (position, block) in items(&read["content"]).iter().enumerate() {
        if block["type"] == "image" && block["source"]["type"] == "url" {
            let path = format!("messages.{index}.content.{position}.image.source.base64.data");
            return Err(AwsError::validation(format!("{path}: URL sources are not supported")));
        }
    }
    Ok(message(role, content(&read["content"])))
}

/// A string is a single block of text.
fn content(content: &Value) -> Vec<Value> {
    if let Some(text) = content.as_str() {
        return vec![text_block(text)];
    }
    items(content).iter().flat_map(read_block).collect()
}

/// The Converse block, and a cache point behind it where one is asked for.
fn read_block(block: &Value) -> Vec<Value> {
    let media = |kind: &str| {
        let format = block["source"]["media_type"].as_str().and_then(|media| media.rsplit('/').next());
        let source = match (block["source"]["type"].as_str(), &block["source"]["content"]) {
            (Some("text"), _) => json!({ "text": block["source"]["data"] }),
            (Some("content"), Value::String(text)) => json!({ "content": [text_block(text)] }),
            (Some("content"), chunks) => json!({ "content": content(chunks) }),
            _ => json!({ "bytes": block["source"]["data"] }),
        };
        json!({ kind: {
            "format": format, "name": block["title"], "source": source, "citations": block["citations"],
        } })
    };
    let read = match block["type"].as_str() {
        Some("text") => text_block(block["text"].as_str().unwrap_or_default()),
        Some("image") => media("image"),
        Some("document") => media("document"),
        Some("search_result") => json!({ "searchResult": {
            "source": block["source"], "title": block["title"], "content": content(&block["content"]),
            "citations": block["citations"],
        } }),
        Some("tool_use") => json!({ "toolUse": {
            "toolUseId": block["id"], "name": block["name"], "input": block["input"],
        } }),
        Some("tool_result") => json!({ "toolResult": {
            "toolUseId": block["tool_use_id"],
            "content": content(&block["content"]),
            "status": if block["is_error"] == true { "error" } else { "success" },
        } }),
        Some("thinking") => json!({ "reasoningContent": { "reasoningText": {
            "text": block["thinking"], "signature": block["signature"],
        } } }),
        _ => return Vec::new(),
    };
    match block["cache_control"]["ttl"].as_str() {
        Some(ttl) => vec![read, json!({ "cachePoint": { "type": "default", "ttl": ttl } })],
        None if block["cache_control"].is_object() => {
            vec![read, json!({ "cachePoint": { "type": "default" } })]
        }
        None => vec![read],
    }
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let mut answer = frame(said);
    answer["content"] = said.completion.content.iter().filter_map(write_block).collect();
    answer["stop_reason"] = json!(stop_reason(said));
    answer["stop_sequence"] = json!(said.completion.stop_sequence);
    answer["usage"] = usage(&said.completion.usage, said.completion.usage.output);
    answer
}

fn frame(said: &Said<'_>) -> Value {
    json!({
        "id": format!("msg_bdrk_01{}", &said.ids.message()[..22]),
        "type": "message",
        "role": "assistant",
        "model": model_name(&said.asked.model.model_id),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
    })
}

/// `anthropic.claude-3-haiku-20240307-v1:0` calls itself `claude-3-haiku-20240307`.
fn model_name(id: &str) -> &str {
    let name = id.strip_prefix("anthropic.").unwrap_or(id);
    name.rsplit_once("-v").map_or(name, |(name, _)| name)
}

fn stop_reason<'a>(said: &'a Said<'_>) -> &'a str {
    match said.completion.stop_reason.as_str() {
        "guardrail_intervened" => "end_turn",
        reason => reason,
    }
}

fn usage(usage: &Usage, output: u64) -> Value {
    let mut written = json!({ "input_tokens": usage.input, "output_tokens": output });
    if let Some(cache) = &usage.cache {
        written["cache_creation_input_tokens"] = cache.written().into();
        written["cache_read_input_tokens"] = cache.read.into();
        written["cache_creation"] = json!({
            "ephemeral_5m_input_tokens": cache.written_for_five_minutes,
            "ephemeral_1h_input_tokens": cache.written_for_an_hour,
        });
    }
    written
}

fn write_block(block: &Value) -> Option<Value> {
    if let Some(text) = block["text"].as_str() {
        return Some(json!({ "type": "text", "text": text }));
    }
    let thought = &block["reasoningContent"]["reasoningText"];
    if thought.is_object() {
        return Some(
            json!({ "type": "thinking", "thinking": thought["text"], "signature": thought["signature"] }),
        );
    }
    let cited = &block["citationsContent"];
    if cited.is_object() {
        let text: String = items(&cited["content"]).iter().filter_map(|said| said["text"].as_str()).collect();
        let citations: Vec<_> = items(&cited["citations"]).iter().map(citations::to_anthropic).collect();
        return Some(json!({ "type": "text", "text": text, "citations": citations }));
    }
    let tool_use = &block["toolUse"];
    tool_use.is_object().then(|| {
        json!({
            "type": "tool_use",
            "id": tool_id(tool_use["toolUseId"].as_str().unwrap_or_default()),
            "name": tool_use["name"],
            "input": tool_use["input"],
        })
    })
}

/// The same id as Anthropic spells it.
fn tool_id(id: &str) -> String {
    id.strip_prefix("tooluse_").map_or_else(|| id.to_owned(), |letters| format!("toolu_bdrk_01{letters}"))
}

pub(crate) fn chunks() -> Chunks {
    let mut index = 0;
    let mut is_told = false;
    Box::new(move |said, piece| match piece {
        Piece::Begin => {
            let mut start = frame(said);
            start["usage"] = usage(&said.completion.usage, 1);
            vec![json!({ "type": "message_start", "message": start })]
        }
        Piece::Start(block) => {
            let block = write_block(block);
            is_told = block.is_some();
            let calls = block.as_ref().is_some_and(|block| block["type"] == "tool_use");
            let start = block.map(|block| json!({ "type": "content_block_start", "index": index, "content_block": opened(&block) }));
            let empty = calls.then(|| delta(index, &input_delta("")));
            start.into_iter().chain(empty).collect()
        }
        Piece::Delta(told) if is_told => {
            write_delta(told).map(|told| delta(index, &told)).into_iter().collect()
        }
        Piece::Stop if is_told => {
            index += 1;
            vec![json!({ "type": "content_block_stop", "index": index - 1 })]
        }
        Piece::Delta(_) | Piece::Stop => Vec::new(),
        Piece::End(_) => vec![
            json!({
                "type": "message_delta",
                "delta": { "stop_reason": stop_reason(said), "stop_sequence": said.completion.stop_sequence },
                "usage": { "output_tokens": said.completion.usage.output },
            }),
            json!({ "type": "message_stop" }),
        ],
    })
}

/// A block before its deltas.
fn opened(block: &Value) -> Value {
    let mut opened = block.clone();
    for (member, empty) in [
        ("citations", json!([])),
        ("text", json!("")),
        ("thinking", json!("")),
        ("signature", json!("")),
        ("input", json!({})),
    ] {
        if opened.get(member).is_some() {
            opened[member] = empty;
        }
    }
    opened
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn input_delta(fragment: &str) -> Value {
    json!({ "type": "input_json_delta", "partial_json": fragment })
}

fn write_delta(delta: &Value) -> Option<Value> {
    if let Some(citation) = delta.get("citation") {
        return Some(json!({ "type": "citations_delta", "citation": citations::to_anthropic(citation) }));
    }
    let thought = &delta["reasoningContent"];
    let parts = [&delta["text"], &delta["toolUse"]["input"], &thought["text"], &thought["signature"]];
    match parts.map(Value::as_str) {
        [Some(text), ..] => Some(json!({ "type": "text_delta", "text": text })),
        [_, Some(fragment), ..] => Some(input_delta(fragment)),
        [_, _, Some(thought), _] => Some(json!({ "type": "thinking_delta", "thinking": thought })),
        [.., Some(signature)] => Some(json!({ "type": "signature_delta", "signature": signature })),
        _ => None,
    }
}
