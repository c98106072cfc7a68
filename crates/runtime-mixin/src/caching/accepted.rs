//! Which cache points a model takes, as far as its refusals showed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bedrock_orm_core::sdk::ByName;
use bedrock_orm_core::{Error, ErrorKind};

use super::point::{CacheLocation, CachePoint};

/// Which cache points a model takes. Everything, until a refusal shows that it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) in_tools: bool,
    pub(crate) in_system: bool,
    pub(crate) in_messages: bool,
    /// In a conversation with reasoning.
    pub(crate) with_reasoning: bool,
    /// In a message with tool results.
    pub(crate) with_tool_results: bool,
    /// A TTL other than the default.
    pub(crate) ttl: bool,
}

impl Default for Accepted {
    fn default() -> Self {
        Self {
            in_tools: true,
            in_system: true,
            in_messages: true,
            with_reasoning: true,
            with_tool_results: true,
            ttl: true,
        }
    }
}

impl Accepted {
    /// Returns what the model takes after this refusal, or `None` if the refusal is not about the points that were placed.
    ///
    /// Source: AWS's messages, reported by users: `Malformed input request: #/toolConfig/tools/18: extraneous key
    /// [cachePoint] is not permitted`, `Cache point cannot be inserted after reasoning block`, `You invoked an unsupported
    /// model or your request did not allow prompt caching`.
    pub(crate) fn after(self, refusal: &Error, points: &[CachePoint]) -> Option<Self> {
        let is_about_request = matches!(refusal.kind(), ErrorKind::Validation | ErrorKind::AccessDenied);
        if !is_about_request || !points.iter().any(|point| point.is_placed) {
            return None;
        }
        let message = refusal.message().to_ascii_lowercase();
        let is_named = |text: &str| message.contains(text);
        let about_points = ["cachepoint", "cache point", "cache_point", "cache_control", "prompt caching"];
        if !about_points.into_iter().any(is_named) {
            return None;
        }
        let is_in = |wanted: fn(&CacheLocation) -> bool| {
            points.iter().any(|point| point.is_placed && wanted(&point.location))
        };
        let in_tools = is_in(|location| *location == CacheLocation::Tools);
        let in_system = is_in(|location| *location == CacheLocation::System);
        let in_messages = is_in(|location| matches!(location, CacheLocation::Message(_)));
        let mut accepted = self;
        if is_named("ttl") && self.ttl {
            accepted.ttl = false;
        } else if is_named("reasoning block") && self.with_reasoning {
            accepted.with_reasoning = false;
        } else if is_named("tools") && in_tools {
            accepted.in_tools = false;
        } else if is_named("messages") && in_messages && self.with_tool_results {
            accepted.with_tool_results = false;
        } else if is_named("messages") && in_messages {
            accepted.in_messages = false;
        } else if is_named("#/system") && in_system {
            accepted.in_system = false;
        } else {
            (accepted.in_tools, accepted.in_system, accepted.in_messages) = (false, false, false);
        }
        (accepted != self).then_some(accepted)
    }
}

/// What the session knows of its models, by model ID.
#[derive(Debug, Default)]
pub(crate) struct AcceptedByModel(Mutex<ByName<Accepted>>);

impl AcceptedByModel {
    pub(crate) fn of(&self, model_id: &str) -> Accepted {
        self.lock().get(model_id).copied().unwrap_or_default()
    }

    pub(crate) fn keep(&self, model_id: &str, accepted: Accepted) {
        self.lock().insert(model_id, accepted);
    }

    fn lock(&self) -> MutexGuard<'_, ByName<Accepted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
