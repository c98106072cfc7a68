//! Many calls at once, fewer of them when AWS throttles.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Result, Session};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::resources::Get;

/// How many calls are under way at once, where nobody says.
pub(crate) const AT_ONCE: usize = 8;

/// How often a call is tried that AWS throttles: with the waits between, for about two minutes.
const TRIES: u32 = 9;

/// The wait after the first throttling; it doubles with each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// As many successes give back one of the places that throttling took.
const SUCCESSES_A_PLACE: u32 = 10;

/// The pace of many calls. Each throttling takes a place from those that may be called at once, down to one, and is
/// waited out.
#[derive(Clone)]
pub(crate) struct Pace {
    shared: Arc<Shared>,
}

struct Shared {
    places: Semaphore,
    /// How many places throttling took.
    taken: AtomicUsize,
    most: usize,
    successes: AtomicU32,
}

impl Pace {
    /// No more than so many calls at once; none at all is an error.
    pub(crate) fn new(most: usize) -> Result<Self> {
        if most == 0 {
            let error = Error::new(ErrorKind::InvalidInput, "concurrency is 0: no call would ever be made");
            return Err(error.with_hint("1 makes one call after the other"));
        }
        let most = most.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            shared: Arc::new(Shared {
                places: Semaphore::new(most),
                taken: AtomicUsize::new(0),
                most,
                successes: AtomicU32::new(0),
            }),
        })
    }

    /// A call for each, as many at once as there are places, answered in order.
    pub(crate) fn each<S: Stream, F: Future>(
        self,
        items: S,
        mut call: impl FnMut(Self, S::Item) -> F,
    ) -> impl Stream<Item = F::Output> {
        let most = self.shared.most;
        items.map(move |item| call(self.clone(), item)).buffered(most)
    }

    /// Fetches those of these keys, each once and through the session that is given for it; none stands for what AWS
    /// says is not there.
    pub(crate) async fn fetch<M: Get>(
        &self,
        session: impl Fn(&M::Key) -> Session + Send + Sync,
        keys: impl IntoIterator<Item = M::Key>,
    ) -> Result<HashMap<M::Key, Option<M>>> {
        let session = &session;
        let mut asked = HashSet::new();
        let keys: Vec<M::Key> = keys.into_iter().filter(|key| asked.insert(key.clone())).collect();
        let answers = self.clone().each(stream::iter(keys), |pace, key| async move {
            let session = &session(&key);
            match pace.run(|| M::get(session, key.clone())).await {
                Ok(found) => Ok((key, Some(found))),
                Err(error) if error.is_does_not_exist() => Ok((key, None)),
                Err(error) => Err(error),
            }
        });
        answers.try_collect().await
    }

    /// Calls, and again while AWS throttles.
    pub(crate) async fn run<T, F: Future<Output = Result<T>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        let mut wait = FIRST_WAIT;
        let mut tries = 1;
        loop {
            // It is never closed.
            let place = self.shared.places.acquire().await.ok();
            let answer = call().await;
            match answer {
                Err(error) if error.is_throttled() && tries < TRIES => {
                    if self.shared.takes_a_place()
                        && let Some(place) = place
                    {
                        place.forget();
                    }
                }
                answer => {
                    if answer.is_ok() {
                        self.shared.succeeded();
                    }
                    return answer;
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            tries += 1;
        }
    }
}

impl Shared {
    /// Whether one of the places is to go: one is left always.
    fn takes_a_place(&self) -> bool {
        self.successes.store(0, Ordering::Relaxed);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken + 1 < self.most).then_some(taken + 1)
            })
            .is_ok()
    }

    fn succeeded(&self) {
        let successes = self.successes.fetch_add(1, Ordering::Relaxed) + 1;
        if successes.is_multiple_of(SUCCESSES_A_PLACE)
            && self
                .taken
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| taken.checked_sub(1))
                .is_ok()
        {
            self.places.add_permits(1);
        }
    }
}
