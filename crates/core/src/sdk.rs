//! The door to the SDK, for the crates above this one.

use std::time::Duration;

use crate::Session;

pub use crate::call::{Call, Usage};
pub use crate::error::from_sdk::{error, stream_error};

/// The time limit, where it is one: none that is longer than any program runs, which the clocks below cannot take.
pub fn limit(timeout: Option<Duration>) -> Option<Duration> {
    crate::session::limit(timeout)
}

/// The session's client of the resources' API.
#[cfg(feature = "control-plane")]
pub fn control_plane(session: &Session) -> aws_sdk_bedrock::Client {
    session.control_plane()
}

/// The session's client of the runtime API. It may be another one after [`Session::close`].
pub fn runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.runtime()
}
