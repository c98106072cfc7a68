//! Converts the SDK's errors.

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
const SHOWN_BODY: usize = 1000;

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
    let mut ours = match &error {
        SdkError::ServiceError(context) if !context.raw().status().is_success() => {
            of_service(context.err(), context.raw())
        }
        // For a success that cannot be parsed, only the status is shown: the body is a reply.
        SdkError::ServiceError(context) => unreadable(context.raw(), &error),
        SdkError::ResponseError(context) => unreadable(context.raw(), &error),
        other => of_transport(other),
    };
    ours.0.operation = Some(operation);
    ours.finish(session, model_id, error.into_source().ok())
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
    let mut ours = match &error {
        SdkError::ServiceError(context) => of_frame(context.raw(), context.err().message(), &error),
        SdkError::ResponseError(context) => of_frame(context.raw(), None, &error),
        SdkError::TimeoutError(_) => of_transport(&error),
        _ => Error::new(ErrorKind::StreamInterrupted, format!("the connection broke: {}", causes(&error))),
    };
    ours.0.operation = Some(operation);
    ours.finish(session, Some(model_id), error.into_source().ok())
}

impl Error {
    fn finish(
        mut self,
        session: &Session,
        model_id: Option<&str>,
        sdk_error: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.hint = hint(&self.0, model_id, session);
        self.0.sdk_error = sdk_error;
        self
    }

    /// A value that the SDK rejects, with the operation that it was meant for.
    #[allow(clippy::needless_pass_by_value)] // as `map_err` calls it
    pub fn unsendable(operation: &'static str, error: ToSdkError) -> Self {
        Self::invalid_input(operation, error.to_string())
    }
}

/// Returns the kind of AWS's code, or else of the HTTP status.
fn kind(code: Option<&str>, message: &str, status: Option<u16>) -> ErrorKind {
    match code.and_then(ErrorKind::of_code) {
        // AWS returns this code for an unknown model ID, among other faults of a request.
        Some(ErrorKind::Validation) if is_unknown_model(message) => ErrorKind::DoesNotExist,
        Some(kind) => kind,
        None => status.map_or(ErrorKind::Unmodelled, ErrorKind::of_status),
    }
}

/// Returns whether AWS says that it does not know the model's ID.
///
fn of_service(error: &(impl StdError + ProvideErrorMetadata), answer: &HttpResponse) -> Error {
    let status = answer.status().as_u16();
    let code = error.code().map(str::to_owned);
    // If an error has no code, the SDK keeps the message only in the source.
    let of_source = error.source().and_then(|source| source.downcast_ref::<ErrorMetadata>());
    let message = match error.message().or_else(|| of_source?.message()) {
        Some(message) if !message.trim().is_empty() => message.to_owned(),
        _ => body(answer).unwrap_or_else(|| format!("AWS returned status {status} without a message")),
    };
    let mut ours = Error::new(kind(code.as_deref(), &message, Some(status)), message);
    ours.0.code = code;
    ours.0.http_status = Some(status);
    ours.0.request_id = request_id(answer);
    ours
}

fn unreadable(answer: &HttpResponse, error: &dyn StdError) -> Error {
    let message = format!("AWS's response cannot be parsed: {}", causes(error));
    let mut ours = Error::new(ErrorKind::InvalidResponse, message);
    ours.0.http_status = Some(answer.status().as_u16());
    ours.0.request_id = request_id(answer);
    ours
}

fn request_id(answer: &HttpResponse) -> Option<String> {
    answer.headers().get("x-amzn-requestid").map(str::to_owned)
}

fn body(answer: &HttpResponse) -> Option<String> {
    let text = String::from_utf8_lossy(answer.body().bytes()?);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(SHOWN_BODY).collect())
}

/// Converts an exception in a stream, an error frame, or a frame that cannot be parsed.
fn of_frame(frame: &RawMessage, message: Option<&str>, error: &dyn StdError) -> Error {
    let RawMessage::Decoded(frame) = frame else {
        return Error::new(
            ErrorKind::StreamInterrupted,
            "a frame of the stream is damaged, or the stream ended inside one",
        );
    };
    let Some(code) = header(frame, ":exception-type").or_else(|| header(frame, ":error-code")) else {
        let message = format!("an event of the stream cannot be parsed: {}", causes(error));
        return Error::new(ErrorKind::InvalidResponse, message);
    };
    let message = message
        .map(str::to_owned)
        .or_else(|| header(frame, ":error-message"))
        .unwrap_or_else(|| String::from_utf8_lossy(frame.payload()).chars().take(SHOWN_BODY).collect());
    let code = capital(&code);
    let mut ours = Error::new(kind(Some(&code), &message, None), message);
    ours.0.code = Some(code);
    ours
}

fn header(frame: &Frame, name: &str) -> Option<String> {
    let header = frame.headers().iter().find(|header| header.name().as_str() == name)?;
    header.value().as_string().ok().map(|value| value.as_str().to_owned())
}

/// In a stream, exceptions are named `throttlingException`; elsewhere, `ThrottlingException`.
fn capital(code: &str) -> String {
    match code.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => code.to_owned(),
    }
}

/// Converts a failure without a response.
fn of_transport<E, R>(error: &SdkError<E, R>) -> Error
where
    SdkError<E, R>: StdError,
{
    let causes = causes(error);
    let kind = match error {
        SdkError::TimeoutError(_) => ErrorKind::Timeout,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ErrorKind::Timeout,
        _ if causes.contains("credentials") || causes.contains("identity") => ErrorKind::Credentials,
        SdkError::DispatchFailure(_) => ErrorKind::Transport,
        _ => ErrorKind::InvalidInput,
    };
    let what = match kind {
        ErrorKind::Timeout => "the time limit expired",
        ErrorKind::Credentials => "no credentials were found",
        ErrorKind::Transport => "no response",
        _ => "the request cannot be built",
    };
    Error::new(kind, format!("{what}: {causes}"))
}

/// Returns the chain of causes, without the SDK's own text, which has no information.
fn causes(error: &dyn StdError) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !causes.iter().any(|there| there.contains(&text)) {
            causes.push(text);
        }
        cause = error.source();
    }
    causes.join(": ")
}
