//! One fault: what fails, and which requests it applies to.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::faults::effect::{At, Effect};
use crate::wire::description::{Operation, Service, Services};
use crate::wire::event_stream::Checksum;

/// The largest body of [`Fault::oversized`], in bytes: more than any client reads, and still safe for this machine.
const LARGEST_BODY: usize = 256 << 20;

/// A failure that the server simulates.
///
/// A fault applies to every request that matches it. [`on`](Self::on), [`model`](Self::model), [`after`](Self::after),
/// [`times`](Self::times), and [`probability`](Self::probability) narrow it. If several faults match a request, the one
/// that was added first applies. Pauses, and quotas that are not used up, let the next fault apply too.
///
/// ```
/// use std::time::Duration;
/// use bedrock_orm_local::{At, Fault};
///
/// Fault::throttling().on("Converse").times(3).retry_after(Duration::from_secs(2));
/// Fault::error("ModelTimeoutException").model("amazon.nova-lite-v1:0").probability(0.2, 7);
/// Fault::reset(At::InEvent(3)).on("ConverseStream").after(1).times(1);
/// Fault::tokens_per_minute(10_000);
/// ```
///
/// The admin routes and [`serde`] use this JSON form: `{"fault": "error", "code": "ThrottlingException", "operation":
/// "Converse", "times": 3, "retry_after_ms": 2000}`, `{"fault": "reset", "at": {"in_event": 3}}`. The crate's
/// documentation lists [all faults](crate#faults).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
#[must_use = "a fault has no effect until it is added to a server"]
pub struct Fault {
    #[serde(flatten)]
    pub(super) effect: Effect,
    #[serde(flatten)]
    pub(super) filter: RequestFilter,
}

/// Which requests a fault applies to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RequestFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probability: Option<f64>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) seed: u64,
}

