//! A limiter of calls: they wait here until AWS has room for them.

mod quota;
mod state;
mod window;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bedrock_orm_models::Tokens;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{Error, ErrorKind};
use state::{Reservation, State, Wait};

pub use quota::TokenQuota;
pub use state::Demand;

/// Lets calls through as a quota of tokens has room for them, in the order in which they came. It is cheap to clone, and
/// clones share the quota: give the same limiter to all sessions that share the quota.
///
/// It counts as AWS does: when a call begins, its prompt and its `max_tokens`; when it ends, the tokens of the prompt
/// that were not read from the cache, and those of the reply times the [burndown](TokenQuota::burndown). It estimates a
/// prompt by its length, and learns from replies how many tokens that is. If AWS throttles a call nevertheless, because
/// others use the quota too, all calls pause and then leave more room.
///
/// A call that is dropped while it waits leaves its place. One that is dropped later counts as what it had reserved.
///
/// ```
/// use bedrock_orm::prelude::*;
/// use bedrock_orm::{Limiter, TokenQuota};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let limiter = Limiter::new(TokenQuota::per_minute(200_000).concurrency(50));
/// session.limit("amazon.nova-lite-v1:0", &limiter);
///
/// let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
/// let calls = (1..=20).map(|n| tokio::spawn(model.converse(format!("Summarize note {n}.")).max_tokens(200).into_future()));
/// for call in calls.collect::<Vec<_>>() {
///     println!("{}", call.await??.text());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
}

tokio::task_local! {
    /// The limiter of the call that is polled. The SDK's retries know only the response.
    static CURRENT: Limiter;
}

struct Shared {
    started: Instant,
    state: Mutex<State>,
    /// Who holds it is next. It is handed on in the order of arrival.
    turn: tokio::sync::Mutex<()>,
    /// Wakes the next call when tokens or places are given back.
    given_back: Notify,
    has_warned: AtomicBool,
    has_model_max_tokens: bool,
}

impl Limiter {
    /// Creates a limiter whose quota is not used yet.
    pub fn new(quota: TokenQuota) -> Self {
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                state: Mutex::new(State::new(quota)),
                turn: tokio::sync::Mutex::new(()),
                given_back: Notify::new(),
                has_warned: AtomicBool::new(false),
                has_model_max_tokens: quota.has_model_max_tokens(),
            }),
        }
    }

    /// Returns the tokens of the last minute, with those that calls under way have reserved.
    pub fn used_in_minute(&self) -> u64 {
        let now = self.now();
        self.state().used_in_minute(now)
    }

    /// Waits until the quota has room.
    pub(crate) async fn admit(&self, demand: Demand) -> Result<Permit, Error> {
        self.warn_once(demand);
        let _turn = self.shared.turn.lock().await;
        loop {
            let given_back = self.shared.given_back.notified();
            let wait = match self.state_admit(demand) {
                Ok(held) => return Ok(Permit { limiter: self.clone(), held: Some(held) }),
                Err(wait) => wait,
            };
            match wait {
                Wait::ForEnd => given_back.await,
                Wait::Until(until) => {
                    let _ = tokio::time::timeout_at(self.shared.started + until, given_back).await;
                }
                Wait::ForDay(until) => return Err(self.day_is_over(until)),
            }
        }
    }

    fn state_admit(&self, demand: Demand) -> Result<Reservation, Wait> {
        let now = self.now();
        self.state().admit(now, demand)
    }

    fn day_is_over(&self, until: Duration) -> Error {
        let minutes = until.saturating_sub(self.now()).as_secs().div_ceil(60);
        Error::new(ErrorKind::Throttled, "the limiter's quota of tokens per day is used up: nothing was sent")
            .with_hint(format!("it has room for this request in about {minutes} minutes"))
    }

    /// Runs a call that holds a permit of this limiter, so that the limiter hears of every attempt that AWS throttles.
    pub(crate) fn hear<F: Future>(&self, call: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), call)
    }

    /// Slows down the limiter of the current call, if it has one, because AWS throttled an attempt.
    pub(crate) fn throttled_current(pause: Option<Duration>) {
        let _ = CURRENT.try_with(|limiter| {
            let now = limiter.now();
            limiter.state().throttle(now, pause);
        });
    }

    fn warn_once(&self, demand: Demand) {
        if demand.max_tokens.is_none()
            && !self.shared.has_model_max_tokens
            && !self.shared.has_warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                target: "bedrock_orm",
                "a call behind a limiter has no max_tokens: AWS reserves the model's maximum for it. Set max_tokens, or \
                 TokenQuota::model_max_tokens"
            );
        }
    }

    fn now(&self) -> Duration {
        self.shared.started.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows the tokens of the last minute.
impl fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Limiter")
            .field("used_in_minute", &self.used_in_minute())
            .finish_non_exhaustive()
    }
}

