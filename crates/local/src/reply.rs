//! What a model shall say next, when a test wants to choose.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::error::AwsError;

/// The next answer of a model, in place of the echo.
///
/// ```
/// use bedrock_orm_local::Reply;
///
/// Reply::text("Paris.");
/// Reply::content(serde_json::json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "clock", "input": {}}}]));
/// Reply::error("ThrottlingException", "Too many requests, please wait before trying again.");
/// Reply::text("This stream breaks off").cut_after(3);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a reply is said once it is queued"]
pub struct Reply {
    pub(crate) said: Said,
    pub(crate) stop_reason: Option<String>,
    pub(crate) ending: Ending,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// What the server would say anyway.
    Default,
    /// Converse content blocks.
    Content(Vec<Value>),
    Error(AwsError),
}

/// How a stream ends. The unary operations know only whole answers and errors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Whole,
    Exception { error: AwsError, after: usize },
    Cut { after: usize },
    Stall { after: usize },
}

impl Reply {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::said(Said::Content(vec![json!({ "text": text.into() })]))
    }

    /// Content blocks in Converse's wire JSON: a list, or a single block. What is neither is said as no content.
    pub fn content(blocks: Value) -> Self {
        Self::said(Said::Content(match blocks {
            Value::Array(blocks) => blocks,
            block @ Value::Object(_) => vec![block],
            _ => Vec::new(),
        }))
    }

    /// An error instead of an answer, with the true HTTP status of its code: `ThrottlingException` is a 429.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::said(Said::Error(AwsError::new(code, message)))
    }

    /// The usual answer, broken by an exception frame once `after_events` events have been sent.
    ///
    /// The code is spelled as streams spell it (`throttlingException`). A unary operation answers with the error.
    pub fn stream_error(code: impl Into<String>, message: impl Into<String>, after_events: usize) -> Self {
        let ending = Ending::Exception { error: AwsError::new(code, message), after: after_events };
        Self { ending, ..Self::said(Said::Default) }
    }

    /// The stop reason, where the content's own (`tool_use` with a tool use in it, else `end_turn`) will not do.
    pub fn stop_reason(self, stop_reason: impl Into<String>) -> Self {
        Self { stop_reason: Some(stop_reason.into()), ..self }
    }

    /// Ends a stream cleanly once `events` events have been sent, as if nothing were missing.
    pub fn cut_after(self, events: usize) -> Self {
        Self { ending: Ending::Cut { after: events }, ..self }
    }

    /// Falls silent once `events` events have been sent, and holds the connection open.
    pub fn stall_after(self, events: usize) -> Self {
        Self { ending: Ending::Stall { after: events }, ..self }
    }

    fn said(said: Said) -> Self {
        Self { said, stop_reason: None, ending: Ending::Whole }
    }
}

impl Default for Reply {
    /// What the server says when nothing is queued.
    fn default() -> Self {
        Self::said(Said::Default)
    }
}

/// Replies waiting for their request, first in first out.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    queue: Mutex<VecDeque<Reply>>,
}

impl Replies {
    pub(crate) fn push(&self, reply: Reply) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(reply);
    }

    pub(crate) fn clear(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The reply for this request: the queued one, or the usual.
    pub(crate) fn next(&self) -> Reply {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default()
    }
}