/// The members of the JSON form that belong to `RequestFilter`.
const FILTER_MEMBERS: &[&str] = &["operation", "model", "after", "times", "probability", "seed"];

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Fault {
    /// `ThrottlingException`, status 429.
    pub fn throttling() -> Self {
        Self::error("ThrottlingException")
    }

    /// An error with this code and the HTTP status that AWS's description has for it. The operation is not performed.
    /// A code that the description does not have gets status 400, unless [`status`](Self::status) sets another.
    pub fn error(code: impl Into<String>) -> Self {
        Effect::Error { code: code.into(), message: None, status: None, retry_after_ms: None }.into()
    }

    /// `ThrottlingException` with `retry-after` for requests above this limit per second of the server's clock.
    pub fn requests_per_second(limit: u64) -> Self {
        Effect::RequestsPerSecond { limit }.into()
    }

    /// `ThrottlingException` with `retry-after` for requests above this number of tokens in the last minute of the
    /// server's clock. Applies to Converse, InvokeModel, and their streams.
    ///
    /// It counts as AWS does. A request takes the tokens of its prompt and its `max_tokens`; if it does not set them,
    /// the most that its model replies with, where the server knows it. At its end, that becomes the tokens of the
    /// prompt that were not read from the cache, and those of the reply times the [`burndown`](Self::burndown). A request
    /// that asks for more than the limit is always refused.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>
    pub fn tokens_per_minute(limit: u64) -> Self {
        Effect::TokensPerMinute { limit, burndown: 1 }.into()
    }

    /// A pause before the response, in real time.
    pub fn latency(pause: Duration) -> Self {
        Effect::Latency { ms: milliseconds(pause) }.into()
    }

    /// Sends the body in pieces of this many bytes, with a pause before each.
    pub fn drip(bytes: usize, pause: Duration) -> Self {
        Effect::Drip { bytes, every_ms: milliseconds(pause) }.into()
    }

    /// Resets new connections as soon as they are accepted. Open connections stay open. This fault counts connections,
    /// not requests, and cannot be limited to an operation or a model.
    pub fn refuse_connections() -> Self {
        Effect::RefuseConnections {}.into()
    }

    /// Resets the connection, or over HTTP/2 the stream.
    pub fn reset(at: At) -> Self {
        Effect::Reset { at }.into()
    }

    /// Stops sending and leaves the connection open.
    pub fn stall(at: At) -> Self {
        Effect::Stall { at }.into()
    }

    /// Ends the response early. A stream ends as if it were complete; a body with a `content-length` ends with the
    /// connection.
    pub fn truncate(at: At) -> Self {
        Effect::Truncate { at }.into()
    }

    /// After this many events of a stream, sends one with a wrong checksum.
    pub fn wrong_checksum(of: Checksum, after_events: usize) -> Self {
        Effect::WrongChecksum { of, after_events }.into()
    }

    /// After this many events, ends a stream with an exception. Streams write its code in lower camel case:
    /// `throttlingException`.
    pub fn exception(code: impl Into<String>, after_events: usize) -> Self {
        Effect::Exception { code: code.into(), message: None, after_events }.into()
    }

    /// After this many events, ends a stream with a frame of type `error`.
    pub fn error_frame(code: impl Into<String>, after_events: usize) -> Self {
        Effect::ErrorFrame { code: code.into(), message: None, after_events }.into()
    }

    /// After this many events of a stream, sends one of a type that no client knows.
    pub fn unknown_event(after_events: usize) -> Self {
        Effect::UnknownEvent { after_events }.into()
    }

    /// Adds a member that no client knows, `futureField`, to every structure of the response. In a response of
    /// InvokeModel, adds it once, to the provider's structure.
    pub fn unknown_fields() -> Self {
        Effect::UnknownFields {}.into()
    }

    /// Gives every enum of the response a value that no client knows: `FUTURE_VALUE`.
    pub fn unknown_enum_values() -> Self {
        Effect::UnknownEnumValues {}.into()
    }

    /// Replaces the member of every union of the response by one that no client knows: `futureMember`.
    pub fn unknown_union_members() -> Self {
        Effect::UnknownUnionMembers {}.into()
    }

    /// Responds to a list request with no rows and a token for the same page.
    pub fn empty_page() -> Self {
        Effect::EmptyPage {}.into()
    }

    /// Responds to a list request with the token of that request, or with a token for the first page if it had none.
    pub fn repeated_token() -> Self {
        Effect::RepeatedToken {}.into()
    }

    /// Replaces the content type. The body stays as it is.
    pub fn content_type(value: impl Into<String>) -> Self {
        Effect::ContentType { value: value.into() }.into()
    }

    /// Cuts JSON in the middle: the body's, or that of every event in a stream with valid frames.
    pub fn broken_json() -> Self {
        Effect::BrokenJson {}.into()
    }

    /// Pads the body with white space to at least this many bytes. In a stream, pads the first event.
    pub fn oversized(bytes: usize) -> Self {
        Effect::Oversized { bytes }.into()
    }

    /// Applies only to requests of this operation, by AWS's name.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.filter.operation = Some(operation.into());
        self
    }

    /// Applies only to requests for this model. A request may use the model ID alone, with an inference profile's
    /// prefix, or at the end of an ARN.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.filter.model = Some(model.into());
        self
    }

    /// Skips this many matching requests first.
    pub fn after(mut self, requests: u64) -> Self {
        self.filter.after = requests;
        self
    }

    /// Applies to at most this many requests.
    pub fn times(mut self, times: u64) -> Self {
        self.filter.times = Some(times);
        self
    }

    /// Applies to a share of the matching requests, from 0 to 1. The same seed selects the same ones, such as the fifth
    /// and the ninth.
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        (self.filter.probability, self.filter.seed) = (Some(probability), seed);
        self
    }

    /// Sets the message of an error, an exception, or an error frame. Has no effect on other faults.
    pub fn message(mut self, text: impl Into<String>) -> Self {
        if let Effect::Error { message, .. }
        | Effect::Exception { message, .. }
        | Effect::ErrorFrame { message, .. } = &mut self.effect
        {
            *message = Some(text.into());
        }
        self
    }

    /// Sets an error's HTTP status in place of the description's. Has no effect on other faults.
    pub fn status(mut self, number: u16) -> Self {
        if let Effect::Error { status, .. } = &mut self.effect {
            *status = Some(number);
        }
        self
    }

    /// Sets an error's `retry-after` in seconds and `x-amz-retry-after` in milliseconds. Has no effect on other faults.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Effect::Error { retry_after_ms, .. } = &mut self.effect {
            *retry_after_ms = Some(milliseconds(wait));
        }
        self
    }

    /// Sets how many tokens of a token quota one token of a reply takes: 5 for Claude 4 and newer models on AWS, 1 by
    /// default. Has no effect on other faults.
    pub fn burndown(mut self, tokens: u64) -> Self {
        if let Effect::TokensPerMinute { burndown, .. } = &mut self.effect {
            *burndown = tokens;
        }
        self
    }

    /// Whether this refuses every connection from now on, those of the admin routes included.
    pub(crate) fn refuses_all_connections(&self) -> bool {
        matches!(self.effect, Effect::RefuseConnections {}) && self.filter.times.is_none()
    }

    /// Checks that the fault can apply to a request. The error says why not.
    pub(super) fn check(&self, services: &Services) -> Result<(), String> {
        let Self { effect, filter } = self;
        if filter.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("the probability must be a number from 0 to 1".to_owned());
        }
        match effect {
            Effect::Error { status: Some(status), .. } if !(200..=599).contains(status) => {
                return Err(format!("{status} is not a response's HTTP status: use one from 200 to 599"));
            }
            Effect::Drip { bytes: 0, .. } => {
                return Err("a drip needs at least one byte per piece".to_owned());
            }
            Effect::Oversized { bytes } if *bytes > LARGEST_BODY => {
                return Err(format!("an oversized body can have at most {LARGEST_BODY} bytes"));
            }
            Effect::RefuseConnections {} if filter.operation.is_some() || filter.model.is_some() => {
                return Err("refused connections cannot be limited to an operation or a model".to_owned());
            }
            _ => {}
        }
        let Some(name) = &filter.operation else { return Ok(()) };
        let named = |service| operation(service, name).map(|operation| (service, operation));
        let (service, operation) =
            services.iter().find_map(named).ok_or_else(|| format!("there is no operation {name}"))?;
        match effect.matches(service, operation) {
            true => Ok(()),
            false => Err(format!("this fault cannot apply to {name}: it is for {}", effect.applies_to())),
        }
    }
}

fn operation<'a>(service: &'a Service, name: &str) -> Option<&'a Operation> {
    service.operations.values().find(|operation| operation.name == name)
}

impl From<Effect> for Fault {
    fn from(effect: Effect) -> Self {
        Self { effect, filter: RequestFilter::default() }
    }
}

/// Parses the two halves separately, so that a misspelled member of either is an error.
impl TryFrom<Map<String, Value>> for Fault {
    type Error = serde_json::Error;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let (filter, effect): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(member, _)| FILTER_MEMBERS.contains(&member.as_str()));
        Ok(Self {
            effect: serde_json::from_value(effect.into())?,
            filter: serde_json::from_value(filter.into())?,
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
