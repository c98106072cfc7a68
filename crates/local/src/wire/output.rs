//! What an operation gives back, before it becomes HTTP.

use bytes::Bytes;
use futures_util::future;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::Value;

use crate::wire::constraints::check_answer;
use crate::wire::description::{Operation, Service};
use crate::wire::error::{AwsError, AwsResult};

pub(crate) type Headers = Vec<(&'static str, String)>;

/// The events of a stream as they come to be. The first error is the last of them.
pub(crate) type Events = BoxStream<'static, AwsResult<Event>>;

pub(crate) enum Output {
    /// A structure, as JSON.
    Json(Value),
    /// A payload of bytes, with the members that travel as headers.
    Bytes { body: Vec<u8>, headers: Headers },
    /// An event stream.
    Events { events: Events, headers: Headers, ending: Ending },
    /// An answer that AWS once gave: its body, frame by frame where that is a stream.
    Recorded { pieces: Vec<Bytes>, headers: Headers },
    /// An event stream that responds to the request's stream while the client still sends it.
    Duplex { session: Box<dyn Duplex>, ending: Ending },
}

/// How a stream ends. A unary operation can end whole or with an error only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Whole,
    Exception { error: AwsError, after: usize },
    Cut { after: usize },
    Stall { after: usize },
}

/// The server's side of a bidirectional stream.
pub(crate) trait Duplex: Send {
    /// Responds to an event of the client with an event. An error says why the event is not accepted.
    fn respond(&mut self, received: &Value) -> Result<Value, String>;

    /// Returns the event that is still to be sent when the client's stream has ended.
    fn close(&mut self) -> Option<Value>;
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) payload: Value,
}

impl Output {
    /// A structure as the body has it: a payload is the body itself.
    pub(crate) fn unwrapped(self, service: &Service, operation: &Operation) -> Self {
        match (self, payload(service, operation)) {
            (Self::Json(mut value), Some(payload)) => Self::Json(value[payload].take()),
            (answer, _) => answer,
        }
    }

    /// Lets nothing leave that the description forbids: an answer, or an event of a stream. What is stopped here is a
    /// bug of ours, or a reply that no model could have given.
    pub(crate) fn checked(self, service: &'static Service, operation: &'static Operation) -> AwsResult<Self> {
        let Some(output) = &operation.output else { return Ok(self) };
        match self {
            Self::Json(value) => {
                let violations = check_answer(service, &output.shape, &value);
                refuse(operation, &violations).map(|()| Self::Json(value))
            }
            Self::Events { events, headers, ending } => {
                let check = |event: Event| {
                    refuse(operation, &check_event(service, &output.shape, &event)).map(|()| event)
                };
                let checked = events.map(move |event| event.and_then(check));
                Ok(Self::Events { events: until_error(checked.boxed()), headers, ending })
            }
            answer @ (Self::Bytes { .. } | Self::Recorded { .. } | Self::Duplex { .. }) => Ok(answer),
        }
    }
}

/// The stream up to its first error, that included.
fn until_error(events: Events) -> Events {
    let not_after_one = |is_over: &mut bool, event: AwsResult<Event>| {
        let next = (!*is_over).then_some(event);
        *is_over = next.as_ref().is_some_and(Result::is_err);
        future::ready(next)
    };
    events.scan(false, not_after_one).boxed()
}

fn refuse(operation: &Operation, violations: &[String]) -> AwsResult<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let violations = violations.join("; ");
    tracing::error!(operation = operation.name, violations, "an answer broke its own description");
    Err(AwsError::internal(format!(
        "bedrock-local was about to answer {} against its description: {violations}",
        operation.name
    )))
}

fn payload<'a>(service: &'a Service, operation: &'a Operation) -> Option<&'a str> {
    service.shape(&operation.output.as_ref()?.shape)?.payload.as_deref()
}

fn check_event(service: &Service, output: &str, event: &Event) -> Vec<String> {
    let shape = service.shape(output);
    let stream = shape.and_then(|shape| service.shape(&shape.member(shape.payload.as_deref()?)?.shape));
    match stream.and_then(|stream| stream.member(event.name)) {
        Some(member) => check_answer(service, &member.shape, &event.payload),
        None => vec![format!("{output} has no event {}", event.name)],
    }
}
