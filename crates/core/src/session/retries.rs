//! How requests are sent again after AWS refused them for the moment.

use std::time::{Duration, SystemTime};

use aws_sdk_bedrockruntime::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::{ErrorKind, RetryConfig};

use crate::limiter::Limiter;

/// The largest number of attempts that is passed to the SDK, which counts up to it.
const MOST_ATTEMPTS: u32 = 1000;

/// The status of responses for which AWS wants the client to slow down.
const TOO_MANY_REQUESTS: u16 = 429;

/// How a session sends requests again after AWS refused them for the moment. The pauses are random, up to a limit that
/// doubles with each attempt, so that many clients do not come back at once. If AWS says how long to wait, in
/// `x-amz-retry-after` or `retry-after`, that is the pause.
///
/// No policy repeats a request that AWS may have charged, or a request that is over a quota of tokens per day.
///
/// Without a policy, the SDK's own applies: three attempts, with pauses of at most 1 s and 2 s.
///
/// ```
/// use bedrock_orm_core::{RetryPolicy, Session};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> bedrock_orm_core::Result<()> {
/// let nightly = Session::builder().local("http://127.0.0.1:8080").retries(RetryPolicy::quota()).build().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    /// A longer wait than this, if AWS demands it, is not waited for. `None` means that `max_backoff` limits the wait.
    patience: Option<Duration>,
    /// Whether the SDK's quota of retries, which all requests of a client share, can stop the retries.
    has_retry_quota: bool,
}

impl RetryPolicy {
    /// For a person who waits: three attempts, with pauses of at most 0.2 s and 0.4 s. If AWS demands a pause of more
    /// than five seconds, the error is returned at once.
    pub fn interactive() -> Self {
        let patience = Duration::from_secs(5);
        Self {
            max_attempts: 3,
            initial_backoff: Duration::from_millis(200),
            max_backoff: patience,
            patience: Some(patience),
            has_retry_quota: true,
        }
    }

    /// For work that outlasts a quota of tokens per minute: ten attempts, with pauses of at most 4 s, 8 s, 16 s, 32 s,
    /// 64 s and then 2 minutes, which on average are six minutes in all. The call's `operation_timeout` ends them earlier.
    pub fn quota() -> Self {
        Self {
            max_attempts: 10,
            initial_backoff: Duration::from_secs(4),
            max_backoff: Duration::from_secs(120),
            patience: None,
            has_retry_quota: false,
        }
    }

    /// No retries: each request is sent once.
    pub fn none() -> Self {
        Self { max_attempts: 1, ..Self::interactive() }
    }

    pub(super) fn config(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.max_attempts)
            .with_initial_backoff(self.initial_backoff)
            .with_max_backoff(self.max_backoff)
    }

    /// Returns where the SDK counts the retries of a session's clients, unless it is the default.
    pub(super) fn partition(self) -> Option<RetryPartition> {
        let unlimited =
            || RetryPartition::custom("bedrock-orm").token_bucket(TokenBucket::unlimited()).build();
        (!self.has_retry_quota).then(unlimited)
    }
}

/// Returns the SDK's settings for a policy, and for a number of attempts that is set beside it. `None` for the SDK's
/// defaults.
pub(super) fn config(policy: Option<RetryPolicy>, max_attempts: Option<u32>) -> Option<RetryConfig> {
    let config = policy.map(RetryPolicy::config);
    match max_attempts {
        Some(max_attempts) => {
            let config = config.unwrap_or_else(RetryConfig::standard);
            Some(config.with_max_attempts(max_attempts.min(MOST_ATTEMPTS)))
        }
        None => config,
    }
}

tokio::task_local! {
    /// The call that is polled pauses and repeats itself when AWS throttles it.
    static OWN_PAUSES: ();
}

/// Makes a call whose caller pauses and repeats it when AWS throttles it. The SDK returns the first refusal, so that nobody
/// waits for a call that pauses.
pub(crate) fn with_own_pauses<F: Future>(call: F) -> impl Future<Output = F::Output> {
    OWN_PAUSES.scope((), call)
}

fn has_own_pauses(kind: ErrorKind) -> bool {
    kind == ErrorKind::ThrottlingError && OWN_PAUSES.try_with(|()| ()).is_ok()
}

/// Returns refusals to calls that have pauses of their own. [`Pauses`] does the same.
#[cfg(feature = "control-plane")]
#[derive(Debug)]
pub(super) struct OwnPauses;

