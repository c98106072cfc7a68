//! The time limits of a session's calls.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_smithy_runtime_api::client::stalled_stream_protection::{Builder, StalledStreamProtectionConfig};

pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_secs(240);
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_secs(60 * 60);
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);
const STALL_TIMEOUT: Duration = Duration::from_secs(5);
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

/// Returns how long a response may stall. The SDK's default is five seconds.
///
/// Requests are not watched: they are in memory, so the SDK has handed over all of a request when the connection takes
/// it. Nevertheless, the SDK would look after it ten times a second, until the response begins.
pub(super) fn of_stalls(config: &SdkConfig) -> StalledStreamProtectionConfig {
    let default = StalledStreamProtectionConfig::enabled().grace_period(STALL_TIMEOUT);
    let set = config.stalled_stream_protection().map_or(default, Builder::from);
    set.upload_enabled(false).build()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn protection(set: Option<StalledStreamProtectionConfig>) -> (bool, bool, Duration) {
        let mut config = SdkConfig::builder();
        config.set_stalled_stream_protection(set);
        let stalls = of_stalls(&config.build());
        (stalls.upload_enabled(), stalls.download_enabled(), stalls.grace_period())
    }

    #[test]
    fn responses_are_watched_as_configured_and_requests_never() {
        let nine = Duration::from_secs(9);
        assert_eq!(protection(None), (false, true, Duration::from_secs(5)));
        let enabled = StalledStreamProtectionConfig::enabled().grace_period(nine).build();
        assert_eq!(protection(Some(enabled)), (false, true, nine));
        let (uploads, downloads, _) = protection(Some(StalledStreamProtectionConfig::disabled()));
        assert!(!uploads && !downloads);
    }
}
