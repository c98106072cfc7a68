//! Many things of one noun at once: fetched, made, deleted.

use std::collections::HashMap;
use std::fmt;

use bedrock_orm_core::{Bound, Error, Result, Session};
use futures_util::{StreamExt, stream};

use crate::pace::Pace;
use crate::resources::{Create, Delete, Get, Key as _, Keyed, Row};
use crate::{Manager, QuerySet};

/// What came of many calls, each for itself, in the order in which they were asked for.
#[derive(Debug)]
#[must_use = "some of it may have failed"]
pub struct BulkReport<T> {
    /// What came of each.
    pub items: Vec<BulkItem<T>>,
}

/// What came of one of many calls.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkItem<T> {
    /// Which one it was: its key, or `request 3`.
    pub name: String,
    /// What came of it.
    pub result: Result<T>,
}

impl<T> BulkReport<T> {
    /// Whether all went well.
    pub fn is_ok(&self) -> bool {
        self.items.iter().all(|item| item.result.is_ok())
    }

    /// What went well.
    pub fn succeeded(&self) -> impl Iterator<Item = &T> {
        self.items.iter().filter_map(|item| item.result.as_ref().ok())
    }

    /// What did not, by name.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.items.iter().filter_map(|item| Some((item.name.as_str(), item.result.as_ref().err()?)))
    }

    /// All, where all went well.
    ///
    /// # Errors
    ///
    /// The first that there was.
    pub fn into_result(self) -> Result<Vec<T>> {
        self.items.into_iter().map(|item| item.result).collect()
    }
}

/// `2 of 3 done`, and a line for each that failed.
impl<T> fmt::Display for BulkReport<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} done", self.succeeded().count(), self.items.len())?;
        for (name, error) in self.failed() {
            write!(formatter, "\n{name}: {error}")?;
        }
        Ok(())
    }
}

impl<M: Get> Manager<M> {
    /// Those of these keys, by their keys; a key that leads to nothing is left out. Eight are fetched at once unless
    /// [`concurrency`](Self::concurrency) says otherwise.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let models = FoundationModel::objects().using(&session).in_bulk(["amazon.nova-lite-v1:0", "acme.oracle-v9:0"]).await?;
    /// assert_eq!(models["amazon.nova-lite-v1:0"].provider_name.as_deref(), Some("Amazon"));
    /// assert_eq!(models.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput) before anything is sent, where one of the keys is blank; then the
    /// first error that there is, as [`get_opt`](Self::get_opt).
    ///
    /// # Requests
    ///
    /// One of the noun's Get operation for each key; one, too, for a key that is given twice.
    pub async fn in_bulk<K: Into<M::Key>>(
        &self,
        keys: impl IntoIterator<Item = K> + Send,
    ) -> Result<HashMap<M::Key, Bound<M>>> {
        let keys: Vec<M::Key> = keys.into_iter().map(Into::into).collect();
        for (key, number) in keys.iter().zip(1..) {
            if let Err(error) = key.clone().checked("in_bulk") {
                let message = format!("key {number} of {}: {}", keys.len(), error.message());
                return Err(Error::new(error.kind(), message));
            }
        }
        let pace = Pace::new(self.at_once())?;
        let session = &self.choice().session().await?;
        let found = pace.fetch(|_| session.clone(), keys).await?;
        let there = found.into_iter().filter_map(|(key, model)| Some((key, model?)));
        Ok(there.map(|(key, model)| (key, Bound::new(model, session.clone()))).collect())
    }
}

