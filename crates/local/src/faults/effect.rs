//! What a fault does, and to which operations it can apply.

use serde::{Deserialize, Serialize};

use crate::wire::description::{Operation, Service};
use crate::wire::event_stream::Checksum;

/// Where a response is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Before anything is sent. The operation has been performed; only its response is lost.
    #[default]
    BeforeHeaders,
    /// After this many bytes of the body. A shorter body is sent whole.
    AfterBytes(usize),
    /// After this many whole events of a stream. A shorter stream is sent whole.
    AfterEvents(usize),
    /// After this many whole events of a stream, in the middle of the next one.
    InEvent(usize),
}

/// What fails.
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
        /// What one token of a reply takes of the quota.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        burndown: u64,
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

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(number: &u64) -> bool {
    *number == 1
}

impl Effect {
    /// Whether the effect can apply to an operation.
    pub(super) fn matches(&self, service: &Service, operation: &Operation) -> bool {
        match self.applies_to() {
            AppliesTo::Requests => true,
            AppliesTo::Streams => operation.has_streaming_output(service),
            AppliesTo::Lists => {
                let output = operation.output.as_ref().and_then(|output| service.shape(&output.shape));
                output.is_some_and(|output| output.member("nextToken").is_some())
            }
            AppliesTo::Tokens => METERED.contains(&operation.name.as_str()),
            AppliesTo::Connections => false,
        }
    }

    pub(super) fn applies_to(&self) -> AppliesTo {
        match self {
            Self::RefuseConnections {} => AppliesTo::Connections,
            Self::TokensPerMinute { .. } => AppliesTo::Tokens,
            Self::EmptyPage {} | Self::RepeatedToken {} => AppliesTo::Lists,
            Self::Reset { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::Stall { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::Truncate { at: At::AfterEvents(_) | At::InEvent(_) }
            | Self::WrongChecksum { .. }
            | Self::Exception { .. }
            | Self::ErrorFrame { .. }
            | Self::UnknownEvent { .. } => AppliesTo::Streams,
            _ => AppliesTo::Requests,
        }
    }
}

/// The operations whose responses have token counts.
const METERED: &[&str] = &["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"];

/// What an effect can apply to.
pub(super) enum AppliesTo {
    Requests,
    Streams,
    Lists,
    Tokens,
    Connections,
}

impl std::fmt::Display for AppliesTo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Requests => "all operations",
            Self::Streams => "operations that respond with a stream",
            Self::Lists => "list operations with a nextToken",
            Self::Tokens => "Converse, InvokeModel, and their streams",
            Self::Connections => "connections",
        })
    }
}
