//! The ledger of a session: the tokens that its calls used.

mod money;
mod prices;
mod snapshot;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bedrock_orm_models::Tokens;

use crate::Result;

pub use money::Money;
pub use prices::{Price, Prices};
pub use snapshot::{LedgerRow, LedgerSnapshot};

/// The tags of calls: names and values of the caller.
pub(crate) type Tags = BTreeMap<String, String>;

/// The tokens that the calls of a session used, by model and by the caller's tags. [`Session::ledger`] returns it. It is
/// cheap to clone, and clones share their rows.
///
/// It records the replies of `converse`, `converse_stream`, `invoke_model` and `invoke_model_with_response_stream`: a
/// stream when its usage arrives. It counts a call of which no usage arrived, such as a stream that was dropped before
/// its end, in [`calls_without_usage`](LedgerRow::calls_without_usage): AWS charges such calls, too. It does not count a
/// call that AWS refused.
///
/// It is in memory: it starts empty, and ends with the program.
///
/// [`Session::ledger`]: crate::Session::ledger
#[derive(Clone, Default)]
pub struct Ledger {
    rows: Arc<Mutex<HashMap<Key, Counts>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    model_id: String,
    tags: Option<Arc<Tags>>,
}

#[derive(Clone, Default)]
struct Counts {
    calls: u64,
    calls_without_usage: u64,
    tokens: Tokens,
}

impl Ledger {
    /// Returns the rows so far.
    #[inline]
    pub fn snapshot(&self) -> LedgerSnapshot {
        snapshot(self.rows().iter())
    }

    /// Returns the rows so far, and starts again with none. No call is lost or counted twice.
    #[inline]
    pub fn take(&self) -> LedgerSnapshot {
        let rows = std::mem::take(&mut *self.rows());
        snapshot(rows.iter())
    }

    /// Returns the sum over all calls so far.
    pub fn total(&self) -> Tokens {
        self.rows().values().map(|counts| &counts.tokens).sum()
    }

    /// Returns the rows so far, grouped by the value of a tag. `None` has the calls without the tag.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let ledger = session.ledger();
    /// let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// model.converse("Hello").tag("tenant", "acme").await?;
    /// model.converse("Hello").tag("tenant", "globex").tag("feature", "search").await?;
    ///
    /// for (tenant, calls) in ledger.by("tenant") {
    ///     println!("{}: {} tokens", tenant.as_deref().unwrap_or("no tenant"), calls.total().total_tokens());
    /// }
    /// # assert_eq!(ledger.by("tenant").len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn by(&self, tag: &str) -> BTreeMap<Option<String>, LedgerSnapshot> {
        self.snapshot().by(tag)
    }

    /// Returns what the calls so far cost; see [`LedgerSnapshot::cost`].
    ///
    /// # Errors
    ///
    /// As [`LedgerSnapshot::cost`].
    #[inline]
    pub fn cost(&self, prices: &Prices) -> Result<Money> {
        self.snapshot().cost(prices)
    }

    /// Starts an entry for a call that is about to be sent.
    pub(crate) fn entry(&self, model_id: &str, tags: Option<&Arc<Tags>>) -> LedgerEntry {
        LedgerEntry {
            ledger: self.clone(),
            key: Some(Key { model_id: model_id.to_owned(), tags: tags.cloned() }),
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Key, Counts>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, key: Key, usage: Option<&Tokens>) {
        let mut rows = self.rows();
        let counts = rows.entry(key).or_default();
        counts.calls = counts.calls.saturating_add(1);
        match usage {
            Some(usage) => counts.tokens += usage,
            None => counts.calls_without_usage = counts.calls_without_usage.saturating_add(1),
        }
    }
}

#[inline]
fn snapshot<'a>(rows: impl Iterator<Item = (&'a Key, &'a Counts)>) -> LedgerSnapshot {
    let rows = rows.map(|(key, counts)| LedgerRow {
        model_id: key.model_id.clone(),
        tags: key.tags.as_deref().cloned().unwrap_or_default(),
        calls: counts.calls,
        calls_without_usage: counts.calls_without_usage,
        tokens: counts.tokens.clone(),
    });
    LedgerSnapshot::new(rows.collect())
}

/// Shows the number of rows.
impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("rows", &self.rows().len()).finish()
    }
}

/// The entry of one call. If the call ends without saying what it used, its entry says so.
pub(crate) struct LedgerEntry {
    ledger: Ledger,
    /// `None` after the call is recorded.
    key: Option<Key>,
}

impl LedgerEntry {
    /// Records what the call used. `None` if AWS did not report it.
    pub(crate) fn used(mut self, usage: Option<&Tokens>) {
        if let Some(key) = self.key.take() {
            self.ledger.record(key, usage);
        }
    }

    /// Records nothing, because AWS refused the call.
    pub(crate) fn refused(mut self) {
        self.key = None;
    }
}

impl Drop for LedgerEntry {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.ledger.record(key, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tenant: &str) -> Option<Arc<Tags>> {
        Some(Arc::new(Tags::from([("tenant".to_owned(), tenant.to_owned())])))
    }

    #[test]
    fn rows_are_by_model_and_tags_and_every_call_is_in_one_of_them() {
        let ledger = Ledger::default();
        let ten = Tokens::default().uncached_input_tokens(8).output_tokens(2);
        ledger.entry("a", tags("x").as_ref()).used(Some(&ten));
        ledger.entry("a", tags("x").as_ref()).used(Some(&ten));
        ledger.entry("a", tags("y").as_ref()).used(Some(&ten));
        ledger.entry("b", None).used(None);
        ledger.entry("b", None).refused();
        drop(ledger.entry("b", None));
        let snapshot = ledger.snapshot();
        let rows: Vec<_> = snapshot
            .rows
            .iter()
            .map(|row| (row.model_id.as_str(), row.calls, row.calls_without_usage))
            .collect();
        assert_eq!(rows, [("a", 2, 0), ("a", 1, 0), ("b", 2, 2)]);
        assert_eq!(ledger.total().total_tokens(), 30);
        let by: Vec<_> = ledger
            .by("tenant")
            .into_iter()
            .map(|(tenant, calls)| (tenant, calls.total().total_tokens()))
            .collect();
        assert_eq!(by, [(None, 0), (Some("x".into()), 20), (Some("y".into()), 10)]);
        assert_eq!(ledger.take(), snapshot);
        assert_eq!(ledger.snapshot().rows, []);
    }
}
