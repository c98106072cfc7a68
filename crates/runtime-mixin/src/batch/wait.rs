//! Waits for the jobs of a batch.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Result};
use futures_core::Stream;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::time::{Instant, sleep};

use crate::batch::manifest::Manifest;
use crate::batch::progress::BatchProgress;
use crate::batch::state::BatchState;
use crate::batch::{direct, jobs};

/// How many polls in a row can fail with a transient error, such as throttling, before the wait fails.
const FAILURES: u32 = 5;

/// The shortest pause between two polls.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// How many failed jobs the error names.
const NAMED_JOBS: usize = 3;

/// A wait for a batch. Awaiting it polls until the batch is finished, and returns the final counts.
#[derive(Clone)]
#[must_use = "a wait polls when it is awaited"]
pub struct BatchWait {
    state: Arc<BatchState>,
    interval: Duration,
    deadline: Option<Duration>,
}

impl BatchWait {
    pub(crate) fn new(state: Arc<BatchState>) -> Self {
        Self { state, interval: Duration::from_secs(30), deadline: None }
    }

    /// Sets the time between polls. The default is 30 s, the minimum 10 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(SHORTEST_INTERVAL);
        self
    }

    /// Sets how long to wait in all. There is no deadline by default, because jobs can take days. `None` removes it.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Streams the progress: at once, and after each change.
    pub fn watch(self) -> BatchWatch {
        // A deadline beyond the range of the clock is none.
        let ends = self.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let polls = Polls { wait: self, ends, last: None, pauses: false };
        let changes = stream::unfold((polls, Stage::Polling), |(mut polls, stage)| async move {
            match stage {
                Stage::Ended => None,
                Stage::Failed(error) => Some((Err(error), (polls, Stage::Ended))),
                Stage::Polling => Some(match polls.next_change().await {
                    Ok(progress) => {
                        let stage = polls.stage_after(progress);
                        (Ok(progress), (polls, stage))
                    }
                    Err(error) => (Err(error), (polls, Stage::Ended)),
                }),
            }
        });
        BatchWatch(changes.fuse().boxed())
    }
}

/// The state of a watch.
enum Stage {
    Polling,
    /// The last counts have been returned, but not yet the error.
    Failed(Error),
    Ended,
}

struct Polls {
    wait: BatchWait,
    ends: Option<Instant>,
    last: Option<BatchProgress>,
    /// Whether to pause before the next poll.
    pauses: bool,
}

impl Polls {
    /// Returns the progress when it differs from the last one.
    async fn next_change(&mut self) -> Result<BatchProgress> {
        let mut failures = 0;
        loop {
            if self.pauses {
                self.pause().await?;
            }
            self.pauses = true;
            match poll(&self.wait.state).await {
                // There may be more to run directly.
                Ok(ran_directly) => {
                    self.pauses = !ran_directly;
                    failures = 0;
                }
                Err(error) if error.is_retryable() && failures < FAILURES => failures += 1,
                Err(error) => return Err(error),
            }
            let progress = self.wait.state.read(BatchProgress::of);
            if failures == 0 && self.last != Some(progress) {
                self.last = Some(progress);
                return Ok(progress);
            }
        }
    }

    async fn pause(&self) -> Result<()> {
        let left = self.ends.map(|ends| ends.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            let error = Error::new(ErrorKind::Timeout, "the batch was not finished before the deadline");
            return Err(error.with_hint(
                "its jobs continue in AWS: wait longer with `deadline`, or `Batch::resume` it later",
            ));
        }
        sleep(left.map_or(self.wait.interval, |left| left.min(self.wait.interval))).await;
        Ok(())
    }

    fn stage_after(&self, progress: BatchProgress) -> Stage {
        if !progress.is_finished() {
            return Stage::Polling;
        }
        let state = &self.wait.state;
        match state.read(failed_jobs).or_else(|| state.unfinished()) {
            Some(error) => Stage::Failed(error),
            None => Stage::Ended,
        }
    }
}

/// Notes what the jobs have done, starts jobs that wait, and runs a part without a job. Returns whether it ran one.
async fn poll(state: &BatchState) -> Result<bool> {
    let _driver = state.driver.lock().await;
    jobs::refresh(state).await?;
    jobs::start_waiting(state).await?;
    direct::run_next(state).await
}

/// Returns the error for jobs of the last attempt that failed.
fn failed_jobs(manifest: &Manifest) -> Option<Error> {
    let parts = &manifest.attempts.last()?.parts;
    let failed: Vec<_> = parts.iter().filter(|part| part.has_failed()).collect();
    if failed.is_empty() {
        return None;
    }
    let named = failed.iter().take(NAMED_JOBS).map(|part| {
        let reason = part.message.as_deref().unwrap_or("AWS gives no reason");
        let job_arn = part.job_arn.as_deref().unwrap_or_default();
        format!("{job_arn} is {}: {reason}", part.ended_as.as_deref().unwrap_or_default())
    });
    let message =
        format!("{} of {} jobs failed: {}", failed.len(), parts.len(), named.collect::<Vec<_>>().join("; "));
    let hint = "`results` has the records that were processed, and `retry_failed` runs the others again";
    Some(Error::new(ErrorKind::Failed, message).with_hint(hint))
}

impl IntoFuture for BatchWait {
    type Output = Result<BatchProgress>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut last = BatchProgress::default();
            let mut changes = self.watch();
            while let Some(change) = changes.next().await {
                last = change?;
            }
            Ok(last)
        })
    }
}

impl fmt::Debug for BatchWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interval, deadline, .. } = self;
        formatter
            .debug_struct("BatchWait")
            .field("interval", interval)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}

/// The progress of a batch, as a stream. It ends when the batch is finished. If jobs failed, the last counts are followed
/// by an error.
pub struct BatchWatch(BoxStream<'static, Result<BatchProgress>>);

impl BatchWatch {
    /// Returns the next change, or `None` after the end.
    pub async fn next(&mut self) -> Option<Result<BatchProgress>> {
        self.0.next().await
    }
}

impl Stream for BatchWatch {
    type Item = Result<BatchProgress>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BatchWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BatchWatch")
    }
}
