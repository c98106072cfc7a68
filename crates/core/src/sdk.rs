//! Access to the SDK for the crates above this one.

use std::sync::Arc;
use std::time::Duration;

use crate::Session;

pub use crate::call::{Call, Explain, Usage};
pub use crate::error::from_sdk::{error, stream_error};

/// Returns the timeout, or `None` if it is longer than ten years, which the SDK and tokio do not support.
pub fn supported_timeout(timeout: Option<Duration>) -> Option<Duration> {
    crate::session::supported_timeout(timeout)
}

/// Returns the session's client for the control plane.
#[cfg(feature = "control-plane")]
pub fn control_plane(session: &Session) -> aws_sdk_bedrock::Client {
    session.control_plane()
}

/// Returns the session's client for the runtime API. After [`Session::close`], it is a new client.
pub fn runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.runtime()
}

/// Returns the session's value of this type, which its clones share. The first use creates it.
pub fn extension<T: Default + Send + Sync + 'static>(session: &Session) -> Arc<T> {
    session.extension()
}