/// The place of a call under way. If the call ends without saying what it used, what it reserved counts.
pub(crate) struct Permit {
    limiter: Limiter,
    /// `None` after the end.
    held: Option<Reservation>,
}

impl Permit {
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Ends the call with what it used. `None` if that is unknown.
    pub(crate) fn used(mut self, usage: Option<&Tokens>) {
        let now = self.limiter.now();
        if let (Some(usage), Some(held)) = (usage, self.held) {
            self.held = None;
            self.limiter.state().settle(now, held, usage);
            self.limiter.shared.given_back.notify_one();
        }
    }

    /// Ends the call, which AWS refused.
    pub(crate) fn refused(mut self) {
        if let Some(held) = self.held.take() {
            self.limiter.state().refuse(held);
            self.limiter.shared.given_back.notify_one();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.held.take().is_some() {
            self.limiter.state().end();
            self.limiter.shared.given_back.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(max_tokens: u64) -> Demand {
        Demand { characters: 0, max_tokens: Some(max_tokens) }
    }

    fn used(tokens: u64) -> Tokens {
        Tokens::default().output_tokens(tokens)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_in_order_and_a_big_one_is_not_passed() {
        let limiter = Limiter::new(TokenQuota::per_minute(100));
        let first = limiter.admit(demand(89)).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let calls: Vec<_> = [50, 5, 5]
            .into_iter()
            .enumerate()
            .map(|(number, tokens)| {
                let (limiter, order) = (limiter.clone(), Arc::clone(&order));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(number as u64)).await;
                    let permit = limiter.admit(demand(tokens)).await.unwrap();
                    order.lock().unwrap().push(number);
                    permit.used(Some(&used(1)));
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*order.lock().unwrap(), [0_usize; 0], "the small ones wait behind the big one");
        first.used(Some(&used(10)));
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
        assert!(
            limiter.shared.started.elapsed() < Duration::from_secs(2),
            "what was given back is used at once"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_until_the_minute_is_over() {
        let limiter = Limiter::new(TokenQuota::per_minute(100));
        limiter.admit(demand(99)).await.unwrap().used(Some(&used(100)));
        limiter.admit(demand(9)).await.unwrap().used(Some(&used(1)));
        let waited = limiter.shared.started.elapsed();
        assert!((60.5..61.5).contains(&waited.as_secs_f64()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_calls_leave_their_place() {
        let limiter = Limiter::new(TokenQuota::per_minute(1_000).concurrency(1));
        let first = limiter.admit(demand(9)).await.unwrap();
        let mut waiting = Box::pin(limiter.admit(demand(9)));
        let mut behind = Box::pin(limiter.admit(demand(9)));
        let at_once = Duration::from_millis(1);
        assert!(tokio::time::timeout(at_once, &mut waiting).await.is_err());
        assert!(tokio::time::timeout(at_once, &mut behind).await.is_err());
        drop(waiting);
        assert!(tokio::time::timeout(at_once, &mut behind).await.is_err());
        assert_eq!(limiter.used_in_minute(), 10);
        drop(first);
        let second = tokio::time::timeout(at_once, behind).await.unwrap().unwrap();
        assert_eq!(limiter.used_in_minute(), 20, "what the first used is unknown");
        second.refused();
        assert_eq!(limiter.used_in_minute(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_that_is_used_up_is_an_error() {
        let limiter = Limiter::new(TokenQuota::per_minute(100).per_day(100));
        limiter.admit(demand(99)).await.unwrap().used(Some(&used(100)));
        tokio::time::sleep(Duration::from_secs(90)).await;
        let error = limiter.admit(demand(1)).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert!(error.hint().unwrap().contains("about 14"), "{error}");
    }
}
