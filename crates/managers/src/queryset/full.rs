//! The wholes of which a list's rows are parts.

use std::fmt;
use std::future::{IntoFuture, ready};
use std::pin::Pin;

use bedrock_orm_core::{Bound, Result};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::QuerySet;
use crate::pace::Pace;
use crate::resources::{Keyed, Row};
use crate::{FullExt as _, Rows};

impl<M: Row + Keyed> QuerySet<M> {
    /// The wholes of the rows: of `GuardrailSummary`s the `Guardrail`s, in the same order. Awaited it gives all of
    /// them, as a stream one by one; eight are fetched at once unless [`concurrency`](Self::concurrency) says
    /// otherwise. When AWS throttles, fewer are, and what was throttled is asked for again.
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

/// The wholes of a queryset's rows, which have not been asked for yet.
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited or streamed"]
pub struct FullSet<M: Row> {
    rows: QuerySet<M>,
    skip_missing: bool,
}

impl<M: Row + Keyed> FullSet<M> {
    /// How many are fetched at once: 8 unless set; 0 is an error when it is sent.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.rows = self.rows.concurrency(calls);
        self
    }

    /// Leaves out what has gone since it was listed; it is a `DoesNotExist` error otherwise.
    pub fn skip_missing(mut self) -> Self {
        self.skip_missing = true;
        self
    }

    /// One by one, in the order of the rows. One that cannot be had is an error in its place, and the next ones follow.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`] and [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// As [`QuerySet::stream`], and one of the noun's Get operation a row: `GetGuardrail` (`bedrock:GetGuardrail`).
    pub fn stream(&self) -> Rows<M::Full> {
        let Self { rows, skip_missing } = self.clone();
        let pace = match Pace::new(rows.at_once) {
            Ok(pace) => pace,
            Err(error) => return Rows::new(stream::iter([Err(error)])),
        };
        let wholes = pace.each(rows.stream(), |pace, row| async move {
            let row = row?;
            let whole = pace.run(|| row.full()).await?;
            Ok(match row.related() {
                Some(related) => whole.with_related(related.clone()),
                None => whole,
            })
        });
        Rows::new(wholes.filter(move |whole: &Result<_>| {
            ready(!(skip_missing && matches!(whole, Err(error) if error.is_does_not_exist())))
        }))
    }
}

/// Awaiting it gives all of them; the first that cannot be had ends it.
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
