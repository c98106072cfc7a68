//! Amazon's Nova: much like Converse.

use serde_json::{Value, json};

use crate::formats::body::{either, limit, malformed, required_list, texts};
use crate::formats::{Chunks, Said};
use crate::json::items;
use crate::model::piece::Piece;
use crate::model::prompt::{Prompt, ToolChoice, message};
use crate::wire::error::AwsResult;

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
        ..Prompt::default()
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

/// Nova's own streams give every delta of text a content block of its own, and a tool's input whole.
pub(crate) fn chunks() -> Chunks {
    let (mut index, mut input) = (0, None::<String>);
    let delta = |index: usize, delta: Value| {
        [
            json!({ "contentBlockDelta": { "delta": delta, "contentBlockIndex": index } }),
            json!({ "contentBlockStop": { "contentBlockIndex": index } }),
        ]
    };
    Box::new(move |said, piece| match (piece, piece.text()) {
        (Piece::Begin, _) => vec![json!({ "messageStart": { "role": "assistant" } })],
        (Piece::Start(block), _) if block["toolUse"].is_object() => {
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
        (Piece::Delta(_), None) => {
            input.iter_mut().for_each(|input| input.push_str(piece.tool_input().unwrap_or_default()));
            Vec::new()
        }
        (Piece::Stop, _) => {
            let Some(input) = input.take() else { return Vec::new() };
            index += 1;
            let input = if input.is_empty() { "{}" } else { &input };
            delta(index - 1, json!({ "toolUse": { "input": input } })).into()
        }
        (Piece::End(_), _) => vec![
            json!({ "messageStop": { "stopReason": stop_reason(said) } }),
            json!({ "metadata": { "usage": usage(said), "metrics": {}, "trace": {} } }),
        ],
        (Piece::Start(_), None) => Vec::new(),
    })
}

fn stop_reason<'a>(said: &'a Said<'_>) -> &'a str {
    match said.completion.stop_reason.as_str() {
        "guardrail_intervened" => "end_turn",
        reason => reason,
    }
}

fn usage(said: &Said<'_>) -> Value {
    let usage = &said.completion.usage;
    let cache = usage.cache.clone().unwrap_or_default();
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadInputTokenCount": cache.read,
        "cacheWriteInputTokenCount": cache.written(),
    })
}
