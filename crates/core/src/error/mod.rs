//! The one error.

pub(crate) mod from_sdk;
mod hint;
mod kind;

use std::error::Error as StdError;
use std::fmt;

use bedrock_orm_models::{Blob, Message};

pub use kind::ErrorKind;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in AWS's words and with AWS's request ID where it was AWS that refused.
///
/// Its text says which operation failed, why, and, where that is a riddle, what to do about it. It never holds a
/// prompt, a reply or a credential; what had arrived of an interrupted stream is to be had from
/// [`partial`](Self::partial), and shows neither in `Display` nor in `Debug`.
///
/// `Display` says all there is to say, the causes included. So `source()` gives none, and a program that prints the
/// chain of sources, as `anyhow` does, says each thing once; the SDK's own error is at hand by
/// [`sdk_error`](Self::sdk_error).
///
/// ```
/// use bedrock_orm_core::{Error, ErrorKind};
///
/// fn report(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::DoesNotExist => "no such thing",
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

/// What had arrived of a stream when it broke off.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Partial {
    /// The message as far as it was written, of a `converse_stream`.
    Message(Message),
    /// The bytes of all chunks, of an `invoke_model_with_response_stream`.
    Body(Blob),
}

/// How much had arrived, not what.
impl fmt::Debug for Partial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => write!(formatter, "Message({} content blocks)", message.content.len()),
            Self::Body(body) => write!(formatter, "Body({} bytes)", body.len()),
        }
    }
}

impl Error {
    /// An error of that kind.
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

    /// Input that AWS would refuse, found before anything was sent.
    pub fn invalid_input(operation: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, message);
        error.0.operation = Some(operation);
        error
    }

    /// A session that cannot be had.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// A stream that broke off.
    pub fn stream_interrupted(operation: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::StreamInterrupted, message);
        error.0.operation = Some(operation);
        error
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same, with what had arrived of the stream.
    #[must_use]
    pub fn with_partial(mut self, partial: Partial) -> Self {
        self.0.partial = Some(partial);
        self
    }

    /// The same, with AWS's name for the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        self.0.request_id = request_id.map(str::to_owned).or(self.0.request_id);
        self
    }

    /// The same, with the operation that failed.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// The same, with the session that it failed in, where a query went to several.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<String>) -> Self {
        self.0.session = Some(session.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The AWS operation that failed, such as `Converse`; none where it did not come to one.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The session that it failed in, by its name or else its region, where a query went to several.
    pub fn session(&self) -> Option<&str> {
        self.0.session.as_deref()
    }

    /// AWS's error code, such as `ThrottlingException`; none where the failure is not AWS's.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What happened: AWS's own message where there is one, or the body of its answer.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The status of AWS's answer; none where none came, and for an exception inside a stream.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// AWS's name for the request, for its support to find it by.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What to do about it, where the message does not say.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What had arrived of the stream before it broke off.
    pub fn partial(&self) -> Option<&Partial> {
        self.0.partial.as_ref()
    }

    /// The message as far as it had been written, of an interrupted `converse_stream`.
    pub fn partial_message(&self) -> Option<&Message> {
        match self.partial()? {
            Partial::Message(message) => Some(message),
            Partial::Body(_) => None,
        }
    }

    /// The SDK's own error, for who needs its type: `error.sdk_error()?.downcast_ref::<ConverseError>()`. What it says
    /// is in this error's text already.
    pub fn sdk_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.sdk_error.as_deref()
    }

    /// What was asked for is not there.
    pub fn is_does_not_exist(&self) -> bool {
        self.kind() == ErrorKind::DoesNotExist
    }

    /// One was asked for, and there are several.
    pub fn is_multiple_objects_returned(&self) -> bool {
        self.kind() == ErrorKind::MultipleObjectsReturned
    }

    /// A quota of requests or tokens is used up for now.
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// The account or role may not do this, or has no access to the model.
    pub fn is_access_denied(&self) -> bool {
        self.kind() == ErrorKind::AccessDenied
    }

    /// AWS refused the request's content.
    pub fn is_validation(&self) -> bool {
        self.kind() == ErrorKind::Validation
    }

    /// What was waited for came to a bad end.
    pub fn is_failed(&self) -> bool {
        self.kind() == ErrorKind::Failed
    }

    /// A time limit ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout | ErrorKind::ModelTimeout)
    }

    /// A stream broke off, or fell silent.
    pub fn is_stream_interrupted(&self) -> bool {
        self.kind() == ErrorKind::StreamInterrupted
    }

    /// The same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind().is_retryable()
    }
}

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

/// The text of `Display`, since it is this form that `unwrap` and `main` print; `{:#?}` gives the facts by name.
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

/// `Display` holds the causes too, so that there is no source.
impl StdError for Error {}
