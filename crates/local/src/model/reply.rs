//! What a model shall say next, when a test wants to choose.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::model::piece::{Finish, Pieces};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::Ending;

/// The next answer of a model, in place of the echo.
///
/// ```
/// use bedrock_orm_local::Reply;
///
/// Reply::text("Paris.");
/// Reply::content(serde_json::json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "clock", "input": {}}}]));
/// Reply::error("ThrottlingException", "Too many requests, please wait before trying again.");
/// Reply::text("This stream breaks off").cut_after(3);
/// Reply::tool_use("clock", serde_json::json!({ "zone": "UTC" })).reasoning("They ask for the time.");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply is said once it is queued"]
pub struct Reply {
    pub(crate) said: Said,
    pub(crate) finish: Finish,
    pub(crate) additional_fields: Option<Value>,
    pub(crate) ending: Ending,
}

#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// What the next replier says, and the server itself in the end.
    Default,
    /// Converse content blocks.
    Content(Vec<Value>),
    /// What comes piece by piece.
    Live(Live),
    /// An embedding model's answer.
    Vectors(Vec<Vec<f64>>),
    Error(AwsError),
}

/// A reply that is told while it comes to mind. It can be heard once, however often it is copied.
#[derive(Clone)]
pub(crate) struct Live(Arc<Mutex<Option<Pieces>>>);

impl Live {
    pub(crate) fn new(pieces: Pieces) -> Self {
        Self(Arc::new(Mutex::new(Some(pieces))))
    }

    pub(crate) fn heard(self) -> AwsResult<Pieces> {
        let pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        pieces.ok_or_else(|| AwsError::internal("A live reply was heard before."))
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
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

    /// A call of a tool, with an id that the server gives.
    pub fn tool_use(name: impl Into<String>, input: Value) -> Self {
        let mut tool_use = json!({ "name": name.into() });
        tool_use["input"] = input;
        Self::content(json!({ "toolUse": tool_use }))
    }

    /// The vectors of an embedding model, one for every text.
    pub fn vectors(vectors: Vec<Vec<f64>>) -> Self {
        Self::said(Said::Vectors(vectors))
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
    pub fn stop_reason(mut self, stop_reason: impl Into<String>) -> Self {
        self.finish.stop_reason = Some(stop_reason.into());
        self
    }

    /// A thought before the content, with a signature. A reply without content of its own has no thought either.
    pub fn reasoning(mut self, text: impl Into<String>) -> Self {
        if let Said::Content(content) = &mut self.said {
            content.insert(0, reasoning_block(&text.into()));
        }
        self
    }

    /// The tokens to tell of, in place of those that the server counts.
    pub fn usage(mut self, input_tokens: u64, output_tokens: u64) -> Self {
        self.finish.usage = Some((input_tokens, output_tokens));
        self
    }

    /// Converse's `additionalModelResponseFields`, whatever was asked for.
    pub fn additional_fields(self, fields: Value) -> Self {
        Self { additional_fields: Some(fields), ..self }
    }

    /// Ends a stream cleanly once `events` events have been sent, as if nothing were missing.
    pub fn cut_after(self, events: usize) -> Self {
        Self { ending: Ending::Cut { after: events }, ..self }
    }

    /// Falls silent once `events` events have been sent, and holds the connection open.
    pub fn stall_after(self, events: usize) -> Self {
        Self { ending: Ending::Stall { after: events }, ..self }
    }

    pub(crate) fn live(pieces: Pieces) -> Self {
        Self::said(Said::Live(Live::new(pieces)))
    }

    /// The reply with all that it says changed: texts, inputs of tools, messages of errors.
    pub(crate) fn with_texts(mut self, change: &impl Fn(&str) -> String) -> Self {
        match &mut self.said {
            Said::Content(content) => content.iter_mut().for_each(|block| change_texts(block, change)),
            Said::Error(error) => error.message = change(&error.message),
            Said::Default | Said::Live(_) | Said::Vectors(_) => {}
        }
        if let Ending::Exception { error, .. } = &mut self.ending {
            error.message = change(&error.message);
        }
        self
    }

    /// Whether it leaves it to the next replier what is said.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.said, Said::Default)
    }

    /// The next replier's reply, finished as this one wants it.
    pub(crate) fn over(self, next: Self) -> Self {
        let Finish { stop_reason, stop_sequence, usage } = self.finish;
        Self {
            said: next.said,
            finish: Finish {
                stop_reason: stop_reason.or(next.finish.stop_reason),
                stop_sequence: stop_sequence.or(next.finish.stop_sequence),
                usage: usage.or(next.finish.usage),
            },
            additional_fields: self.additional_fields.or(next.additional_fields),
            ending: if self.ending == Ending::Whole { next.ending } else { self.ending },
        }
    }

    fn said(said: Said) -> Self {
        Self { said, finish: Finish::default(), additional_fields: None, ending: Ending::Whole }
    }
}

impl Default for Reply {
    /// What the next replier says, and the server itself in the end.
    fn default() -> Self {
        Self::said(Said::Default)
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

/// What was thought, with a signature.
pub(crate) fn reasoning_block(text: &str) -> Value {
    let mut block = unsigned_reasoning_block(text);
    block["reasoningContent"]["reasoningText"]["signature"] = signature(text).into();
    block
}

pub(crate) fn unsigned_reasoning_block(text: &str) -> Value {
    json!({ "reasoningContent": { "reasoningText": { "text": text } } })
}

/// Looks like a signature, and is the same for the same text.
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
