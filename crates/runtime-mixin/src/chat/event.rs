//! What happens in a turn.

use std::fmt;
use std::sync::Arc;

use bedrock_orm_models::{ToolResultBlock, ToolUseBlock};
use tokio::sync::mpsc;

use crate::Reply;

/// What happens in a turn of a chat: the items of a [`ChatStream`](crate::ChatStream), and what
/// [`on_event`](crate::Chat::on_event) sees.
///
/// A turn with tools has several replies. Each comes after its text, and before its tool calls. The last one ends the turn.
#[derive(Clone)]
#[non_exhaustive]
pub enum ChatEvent {
    /// A piece of a reply's text. Only in a stream.
    Text(String),
    /// A piece of a reply's reasoning. Only in a stream.
    Reasoning(String),
    /// A whole reply, with its usage.
    Reply(Box<Reply>),
    /// A call of a tool, which runs next.
    ToolCall(ToolUseBlock),
    /// The result of a call. The results come as the calls end.
    ToolResult(ToolResultBlock),
}

/// Shows what happened, but not its content.
impl fmt::Debug for ChatEvent {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "Text({} bytes)", text.len()),
            Self::Reasoning(text) => write!(formatter, "Reasoning({} bytes)", text.len()),
            Self::Reply(reply) => write!(formatter, "Reply({})", reply.stop_reason),
            Self::ToolCall(call) => write!(formatter, "ToolCall({}, {})", call.name, call.tool_use_id),
            Self::ToolResult(result) => write!(formatter, "ToolResult({})", result.tool_use_id),
        }
    }
}

/// A function that sees the events.
pub(crate) type Watcher = Arc<dyn Fn(&ChatEvent) + Send + Sync>;

/// Where the events of a turn go.
pub(crate) struct Events {
    pub(crate) watcher: Option<Watcher>,
    /// The stream of the turn, if it is streamed.
    pub(crate) stream: Option<mpsc::Sender<ChatEvent>>,
}

impl Events {
    #[inline]
    pub(crate) fn are_streamed(&self) -> bool {
        self.stream.is_some()
    }

    /// Creates the event only if someone sees it. Waits until the reader of the stream has it, so that a call is seen before
    /// its approval is asked for.
    pub(crate) async fn emit(&self, event: impl FnOnce() -> ChatEvent) {
        if self.watcher.is_none() && self.stream.is_none() {
            return;
        }
        let event = event();
        if let Some(watcher) = &self.watcher {
            watcher(&event);
        }
        if let Some(stream) = &self.stream {
            // Both fail if the stream was dropped, and the turn with it. The channel has one place: it is free again when
            // the event was read.
            let _ = stream.send(event).await;
            let _ = stream.reserve().await;
        }
    }
}
