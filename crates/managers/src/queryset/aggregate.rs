//! One value of many rows, and rows in groups.

use std::collections::BTreeMap;

use bedrock_orm_core::{Bound, Result};

use super::QuerySet;
use crate::aggregates::{Aggregate, count, max, min};
use crate::lookups::{Expression, Single};
use crate::resources::Row;
use crate::rows::pages;

impl<M: Row> QuerySet<M> {
    /// One value of all rows, or several in a tuple: `aggregate((count(), max(SUBMIT_TIME)))`.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page.
    pub async fn aggregate<A: Aggregate<M> + Sync>(&self, aggregate: A) -> Result<A::Output> {
        let mut so_far = aggregate.start();
        self.each(|row| aggregate.add(&mut so_far, row)).await?;
        Ok(so_far)
    }

    /// The least value of that field; none where no row has one.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page.
    pub async fn min<F: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: F,
    ) -> Result<Option<F::Value>> {
        self.aggregate(min(field)).await
    }

    /// The greatest value of that field; none where no row has one.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page.
    pub async fn max<F: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: F,
    ) -> Result<Option<F::Value>> {
        self.aggregate(max(field)).await
    }

    /// The rows in groups, one for each value of that field.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let makers = FoundationModel::objects().using(&session).list().group_by(FoundationModel::PROVIDER_NAME).count().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn group_by<F: Single<Row = M, Value: Ord + Clone + Send>>(&self, field: F) -> GroupBy<M, F> {
        GroupBy { rows: self.clone(), field }
    }
}

/// Rows in groups, by the value of a field; those without one are a group too. Nothing is sent until it is asked.
#[derive(Clone, Debug)]
pub struct GroupBy<M: Row, F> {
    rows: QuerySet<M>,
    field: F,
}

impl<M: Row, F: Single<Row = M, Value: Ord + Clone + Send>> GroupBy<M, F> {
    /// One value of each group, or several in a tuple.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], every page.
    pub async fn aggregate<A: Aggregate<M> + Sync>(
        &self,
        aggregate: A,
    ) -> Result<BTreeMap<Option<F::Value>, A::Output>> {
        let mut groups = BTreeMap::new();
        self.rows
            .each(|row| {
                let group = groups.entry(self.group(row)).or_insert_with(|| aggregate.start());
                aggregate.add(group, row);
            })
            .await?;
        Ok(groups)
    }

    /// How many rows each group has.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], every page.
    pub async fn count(&self) -> Result<BTreeMap<Option<F::Value>, usize>> {
        self.aggregate(count()).await
    }

    /// The least value of another field in each group.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], every page.
    pub async fn min<G: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: G,
    ) -> Result<BTreeMap<Option<F::Value>, Option<G::Value>>> {
        self.aggregate(min(field)).await
    }

    /// The greatest value of another field in each group.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], every page.
    pub async fn max<G: Expression<Row = M, Value: Ord + Clone + Send>>(
        &self,
        field: G,
    ) -> Result<BTreeMap<Option<F::Value>, Option<G::Value>>> {
        self.aggregate(max(field)).await
    }

    /// The rows of each group, in the queryset's order.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::pages`], every page.
    pub async fn rows(&self) -> Result<BTreeMap<Option<F::Value>, Vec<Bound<M>>>> {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut pages = pages(self.rows.engine());
        while let Some(page) = pages.next().await {
            for row in page?.items {
                groups.entry(self.group(&row)).or_default().push(row);
            }
        }
        Ok(groups)
    }

    fn group(&self, row: &M) -> Option<F::Value> {
        self.field.with(row, |value| value.cloned())
    }
}
