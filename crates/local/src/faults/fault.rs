//! One fault: what fails, and which requests it strikes.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::description::{Operation, Service, Services};
use crate::wire::event_stream::Checksum;

/// Larger than any client reads, and still no danger to the machine.
const LARGEST_BODY: usize = 256 << 20;

/// A failure that the server shall show.
///
/// A fault strikes every request that fits it; [`on`](Self::on), [`model`](Self::model), [`after`](Self::after),
/// [`times`](Self::times) and [`probability`](Self::probability) narrow it. Of several faults that fit a request, the
/// one that was planned first strikes; pauses and quotas leave the request to the others, too.
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
/// In JSON, as the admin routes and [`serde`] have it: `{"fault": "error", "code": "ThrottlingException", "operation":
/// "Converse", "times": 3, "retry_after_ms": 2000}`, `{"fault": "reset", "at": {"in_event": 3}}`. The crate's documentation has
/// [all kinds](crate#failure-on-demand).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
#[must_use = "a fault strikes once it is planned"]
pub struct Fault {
    #[serde(flatten)]
    pub(super) effect: Effect,
    #[serde(flatten)]
    pub(super) when: When,
}

/// Where an answer breaks off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Before anything is answered. The operation has been performed: only its answer is lost.
    #[default]
    BeforeHeaders,
    /// After so many bytes of the body. A body that is shorter stays whole.
    AfterBytes(usize),
    /// After so many whole events of a stream. A stream that is shorter stays whole.
    AfterEvents(usize),
    /// After so many whole events of a stream, in the middle of the next one.
    InEvent(usize),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Effect {
    Error {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    RequestsPerSecond {
        limit: u64,
    },
    TokensPerMinute {
        limit: u64,
    },
    Latency {
        ms: u64,
    },
    Drip {
        bytes: usize,
        every_ms: u64,
    },
    RefuseConnections {},
    Reset {
        #[serde(default)]
        at: At,
    },
    Stall {
        #[serde(default)]
        at: At,
    },
    Truncate {
        #[serde(default)]
        at: At,
    },
    WrongChecksum {
        of: Checksum,
        #[serde(default)]
        after_events: usize,
    },
    Exception {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default)]
        after_events: usize,
    },
    ErrorFrame {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default)]
        after_events: usize,
    },
    UnknownEvent {
        #[serde(default)]
        after_events: usize,
    },
    UnknownFields {},
    UnknownEnumValues {},
    UnknownUnionMembers {},
    EmptyPage {},
    RepeatedToken {},
    ContentType {
        value: String,
    },
    BrokenJson {},
    Oversized {
        bytes: usize,
    },
}

/// Which requests a fault strikes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct When {
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

