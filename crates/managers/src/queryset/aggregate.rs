//! Aggregates over rows, and rows in groups.

use std::collections::BTreeMap;

use bedrock_orm_core::{Bound, Result};

use super::QuerySet;
use crate::aggregates::{Aggregate, count, max, min};
use crate::lookups::{Expression, Single};
use crate::resources::Row;
use crate::rows::pages;

impl<M: Row> QuerySet<M> {
    /// Returns an aggregate over all rows, or several in a tuple: `aggregate((count(), max(SUBMIT_TIME)))`.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn aggregate<A: Aggregate<M> + Sync + 'static>(
        &self,
        aggregate: A,
    ) -> impl Future<Output = Result<A::Output>> + Send + 'static + use<M, A> {
        let rows = self.clone();
        async move {
            let mut result = aggregate.start();
            rows.for_each(|row| aggregate.add(&mut result, row)).await?;
            Ok(result)
        }
    }

    /// Returns the smallest value of the field, or `None` if no row has one.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn min<F: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: F,
    ) -> impl Future<Output = Result<Option<F::Value>>> + Send + 'static + use<M, F> {
        self.aggregate(min(field))
    }

    /// Returns the largest value of the field, or `None` if no row has one.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn max<F: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: F,
    ) -> impl Future<Output = Result<Option<F::Value>>> + Send + 'static + use<M, F> {
        self.aggregate(max(field))
    }

    /// Groups the rows by the value of the field.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let providers = FoundationModel::objects().using(&session).list().group_by(FoundationModel::PROVIDER_NAME).count().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn group_by<F: Single<Row = M, Value: Ord + Clone + Send>>(&self, field: F) -> GroupBy<M, F> {
        GroupBy { rows: self.clone(), field }
    }
}

/// The results for groups of rows, by the value of a field. `None` is the group of the rows without a value.
pub type Groups<K, V> = BTreeMap<Option<K>, V>;

/// Rows in groups, by the value of a field. Rows without a value are one group. Lazy.
#[derive(Clone, Debug)]
pub struct GroupBy<M: Row, F> {
    rows: QuerySet<M>,
    field: F,
}

impl<M: Row, F: Single<Row = M, Value: Ord + Clone + Send>> GroupBy<M, F> {
    /// Returns an aggregate over each group, or several in a tuple.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], for every page.
    pub fn aggregate<A: Aggregate<M> + Sync + 'static>(
        &self,
        aggregate: A,
    ) -> impl Future<Output = Result<Groups<F::Value, A::Output>>> + Send + 'static + use<M, F, A> {
        let Self { rows, field } = self.clone();
        async move {
            let mut groups = BTreeMap::new();
            rows.for_each(|row| {
                let group = groups.entry(value_of(&field, row)).or_insert_with(|| aggregate.start());
                aggregate.add(group, row);
            })
            .await?;
            Ok(groups)
        }
    }

    /// Counts the rows of each group.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], for every page.
    pub fn count(
        &self,
    ) -> impl Future<Output = Result<Groups<F::Value, usize>>> + Send + 'static + use<M, F> {
        self.aggregate(count())
    }

    /// Returns the smallest value of another field in each group.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], for every page.
    pub fn min<G: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: G,
    ) -> impl Future<Output = Result<Groups<F::Value, Option<G::Value>>>> + Send + 'static + use<M, F, G>
    {
        self.aggregate(min(field))
    }

    /// Returns the largest value of another field in each group.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], for every page.
    pub fn max<G: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: G,
    ) -> impl Future<Output = Result<Groups<F::Value, Option<G::Value>>>> + Send + 'static + use<M, F, G>
    {
        self.aggregate(max(field))
    }

    /// Returns the rows of each group, in the queryset's order.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], for every page.
    pub fn rows(
        &self,
    ) -> impl Future<Output = Result<Groups<F::Value, Vec<Bound<M>>>>> + Send + 'static + use<M, F> {
        let Self { rows, field } = self.clone();
        async move {
            let mut groups: Groups<_, Vec<_>> = BTreeMap::new();
            let mut pages = pages(rows.engine());
            while let Some(page) = pages.next().await {
                for row in page?.items {
                    groups.entry(value_of(&field, &row)).or_default().push(row);
                }
            }
            Ok(groups)
        }
    }
}

fn value_of<F: Single<Value: Clone>>(field: &F, row: &F::Row) -> Option<F::Value> {
    field.with(row, |value| value.cloned())
}