#[cfg(feature = "control-plane")]
impl ClassifyRetry for OwnPauses {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _context: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. })
                if has_own_pauses(*kind) =>
            {
                RetryAction::RetryForbidden
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "own pauses"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Adds what the SDK does not know: the standard header `retry-after`, quotas per day, and the patience of a policy.
#[derive(Debug)]
pub(super) struct Pauses {
    policy: Option<RetryPolicy>,
}

impl Pauses {
    pub(super) fn new(policy: Option<RetryPolicy>) -> Self {
        Self { policy }
    }
}

impl ClassifyRetry for Pauses {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, context: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let RetryAction::RetryIndicated(RetryReason::RetryableError { kind, retry_after }) = previous else {
            return RetryAction::NoActionIndicated;
        };
        let Some(response) = context.response() else { return RetryAction::NoActionIndicated };
        if response.status().as_u16() == TOO_MANY_REQUESTS {
            Limiter::throttled_current(retry_after.or_else(|| standard_retry_after(response)));
        }
        if is_daily(response) || has_own_pauses(*kind) {
            return RetryAction::RetryForbidden;
        }
        let Some(pause) = retry_after.or_else(|| standard_retry_after(response)) else {
            return RetryAction::NoActionIndicated;
        };
        if self.policy.and_then(|policy| policy.patience).is_some_and(|patience| pause > patience) {
            return RetryAction::RetryForbidden;
        }
        RetryAction::retryable_error_with_explicit_delay(*kind, pause)
    }

    fn name(&self) -> &'static str {
        "pauses"
    }

    /// After all classifiers of the SDK, whose verdict it refines.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Returns whether a quota per day is used up, which no pause of minutes restores.
fn is_daily(response: &HttpResponse) -> bool {
    const PER_DAY: &[u8] = b"per day";
    response.status().as_u16() == TOO_MANY_REQUESTS
        && response.body().bytes().is_some_and(|body| body.windows(PER_DAY.len()).any(|part| part == PER_DAY))
}

/// Returns the pause in the header `retry-after`: seconds, or a date.
fn standard_retry_after(response: &HttpResponse) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = SystemTime::try_from(DateTime::from_str(value, Format::HttpDate).ok()?).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::interceptors::context::Input;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn classified(
        policy: Option<RetryPolicy>,
        header: Option<(&'static str, &str)>,
        body: &str,
    ) -> RetryAction {
        let status = StatusCode::try_from(TOO_MANY_REQUESTS).unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value.to_owned());
        }
        let mut context = InterceptorContext::new(Input::doesnt_matter());
        context.set_response(response);
        let previous = RetryAction::retryable_error(ErrorKind::ThrottlingError);
        Pauses::new(policy).classify_retry_v2(&context, &previous)
    }

    fn pause(action: &RetryAction) -> Option<Duration> {
        match action {
            RetryAction::RetryIndicated(RetryReason::RetryableError { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }

    #[test]
    fn the_standard_header_is_seconds_or_a_date() {
        let seconds = classified(None, Some(("retry-after", "7")), "");
        assert_eq!(pause(&seconds), Some(Duration::from_secs(7)));
        let past = classified(None, Some(("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")), "");
        assert_eq!(pause(&past), Some(Duration::ZERO));
        let future = classified(None, Some(("retry-after", "Fri, 21 Oct 2112 07:28:00 GMT")), "");
        assert!(pause(&future).unwrap() > Duration::from_secs(1_000_000));
        assert_eq!(classified(None, Some(("retry-after", "soon")), ""), RetryAction::NoActionIndicated);
        assert_eq!(classified(None, None, ""), RetryAction::NoActionIndicated);
    }

    #[test]
    fn a_daily_quota_and_a_pause_beyond_patience_end_the_retries() {
        let daily = r#"{"message":"Too many tokens per day, please wait before trying again."}"#;
        let minute = r#"{"message":"Too many tokens, please wait before trying again."}"#;
        for policy in [None, Some(RetryPolicy::quota())] {
            assert_eq!(classified(policy, None, daily), RetryAction::RetryForbidden);
            assert_eq!(classified(policy, None, minute), RetryAction::NoActionIndicated);
        }
        let waits = |policy, seconds| classified(policy, Some(("retry-after", seconds)), minute);
        assert_eq!(waits(Some(RetryPolicy::interactive()), "6"), RetryAction::RetryForbidden);
        assert_eq!(pause(&waits(Some(RetryPolicy::interactive()), "5")), Some(Duration::from_secs(5)));
        assert_eq!(pause(&waits(Some(RetryPolicy::quota()), "60")), Some(Duration::from_secs(60)));
    }

    #[test]
    fn the_quota_policy_waits_for_minutes_on_average() {
        let RetryPolicy { max_attempts, initial_backoff, max_backoff, .. } = RetryPolicy::quota();
        let limits =
            (0..max_attempts - 1).map(|attempt| (initial_backoff * 2_u32.pow(attempt)).min(max_backoff));
        let average = limits.sum::<Duration>() / 2;
        assert_eq!(average, Duration::from_secs(302));
    }

    #[test]
    fn attempts_that_are_set_win_over_the_policy() {
        assert_eq!(config(None, None), None);
        assert_eq!(config(None, Some(5)).map(|config| config.max_attempts()), Some(5));
        assert_eq!(config(Some(RetryPolicy::none()), None).map(|config| config.max_attempts()), Some(1));
        let both = config(Some(RetryPolicy::quota()), Some(u32::MAX)).unwrap();
        assert_eq!((both.max_attempts(), both.initial_backoff()), (MOST_ATTEMPTS, Duration::from_secs(4)));
    }
}
