//! The error type.

pub(crate) mod from_sdk;
mod hint;
mod kind;

use std::error::Error as StdError;
use std::fmt;

use bedrock_orm_models::{Blob, ConversationRole, Message};

pub use kind::ErrorKind;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error, with AWS's message and request ID if AWS returned it.
///
/// Its text says which operation failed and why, with a hint if the message does not say what to do. It never contains
/// a prompt, a reply or a credential. [`partial`](Self::partial) returns the content that was received before an
/// interruption, which neither `Display` nor `Debug` shows.
///
/// `Display` includes the causes. `source()` is therefore `None`, so that a program that prints the chain of sources,
/// as `anyhow` does, shows each cause once. [`sdk_error`](Self::sdk_error) returns the SDK's own error.
///
/// ```
/// use bedrock_orm_core::{Error, ErrorKind};
///
/// fn report(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::DoesNotExist => "no such resource",
///         ErrorKind::AccessDenied => "ask for access to the model",
///         _ if error.is_retryable() => "try again later",
///         _ => "a bug",
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<&'static str>,
    session: Option<String>,
    code: Option<String>,
    message: String,
    http_status: Option<u16>,
    request_id: Option<String>,
    hint: Option<String>,
    partial: Option<Partial>,
    sdk_error: Option<Box<dyn StdError + Send + Sync>>,
}

impl Inner {
    fn is_on_demand_refusal(&self) -> bool {
        self.kind == ErrorKind::Validation && self.message.contains("on-demand throughput")
    }
}

/// The content that was received before a stream, or a turn of a chat, was interrupted.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Partial {
    /// The message so far, for a `converse_stream`.
    Message(Message),
    /// The messages of a chat's turn so far, if it called tools: the user's, the tool calls, their results, and the
    /// received part of an interrupted message.
    Turn(Vec<Message>),
    /// The bytes of all chunks so far, for an `invoke_model_with_response_stream`.
    Body(Blob),
}

/// Shows how much was received, but not its content.
impl fmt::Debug for Partial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => write!(formatter, "Message({} content blocks)", message.content.len()),
            Self::Turn(messages) => write!(formatter, "Turn({} messages)", messages.len()),
            Self::Body(body) => write!(formatter, "Body({} bytes)", body.len()),
        }
    }
}

