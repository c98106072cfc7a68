//! Access to the SDK for the crates above this one.

use std::sync::Arc;
use std::time::Duration;

use crate::{Error, Session};

pub use crate::by_name::ByName;
pub use crate::call::{Call, Explain, Running, boxed};
pub use crate::error::from_sdk::{error, stream_error};
pub use crate::limiter::Demand;
pub use crate::telemetry::{Inference, ReplyContent, Report};

/// Returns the timeout, or `None` if it is longer than ten years, which the SDK and tokio do not support.
pub fn supported_timeout(timeout: Option<Duration>) -> Option<Duration> {
    crate::session::supported_timeout(timeout)
}

/// Makes a call whose caller pauses and repeats it when AWS throttles it: the SDK returns the first refusal.
pub fn with_own_pauses<F: Future>(call: F) -> impl Future<Output = F::Output> {
    crate::session::with_own_pauses(call)
}

/// Returns the session's client for the control plane.
#[cfg(feature = "control-plane")]
pub fn control_plane(session: &Session) -> &aws_sdk_bedrock::Client {
    session.control_plane()
}

/// Returns the session's client of the runtime API for requests that can be repeated free of charge.
/// [`Session::close`] replaces it.
pub fn runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.runtime()
}

/// Returns the session's client of the runtime API for requests that are charged: it does not repeat a request that AWS
/// may have executed. [`Session::close`] replaces it.
pub fn charged_runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.charged_runtime()
}

/// Returns the session's value of this type, which its clones share. The first use creates it.
pub fn extension<T: Default + Send + Sync + 'static>(session: &Session) -> Arc<T> {
    session.extension()
}

/// Returns whether AWS refuses the model for on-demand throughput: it has to be called through an inference profile.
pub fn is_on_demand_refusal(error: &Error) -> bool {
    error.is_on_demand_refusal()
}

/// The time limits of a model's reply. `None` means no limit.
#[derive(Clone, Copy, Debug)]
pub struct ReplyLimits {
    /// For the whole reply with all attempts, and until the end of a stream.
    pub total: Option<Duration>,
    /// For the first event of a stream, counted from sending. `None` means that `silence` applies.
    pub first_event: Option<Duration>,
    /// For the silence of a stream.
    pub silence: Option<Duration>,
}

/// Returns the session's limits for the reply of a model.
pub fn reply_limits(session: &Session) -> ReplyLimits {
    let limits = session.limits();
    ReplyLimits {
        total: limits.reply,
        first_event: limits.stream.first_event,
        silence: limits.stream.silence,
    }
}

/// Returns whether the spans of the session's calls have the content of prompts and replies.
pub fn records_content(session: &Session) -> bool {
    session.records_content()
}

/// Returns a clone of the session whose calls also have these tags.
pub fn with_tags(session: &Session, tags: impl IntoIterator<Item = (String, String)>) -> Session {
    session.with_tags(tags)
}
