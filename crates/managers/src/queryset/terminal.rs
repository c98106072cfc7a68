//! What a queryset is asked for at last.

use std::pin::pin;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use futures_util::TryStreamExt;

use super::QuerySet;
use crate::lookups::{Q, Single};
use crate::resources::Row;
use crate::rows::{pages, rows_as_needed};

impl<M: Row> QuerySet<M> {
    /// The first row; none where there is none.
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
    /// As [`pages`](Self::pages), up to the first page that has a row; every page where the rows are ordered here.
    pub async fn first(&self) -> Result<Option<Bound<M>>> {
        rows_as_needed(self.clone().limit(1).engine()).next().await.transpose()
    }

    /// The last row; none where there is none. Of an ordered queryset it is the first the other way round.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page, unless AWS orders the rows.
    pub async fn last(&self) -> Result<Option<Bound<M>>> {
        let ordered = !self.order.keys().is_empty() || self.backwards;
        if ordered && self.offset == 0 && self.limit.is_none() {
            return self.clone().reverse().first().await;
        }
        let mut pages = pages(self.engine());
        let mut last = None;
        while let Some(page) = pages.next().await {
            last = page?.items.pop().or(last);
        }
        Ok(last)
    }

    /// The row with the earliest time, or what else is least; none where no row has a value.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page, unless AWS orders by that field.
    pub async fn earliest<F>(&self, field: F) -> Result<Option<Bound<M>>>
    where
        F: Single<Row = M, Value: Ord>,
    {
        self.clone().filter(field.clone().is_some()).order_by(field.asc()).first().await
    }

    /// The row with the latest time, or what else is greatest; none where no row has a value.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), every page, unless AWS orders by that field.
    pub async fn latest<F>(&self, field: F) -> Result<Option<Bound<M>>>
    where
        F: Single<Row = M, Value: Ord>,
    {
        self.clone().filter(field.clone().is_some()).order_by(field.desc()).first().await
    }

    /// The one row that meets that condition.
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
    pub async fn get(&self, condition: impl Into<Q<M>> + Send) -> Result<Bound<M>> {
        self.clone().filter(condition).one().await
    }

    /// The one row that there is.
    ///
    /// # Errors
    ///
    /// [`DoesNotExist`](ErrorKind::DoesNotExist) where there is none,
    /// [`MultipleObjectsReturned`](ErrorKind::MultipleObjectsReturned) where there are several; or as
    /// [`pages`](Self::pages).
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), up to the page with the second row.
    pub async fn one(&self) -> Result<Bound<M>> {
        let mut rows = rows_as_needed(self.unordered_unless_cut().limit(2).engine());
        let Some(row) = rows.next().await.transpose()? else {
            return Err(self.not_one(ErrorKind::DoesNotExist, "no"));
        };
        match rows.next().await.transpose()? {
            None => Ok(row),
            Some(_) => Err(self.not_one(ErrorKind::MultipleObjectsReturned, "more than one")),
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

    /// Whether there is any row.
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
    pub async fn exists(&self) -> Result<bool> {
        let any = self.unordered().unrelated().limit(1);
        Ok(rows_as_needed(any.engine()).next().await.transpose()?.is_some())
    }

    /// How many rows there are. AWS counts for nobody: every page is fetched, none is kept.
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
    pub async fn count(&self) -> Result<usize> {
        let all = self.unordered().unrelated();
        pages(all.engine()).try_fold(0, |count, page| async move { Ok(count + page.items.len()) }).await
    }

    /// Calls with each row, in whatever order, and keeps none.
    pub(super) async fn each(&self, mut call: impl FnMut(&M) + Send) -> Result<()> {
        let mut pages = pin!(pages(self.unordered_unless_cut().unrelated().engine()));
        while let Some(page) = pages.try_next().await? {
            page.items.iter().for_each(|row| call(row));
        }
        Ok(())
    }

    /// Which rows there are depends on their order where some are cut off.
    fn unordered_unless_cut(&self) -> Self {
        if self.offset == 0 && self.limit.is_none() { self.unordered() } else { self.clone() }
    }
}
