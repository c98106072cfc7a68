//! Waits for resources that take time to become ready.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use crate::resources::{Get, Keyed, Progress};

/// How many polls in a row can fail with a transient error, such as throttling, before the wait fails.
const FAILURES: u32 = 5;

/// The shortest pause between two polls.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// `wait` and `watch` on jobs, deployments and guardrails, on the rows of their lists, and on the responses to their
/// creation.
pub trait WaitExt {
    /// The full resource.
    type Full: Progress;

    /// Polls until the resource is ready. Awaiting it returns the full resource in that state.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.")
    /// #     .word_policy_config(words);
    /// let made = Guardrail::objects().using(&session).create(request).await?;
    /// let guardrail = made.wait().interval(Duration::from_secs(1)).deadline(Duration::from_secs(60)).await?;
    /// assert_eq!(guardrail.status, "READY");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Failed`](ErrorKind::Failed), with AWS's reasons, if the resource fails; [`Timeout`](ErrorKind::Timeout) if the
    /// deadline passes first; otherwise as [`Manager::get`](crate::Manager::get). Transient errors, such as throttling,
    /// are tolerated for five polls in a row.
    ///
    /// # Requests
    ///
    /// One Get operation per poll.
    fn wait(&self) -> Wait<Self::Full>;

    /// Polls, and streams the resource in its first state and after each change, for example for a progress bar. The
    /// stream ends when the resource is ready. If it fails, the last state is followed by the error.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Requests
    ///
    /// As [`wait`](Self::wait).
    fn watch(&self) -> Watch<Self::Full> {
        self.wait().watch()
    }
}

impl<M: Keyed<Full: Progress>> WaitExt for Bound<M> {
    type Full = M::Full;

    fn wait(&self) -> Wait<M::Full> {
        Wait {
            session: self.session().clone(),
            key: self.key(),
            interval: Duration::from_secs(5),
            backoff: 1.5,
            longest_interval: Some(Duration::from_secs(60)),
            deadline: None,
            resource: PhantomData,
        }
    }
}

/// A wait that polls when it is awaited.
#[derive(Clone, Debug)]
#[must_use = "a wait polls when it is awaited"]
pub struct Wait<N: Get> {
    session: Session,
    key: N::Key,
    interval: Duration,
    backoff: f64,
    longest_interval: Option<Duration>,
    deadline: Option<Duration>,
    resource: PhantomData<fn() -> N>,
}

impl<N: Progress> Wait<N> {
    /// Sets the time between the first polls. The default is 5 s, the minimum 10 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(SHORTEST_INTERVAL);
        self
    }

    /// Sets the factor by which the interval grows after each poll. The default is 1.5. With 1 or less, the interval
    /// stays the same.
    pub fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// Sets the longest interval. The default is 60 s. With `None`, the interval grows without limit.
    pub fn longest_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.longest_interval = interval.into();
        self
    }

    /// Sets how long to wait in all. There is no deadline by default, because some jobs take days. `None` removes it.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Streams the changes; see [`WaitExt::watch`].
    pub fn watch(self) -> Watch<N> {
        // A deadline beyond the range of the clock is none.
        let ends = self.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let start = Polls { ends, interval: self.interval };
        let state = (self, start, None::<N>, Stage::Polling);
        let changes = stream::unfold(state, |(wait, mut polls, last, stage)| async move {
            let next = match stage {
                Stage::Ended => return None,
                Stage::Failed(error) => return Some((Err(error), (wait, polls, last, Stage::Ended))),
                Stage::Polling => polls.next_change(&wait, last.as_ref()).await,
            };
            match next {
                Err(error) => Some((Err(error), (wait, polls, last, Stage::Ended))),
                Ok(resource) => {
                    let stage = Stage::after(&resource);
                    let change = Bound::new(resource.clone(), wait.session.clone());
                    Some((Ok(change), (wait, polls, Some(resource), stage)))
                }
            }
        });
        Watch(Box::pin(changes.fuse()))
    }
}

/// The state of a watch.
enum Stage {
    Polling,
    /// The failed state has been returned, but not yet the error.
    Failed(Error),
    Ended,
}

impl Stage {
    fn after<N: Progress>(resource: &N) -> Self {
        if resource.is_failed() {
            Self::Failed(failed(resource))
        } else if resource.is_ready() {
            Self::Ended
        } else {
            Self::Polling
        }
    }
}

/// The polls of a wait.
struct Polls {
    ends: Option<Instant>,
    interval: Duration,
}

impl Polls {
    /// Returns the resource when it differs from `last`.
    async fn next_change<N: Progress>(&mut self, wait: &Wait<N>, last: Option<&N>) -> Result<N> {
        let mut failures = 0;
        let mut is_first = last.is_none();
        loop {
            if !is_first {
                self.pause(wait).await?;
            }
            is_first = false;
            match N::get(&wait.session, wait.key.clone()).await {
                Ok(resource) if last != Some(&resource) => return Ok(resource),
                Ok(_) => failures = 0,
                Err(error) if error.is_retryable() && failures < FAILURES => failures += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn pause<N: Progress>(&mut self, wait: &Wait<N>) -> Result<()> {
        let now = Instant::now();
        let left = self.ends.map(|ends| ends.saturating_duration_since(now));
        if left.is_some_and(|left| left.is_zero()) {
            let message = format!("{} {} was not ready before the deadline", N::KIND, wait.key);
            return Err(Error::new(ErrorKind::Timeout, message)
                .with_hint("it continues in AWS: wait longer with `deadline`, or wait again later"));
        }
        sleep(left.map_or(self.interval, |left| left.min(self.interval))).await;
        let longer = self.interval.as_secs_f64() * wait.backoff.max(1.0);
        let longest = wait.longest_interval.unwrap_or(Duration::MAX).max(wait.interval);
        self.interval = Duration::try_from_secs_f64(longer).map_or(longest, |longer| longer.min(longest));
        Ok(())
    }
}

fn failed<N: Progress>(resource: &N) -> Error {
    let reasons = match resource.reasons() {
        reasons if reasons.is_empty() => "AWS gives no reason".to_owned(),
        reasons => reasons.join("; "),
    };
    let message = format!("{} {} is {}: {reasons}", N::KIND, resource.key(), resource.status_text());
    Error::new(ErrorKind::Failed, message)
}

impl<N: Progress> IntoFuture for Wait<N> {
    type Output = Result<Bound<N>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut changes = self.watch();
            let mut last = None;
            while let Some(change) = changes.next().await {
                last = Some(change?);
            }
            last.ok_or_else(|| Error::new(ErrorKind::InvalidResponse, "the watch ended without a state"))
        })
    }
}

/// The changes of a resource, as a stream.
pub struct Watch<N>(Pin<Box<dyn Stream<Item = Result<Bound<N>>> + Send>>);

impl<N> Watch<N> {
    /// Returns the next change, or `None` after the end.
    pub async fn next(&mut self) -> Option<Result<Bound<N>>> {
        self.0.next().await
    }
}

impl<N> Stream for Watch<N> {
    type Item = Result<Bound<N>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<N> std::fmt::Debug for Watch<N> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Watch")
    }
}
