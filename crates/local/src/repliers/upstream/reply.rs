//! A chat completion as a reply.

use serde_json::{Value, json};

use crate::model::piece::Finish;
use crate::model::reply::{Reply, reasoning_block};
use crate::repliers::upstream::Upstream;
use crate::wire::error::AwsResult;

/// Reads a whole completion.
pub(super) fn read(upstream: &Upstream, answer: &Value) -> AwsResult<Reply> {
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    if !message.is_object() {
        return Err(upstream.client.nonsense("a completion without a message"));
    }
    let mut content = Vec::new();
    content.extend(thought(message).map(reasoning_block));
    content.extend(text(message).map(|text| json!({ "text": text })));
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let arguments = &call["function"]["arguments"];
        content.push(json!({ "toolUse": {
            "toolUseId": upstream.ids.of(&call["id"]), "name": call["function"]["name"], "input": arguments,
        } }));
    }
    let mut reply = Reply::content(content.into());
    reply.finish = finish(choice, &answer["usage"]);
    Ok(reply)
}

/// What was said, where anything was.
pub(super) fn text(message: &Value) -> Option<&str> {
    message["content"].as_str().filter(|text| !text.is_empty())
}

/// What was thought: servers have two names for it.
pub(super) fn thought(message: &Value) -> Option<&str> {
    let thought = ["reasoning_content", "reasoning"].iter().find_map(|name| message[*name].as_str());
    thought.filter(|text| !text.is_empty())
}

/// Why it ended, and what it cost. An ordinary end is told by the content.
pub(super) fn finish(choice: &Value, usage: &Value) -> Finish {
    let stop_reason = match choice["finish_reason"].as_str() {
        Some("length") => Some("max_tokens"),
        Some("tool_calls" | "function_call") => Some("tool_use"),
        Some("content_filter") => Some("content_filtered"),
        // The sequence that stopped it, where a server tells.
        _ if choice["stop_reason"].is_string() => Some("stop_sequence"),
        _ => None,
    };
    Finish {
        stop_reason: stop_reason.map(str::to_owned),
        stop_sequence: choice["stop_reason"].as_str().map(str::to_owned),
        usage: usage["prompt_tokens"].as_u64().zip(usage["completion_tokens"].as_u64()),
    }
}
