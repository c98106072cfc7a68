//! The content of calls, in the JSON of the conventions. Bytes of images, documents and the like are left out.
//!
//! Source: `gen-ai-input-messages.json` and `gen-ai-output-messages.json` of the conventions.

use bedrock_orm_models::{
    CitationGeneratedContent, ContentBlock, GuardrailConverseContentBlock, Message, ReasoningContentBlock,
    StopReason, SystemContentBlock, ToolResultBlock, ToolResultContentBlock, ToolUseBlock, ToolUseType,
};
use serde_json::{Value, json};

/// Returns `gen_ai.system_instructions`.
pub(super) fn system_instructions(system: &[SystemContentBlock]) -> String {
    let parts = system.iter().filter_map(|block| match block {
        SystemContentBlock::Text(text) => Some(text_part(text)),
        SystemContentBlock::GuardContent(guarded) => Some(guarded_part(guarded)),
        _ => None,
    });
    Value::from_iter(parts).to_string()
}

/// Returns `gen_ai.input.messages`.
pub(super) fn input_messages(messages: &[Message]) -> String {
    let messages = messages.iter().map(|message| json!({ "role": role(message), "parts": parts(message) }));
    Value::from_iter(messages).to_string()
}

/// Returns `gen_ai.output.messages`.
pub(super) fn output_messages(message: &Message, stop_reason: &StopReason) -> String {
    let finish_reason = finish_reason(stop_reason);
    json!([{ "role": role(message), "parts": parts(message), "finish_reason": finish_reason }]).to_string()
}

/// AWS has the results of tools in messages of the user.
fn role(message: &Message) -> &str {
    let has_results = message.content.iter().any(|block| block.as_tool_result().is_some());
    if has_results && message.role.as_str() == "user" { "tool" } else { message.role.as_str() }
}

fn finish_reason(stop_reason: &StopReason) -> &str {
    match stop_reason {
        StopReason::EndTurn | StopReason::StopSequence => "stop",
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => "length",
        StopReason::ContentFiltered | StopReason::GuardrailIntervened => "content_filter",
        StopReason::ToolUse => "tool_call",
        other => other.as_str(),
    }
}

fn parts(message: &Message) -> Vec<Value> {
    message.content.iter().filter_map(part).collect()
}

/// Returns the part for a block. Cache points have none.
fn part(block: &ContentBlock) -> Option<Value> {
    Some(match block {
        ContentBlock::Text(text) => text_part(text),
        ContentBlock::ToolUse(call) => call_part(call),
        ContentBlock::ToolResult(result) => result_part(result),
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)) => {
            json!({ "type": "reasoning", "content": reasoning.text })
        }
        ContentBlock::GuardContent(guarded) => guarded_part(guarded),
        ContentBlock::CitationsContent(cited) => {
            let texts = cited.content.iter().flatten().map(|content| match content {
                CitationGeneratedContent::Text(text) => text.as_str(),
                _ => "",
            });
            text_part(&texts.collect::<String>())
        }
        ContentBlock::CachePoint(_) => return None,
        ContentBlock::Image(_) => named("image"),
        ContentBlock::Document(_) => named("document"),
        ContentBlock::Video(_) => named("video"),
        ContentBlock::Audio(_) => named("audio"),
        _ => named("other"),
    })
}

fn text_part(text: &str) -> Value {
    json!({ "type": "text", "content": text })
}

fn named(kind: &str) -> Value {
    json!({ "type": kind })
}

fn guarded_part(guarded: &GuardrailConverseContentBlock) -> Value {
    match guarded {
        GuardrailConverseContentBlock::Text(text) => text_part(&text.text),
        _ => named("image"),
    }
}

fn call_part(call: &ToolUseBlock) -> Value {
    let ToolUseBlock { tool_use_id, name, input, .. } = call;
    match call.r#type {
        Some(ToolUseType::ServerToolUse) => json!({
            "type": "server_tool_call", "id": tool_use_id, "name": name,
            "server_tool_call": { "type": name, "arguments": input },
        }),
        _ => json!({ "type": "tool_call", "id": tool_use_id, "name": name, "arguments": input }),
    }
}

fn result_part(result: &ToolResultBlock) -> Value {
    let contents = result.content.iter().map(|content| match content {
        ToolResultContentBlock::Text(text) => json!(text),
        ToolResultContentBlock::Json(json) => json.clone(),
        ToolResultContentBlock::Image(_) => named("image"),
        ToolResultContentBlock::Document(_) => named("document"),
        ToolResultContentBlock::Video(_) => named("video"),
        _ => named("other"),
    });
    let mut contents: Vec<Value> = contents.collect();
    let response = if contents.len() == 1 { contents.remove(0) } else { contents.into() };
    json!({ "type": "tool_call_response", "id": result.tool_use_id, "response": response })
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::GuardrailConverseTextBlock;

    use super::*;

    #[test]
    fn the_text_that_a_guardrail_looks_at_is_text() {
        let guarded = || GuardrailConverseContentBlock::Text(GuardrailConverseTextBlock::new("Hello"));
        let expected = json!([{ "type": "text", "content": "Hello" }]);
        let system = system_instructions(&[SystemContentBlock::GuardContent(guarded())]);
        assert_eq!(system, expected.to_string());
        let message = Message::user(vec![ContentBlock::GuardContent(guarded())]);
        assert_eq!(input_messages(&[message]), json!([{ "role": "user", "parts": expected }]).to_string());
    }
}
