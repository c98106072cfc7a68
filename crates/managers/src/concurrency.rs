//! An adaptive limit on concurrent calls: it falls when AWS throttles, and rises again with successes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Result, Session, sdk};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::resources::Get;

/// How many calls run concurrently by default.
pub const DEFAULT_CONCURRENCY: usize = 8;

/// How often a throttled call is attempted: with the pauses between, for about two minutes.
const MAX_ATTEMPTS: u32 = 10;

/// The pause after the first throttling. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After this many successes, the limit rises by one.
const SUCCESSES_PER_RISE: u32 = 10;

/// How many items are begun for each call at once. A call that pauses holds up the results behind it, which come in order, but
/// not their calls.
const BEGUN_PER_CALL: usize = 4;

/// A limit on concurrent calls. Each throttled call lowers it by one, down to one, and is retried after a pause.
#[derive(Clone)]
pub struct ConcurrencyLimit {
    shared: Arc<Shared>,
}

struct Shared {
    permits: Semaphore,
    /// By how much the limit is lowered.
    lowered_by: AtomicUsize,
    max: usize,
    successes: AtomicU32,
}

impl ConcurrencyLimit {
    /// Creates a limit that starts at `max`.
    ///
    /// # Errors
    ///
    /// If `max` is 0.
    pub fn new(max: usize) -> Result<Self> {
        if max == 0 {
            let error = Error::new(ErrorKind::InvalidInput, "concurrency is 0: no call would be made");
            return Err(error.with_hint("1 makes one call at a time"));
        }
        let max = max.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            shared: Arc::new(Shared {
                permits: Semaphore::new(max),
                lowered_by: AtomicUsize::new(0),
                max,
                successes: AtomicU32::new(0),
            }),
        })
    }

    /// Makes a call for each item, concurrently, and yields the results in the order of the items. Each call has to
    /// [`run`](Self::run) under the limit.
    pub fn for_each<S: Stream, F: Future>(
        self,
        items: S,
        mut call: impl FnMut(Self, S::Item) -> F,
    ) -> impl Stream<Item = F::Output> {
        let begun = self.shared.max.saturating_mul(BEGUN_PER_CALL);
        items.map(move |item| call(self.clone(), item)).buffered(begun)
    }

    /// Gets the resources with these keys, each once, through the session that `session` returns for its key. A
    /// resource that does not exist is `None`.
    pub(crate) async fn get_all<M: Get>(
        &self,
        session: impl Fn(&M::Key) -> Session + Send + Sync,
        keys: impl IntoIterator<Item = M::Key>,
    ) -> Result<HashMap<M::Key, Option<M>>> {
        let session = &session;
        let mut seen = HashSet::new();
        let keys: Vec<M::Key> = keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        let results = self.clone().for_each(stream::iter(keys), |limit, key| async move {
            let session = &session(&key);
            match limit.run(|| M::get(session, key.clone())).await {
                Ok(found) => Ok((key, Some(found))),
                Err(error) if error.is_does_not_exist() => Ok((key, None)),
                Err(error) => Err(error),
            }
        });
        results.try_collect().await
    }

    /// Makes the call, and retries it while AWS throttles it.
    ///
    /// # Errors
    ///
    /// The call's, and throttling after two minutes.
    pub async fn run<T, F: Future<Output = Result<T>>>(&self, mut call: impl FnMut() -> F) -> Result<T> {
        let mut pause = FIRST_PAUSE;
        let mut attempts = 1;
        loop {
            // The semaphore is never closed.
            let permit = self.shared.permits.acquire().await.ok();
            match sdk::with_own_pauses(call()).await {
                Err(error) if error.is_throttled() && attempts < MAX_ATTEMPTS => {
                    if self.shared.lower()
                        && let Some(permit) = permit
                    {
                        permit.forget();
                    }
                }
                result => {
                    if result.is_ok() {
                        self.shared.succeeded();
                    }
                    return result;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempts += 1;
        }
    }
}

impl Shared {
    /// Lowers the limit by one, but not below one. Returns whether it did.
    fn lower(&self) -> bool {
        self.successes.store(0, Ordering::Relaxed);
        self.lowered_by
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |lowered_by| {
                (lowered_by + 1 < self.max).then_some(lowered_by + 1)
            })
            .is_ok()
    }

    /// Counts a success, and raises the limit when there were enough of them.
    fn succeeded(&self) {
        let successes = self.successes.fetch_add(1, Ordering::Relaxed) + 1;
        if successes.is_multiple_of(SUCCESSES_PER_RISE)
            && self
                .lowered_by
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |lowered_by| lowered_by.checked_sub(1))
                .is_ok()
        {
            self.permits.add_permits(1);
        }
    }
}
