//! Spans and metrics by OpenTelemetry's conventions for generative AI. They are in development: all names are in this
//! folder.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai>

mod content;
#[cfg(feature = "otel")]
pub(crate) mod metrics;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bedrock_orm_models::{Message, StopReason, SystemContentBlock, Tokens};
use tracing::Span;
use tracing::field::Empty;

use crate::Error;

/// The kind of an inference, as the conventions name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inference {
    /// A turn of a conversation.
    Chat,
    /// A request in the provider's format.
    GenerateContent,
}

impl Inference {
    fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::GenerateContent => "generate_content",
        }
    }
}

/// What a response says about its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The tokens that the call used. `None` if AWS does not report them.
    pub tokens: Option<Tokens>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// The model that replied, if it is not the one that was called.
    pub model_id: Option<String>,
    /// The reply, if the session records content.
    pub content: Option<ReplyContent>,
}

/// A reply, for a span.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyContent {
    messages: String,
}

impl ReplyContent {
    /// Takes over a message and why it ended.
    pub fn new(message: &Message, stop_reason: &StopReason) -> Self {
        Self { messages: content::output_messages(message, stop_reason) }
    }
}

/// Shows no content.
impl fmt::Debug for ReplyContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ReplyContent").finish_non_exhaustive()
    }
}

/// A prompt, for a span.
pub(crate) struct PromptContent {
    system: Option<String>,
    messages: Option<String>,
}

impl PromptContent {
    pub(crate) fn new(system: Option<&[SystemContentBlock]>, messages: Option<&[Message]>) -> Self {
        Self {
            system: system.map(content::system_instructions),
            messages: messages.map(content::input_messages),
        }
    }
}

const PROVIDER: &str = "aws.bedrock";

const ERROR_TYPE: &str = "error.type";
const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
const OPERATION_NAME: &str = "gen_ai.operation.name";
const PROVIDER_NAME: &str = "gen_ai.provider.name";
const REQUEST_MODEL: &str = "gen_ai.request.model";
const RESPONSE_MODEL: &str = "gen_ai.response.model";
const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
const INPUT_MESSAGES: &str = "gen_ai.input.messages";
const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
const SPAN_NAME: &str = "otel.name";
const SPAN_KIND: &str = "otel.kind";
const SPAN_STATUS: &str = "otel.status_code";

/// Returns the span of a call. It is disabled unless a subscriber wants it.
pub(crate) fn span(
    operation: &'static str,
    model_id: Option<&str>,
    region: &str,
    inference: Option<Inference>,
) -> Span {
    let span = tracing::debug_span!(
        target: "bedrock_orm",
        "bedrock",
        operation,
        model_id,
        region,
        { SPAN_NAME } = Empty,
        { SPAN_KIND } = Empty,
        { SPAN_STATUS } = Empty,
        { ERROR_TYPE } = Empty,
        { OPERATION_NAME } = Empty,
        { PROVIDER_NAME } = Empty,
        { REQUEST_MODEL } = Empty,
        { RESPONSE_MODEL } = Empty,
        { FINISH_REASONS } = Empty,
        { TIME_TO_FIRST_CHUNK } = Empty,
        { INPUT_TOKENS } = Empty,
        { OUTPUT_TOKENS } = Empty,
        { CACHE_READ_TOKENS } = Empty,
        { CACHE_WRITE_TOKENS } = Empty,
        { SYSTEM_INSTRUCTIONS } = Empty,
        { INPUT_MESSAGES } = Empty,
        { OUTPUT_MESSAGES } = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    span.record(SPAN_KIND, "client");
    if let (Some(inference), Some(model_id)) = (inference, model_id) {
        span.record(SPAN_NAME, format!("{} {model_id}", inference.as_str()));
        span.record(OPERATION_NAME, inference.as_str());
        span.record(PROVIDER_NAME, PROVIDER);
        span.record(REQUEST_MODEL, model_id);
    } else {
        span.record(SPAN_NAME, operation);
    }
    span
}

/// Records the content of a prompt.
pub(crate) fn prompt(span: &Span, prompt: &PromptContent) {
    if let Some(system) = &prompt.system {
        span.record(SYSTEM_INSTRUCTIONS, system);
    }
    if let Some(messages) = &prompt.messages {
        span.record(INPUT_MESSAGES, messages);
    }
}

/// Records what AWS reported.
pub(crate) fn succeeded(span: &Span, report: &Report) {
    if span.is_disabled() {
        return;
    }
    if let Some(model_id) = &report.model_id {
        span.record(RESPONSE_MODEL, model_id);
    }
    if let Some(reason) = &report.finish_reason {
        span.record(FINISH_REASONS, tracing::field::debug([reason]));
    }
    if let Some(tokens) = &report.tokens {
        used(span, tokens);
    }
    if let Some(content) = &report.content {
        span.record(OUTPUT_MESSAGES, &content.messages);
    }
}

fn used(span: &Span, usage: &Tokens) {
    span.record(INPUT_TOKENS, usage.input_tokens());
    span.record(OUTPUT_TOKENS, usage.output_tokens);
    if usage.cache_read_tokens > 0 {
        span.record(CACHE_READ_TOKENS, usage.cache_read_tokens);
    }
    if !usage.cache_writes.is_empty() {
        span.record(CACHE_WRITE_TOKENS, usage.cache_write_tokens());
    }
}

/// Records the first event of a stream.
pub(crate) fn first_chunk(span: &Span, after: Duration) {
    span.record(TIME_TO_FIRST_CHUNK, after.as_secs_f64());
}

/// Records how the call failed.
pub(crate) fn failed(span: &Span, error: &Error) {
    if span.is_disabled() {
        return;
    }
    span.record(SPAN_STATUS, "ERROR");
    span.record(ERROR_TYPE, &*error_type(error));
}

/// Returns AWS's error code, or else the kind of the error.
fn error_type(error: &Error) -> Cow<'_, str> {
    match error.code() {
        Some(code) => code.into(),
        None => format!("{:?}", error.kind()).into(),
    }
}
