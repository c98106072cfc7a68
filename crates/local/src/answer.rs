//! What an operation gives back, before it becomes HTTP.

use serde_json::Value;

use crate::constraints::check_answer;
use crate::description::{Operation, Service};
use crate::error::{AwsError, AwsResult};
use crate::model::speech::Session;
use crate::reply::Ending;

pub(crate) type Headers = Vec<(&'static str, String)>;

#[derive(Debug)]
pub(crate) enum Answer {
    /// A structure, as JSON.
    Json(Value),
    /// A payload of bytes, with the members that travel as headers.
    Bytes { body: Vec<u8>, headers: Headers },
    /// An event stream.
    Events { events: Vec<Event>, headers: Headers, ending: Ending },
    /// An event stream that answers the request's, while that is still being sent.
    Duplex { session: Session, ending: Ending },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) payload: Value,
}

impl Answer {
    /// A structure as the body has it: a payload is the body itself.
    pub(crate) fn unwrapped(self, service: &Service, operation: &Operation) -> Self {
        match (self, payload(service, operation)) {
            (Self::Json(mut value), Some(payload)) => Self::Json(value[payload].take()),
            (answer, _) => answer,
        }
    }

    /// Lets nothing leave that the description forbids. What is stopped here is a bug of ours, or a queued reply
    /// that no model could have given.
    pub(crate) fn checked(self, service: &Service, operation: &Operation) -> AwsResult<Self> {
        let Some(output) = &operation.output else { return Ok(self) };
        let violations = match &self {
            Self::Json(value) => check_answer(service, &output.shape, value),
            Self::Bytes { .. } | Self::Duplex { .. } => Vec::new(),
            Self::Events { events, .. } => {
                events.iter().flat_map(|event| check_event(service, &output.shape, event)).collect()
            }
        };
        if violations.is_empty() {
            return Ok(self);
        }
        let violations = violations.join("; ");
        tracing::error!(operation = operation.name, violations, "an answer broke its own description");
        Err(AwsError::internal(format!(
            "bedrock-local was about to answer {} against its description: {violations}",
            operation.name
        )))
    }
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
