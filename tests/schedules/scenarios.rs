//! The scenarios. Each is one run: it makes new state, shares it among tasks, and checks what holds under every schedule. A
//! task that waits forever fails the run, because shuttle notices deadlocks.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_models::Tokens;
use futures_util::future::{self, Either};
use shuttle::future::{JoinHandle, block_on, spawn, yield_now};
use tokio::sync::{Notify, Semaphore};

use crate::cells::Cells;
use crate::concurrency::ConcurrencyLimit;
use crate::limiter::{Demand, Limiter, TokenQuota};

/// Counts the tasks in a place.
#[derive(Default)]
struct Place {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Place {
    /// Stays in the place for some turns.
    async fn visit(&self) {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        yield_now().await;
        yield_now().await;
        self.now.fetch_sub(1, SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

fn all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        block_on(task).unwrap();
    }
}

/// Polls a future until it is ready, or for some turns. Then it is dropped.
async fn for_some_turns<T>(turns: usize, future: impl Future<Output = T>) -> Option<T> {
    let pause = async {
        for _ in 0..turns {
            yield_now().await;
        }
    };
    match future::select(pin!(future), pin!(pause)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// The calls behind a limiter end in different ways, and some are dropped while they wait. No place is lost, and there are
/// never more calls under way than the quota allows.
pub fn limiter_keeps_its_places() {
    let limiter = Limiter::new(TokenQuota::per_minute(1_000_000).concurrency(2));
    let demand = Demand { characters: 0, max_tokens: Some(9) };
    let place = Arc::new(Place::default());
    let tasks = (0..6).map(|number| {
        let (limiter, place) = (limiter.clone(), Arc::clone(&place));
        spawn(async move {
            let admitted = match number {
                4 | 5 => for_some_turns(number - 3, limiter.admit(demand)).await,
                _ => Some(limiter.admit(demand).await),
            };
            let Some(admitted) = admitted else { return };
            let permit = admitted.unwrap();
            place.visit().await;
            match number % 3 {
                0 => permit.used(Some(&Tokens::default().output_tokens(5))),
                1 => permit.refused(),
                _ => drop(permit),
            }
        })
    });
    all(tasks.collect());
    assert!(place.most() <= 2, "{} calls were under way", place.most());
    // Both places are free again.
    let (first, second) = block_on(future::join(limiter.admit(demand), limiter.admit(demand)));
    assert!(first.is_ok() && second.is_ok());
}

/// Throttled calls lower the limit, and successes raise it again. No permit is lost or made up.
pub fn concurrency_limit_falls_and_recovers() {
    const MOST: usize = 3;
    let limit = ConcurrencyLimit::new(MOST).unwrap();
    let (place, throttled) = (Arc::new(Place::default()), Arc::new(AtomicUsize::new(0)));
    let tasks = (0..4).map(|_| {
        let (limit, place, throttled) = (limit.clone(), Arc::clone(&place), Arc::clone(&throttled));
        spawn(async move {
            for _ in 0..4 {
                let call = || async {
                    place.visit().await;
                    match throttled.fetch_add(1, SeqCst) {
                        // More than the limit can fall.
                        0..5 => Err(Error::new(ErrorKind::Throttled, "slower")),
                        _ => Ok(()),
                    }
                };
                limit.run(call).await.unwrap();
            }
        })
    });
    all(tasks.collect());
    assert!(place.most() <= MOST, "{} calls were under way", place.most());
    succeed(&limit, 30);
    at_once(&limit, MOST);
    let surplus = Arc::new(Place::default());
    let tasks = (0..2 * MOST).map(|_| {
        let (limit, surplus) = (limit.clone(), Arc::clone(&surplus));
        spawn(async move {
            let call = || async {
                surplus.visit().await;
                Ok(())
            };
            limit.run(call).await.unwrap();
        })
    });
    all(tasks.collect());
    assert!(surplus.most() <= MOST, "{} calls were under way after the rise", surplus.most());
}

fn succeed(limit: &ConcurrencyLimit, times: usize) {
    block_on(async {
        for _ in 0..times {
            limit.run(|| async { Ok(()) }).await.unwrap();
        }
    });
}

/// Makes this number of calls that all wait for each other: they end only if all are under way at the same time.
fn at_once(limit: &ConcurrencyLimit, calls: usize) {
    let (arrived, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let tasks = (0..calls).map(|_| {
        let (limit, arrived, gate) = (limit.clone(), Arc::clone(&arrived), Arc::clone(&gate));
        spawn(async move {
            let call = || async {
                if arrived.fetch_add(1, SeqCst) + 1 == calls {
                    gate.add_permits(calls);
                }
                gate.acquire().await.unwrap().forget();
                Ok(())
            };
            limit.run(call).await.unwrap();
        })
    });
    all(tasks.collect());
}

/// Tasks that ask for one fact share a fetch. A failure is not kept, a task that is dropped during its fetch leaves it to
/// another, and names without a fact do not stay.
pub fn cells_fetch_once() {
    let cells = Arc::new(Cells::<usize>::default());
    let (fetches, under_way) = (Arc::new(AtomicUsize::new(0)), Arc::new(Place::default()));
    let tasks = (0..5).map(|number| {
        let (cells, fetches, under_way) = (Arc::clone(&cells), Arc::clone(&fetches), Arc::clone(&under_way));
        spawn(async move {
            let fetch = async {
                under_way.visit().await;
                match fetches.fetch_add(1, SeqCst) {
                    0 => Err(Error::new(ErrorKind::Throttled, "slower")),
                    fetched => Ok(fetched),
                }
            };
            let found = cells.get("a", fetch);
            let found: Option<Result<Arc<usize>>> = match number {
                4 => for_some_turns(2, found).await,
                _ => Some(found.await),
            };
            match found {
                Some(Ok(found)) => assert_eq!(*found, 1),
                Some(Err(error)) => assert!(error.is_throttled()),
                None => {}
            }
        })
    });
    let missing = (0..3).map(|_| {
        let (cells, under_way) = (Arc::clone(&cells), Arc::clone(&under_way));
        spawn(async move {
            let fetch = async {
                under_way.visit().await;
                Err(Error::new(ErrorKind::DoesNotExist, "no such name"))
            };
            assert!(cells.get("b", fetch).await.is_err());
        })
    });
    all(tasks.chain(missing).collect());
    assert!(fetches.load(SeqCst) <= 2, "a fact was fetched again");
    assert_eq!(cells.known("a").as_deref(), Some(&1));
    let names = format!("{cells:?}");
    assert!(names.contains("\"a\"") && !names.contains("\"b\""), "{names}");
}

/// A notification that nobody waits for yet is not lost. It shows that a run with a task that waits forever fails.
pub fn deadlock() {
    let notify = Arc::new(Notify::new());
    let waiting = Arc::clone(&notify);
    let task = spawn(async move { waiting.notified().await });
    // `notify_waiters` wakes only who waits already, unlike `notify_one`.
    notify.notify_waiters();
    all(vec![task]);
}
