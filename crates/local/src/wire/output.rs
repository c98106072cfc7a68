//! The output of an operation, before it becomes an HTTP response.

use bytes::Bytes;
use futures_util::future;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::Value;

use crate::wire::constraints::output_violations;
use crate::wire::description::{Operation, Service, ShapeRef};
use crate::wire::error::{AwsError, AwsResult};

/// The headers of a response that an operation sets.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// The events of a stream as they arrive. The stream ends after its first error.
pub(crate) type Events = BoxStream<'static, AwsResult<Event>>;

/// The output of an operation.
pub(crate) enum Output {
    /// A structure, as JSON.
    Json(Value),
    /// A payload of bytes, with the members that are headers.
    Bytes { body: Vec<u8>, headers: Headers },
    /// An event stream.
    Events { events: Events, headers: Headers, ending: Ending },
    /// A recorded response of AWS: its body, frame by frame if it is a stream.
    Recorded { pieces: Vec<Bytes>, headers: Headers },
    /// An event stream that responds to the events of the client while the client still sends them.
    Duplex { session: Box<dyn Duplex>, ending: Ending },
}

/// How a stream ends. A unary operation ends whole or with an error; the other endings do not apply to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Whole,
    Exception { error: AwsError, after: usize },
    Cut { after: usize },
    Stall { after: usize },
}

/// The server's side of a bidirectional stream.
pub(crate) trait Duplex: Send {
    /// Responds to an event of the client with an event.
    ///
    /// # Errors
    ///
    /// Says why the event is not accepted.
    fn respond(&mut self, received: &Value) -> Result<Value, String>;

    /// Returns the event to send after the end of the client's stream.
    fn close(&mut self) -> Option<Value>;
}

/// An event of a response stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) payload: Value,
}

impl Output {
    /// Replaces a structure with its payload member, if it has one: the payload is the whole body.
    pub(crate) fn unwrap_payload(self, service: &Service, operation: &Operation) -> Self {
        match (self, payload(service, operation)) {
            (Self::Json(mut value), Some(payload)) => Self::Json(value[payload].take()),
            (output, _) => output,
        }
    }

    /// Checks a structure, or each event of a stream, against the API description. A violation is a bug in this
    /// server, or a scripted reply that no model could give.
    pub(crate) fn checked(self, service: &'static Service, operation: &'static Operation) -> AwsResult<Self> {
        let Some(output) = &operation.output else { return Ok(self) };
        match self {
            Self::Json(value) => {
                let violations = output_violations(service, &output.shape, &value);
                refuse(operation, &violations).map(|()| Self::Json(value))
            }
            Self::Events { events, headers, ending } => {
                let check =
                    |event: Event| refuse(operation, &check_event(service, output, &event)).map(|()| event);
                let checked = events.map(move |event| event.and_then(check));
                Ok(Self::Events { events: until_error(checked.boxed()), headers, ending })
            }
            output @ (Self::Bytes { .. } | Self::Recorded { .. } | Self::Duplex { .. }) => Ok(output),
        }
    }
}

/// Ends a stream after its first error.
fn until_error(events: Events) -> Events {
    let stop_after_error = |is_over: &mut bool, event: AwsResult<Event>| {
        let next = (!*is_over).then_some(event);
        *is_over = next.as_ref().is_some_and(Result::is_err);
        future::ready(next)
    };
    events.scan(false, stop_after_error).boxed()
}

fn refuse(operation: &Operation, violations: &[String]) -> AwsResult<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let violations = violations.join("; ");
    tracing::error!(operation = operation.name, violations, "an output violates the API description");
    Err(AwsError::internal(format!(
        "bedrock-local cannot send the output of {}, which is against its description: {violations}",
        operation.name
    )))
}

/// Returns the name of the output's payload member.
fn payload<'a>(service: &'a Service, operation: &'a Operation) -> Option<&'a str> {
    service.shape_of(&operation.output.as_ref()?.shape)?.payload.as_deref()
}

fn check_event(service: &Service, output: &ShapeRef, event: &Event) -> Vec<String> {
    let shape = service.shape_of(&output.shape);
    let stream = shape.and_then(|shape| service.shape_of(&shape.member(shape.payload.as_deref()?)?.shape));
    match stream.and_then(|stream| stream.member(event.name)) {
        Some(member) => output_violations(service, &member.shape, &event.payload),
        None => vec![format!("{} has no event {}", &*output.shape, event.name)],
    }
}
