//! Replies that a test chooses.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::model::reply_event::{Finish, ReplyStream};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::Ending;

/// A reply of a model, in place of the default reply.
///
/// ```
/// use bedrock_orm_local::Reply;
///
/// Reply::text("Paris.");
/// Reply::content(serde_json::json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "clock", "input": {}}}]));
/// Reply::error("ThrottlingException", "Too many requests, please wait before trying again.");
/// Reply::text("This stream ends early.").cut_after(3);
/// Reply::tool_use("clock", serde_json::json!({ "zone": "UTC" })).reasoning("They ask for the time.");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply has no effect until it is queued"]
pub struct Reply {
    pub(crate) content: ReplyContent,
    pub(crate) finish: Finish,
    pub(crate) additional_fields: Option<Value>,
    pub(crate) ending: Ending,
}

/// The content of a reply.
#[derive(Clone, Debug)]
pub(crate) enum ReplyContent {
    /// The content of the next replier, or of the server's default reply.
    Default,
    /// Converse content blocks.
    Blocks(Vec<Value>),
    /// A stream.
    Stream(SharedStream),
    /// The vectors of an embedding model.
    Vectors(Vec<Vec<f64>>),
    Error(AwsError),
}

/// A streamed reply. Of all its clones, only one can take the stream.
#[derive(Clone)]
pub(crate) struct SharedStream(Arc<Mutex<Option<ReplyStream>>>);

impl SharedStream {
    pub(crate) fn new(stream: ReplyStream) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    /// Takes the stream. It fails if the stream was taken before.
    pub(crate) fn take(self) -> AwsResult<ReplyStream> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        stream.ok_or_else(|| AwsError::internal("A streamed reply was used before."))
    }
}

impl fmt::Debug for SharedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedStream")
    }
}

impl Reply {
    /// Creates a reply of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::with_content(ReplyContent::Blocks(vec![json!({ "text": text.into() })]))
    }

    /// Creates a reply of content blocks in Converse's wire JSON: a list, or a single block. Any other value is an empty
    /// list.
    pub fn content(blocks: Value) -> Self {
        Self::with_content(ReplyContent::Blocks(match blocks {
            Value::Array(blocks) => blocks,
            block @ Value::Object(_) => vec![block],
            _ => Vec::new(),
        }))
    }

    /// Creates a reply of one tool call. The server sets its ID.
    pub fn tool_use(name: impl Into<String>, input: Value) -> Self {
        let mut tool_use = json!({ "name": name.into() });
        tool_use["input"] = input;
        Self::content(json!({ "toolUse": tool_use }))
    }

    /// Creates the reply of an embedding model: one vector for each text.
    pub fn vectors(vectors: Vec<Vec<f64>>) -> Self {
        Self::with_content(ReplyContent::Vectors(vectors))
    }

    /// Creates an error, which has the HTTP status of its code: `ThrottlingException` is a 429.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_content(ReplyContent::Error(AwsError::new(code, message)))
    }

    /// Creates the default reply, which ends with an exception frame after `after_events` events.
    ///
    /// The code starts with a lowercase letter, as in streams (`throttlingException`). A unary operation returns the error.
    pub fn stream_error(code: impl Into<String>, message: impl Into<String>, after_events: usize) -> Self {
        let ending = Ending::Exception { error: AwsError::new(code, message), after: after_events };
        Self { ending, ..Self::with_content(ReplyContent::Default) }
    }

    /// Sets the stop reason. Its default is `tool_use` if the content has a tool use, else `end_turn`.
    pub fn stop_reason(mut self, stop_reason: impl Into<String>) -> Self {
        self.finish.stop_reason = Some(stop_reason.into());
        self
    }

    /// Adds reasoning with a signature before the content. It has no effect on a reply without content of its own.
    pub fn reasoning(mut self, text: impl Into<String>) -> Self {
        if let ReplyContent::Blocks(content) = &mut self.content {
            content.insert(0, reasoning_block(&text.into()));
        }
        self
    }

    /// Sets the numbers of tokens, in place of those that the server counts.
    pub fn usage(mut self, input_tokens: u64, output_tokens: u64) -> Self {
        self.finish.usage = Some((input_tokens, output_tokens));
        self
    }

    /// Sets Converse's `additionalModelResponseFields`, even if the request does not ask for them.
    pub fn additional_fields(self, fields: Value) -> Self {
        Self { additional_fields: Some(fields), ..self }
    }

    /// Ends a stream without an error after `events` events.
    pub fn cut_after(self, events: usize) -> Self {
        Self { ending: Ending::Cut { after: events }, ..self }
    }

    /// Stalls a stream after `events` events: the connection stays open, and nothing more is sent.
    pub fn stall_after(self, events: usize) -> Self {
        Self { ending: Ending::Stall { after: events }, ..self }
    }

    /// Creates a streamed reply.
    pub(crate) fn streamed(stream: ReplyStream) -> Self {
        Self::with_content(ReplyContent::Stream(SharedStream::new(stream)))
    }

    /// Applies a function to the texts of the reply: texts, tool inputs and error messages.
    pub(crate) fn with_texts(mut self, change: &impl Fn(&str) -> String) -> Self {
        match &mut self.content {
            ReplyContent::Blocks(content) => content.iter_mut().for_each(|block| change_texts(block, change)),
            ReplyContent::Error(error) => error.message = change(&error.message),
            ReplyContent::Default | ReplyContent::Stream(_) | ReplyContent::Vectors(_) => {}
        }
        if let Ending::Exception { error, .. } = &mut self.ending {
            error.message = change(&error.message);
        }
        self
    }

    /// Returns whether the reply has no content of its own, so that the next replier is asked.
    pub(crate) fn is_default(&self) -> bool {
        matches!(self.content, ReplyContent::Default)
    }

    /// Combines the content of the next replier's reply with the settings of this one.
    pub(crate) fn with_content_of(self, next: Self) -> Self {
        let Finish { stop_reason, stop_sequence, usage } = self.finish;
        Self {
            content: next.content,
            finish: Finish {
                stop_reason: stop_reason.or(next.finish.stop_reason),
                stop_sequence: stop_sequence.or(next.finish.stop_sequence),
                usage: usage.or(next.finish.usage),
            },
            additional_fields: self.additional_fields.or(next.additional_fields),
            ending: if self.ending == Ending::Whole { next.ending } else { self.ending },
        }
    }

    fn with_content(content: ReplyContent) -> Self {
        Self { content, finish: Finish::default(), additional_fields: None, ending: Ending::Whole }
    }
}

impl Default for Reply {
    /// Creates a reply without content: the next replier is asked, and then the server's default reply is used.
    fn default() -> Self {
        Self::with_content(ReplyContent::Default)
    }
}

fn change_texts(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| change_texts(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| change_texts(member, change)),
        _ => {}
    }
}

/// Creates a reasoning block with a signature.
pub(crate) fn reasoning_block(text: &str) -> Value {
    let mut block = unsigned_reasoning_block(text);
    block["reasoningContent"]["reasoningText"]["signature"] = signature(text).into();
    block
}

/// Creates a reasoning block without a signature.
pub(crate) fn unsigned_reasoning_block(text: &str) -> Value {
    json!({ "reasoningContent": { "reasoningText": { "text": text } } })
}

/// Creates a value that looks like a signature. It is always the same for the same text.
pub(crate) fn signature(text: &str) -> String {
    use base64::Engine as _;

    let mut noise = text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let mut bytes = Vec::new();
    while bytes.len() < 96 {
        noise = crate::world::ids::mix(noise.wrapping_add(1));
        bytes.extend(noise.to_be_bytes());
    }
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
