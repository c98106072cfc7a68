//! Facts by name, each fetched once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bedrock_orm_core::Result;
use bedrock_orm_core::sdk::ByName;
use tokio::sync::OnceCell;

type Cell<T> = Arc<OnceCell<Arc<T>>>;

/// Facts by name. Tasks that ask for the same name at the same time wait for one request. A failure is not kept: the
/// next task that waits asks again.
#[derive(Debug)]
pub(crate) struct Cells<T>(Mutex<ByName<Cell<T>>>);

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Cells<T> {
    /// Returns the fact with this name. `fetch` runs if there is none yet.
    pub(crate) async fn get(&self, name: &str, fetch: impl Future<Output = Result<T>>) -> Result<Arc<T>> {
        let cell = self.cell(name);
        let fact = cell.get_or_try_init(async || fetch.await.map(Arc::new)).await;
        match fact {
            Ok(fact) => Ok(Arc::clone(fact)),
            Err(error) => {
                drop(cell);
                self.forget_empty(name);
                Err(error)
            }
        }
    }

    /// Returns the fact with this name if it is known.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<T>> {
        self.lock().get(name)?.get().cloned()
    }

    /// Keeps a fact, unless there is one with this name.
    pub(crate) fn keep(&self, name: &str, fact: impl FnOnce() -> T) {
        let cell = self.cell(name);
        if !cell.initialized() {
            // A task that is fetching it keeps its own.
            let _ = cell.set(Arc::new(fact()));
        }
    }

    /// Returns all facts that are known, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(String, Arc<T>)> {
        let cells = self.lock();
        cells.iter().filter_map(|(name, cell)| Some((name.to_owned(), cell.get()?.clone()))).collect()
    }

    fn cell(&self, name: &str) -> Cell<T> {
        let mut cells = self.lock();
        if let Some(cell) = cells.get(name) {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        cells.insert(name, Arc::clone(&cell));
        cell
    }

    /// Removes a cell without a fact that no other task uses, so that wrong names do not pile up.
    fn forget_empty(&self, name: &str) {
        let mut cells = self.lock();
        if cells.get(name).is_some_and(|cell| !cell.initialized() && Arc::strong_count(cell) == 1) {
            cells.remove(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, ByName<Cell<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use bedrock_orm_core::{Error, ErrorKind};

    use super::Cells;

    #[tokio::test]
    async fn tasks_share_one_fetch_and_a_failure_is_not_kept() {
        let (cells, fetches) = (Arc::new(Cells::<u32>::default()), Arc::new(AtomicU32::new(0)));
        let failed = cells.get("a", async { Err(Error::new(ErrorKind::Throttled, "no")) }).await;
        assert!(failed.unwrap_err().is_throttled());
        assert_eq!(cells.lock().iter().count(), 0);
        let tasks = (0..20).map(|_| {
            let (cells, fetches) = (Arc::clone(&cells), Arc::clone(&fetches));
            tokio::spawn(async move {
                let fetch = async {
                    tokio::task::yield_now().await;
                    Ok(fetches.fetch_add(1, Ordering::Relaxed))
                };
                *cells.get("a", fetch).await.unwrap()
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            assert_eq!(task.await.unwrap(), 0);
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        cells.keep("a", || 9);
        cells.keep("b", || 7);
        assert_eq!(cells.all(), [("a".to_owned(), Arc::new(0)), ("b".to_owned(), Arc::new(7))]);
    }
}
