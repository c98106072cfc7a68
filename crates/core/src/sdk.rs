//! The door to the SDK, for the crates above this one.

use crate::Session;

pub use crate::error::from_sdk::{error, stream_error};

/// The session's client of the resources' API.
#[cfg(feature = "control-plane")]
pub fn control_plane(session: &Session) -> aws_sdk_bedrock::Client {
    session.control_plane()
}

/// The session's client of the runtime API. It may be another one after [`Session::close`].
pub fn runtime(session: &Session) -> aws_sdk_bedrockruntime::Client {
    session.runtime()
}
