//! Converts the SDK's errors to [`Error`].

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::event_stream::{Message as Frame, RawMessage};
use bedrock_orm_models::sdk::ToSdkError;

use super::hint::{hint, is_unknown_model};
use super::{Error, ErrorKind};
use crate::Session;

/// How many characters of an unexpected response body an error shows.
const SHOWN_CHARACTERS: usize = 1000;

/// Converts the failure of an operation.
pub fn error<E>(
    session: &Session,
    operation: &'static str,
    model_id: Option<&str>,
    error: SdkError<E, HttpResponse>,
) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let mut converted = match &error {
        SdkError::ServiceError(context) if !context.raw().status().is_success() => {
            from_response(context.err(), context.err().source(), context.raw())
        }
        // If a successful response cannot be parsed, its body can be a reply, which is not shown.
        SdkError::ServiceError(context) => unparsable(context.raw(), &error),
        SdkError::ResponseError(context) => unparsable(context.raw(), &error),
        SdkError::TimeoutError(_) => from_no_response(ErrorKind::Timeout, &error),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            from_no_response(ErrorKind::Timeout, &error)
        }
        SdkError::DispatchFailure(_) => from_no_response(ErrorKind::Transport, &error),
        _ => from_no_response(ErrorKind::InvalidInput, &error),
    };
    converted.0.operation = Some(operation);
    converted.with_hint_and_source(session, model_id, error.into_source().ok())
}

/// Converts the failure of a stream.
pub fn stream_error<E>(
    session: &Session,
    operation: &'static str,
    model_id: &str,
    error: SdkError<E, RawMessage>,
) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let mut converted = match &error {
        SdkError::ServiceError(context) => from_frame(context.raw(), context.err().message(), &error),
        SdkError::ResponseError(context) => from_frame(context.raw(), None, &error),
        SdkError::TimeoutError(_) => from_no_response(ErrorKind::Timeout, &error),
        _ => Error::new(ErrorKind::StreamInterrupted, format!("the connection broke: {}", causes(&error))),
    };
    converted.0.operation = Some(operation);
    converted.with_hint_and_source(session, Some(model_id), error.into_source().ok())
}

impl Error {
    /// Sets the hint and the SDK's error.
    fn with_hint_and_source(
        mut self,
        session: &Session,
        model_id: Option<&str>,
        sdk_error: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.hint = hint(&self.0, model_id, session);
        self.0.sdk_error = sdk_error;
        self
    }

    /// Creates an error for a request that cannot be converted to the SDK's types.
    #[allow(clippy::needless_pass_by_value)] // `map_err` passes it by value
    pub fn unsendable(operation: &'static str, error: ToSdkError) -> Self {
        Self::invalid_input(operation, error.to_string())
    }
}

/// Returns the kind of AWS's code if the code is known, or that of the HTTP status.
fn kind(code: Option<&str>, message: &str, status: Option<u16>) -> ErrorKind {
    match code.and_then(ErrorKind::from_code) {
        // AWS uses this code for an unknown model ID too, not only for an invalid request.
        Some(ErrorKind::Validation) if is_unknown_model(message) => ErrorKind::DoesNotExist,
        Some(kind) => kind,
        None => status.map_or(ErrorKind::Unmodelled, ErrorKind::from_status),
    }
}

/// Converts an error response of AWS.
fn from_response(
    error: &dyn ProvideErrorMetadata,
    source: Option<&(dyn StdError + 'static)>,
    response: &HttpResponse,
) -> Error {
    let status = response.status().as_u16();
    let code = error.code().map(str::to_owned);
    // If an error has no code, the SDK keeps the message only in the source.
    let metadata = source.and_then(|source| source.downcast_ref::<ErrorMetadata>());
    let message = match error.message().or_else(|| metadata?.message()) {
        Some(message) if !message.trim().is_empty() => message.to_owned(),
        _ => body(response).unwrap_or_else(|| format!("AWS returned status {status} without a message")),
    };
    let mut converted = Error::new(kind(code.as_deref(), &message, Some(status)), message);
    converted.0.code = code;
    converted.0.http_status = Some(status);
    converted.0.request_id = request_id(response);
    converted
}

/// Converts a response that cannot be parsed. The error shows its status, but not its body.
fn unparsable(response: &HttpResponse, error: &dyn StdError) -> Error {
    let message = format!("AWS's response cannot be parsed: {}", causes(error));
    let mut converted = Error::new(ErrorKind::InvalidResponse, message);
    converted.0.http_status = Some(response.status().as_u16());
    converted.0.request_id = request_id(response);
    converted
}

fn request_id(response: &HttpResponse) -> Option<String> {
    response.headers().get("x-amzn-requestid").map(str::to_owned)
}

fn body(response: &HttpResponse) -> Option<String> {
    let text = String::from_utf8_lossy(response.body().bytes()?);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(SHOWN_CHARACTERS).collect())
}

/// Converts an exception in a stream, an error frame, or a frame that cannot be parsed.
fn from_frame(frame: &RawMessage, message: Option<&str>, error: &dyn StdError) -> Error {
    let RawMessage::Decoded(frame) = frame else {
        return Error::new(
            ErrorKind::StreamInterrupted,
            "a frame of the event stream is corrupt or incomplete",
        );
    };
    let Some(code) = header(frame, ":exception-type").or_else(|| header(frame, ":error-code")) else {
        let message = format!("an event of the stream cannot be parsed: {}", causes(error));
        return Error::new(ErrorKind::InvalidResponse, message);
    };
    let message = message
        .map(str::to_owned)
        .or_else(|| header(frame, ":error-message"))
        .unwrap_or_else(|| String::from_utf8_lossy(frame.payload()).chars().take(SHOWN_CHARACTERS).collect());
    let code = capitalized(&code);
    let mut converted = Error::new(kind(Some(&code), &message, None), message);
    converted.0.code = Some(code);
    converted
}

fn header(frame: &Frame, name: &str) -> Option<String> {
    let header = frame.headers().iter().find(|header| header.name().as_str() == name)?;
    header.value().as_string().ok().map(|value| value.as_str().to_owned())
}

/// Capitalizes the code of an exception. AWS writes `throttlingException` in a stream, and `ThrottlingException`
/// elsewhere.
fn capitalized(code: &str) -> String {
    match code.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => code.to_owned(),
    }
}

/// Converts a failure without a response. The kind is `Credentials` if the causes speak of them.
fn from_no_response(kind: ErrorKind, error: &dyn StdError) -> Error {
    let causes = causes(error);
    let is_identity = causes.contains("credentials") || causes.contains("identity");
    let kind = if is_identity && kind != ErrorKind::Timeout { ErrorKind::Credentials } else { kind };
    let what = match kind {
        ErrorKind::Timeout => "the time limit expired",
        ErrorKind::Credentials => "no credentials were found",
        ErrorKind::Transport => "no response",
        _ => "the request cannot be built",
    };
    Error::new(kind, format!("{what}: {causes}"))
}

/// Joins the chain of causes, without the text of the SDK's outermost error, which says nothing specific.
fn causes(error: &dyn StdError) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !causes.iter().any(|earlier| earlier.contains(&text)) {
            causes.push(text);
        }
        cause = error.source();
    }
    causes.join(": ")
}