/// Members of the JSON form that say when, not what.
const WHEN: &[&str] = &["operation", "model", "after", "times", "probability", "seed"];

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Fault {
    /// `ThrottlingException`, status 429.
    pub fn throttling() -> Self {
        Self::error("ThrottlingException")
    }

    /// An error in place of an answer: its code, with the status that AWS's description has for it. A code that no
    /// description knows is a 400 unless [`status`](Self::status) says otherwise. The operation is not performed.
    pub fn error(code: impl Into<String>) -> Self {
        Effect::Error { code: code.into(), message: None, status: None, retry_after_ms: None }.into()
    }

    /// `ThrottlingException` with `retry-after` once so many requests have come within a second of the server's clock.
    pub fn requests_per_second(limit: u64) -> Self {
        Effect::RequestsPerSecond { limit }.into()
    }

    /// `ThrottlingException` with `retry-after` once the answers of the last minute of the server's clock have cost so
    /// many tokens, input and output: for Converse, InvokeModel and their streams.
    pub fn tokens_per_minute(limit: u64) -> Self {
        Effect::TokensPerMinute { limit }.into()
    }

    /// A pause before the answer, in real time.
    pub fn latency(pause: Duration) -> Self {
        Effect::Latency { ms: milliseconds(pause) }.into()
    }

    /// The answer's body in pieces of so many bytes, with a pause before each.
    pub fn drip(bytes: usize, pause: Duration) -> Self {
        Effect::Drip { bytes, every_ms: milliseconds(pause) }.into()
    }

    /// Connections are closed as soon as they are accepted; those that are open stay. It counts connections, not
    /// requests, and no operation or model narrows it.
    pub fn refuse_connections() -> Self {
        Effect::RefuseConnections {}.into()
    }

    /// The connection is reset; over HTTP/2, the stream.
    pub fn reset(at: At) -> Self {
        Effect::Reset { at }.into()
    }

    /// The answer falls silent, and the connection stays open.
    pub fn stall(at: At) -> Self {
        Effect::Stall { at }.into()
    }

    /// The answer ends early: a stream as if nothing were missing, a body of announced length by the end of the
    /// connection.
    pub fn truncate(at: At) -> Self {
        Effect::Truncate { at }.into()
    }

    /// After so many events of a stream, one with a wrong checksum.
    pub fn wrong_checksum(of: Checksum, after_events: usize) -> Self {
        Effect::WrongChecksum { of, after_events }.into()
    }

    /// After so many events, a stream ends with an exception, spelled as streams spell it: `throttlingException`.
    pub fn exception(code: impl Into<String>, after_events: usize) -> Self {
        Effect::Exception { code: code.into(), message: None, after_events }.into()
    }

    /// After so many events, a stream ends with a frame of type `error`.
    pub fn error_frame(code: impl Into<String>, after_events: usize) -> Self {
        Effect::ErrorFrame { code: code.into(), message: None, after_events }.into()
    }

    /// After so many events of a stream, one of a type that no client knows.
    pub fn unknown_event(after_events: usize) -> Self {
        Effect::UnknownEvent { after_events }.into()
    }

    /// Every structure of the answer has a field that no client knows: `futureField`. Of InvokeModel's answers the
    /// maker's own structure has it, once.
    pub fn unknown_fields() -> Self {
        Effect::UnknownFields {}.into()
    }

    /// Every enum of the answer has a value that no client knows: `FUTURE_VALUE`.
    pub fn unknown_enum_values() -> Self {
        Effect::UnknownEnumValues {}.into()
    }

    /// Every union of the answer has a member that no client knows, `futureMember`, in place of its own.
    pub fn unknown_union_members() -> Self {
        Effect::UnknownUnionMembers {}.into()
    }

    /// A list answers with no rows and a token that leads to them.
    pub fn empty_page() -> Self {
        Effect::EmptyPage {}.into()
    }

    /// A list gives back the token that it was called with, or one that leads to its first page again.
    pub fn repeated_token() -> Self {
        Effect::RepeatedToken {}.into()
    }

    /// Another content type than the true one, which tells nothing about the body.
    pub fn content_type(value: impl Into<String>) -> Self {
        Effect::ContentType { value: value.into() }.into()
    }

    /// JSON that ends in its middle: the body's, or every event's in a stream whose frames are sound.
    pub fn broken_json() -> Self {
        Effect::BrokenJson {}.into()
    }

    /// A body of at least so many bytes, white space at its end; of a stream, a first event of that size.
    pub fn oversized(bytes: usize) -> Self {
        Effect::Oversized { bytes }.into()
    }

    /// Only requests of this operation, as AWS spells it.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.when.operation = Some(operation.into());
        self
    }

    /// Only requests for this model: by its id, alone, behind a profile's prefix or at the end of an ARN.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.when.model = Some(model.into());
        self
    }

    /// Lets so many requests that fit pass first.
    pub fn after(mut self, requests: u64) -> Self {
        self.when.after = requests;
        self
    }

    /// Strikes so often and no more.
    pub fn times(mut self, times: u64) -> Self {
        self.when.times = Some(times);
        self
    }

    /// Strikes a part of the requests, from 0 to 1. The same seed strikes the same ones: the fifth that fits, the ninth.
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        (self.when.probability, self.when.seed) = (Some(probability), seed);
        self
    }

    /// What an error, an exception or an error frame says. Other faults say nothing.
    pub fn message(mut self, text: impl Into<String>) -> Self {
        if let Effect::Error { message, .. }
        | Effect::Exception { message, .. }
        | Effect::ErrorFrame { message, .. } = &mut self.effect
        {
            *message = Some(text.into());
        }
        self
    }

    /// An error's HTTP status, where the description's will not do. Other faults have none.
    pub fn status(mut self, number: u16) -> Self {
        if let Effect::Error { status, .. } = &mut self.effect {
            *status = Some(number);
        }
        self
    }

    /// An error's `retry-after` in seconds and `x-amz-retry-after` in milliseconds. Other faults have none.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Effect::Error { retry_after_ms, .. } = &mut self.effect {
            *retry_after_ms = Some(milliseconds(wait));
        }
        self
    }

    /// Whether no one could come in any more.
    pub(crate) fn locks_out(&self) -> bool {
        matches!(self.effect, Effect::RefuseConnections {}) && self.when.times.is_none()
    }

    /// Says what is wrong with a fault that could never strike, or not as it is told.
    pub(super) fn check(&self, services: &Services) -> Result<(), String> {
        let Self { effect, when } = self;
        if when.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("a probability is a number from 0 to 1".to_owned());
        }
        match effect {
            Effect::Error { status: Some(status), .. } if !(200..=599).contains(status) => {
                return Err(format!("{status} is no HTTP status of an answer: take one from 200 to 599"));
            }
            Effect::Drip { bytes: 0, .. } => {
                return Err("a drip has at least one byte".to_owned());
            }
            Effect::Oversized { bytes } if *bytes > LARGEST_BODY => {
                return Err(format!("a body of more than {LARGEST_BODY} bytes is not made here"));
            }
            Effect::RefuseConnections {} if when.operation.is_some() || when.model.is_some() => {
                return Err("a connection that is refused has no operation and no model".to_owned());
            }
            _ => {}
        }
        let Some(name) = &when.operation else { return Ok(()) };
        let named = |service| operation(service, name).map(|operation| (service, operation));
        let (service, operation) =
            services.iter().find_map(named).ok_or_else(|| format!("there is no operation {name}"))?;
        match effect.fits(service, operation) {
            true => Ok(()),
            false => {
                Err(format!("{name} has nothing that this fault could spoil: it is for {}", effect.aim()))
            }
        }
    }
}