impl Error {
    /// Creates an error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            session: None,
            code: None,
            message: message.into(),
            http_status: None,
            request_id: None,
            hint: None,
            partial: None,
            sdk_error: None,
        }))
    }

    /// Creates an error for invalid input, before anything is sent.
    pub fn invalid_input(operation: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, message);
        error.0.operation = Some(operation);
        error
    }

    /// Creates an error for a session that cannot be built or found.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// Creates an error for an interrupted stream.
    pub fn stream_interrupted(operation: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::StreamInterrupted, message);
        error.0.operation = Some(operation);
        error
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the content that the stream received.
    #[must_use]
    pub fn with_partial(mut self, partial: Partial) -> Self {
        self.0.partial = Some(partial);
        self
    }

    /// Sets AWS's request ID, unless it is `None`.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        self.0.request_id = request_id.map(str::to_owned).or(self.0.request_id);
        self
    }

    /// Sets the operation that failed.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// Sets the session that failed, for a query in several sessions.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<String>) -> Self {
        self.0.session = Some(session.into());
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the AWS operation that failed, such as `Converse`. `None` if there was no operation.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the name or the region of the session that failed, for a query in several sessions.
    pub fn session(&self) -> Option<&str> {
        self.0.session.as_deref()
    }

    /// Returns AWS's error code, such as `ThrottlingException`. `None` if AWS returned no code.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the message: AWS's own, or the response body if AWS sent no message. If the error does not come from
    /// AWS, it is the library's message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the HTTP status. `None` without a response, and for an exception in a stream.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Returns AWS's request ID, which AWS Support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns a hint about what to do, if the message does not say it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns the content that an interrupted stream, or a chat's turn that failed, received.
    pub fn partial(&self) -> Option<&Partial> {
        self.0.partial.as_ref()
    }

    /// Returns the message so far, for an interrupted `converse_stream`, or the model's last message, for a chat's turn
    /// that failed.
    pub fn partial_message(&self) -> Option<&Message> {
        match self.partial()? {
            Partial::Message(message) => Some(message),
            Partial::Turn(messages) => {
                messages.iter().rfind(|message| message.role == ConversationRole::Assistant)
            }
            Partial::Body(_) => None,
        }
    }

    /// Returns the messages so far: all of a chat's turn that called tools, or the one of an interrupted stream.
    pub fn partial_messages(&self) -> &[Message] {
        match self.partial() {
            Some(Partial::Message(message)) => std::slice::from_ref(message),
            Some(Partial::Turn(messages)) => messages,
            Some(Partial::Body(_)) | None => &[],
        }
    }

    /// Returns the SDK's own error, to downcast to its type:
    /// `error.sdk_error()?.downcast_ref::<ConverseError>()`. `Display` of this error already includes its text.
    pub fn sdk_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.sdk_error.as_deref()
    }

    /// Returns whether the kind is `DoesNotExist`: the resource does not exist.
    pub fn is_does_not_exist(&self) -> bool {
        self.kind() == ErrorKind::DoesNotExist
    }

    /// Returns whether the kind is `MultipleObjectsReturned`: a lookup for one row found several.
    pub fn is_multiple_objects_returned(&self) -> bool {
        self.kind() == ErrorKind::MultipleObjectsReturned
    }

    /// Returns whether the kind is `Throttled`: a quota of requests or tokens is used up at the moment.
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Returns whether the kind is `AccessDenied`: the account or role is not allowed to do this, or has no access to
    /// the model.
    pub fn is_access_denied(&self) -> bool {
        self.kind() == ErrorKind::AccessDenied
    }

    /// Returns whether the kind is `Validation`: AWS rejected the content of the request.
    pub fn is_validation(&self) -> bool {
        self.kind() == ErrorKind::Validation
    }

    /// Returns whether AWS refuses the model for on-demand throughput: it has to be called through an inference profile.
    pub(crate) fn is_on_demand_refusal(&self) -> bool {
        self.0.is_on_demand_refusal()
    }

    /// Returns whether the kind is `Failed`: the resource that was waited for has failed.
    pub fn is_failed(&self) -> bool {
        self.kind() == ErrorKind::Failed
    }

    /// Returns whether the kind is `Timeout` or `ModelTimeout`: a time limit expired, or the model took too long.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout | ErrorKind::ModelTimeout)
    }

    /// Returns whether the kind is `StreamInterrupted`: a stream ended early or stalled.
    pub fn is_stream_interrupted(&self) -> bool {
        self.kind() == ErrorKind::StreamInterrupted
    }

    /// Returns whether the same request can succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind().is_retryable()
    }
}

/// Shows the error in one line:
/// `Converse: ValidationException: The provided model identifier is invalid. (HTTP 400, request 1b2c…); hint: …`
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { operation, session, code, message, http_status, request_id, hint, .. } = &*self.0;
        match (operation, session) {
            (Some(operation), Some(session)) => write!(formatter, "{operation} in session {session}: ")?,
            (Some(operation), None) => write!(formatter, "{operation}: ")?,
            (None, Some(session)) => write!(formatter, "session {session}: ")?,
            (None, None) => {}
        }
        match code {
            Some(code) => write!(formatter, "{code}: {message}")?,
            None => formatter.write_str(message)?,
        }
        match (http_status, request_id) {
            (Some(status), Some(id)) => write!(formatter, " (HTTP {status}, request {id})")?,
            (Some(status), None) => write!(formatter, " (HTTP {status})")?,
            (None, Some(id)) => write!(formatter, " (request {id})")?,
            (None, None) => {}
        }
        match hint {
            Some(hint) => write!(formatter, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Shows the text of `Display`, because `unwrap` and `main` print with `Debug`. `{:#?}` shows the fields by name.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !formatter.alternate() {
            return fmt::Display::fmt(self, formatter);
        }
        let Inner {
            kind,
            operation,
            session,
            code,
            message,
            http_status,
            request_id,
            hint,
            partial,
            sdk_error: _,
        } = &*self.0;
        let mut debug = formatter.debug_struct("Error");
        debug.field("kind", kind);
        let texts = [
            ("operation", operation.as_ref().copied()),
            ("session", session.as_deref()),
            ("code", code.as_deref()),
            ("message", Some(message.as_str())),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                debug.field(name, &text);
            }
        }
        if let Some(status) = http_status {
            debug.field("http_status", status);
        }
        for (name, text) in [("request_id", request_id), ("hint", hint)] {
            if let Some(text) = text {
                debug.field(name, text);
            }
        }
        if let Some(partial) = partial {
            debug.field("partial", partial);
        }
        debug.finish()
    }
}

/// `Display` includes the causes, so there is no source.
impl StdError for Error {}
