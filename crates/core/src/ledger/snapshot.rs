//! What a ledger had at one moment, as plain data.

use std::collections::BTreeMap;

use bedrock_orm_models::Tokens;
use bedrock_orm_models::wire::wire_struct;

use crate::Result;

use super::{Money, Prices, Tags};

/// The calls of one model with the same tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerRow {
    /// The ID or ARN that was called.
    pub model_id: String,
    /// The tags of the calls.
    pub tags: BTreeMap<String, String>,
    /// How many calls AWS accepted.
    pub calls: u64,
    /// How many of them ended without a report of what they used: streams that were interrupted or dropped, calls
    /// that timed out or were cancelled, responses without token counts. `tokens` leaves them out.
    pub calls_without_usage: u64,
    /// The sum of what the other calls used.
    pub tokens: Tokens,
}

wire_struct!(LedgerRow {
    0 "modelId" model_id defaulted,
    1 "tags" tags defaulted,
    2 "calls" calls defaulted,
    3 "callsWithoutUsage" calls_without_usage defaulted,
    4 "tokens" tokens defaulted,
});

/// What a [`Ledger`](super::Ledger) had at one moment. It is plain data: store it as JSON, and add up what several
/// processes stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerSnapshot {
    /// The rows, in the order of their models and tags.
    pub rows: Vec<LedgerRow>,
}

wire_struct!(LedgerSnapshot {
    0 "rows" rows defaulted,
});

impl LedgerSnapshot {
    /// Creates a snapshot of these rows.
    #[inline]
    pub fn new(mut rows: Vec<LedgerRow>) -> Self {
        rows.sort_by(|a, b| (&a.model_id, &a.tags).cmp(&(&b.model_id, &b.tags)));
        Self { rows }
    }

    /// Returns the sum over all rows.
    pub fn total(&self) -> Tokens {
        self.rows.iter().map(|row| &row.tokens).sum()
    }

    /// Returns how many calls AWS accepted.
    pub fn calls(&self) -> u64 {
        self.rows.iter().map(|row| row.calls).sum()
    }

    /// Returns how many calls ended without a report of what they used.
    pub fn calls_without_usage(&self) -> u64 {
        self.rows.iter().map(|row| row.calls_without_usage).sum()
    }

    /// Returns the rows grouped by the value of a tag. `None` has the calls without the tag.
    #[inline]
    pub fn by(&self, tag: &str) -> BTreeMap<Option<String>, Self> {
        let mut groups: BTreeMap<Option<String>, Self> = BTreeMap::new();
        for row in &self.rows {
            groups.entry(row.tags.get(tag).cloned()).or_default().rows.push(row.clone());
        }
        groups
    }

    /// Returns the rows grouped by the ID or ARN that was called.
    #[inline]
    pub fn by_model(&self) -> BTreeMap<String, Self> {
        let mut groups: BTreeMap<String, Self> = BTreeMap::new();
        for row in &self.rows {
            groups.entry(row.model_id.clone()).or_default().rows.push(row.clone());
        }
        groups
    }

    /// Returns what the rows cost, without [the calls of which no usage is known](Self::calls_without_usage).
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::{Price, Prices};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// // Your prices, for a million tokens each.
    /// let prices = Prices::new("USD").model("amazon.nova-lite-v1:0", Price::new("0.06", "0.24")?);
    /// let ledger = session.ledger();
    /// FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session).converse("Hello").await?;
    /// println!("{}", ledger.cost(&prices)?); // 0.00000204 USD
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if a price is missing for tokens that were used. The message
    /// names every model and what it has no price for.
    #[inline]
    pub fn cost(&self, prices: &Prices) -> Result<Money> {
        prices.cost(self.rows.iter().map(|row| (row.model_id.as_str(), &row.tokens)))
    }
}

/// The rows of snapshots, such as of several processes, with the rows of the same model and tags added up.
impl FromIterator<LedgerSnapshot> for LedgerSnapshot {
    fn from_iter<I: IntoIterator<Item = Self>>(snapshots: I) -> Self {
        let mut rows: BTreeMap<(String, Tags), LedgerRow> = BTreeMap::new();
        for row in snapshots.into_iter().flat_map(|snapshot| snapshot.rows) {
            let sum = rows.entry((row.model_id.clone(), row.tags.clone())).or_insert_with(|| LedgerRow {
                model_id: row.model_id.clone(),
                tags: row.tags.clone(),
                ..LedgerRow::default()
            });
            sum.calls = sum.calls.saturating_add(row.calls);
            sum.calls_without_usage = sum.calls_without_usage.saturating_add(row.calls_without_usage);
            sum.tokens += row.tokens;
        }
        Self { rows: rows.into_values().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_of_several_processes_add_up() {
        let row = |model: &str, calls| LedgerRow {
            model_id: model.to_owned(),
            tags: BTreeMap::from([("tenant".to_owned(), "x".to_owned())]),
            calls,
            calls_without_usage: calls,
            tokens: Tokens::default().output_tokens(calls),
        };
        let first = LedgerSnapshot::new(vec![row("b", 2), row("a", 1)]);
        let second = LedgerSnapshot::new(vec![row("b", 3)]);
        let stored = serde_json::to_string(&[first, second]).unwrap();
        let read: Vec<LedgerSnapshot> = serde_json::from_str(&stored).unwrap();
        let sum: LedgerSnapshot = read.into_iter().collect();
        assert_eq!(sum, LedgerSnapshot::new(vec![row("a", 1), row("b", 5)]));
        assert_eq!((sum.calls(), sum.calls_without_usage(), sum.total().output_tokens), (6, 6, 6));
        assert_eq!(sum.by_model()["b"].calls(), 5);
    }
}