fn operation<'a>(service: &'a Service, name: &str) -> Option<&'a Operation> {
    service.operations.values().find(|operation| operation.name == name)
}

impl Effect {
    /// Whether an operation's answers have what this spoils.
    pub(super) fn fits(&self, service: &Service, operation: &Operation) -> bool {
        match self.aim() {
            Aim::Requests => true,
            Aim::Streams => operation.has_streaming_output(service),
            Aim::Lists => {
                let output = operation.output.as_ref().and_then(|output| service.shape(&output.shape));
                output.is_some_and(|output| output.member("nextToken").is_some())
            }
            Aim::Tokens => COSTLY.contains(&operation.name.as_str()),
            Aim::Connections => false,
        }
    }

    fn aim(&self) -> Aim {
        match self {
            Self::RefuseConnections {} => Aim::Connections,
            Self::TokensPerMinute { .. } => Aim::Tokens,
            Self::EmptyPage {} | Self::RepeatedToken {} => Aim::Lists,
            Self::Reset { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::Stall { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::Truncate { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::WrongChecksum { .. }
            | Self::Exception { .. }
            | Self::ErrorFrame { .. }
            | Self::UnknownEvent { .. } => Aim::Streams,
            _ => Aim::Requests,
        }
    }
}

/// The operations whose answers tell what they cost.
const COSTLY: &[&str] = &["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"];

/// What a fault can be for.
enum Aim {
    Requests,
    Streams,
    Lists,
    Tokens,
    Connections,
}

impl std::fmt::Display for Aim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Requests => "all operations",
            Self::Streams => "operations that answer with a stream",
            Self::Lists => "lists that have a nextToken",
            Self::Tokens => "Converse, InvokeModel and their streams",
            Self::Connections => "connections",
        })
    }
}

impl From<Effect> for Fault {
    fn from(effect: Effect) -> Self {
        Self { effect, when: When::default() }
    }
}

/// The two halves apart, so that a misspelled member of either is refused.
impl TryFrom<Map<String, Value>> for Fault {
    type Error = serde_json::Error;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let (when, effect): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(member, _)| WHEN.contains(&member.as_str()));
        Ok(Self {
            effect: serde_json::from_value(effect.into())?,
            when: serde_json::from_value(when.into())?,
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
