//! Reads a chat completion as a reply.

use serde_json::{Value, json};

use crate::model::reply::{Reply, reasoning_block};
use crate::model::reply_event::Finish;
use crate::repliers::upstream::tool_call_ids::ToolCallIds;

/// Reads a whole chat completion. Returns `None` if it has no message.
pub(super) fn parse(completion: &Value, ids: &ToolCallIds) -> Option<Reply> {
    let choice = &completion["choices"][0];
    let message = &choice["message"];
    if !message.is_object() {
        return None;
    }
    let mut content = Vec::new();
    content.extend(reasoning(message).map(reasoning_block));
    content.extend(text(message).map(|text| json!({ "text": text })));
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let arguments = &call["function"]["arguments"];
        content.push(json!({ "toolUse": {
            "toolUseId": ids.accept_or_create(&call["id"]), "name": call["function"]["name"], "input": arguments,
        } }));
    }
    let mut reply = Reply::content(content.into());
    reply.finish = finish(choice, &completion["usage"]);
    Some(reply)
}

/// The text of a message or a delta, if it has one.
pub(super) fn text(message: &Value) -> Option<&str> {
    message["content"].as_str().filter(|text| !text.is_empty())
}

/// The reasoning of a message or a delta, if it has any. Servers use two names for it.
pub(super) fn reasoning(message: &Value) -> Option<&str> {
    let reasoning = ["reasoning_content", "reasoning"].iter().find_map(|name| message[*name].as_str());
    reasoning.filter(|text| !text.is_empty())
}

/// The stop reason and the usage. There is no stop reason if the model has completed its reply.
pub(super) fn finish(choice: &Value, usage: &Value) -> Finish {
    let stop_reason = match choice["finish_reason"].as_str() {
        Some("length") => Some("max_tokens"),
        Some("tool_calls" | "function_call") => Some("tool_use"),
        Some("content_filter") => Some("content_filtered"),
        // Some servers return the stop sequence.
        _ if choice["stop_reason"].is_string() => Some("stop_sequence"),
        _ => None,
    };
    Finish {
        stop_reason: stop_reason.map(str::to_owned),
        stop_sequence: choice["stop_reason"].as_str().map(str::to_owned),
        usage: usage["prompt_tokens"].as_u64().zip(usage["completion_tokens"].as_u64()),
    }
}
