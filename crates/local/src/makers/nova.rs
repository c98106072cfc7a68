//! Amazon's Nova: much like Converse.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::Said;
use crate::makers::body::{either, limit, malformed, required_list, texts};
use crate::model::cache::CacheUse;
use crate::model::prompt::{Prompt, ToolChoice, items, message};
use crate::model::tokens::words;
use crate::operations::converse_stream::fragments;

const KINDS: &[&str] = &[
    "audio",
    "cachePoint",
    "document",
    "image",
    "reasoningContent",
    "text",
    "toolResult",
    "toolUse",
    "video",
];

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let messages = required_list(body, "messages")?;
    for (index, message) in messages.iter().enumerate() {
        for (position, block) in items(&message["content"]).iter().enumerate() {
            if !KINDS.iter().any(|kind| !block[*kind].is_null()) {
                let path = format!("#/messages/{index}/content/{position}");
                return Err(malformed(&format!("{path}: required key [toolUse] not found")));
            }
        }
    }
    let inference = &body["inferenceConfig"];
    let choice = &body["toolConfig"]["toolChoice"];
    Ok(Prompt {
        system: items(&body["system"]).to_vec(),
        messages: messages.to_vec(),
        tools: items(&body["toolConfig"]["tools"]).to_vec(),
        tool_choice: match choice["tool"]["name"].as_str() {
            Some(name) => ToolChoice::Named(name.to_owned()),
            None if choice["any"].is_object() => ToolChoice::Any,
            None => ToolChoice::Auto,
        },
        max_tokens: limit(either(inference, &["maxTokens", "max_new_tokens"]))?,
        stop_sequences: texts(&inference["stopSequences"]),
        reasoning: body["reasoningConfig"]["type"] == "enabled",
        answer_schema: None,
    })
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let mut usage = usage(said);
    usage["totalTokens"] = (said.completion.usage.input + said.completion.usage.output).into();
    json!({
        "output": { "message": message("assistant", said.completion.content.clone()) },
        "stopReason": stop_reason(said),
        "usage": usage,
    })
}

/// Nova's own streams give every delta a content block of its own.
pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let mut chunks = vec![json!({ "messageStart": { "role": "assistant" } })];
    let mut index = 0;
    for block in &said.completion.content {
        let tool_use = &block["toolUse"];
        if tool_use.is_object() {
            let start =
                json!({ "toolUse": { "toolUseId": tool_use["toolUseId"], "name": tool_use["name"] } });
            chunks.push(json!({ "contentBlockStart": { "start": start, "contentBlockIndex": index } }));
            let input = fragments(&tool_use["input"]).concat();
            let delta = json!({ "toolUse": { "input": if input.is_empty() { "{}" } else { &input } } });
            chunks.push(json!({ "contentBlockDelta": { "delta": delta, "contentBlockIndex": index } }));
            chunks.push(json!({ "contentBlockStop": { "contentBlockIndex": index } }));
            index += 1;
        }
        for word in words(block["text"].as_str().unwrap_or_default()) {
            let delta = json!({ "text": word });
            chunks.push(json!({ "contentBlockDelta": { "delta": delta, "contentBlockIndex": index } }));
            chunks.push(json!({ "contentBlockStop": { "contentBlockIndex": index } }));
            index += 1;
        }
    }
    chunks.push(json!({ "messageStop": { "stopReason": stop_reason(said) } }));
    chunks.push(json!({ "metadata": { "usage": usage(said), "metrics": {}, "trace": {} } }));
    chunks
}

fn stop_reason<'a>(said: &'a Said<'_>) -> &'a str {
    match said.completion.stop_reason.as_str() {
        "guardrail_intervened" => "end_turn",
        reason => reason,
    }
}

fn usage(said: &Said<'_>) -> Value {
    let usage = &said.completion.usage;
    let cache = usage.cache.clone().unwrap_or(CacheUse { read: 0, written: 0, ttl: "5m" });
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadInputTokenCount": cache.read,
        "cacheWriteInputTokenCount": cache.written,
    })
}
