//! Histories that AWS accepts.

use bedrock_orm_models::{ContentBlock, ConversationRole, Message, StopReason, ToolUseBlock};

use crate::Reply;
use crate::tools::toolset::is_of_server;

/// Adds a message of the user. It joins a last message of the user, because the roles alternate.
#[inline]
pub(crate) fn push_user(messages: &mut Vec<Message>, content: Message) {
    match messages.last_mut() {
        Some(last) if last.role == ConversationRole::User => last.content.extend(content.content),
        _ => messages.push(content),
    }
}

/// Returns the tool calls that the model waits for. None if the reply was cut short, since a call can be incomplete then.
#[inline]
pub(crate) fn pending_calls(reply: &Reply) -> Vec<ToolUseBlock> {
    if !matches!(reply.stop_reason, StopReason::ToolUse | StopReason::EndTurn) {
        return Vec::new();
    }
    reply.message().map(|message| unanswered(message).cloned().collect()).unwrap_or_default()
}

/// Iterates over the tool calls of a message that have no result in the same message, as those that AWS ran have.
#[inline]
fn unanswered(message: &Message) -> impl Iterator<Item = &ToolUseBlock> {
    let has_result = |call: &ToolUseBlock| {
        let mut results = message.content.iter().filter_map(ContentBlock::as_tool_result);
        results.any(|result| result.tool_use_id == call.tool_use_id)
    };
    message.tool_uses().filter(move |call| !is_of_server(call) && !has_result(call))
}

/// Returns the last message of a turn without what AWS would reject in the next turn: blank text, and calls that did not run.
/// `None` if no content remains.
#[inline]
pub(crate) fn final_message(reply: &Reply) -> Option<Message> {
    let mut message = reply.message()?.clone();
    let left: Vec<String> = unanswered(&message).map(|call| call.tool_use_id.clone()).collect();
    message.content.retain(|block| block.as_tool_use().is_none_or(|call| !left.contains(&call.tool_use_id)));
    has_more_than_reasoning(&message).then_some(message)?.sendable()
}

#[inline]
fn has_more_than_reasoning(message: &Message) -> bool {
    message.content.iter().any(|block| block.as_reasoning().is_none())
}

/// Returns whether a turn begins with this message: the user says something that is no tool result.
#[inline]
pub(crate) fn begins_turn(message: &Message) -> bool {
    message.role == ConversationRole::User
        && message.content.iter().all(|block| block.as_tool_result().is_none())
        && message.content.iter().any(|block| !matches!(block, ContentBlock::CachePoint(_)))
}
