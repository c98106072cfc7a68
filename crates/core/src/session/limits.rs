//! The time limits of a session's calls.

use std::time::Duration;

use aws_config::timeout::{TimeoutConfig, TimeoutConfigBuilder};

pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_secs(240);
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_secs(60 * 60);
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);
pub(super) const STREAM_SILENCE_TIMEOUT: Duration = Duration::from_secs(300);

/// The time limits that the library itself keeps. `None` means no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    /// For a call that invokes no model, with all of its attempts.
    pub(crate) operation: Option<Duration>,
    /// For a model's reply, with all attempts, and until the end of a stream.
    pub(crate) reply: Option<Duration>,
    pub(crate) stream: StreamLimits,
}

/// The limits of a stream's silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLimits {
    /// Until the first event, counted from sending. `None` means that `silence` applies.
    pub(crate) first_event: Option<Duration>,
    /// Between events.
    pub(crate) silence: Option<Duration>,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { first_event: None, silence: Some(STREAM_SILENCE_TIMEOUT) }
    }
}

impl SessionLimits {
    /// Takes the limits of the SDK's configuration. What it leaves open has the defaults.
    pub(crate) fn new(set: &TimeoutConfig, stream: StreamLimits) -> Self {
        let or_default = |default| {
            let defaults = TimeoutConfig::builder().operation_timeout(default);
            supported_timeout(set.to_builder().take_unset_from(defaults).build().operation_timeout())
        };
        Self { operation: or_default(OPERATION_TIMEOUT), reply: or_default(REPLY_TIMEOUT), stream }
    }
}

/// Returns the limits that the SDK keeps for calls that invoke a model. They have no limit for the first byte besides
/// the one for the whole reply: the response to a long `converse` starts when the model has finished.
pub(super) fn of_replies(set: &TimeoutConfig) -> TimeoutConfig {
    without_operation(set.to_builder())
}

/// Returns the limits that the SDK keeps for all other calls.
pub(super) fn of_requests(set: &TimeoutConfig) -> TimeoutConfig {
    let defaults = TimeoutConfig::builder().read_timeout(READ_TIMEOUT);
    without_operation(set.to_builder().take_unset_from(defaults))
}

/// The limit for all attempts is the library's, because a call can set another.
fn without_operation(timeouts: TimeoutConfigBuilder) -> TimeoutConfig {
    timeouts.disable_operation_timeout().build()
}

/// The longest timeout: ten years. The SDK and tokio fail with much longer ones.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Returns the timeout, or `None` if it is too long for the SDK and tokio.
pub(crate) fn supported_timeout(timeout: Option<Duration>) -> Option<Duration> {
    timeout.filter(|timeout| *timeout <= LONGEST_TIMEOUT)
}
