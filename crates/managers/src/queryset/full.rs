//! The full resources of a list's rows.

use std::fmt;
use std::future::{IntoFuture, ready};
use std::pin::Pin;

use bedrock_orm_core::{Bound, Result};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::QuerySet;
use crate::concurrency::ConcurrencyLimit;
use crate::resources::{Keyed, Row};
use crate::{FullExt as _, Rows};

impl<M: Row + Keyed> QuerySet<M> {
    /// Gets the full resource of each row, such as the `Guardrail` of a `GuardrailSummary`, in the same order. Awaiting it
    /// returns all of them; it can also be streamed. By default, eight run concurrently, see
    /// [`concurrency`](Self::concurrency). If AWS throttles, fewer run, and throttled calls are retried.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// for profile in InferenceProfile::objects().using(&session).list().limit(3).full().await? {
    ///     println!("{} leads to {} models", profile.inference_profile_name, profile.models.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn full(&self) -> FullSet<M> {
        FullSet { rows: self.clone(), skip_missing: false }
    }
}

/// The full resources of a queryset's rows. Lazy.
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited or streamed"]
pub struct FullSet<M: Row> {
    rows: QuerySet<M>,
    skip_missing: bool,
}

impl<M: Row + Keyed> FullSet<M> {
    /// Sets how many calls run concurrently. The default is 8. 0 is an error when it is sent.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.rows = self.rows.concurrency(calls);
        self
    }

    /// Leaves out resources that were deleted after they were listed. Otherwise they are a `DoesNotExist` error.
    pub fn skip_missing(mut self) -> Self {
        self.skip_missing = true;
        self
    }

    /// Streams the full resources in the order of the rows. If one fails, its error takes its place, and the next ones
    /// follow.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`] and [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// As [`QuerySet::stream`], and one Get operation per row: `GetGuardrail` (`bedrock:GetGuardrail`).
    pub fn stream(&self) -> Rows<M::Full> {
        let Self { rows, skip_missing } = self.clone();
        let limit = match ConcurrencyLimit::new(rows.concurrency) {
            Ok(limit) => limit,
            Err(error) => return Rows::new(stream::iter([Err(error)])),
        };
        let resources = limit.for_each(rows.stream(), |limit, row| async move {
            let row = row?;
            let full = limit.run(|| row.full()).await?;
            Ok(match row.related() {
                Some(related) => full.with_related(related.clone()),
                None => full,
            })
        });
        Rows::new(resources.filter(move |full: &Result<_>| {
            ready(!(skip_missing && matches!(full, Err(error) if error.is_does_not_exist())))
        }))
    }
}

/// Awaiting it returns all full resources, or the first error.
impl<M: Row + Keyed> IntoFuture for FullSet<M> {
    type Output = Result<Vec<Bound<M::Full>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.stream().try_collect().boxed()
    }
}

impl<M: Row> fmt::Debug for FullSet<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FullSet")
            .field("rows", &self.rows)
            .field("skip_missing", &self.skip_missing)
            .finish()
    }
}
