//! Access to the SDK for the crates above this one.

use std::time::Duration;

use crate::Session;

pub use crate::call::{Call, Usage};
pub use crate::error::from_sdk::{error, stream_error};

/// Removes a time limit that is too long for the clocks that have to keep it.
pub fn limit(timeout: Option<Duration>) -> Option<Duration> {
    crate::session::limit(timeout)
}

/// Returns the session's client of the control plane.
#[cfg(feature = "control-plane")]
pub fn control_plane(session: &Session) -> aws_sdk_bedrock::Client {
    session.control_plane()
}

/// Returns the session's client of the runtime API. [`Session::close`] replaces it.
pub fn runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.runtime()
}
