//! The methods of a queryset that send requests and return rows, a row or a number.

use std::pin::pin;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use futures_util::TryStreamExt;

use super::QuerySet;
use crate::lookups::{Order, Q, Single};
use crate::resources::Row;
use crate::rows::{pages, rows_as_needed};

impl<M: Row> QuerySet<M> {
    /// Returns the first row, or `None` if there is no row.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let first = FoundationModel::objects().using(&session).list().by_provider("amazon").first().await?;
    /// assert!(first.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), up to the first page that has a row. Every page if the library sorts the rows.
    pub fn first(&self) -> impl Future<Output = Result<Option<Bound<M>>>> + Send + 'static + use<M> {
        let one = self.clone().limit(1);
        async move { rows_as_needed(one.engine()).next().await.transpose() }
    }

    /// Returns the last row, or `None` if there is no row. With an order, it is the first row of the reversed order.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page, unless AWS orders the rows.
    pub fn last(&self) -> impl Future<Output = Result<Option<Bound<M>>>> + Send + 'static + use<M> {
        let rows = self.clone();
        async move {
            let is_ordered = !rows.order.keys().is_empty() || rows.reversed;
            if is_ordered && !rows.is_cut() {
                return rows.reverse().first().await;
            }
            let mut pages = pages(rows.engine());
            let mut last = None;
            while let Some(page) = pages.next().await {
                last = page?.items.pop().or(last);
            }
            Ok(last)
        }
    }

    /// Returns the row with the smallest value of the field, such as the earliest time. Returns `None` if no row has a
    /// value.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page, unless AWS orders by the field.
    pub fn earliest<F>(
        &self,
        field: F,
    ) -> impl Future<Output = Result<Option<Bound<M>>>> + Send + 'static + use<M, F>
    where
        F: Single<Row = M, Value: Ord>,
    {
        self.clone().filter(field.clone().is_some()).order_by(field.asc()).first()
    }

    /// Returns the row with the largest value of the field, such as the latest time. Returns `None` if no row has a
    /// value.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page, unless AWS orders by the field.
    pub fn latest<F>(
        &self,
        field: F,
    ) -> impl Future<Output = Result<Option<Bound<M>>>> + Send + 'static + use<M, F>
    where
        F: Single<Row = M, Value: Ord>,
    {
        self.clone().filter(field.clone().is_some()).order_by(field.desc()).first()
    }

    /// Returns the only row that meets the condition, as Django's `get` does. It lists; to get a resource by its key with
    /// AWS's Get operation, use [`Manager::get`](crate::Manager::get).
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let models = FoundationModel::objects().using(&session).list();
    /// let lite = models.get(FoundationModel::MODEL_ID.startswith("amazon.nova-lite-v1:0")).await;
    /// assert!(lite.unwrap_err().is_multiple_objects_returned()); // one with a context of 24k, one of 300k
    /// assert_eq!(models.get(FoundationModel::MODEL_ID.eq("amazon.nova-pro-v1:0")).await?.model_id, "amazon.nova-pro-v1:0");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`one`](Self::one).
    ///
    /// # Requests
    ///
    /// As [`one`](Self::one).
    pub fn get<C: Into<Q<M>>>(
        &self,
        condition: C,
    ) -> impl Future<Output = Result<Bound<M>>> + Send + 'static + use<M, C> {
        self.clone().filter(condition).one()
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`DoesNotExist`](ErrorKind::DoesNotExist) if there is no row,
    /// [`MultipleObjectsReturned`](ErrorKind::MultipleObjectsReturned) if there are several; or as
    /// [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), up to the page with the second row.
    pub fn one(&self) -> impl Future<Output = Result<Bound<M>>> + Send + 'static + use<M> {
        let set = self.clone();
        async move {
            let mut rows = rows_as_needed(set.unordered_unless_cut().limit(2).engine());
            let Some(row) = rows.next().await.transpose()? else {
                return Err(set.not_one(ErrorKind::DoesNotExist, "no"));
            };
            match rows.next().await.transpose()? {
                None => Ok(row),
                Some(_) => Err(set.not_one(ErrorKind::MultipleObjectsReturned, "more than one")),
            }
        }
    }

    fn not_one(&self, kind: ErrorKind, how_many: &str) -> Error {
        let message = if self.filter.is_all() {
            format!("there is {how_many} {} in the list", M::KIND)
        } else {
            format!("there is {how_many} {} with {}", M::KIND, self.filter)
        };
        Error::new(kind, message).with_operation(M::OPERATION)
    }

    /// Returns whether there is a row.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// assert!(FoundationModel::objects().using(&session).list().by_provider("amazon").exists().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), up to the first page that has a row.
    pub fn exists(&self) -> impl Future<Output = Result<bool>> + Send + 'static + use<M> {
        let any = self.clone().unordered().without_related().limit(1);
        async move { Ok(rows_as_needed(any.engine()).next().await.transpose()?.is_some()) }
    }

    /// Counts the rows. AWS has no operation that counts, so every page is fetched; no row is kept.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// println!("{} models", FoundationModel::objects().using(&session).list().count().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn count(&self) -> impl Future<Output = Result<usize>> + Send + 'static + use<M> {
        let all = self.clone().unordered().without_related();
        async move {
            pages(all.engine()).try_fold(0, |count, page| async move { Ok(count + page.items.len()) }).await
        }
    }

    /// Calls the closure with each row, in any order, and keeps no row.
    pub(super) async fn for_each(self, mut call: impl FnMut(&M) + Send) -> Result<()> {
        let mut pages = pin!(pages(self.unordered_unless_cut().without_related().engine()));
        while let Some(page) = pages.try_next().await? {
            page.items.iter().for_each(|row| call(row));
        }
        Ok(())
    }

    /// Removes the order, unless offset or limit make it matter which rows come first.
    fn unordered_unless_cut(&self) -> Self {
        if self.is_cut() { self.clone() } else { self.clone().unordered() }
    }

    /// Removes the order, unless it is invalid.
    fn unordered(mut self) -> Self {
        if self.order.problem().is_none() {
            self.order = Order::none();
            self.reversed = false;
        }
        self
    }

    /// Removes the prefetched relations.
    pub(super) fn without_related(mut self) -> Self {
        self.related.clear();
        self
    }

    fn is_cut(&self) -> bool {
        self.offset != 0 || self.limit.is_some()
    }
}
