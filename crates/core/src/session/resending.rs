//! Which requests are not sent again.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

/// Forbids to repeat a request that AWS may have executed and charged: its response did not arrive in time, or arrived
/// in part. An error response is not charged, and a connection that was not opened, or that broke before the response
/// began, is the SDK's to judge.
#[derive(Debug)]
pub(super) struct NoSecondCharge;

impl ClassifyRetry for NoSecondCharge {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let is_charged = if error.is_response_error() {
            context.response().is_none_or(|response| response.status().is_success())
        } else if let Some(error) = error.as_connector_error() {
            error.is_timeout() && !is_connect_timeout(error)
        } else {
            error.is_timeout_error()
        };
        if is_charged { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "no second charge"
    }
}

/// Returns whether the connection was not opened in time. The SDK's connector has one type for all of its timeouts, and
/// distinguishes them in the text.
fn is_connect_timeout(error: &dyn StdError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().starts_with("HTTP connect timeout") {
            return true;
        }
        cause = error.source();
    }
    false
}
