//! The format of Anthropic's Messages.

use serde_json::{Value, json};

use crate::formats::body::{malformed, required_list, required_text, texts, token_limit, wrong_type};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::json::items;
use crate::model::citations;
use crate::model::completion::Usage;
use crate::model::prompt::{Prompt, Thinking, message, text_block};
use crate::model::provider_fields::{
    output_schema, parse_anthropic_tool, parse_anthropic_tool_choice, requests_reasoning,
};
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::{AwsError, AwsResult};

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let messages = required_list(body, "messages")?;
    required_text(body, "anthropic_version")?;
    if body["max_tokens"].is_null() {
        return Err(malformed("#: required key [max_tokens] not found"));
    }
    let messages = messages.iter().enumerate().map(|(index, message)| parse_message(index, message));
    Ok(Prompt {
        system: content(&body["system"]),
        messages: messages.collect::<AwsResult<_>>()?,
        tools: items(&body["tools"]).iter().map(parse_anthropic_tool).collect(),
        tool_choice: parse_anthropic_tool_choice(&body["tool_choice"]),
        max_tokens: token_limit(&body["max_tokens"])?,
        stop_sequences: texts(&body["stop_sequences"]),
        reasoning: requests_reasoning(body),
        output_schema: output_schema(body),
        thinking: Thinking::from_fields(body),
        ..Prompt::default()
    })
}

fn parse_message(index: usize, input: &Value) -> AwsResult<Value> {
    let role = input["role"].as_str().unwrap_or_default();
    if !matches!(role, "user" | "assistant" | "system") {
        return Err(malformed(&format!("#/messages/{index}/role: {role} is not a valid enum value")));
    }
    match &input["content"] {
        Value::String(_) | Value::Array(_) => {}
        Value::Null => {
            return Err(malformed(&format!("#/messages/{index}: required key [content] not found")));
        }
        other => return Err(wrong_type(&format!("#/messages/{index}/content"), "JSONArray", other)),
    }
    for (position, block) in items(&input["content"]).iter().enumerate() {
        if block["type"] == "image" && block["source"]["type"] == "url" {
            let path = format!("messages.{index}.content.{position}.image.source.base64.data");
            return Err(AwsError::validation(format!("{path}: URL sources are not supported")));
        }
    }
    Ok(message(role, content(&input["content"])))
}

/// Parses content. A string is a single text block.
fn content(content: &Value) -> Vec<Value> {
    if let Some(text) = content.as_str() {
        return vec![text_block(text)];
    }
    items(content).iter().flat_map(parse_block).collect()
}

/// Parses a block into a Converse block, and a cache point after it if the block has a `cache_control`.
fn parse_block(block: &Value) -> Vec<Value> {
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
    let parsed = match block["type"].as_str() {
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
        Some(ttl) => vec![parsed, json!({ "cachePoint": { "type": "default", "ttl": ttl } })],
        None if block["cache_control"].is_object() => {
            vec![parsed, json!({ "cachePoint": { "type": "default" } })]
        }
        None => vec![parsed],
    }
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let mut body = message_head(response);
    body["content"] = response.completion.content.iter().filter_map(format_block).collect();
    body["stop_reason"] = json!(stop_reason(response));
    body["stop_sequence"] = json!(response.completion.stop_sequence);
    body["usage"] = usage(&response.completion.usage, response.completion.usage.output);
    body
}

/// Returns the message without content.
fn message_head(response: &ProviderResponse<'_>) -> Value {
    json!({
        "id": format!("msg_bdrk_01{}", &response.ids.message()[..22]),
        "type": "message",
        "role": "assistant",
        "model": model_name(&response.request.model.model_id),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
    })
}

/// Returns the name of a model in responses: `claude-3-haiku-20240307` for `anthropic.claude-3-haiku-20240307-v1:0`.
fn model_name(id: &str) -> &str {
    let name = id.strip_prefix("anthropic.").unwrap_or(id);
    name.rsplit_once("-v").map_or(name, |(name, _)| name)
}

