//! The format of Amazon's Nova, which is similar to Converse's.

use serde_json::{Value, json};

use crate::formats::body::{first_of, malformed, required_list, texts, token_limit};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice, message};
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

/// The kinds of content blocks.
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

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
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
        max_tokens: token_limit(first_of(inference, &["maxTokens", "max_new_tokens"]))?,
        stop_sequences: texts(&inference["stopSequences"]),
        reasoning: body["reasoningConfig"]["type"] == "enabled",
        ..Prompt::default()
    })
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let mut usage = usage(response);
    usage["totalTokens"] = (response.completion.usage.input + response.completion.usage.output).into();
    json!({
        "output": { "message": message("assistant", response.completion.content.clone()) },
        "stopReason": stop_reason(response),
        "usage": usage,
    })
}

/// Writes each text delta as a separate content block, and the input of a tool in one delta, as Nova does.
pub(crate) fn chunk_writer() -> ChunkWriter {
    let (mut index, mut input) = (0, None::<String>);
    let delta = |index: usize, delta: Value| {
        [
            json!({ "contentBlockDelta": { "delta": delta, "contentBlockIndex": index } }),
            json!({ "contentBlockStop": { "contentBlockIndex": index } }),
        ]
    };
    Box::new(move |response, event| match (event, event.text()) {
        (ReplyEvent::MessageStart, _) => vec![json!({ "messageStart": { "role": "assistant" } })],
        (ReplyEvent::BlockStart(block), _) if block["toolUse"].is_object() => {
            input = Some(String::new());
            let tool_use = &block["toolUse"];
            let start =
                json!({ "toolUse": { "toolUseId": tool_use["toolUseId"], "name": tool_use["name"] } });
            vec![json!({ "contentBlockStart": { "start": start, "contentBlockIndex": index } })]
        }
        (_, Some(text)) => {
            index += 1;
            delta(index - 1, json!({ "text": text })).into()
        }
        (ReplyEvent::BlockDelta(_), None) => {
            input.iter_mut().for_each(|input| input.push_str(event.tool_input().unwrap_or_default()));
            Vec::new()
        }
        (ReplyEvent::BlockStop, _) => {
            let Some(input) = input.take() else { return Vec::new() };
            index += 1;
            let input = if input.is_empty() { "{}" } else { &input };
            delta(index - 1, json!({ "toolUse": { "input": input } })).into()
        }
        (ReplyEvent::MessageStop(_), _) => vec![
            json!({ "messageStop": { "stopReason": stop_reason(response) } }),
            json!({ "metadata": { "usage": usage(response), "metrics": {}, "trace": {} } }),
        ],
        (ReplyEvent::BlockStart(_), None) => Vec::new(),
    })
}

fn stop_reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    match response.completion.stop_reason.as_str() {
        "guardrail_intervened" => "end_turn",
        reason => reason,
    }
}

fn usage(response: &ProviderResponse<'_>) -> Value {
    let usage = &response.completion.usage;
    let cache = usage.cache.clone().unwrap_or_default();
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadInputTokenCount": cache.read,
        "cacheWriteInputTokenCount": cache.written(),
    })
}