impl<M: Create> Manager<M> {
    /// Makes one from each request, eight at once unless [`concurrency`](Self::concurrency) says otherwise. One that
    /// fails leaves the others: the report has what came of each, in the order of the requests.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let words = || GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// let request = |name: &str| CreateGuardrailRequest::new(name, "Not that.", "Not that.").word_policy_config(words());
    /// let report = Guardrail::objects().using(&session).bulk_create([request("one"), request("two")]).await?;
    /// for (which, error) in report.failed() {
    ///     eprintln!("{which}: {error}");
    /// }
    /// # assert!(report.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Where there is no session; what AWS answers is in the report.
    ///
    /// # Requests
    ///
    /// One of the noun's Create operation a request, and again where AWS throttles.
    pub async fn bulk_create<R: Into<M::Request>>(
        &self,
        requests: impl IntoIterator<Item = R> + Send,
    ) -> Result<BulkReport<Bound<M::Created>>> {
        let requests: Vec<M::Request> = requests.into_iter().map(Into::into).collect();
        let pace = Pace::new(self.at_once())?;
        let session = &self.choice().session().await?;
        let numbered = requests.into_iter().zip(1..).collect();
        Ok(report(numbered, pace, |pace, (request, number)| async move {
            let made = pace.run(|| M::create(session, request.clone())).await;
            let result = made.map(|made| Bound::new(made, session.clone()));
            BulkItem { name: format!("request {number}"), result }
        })
        .await)
    }
}

impl<M: Delete> Manager<M> {
    /// Deletes those of these keys, eight at once unless [`concurrency`](Self::concurrency) says otherwise. One that
    /// fails leaves the others: the report has what came of each, in the order of the keys.
    ///
    /// The report names what went: of a guardrail's draft that is the guardrail with all of its versions, and where a
    /// version of it was asked for too, that goes with it and is not deleted for itself.
    ///
    /// # Errors
    ///
    /// Where there is no session; what AWS answers is in the report.
    ///
    /// # Requests
    ///
    /// One of the noun's Delete operation a key, and again where AWS throttles.
    pub async fn bulk_delete<K: Into<M::Key>>(
        &self,
        keys: impl IntoIterator<Item = K> + Send,
    ) -> Result<BulkReport<M::Key>> {
        let keys: Vec<M::Key> = keys.into_iter().map(Into::into).collect();
        let pace = Pace::new(self.at_once())?;
        let session = self.choice().session().await?;
        let keys = keys.into_iter().map(|key| (session.clone(), key));
        Ok(remove::<M>(pace, keys).await)
    }
}

impl<M: Row + Keyed<Full: Delete>> QuerySet<M> {
    /// Deletes what the rows stand for, once all of them have been listed. One that fails leaves the others. The report
    /// names what went, as that of [`bulk_delete`](Manager::bulk_delete) does.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let trials = Guardrail::objects().using(&session).list().filter(Guardrail::NAME.startswith("trial-"));
    /// println!("{}", trials.delete().await?); // 0 of 0 done
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages), before anything is deleted; what AWS answers to the deletions is in the report.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), and one of the noun's Delete operation a row, and again where AWS throttles.
    pub async fn delete(&self) -> Result<BulkReport<<M::Full as Get>::Key>> {
        let pace = Pace::new(self.at_once)?;
        let rows = self.engine()?.collect().await?;
        Ok(remove::<M::Full>(pace, rows.into_iter().map(|row| (row.session().clone(), row.key()))).await)
    }
}

/// Deletes those of these keys, each through its session; what goes with another of them is left to that one.
async fn remove<M: Delete>(pace: Pace, keys: impl Iterator<Item = (Session, M::Key)>) -> BulkReport<M::Key> {
    let keys: Vec<_> = keys.map(|(session, key)| (session, key.deleted())).collect();
    let is_left = |(session, key): &&(Session, M::Key)| {
        let Some(whole) = key.whole() else { return true };
        !keys.iter().any(|(other, key)| *key == whole && other == session)
    };
    let each = keys.iter().filter(is_left).cloned().collect();
    report(each, pace, |pace, (session, key)| async move {
        let gone = pace.run(|| M::delete(&session, key.clone())).await;
        BulkItem { name: key.to_string(), result: gone.map(|()| key) }
    })
    .await
}

/// What comes of a call for each, so many at once, in their order.
async fn report<I, T, F: Future<Output = BulkItem<T>>>(
    each: Vec<I>,
    pace: Pace,
    call: impl FnMut(Pace, I) -> F,
) -> BulkReport<T> {
    BulkReport { items: pace.each(stream::iter(each), call).collect().await }
}