fn stop_reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    match response.completion.stop_reason.as_str() {
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

fn format_block(block: &Value) -> Option<Value> {
    if let Some(text) = block["text"].as_str() {
        return Some(json!({ "type": "text", "text": text }));
    }
    let reasoning = &block["reasoningContent"]["reasoningText"];
    if reasoning.is_object() {
        return Some(
            json!({ "type": "thinking", "thinking": reasoning["text"], "signature": reasoning["signature"] }),
        );
    }
    let cited = &block["citationsContent"];
    if cited.is_object() {
        let text: String =
            items(&cited["content"]).iter().filter_map(|block| block["text"].as_str()).collect();
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

/// Converts the ID of a tool use to Anthropic's form.
fn tool_id(id: &str) -> String {
    id.strip_prefix("tooluse_").map_or_else(|| id.to_owned(), |letters| format!("toolu_bdrk_01{letters}"))
}

pub(crate) fn chunk_writer() -> ChunkWriter {
    let mut index = 0;
    let mut is_open = false;
    Box::new(move |response, event| match event {
        ReplyEvent::MessageStart => {
            let mut start = message_head(response);
            start["usage"] = usage(&response.completion.usage, 1);
            vec![json!({ "type": "message_start", "message": start })]
        }
        ReplyEvent::BlockStart(block) => {
            let block = format_block(block);
            is_open = block.is_some();
            let calls = block.as_ref().is_some_and(|block| block["type"] == "tool_use");
            let start = block.map(|block| json!({ "type": "content_block_start", "index": index, "content_block": empty_block(&block) }));
            let empty_input = calls.then(|| delta(index, &input_delta("")));
            start.into_iter().chain(empty_input).collect()
        }
        ReplyEvent::BlockDelta(block_delta) if is_open => {
            format_delta(block_delta).map(|formatted| delta(index, &formatted)).into_iter().collect()
        }
        ReplyEvent::BlockStop if is_open => {
            index += 1;
            vec![json!({ "type": "content_block_stop", "index": index - 1 })]
        }
        ReplyEvent::BlockDelta(_) | ReplyEvent::BlockStop => Vec::new(),
        ReplyEvent::MessageStop(_) => vec![
            json!({
                "type": "message_delta",
                "delta": { "stop_reason": stop_reason(response), "stop_sequence": response.completion.stop_sequence },
                "usage": { "output_tokens": response.completion.usage.output },
            }),
            json!({ "type": "message_stop" }),
        ],
    })
}

/// Returns a block without the content that follows as deltas.
fn empty_block(block: &Value) -> Value {
    let mut empty_block = block.clone();
    for (member, empty) in [
        ("citations", json!([])),
        ("text", json!("")),
        ("thinking", json!("")),
        ("signature", json!("")),
        ("input", json!({})),
    ] {
        if empty_block.get(member).is_some() {
            empty_block[member] = empty;
        }
    }
    empty_block
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn input_delta(fragment: &str) -> Value {
    json!({ "type": "input_json_delta", "partial_json": fragment })
}

fn format_delta(delta: &Value) -> Option<Value> {
    if let Some(citation) = delta.get("citation") {
        return Some(json!({ "type": "citations_delta", "citation": citations::to_anthropic(citation) }));
    }
    let reasoning = &delta["reasoningContent"];
    let parts = [&delta["text"], &delta["toolUse"]["input"], &reasoning["text"], &reasoning["signature"]];
    match parts.map(Value::as_str) {
        [Some(text), ..] => Some(json!({ "type": "text_delta", "text": text })),
        [_, Some(fragment), ..] => Some(input_delta(fragment)),
        [_, _, Some(text), _] => Some(json!({ "type": "thinking_delta", "thinking": text })),
        [.., Some(signature)] => Some(json!({ "type": "signature_delta", "signature": signature })),
        _ => None,
    }
}
