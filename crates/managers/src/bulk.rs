//! Gets, creates and deletes many resources at once.

use std::collections::HashMap;
use std::fmt;

use bedrock_orm_core::{Bound, Error, Result, Session};
use futures_util::{StreamExt, stream};

use crate::concurrency::ConcurrencyLimit;
use crate::resources::{Create, Delete, Get, Key as _, Keyed, Row};
use crate::{Manager, QuerySet};

/// The results of many calls, in the order of the calls.
#[derive(Debug)]
#[must_use = "some of the calls may have failed"]
pub struct BulkReport<T> {
    /// The result of each call.
    pub items: Vec<BulkItem<T>>,
}

/// The result of one of many calls.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkItem<T> {
    /// The name of the call: its key, or `request 3`.
    pub name: String,
    /// The result.
    pub result: Result<T>,
}

impl<T> BulkReport<T> {
    /// Returns whether all calls succeeded.
    pub fn is_ok(&self) -> bool {
        self.items.iter().all(|item| item.result.is_ok())
    }

    /// Iterates over the values of the calls that succeeded.
    pub fn succeeded(&self) -> impl Iterator<Item = &T> {
        self.items.iter().filter_map(|item| item.result.as_ref().ok())
    }

    /// Iterates over the names and errors of the calls that failed.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.items.iter().filter_map(|item| Some((item.name.as_str(), item.result.as_ref().err()?)))
    }

    /// Returns all values if all calls succeeded.
    ///
    /// # Errors
    ///
    /// The first error.
    pub fn into_result(self) -> Result<Vec<T>> {
        self.items.into_iter().map(|item| item.result).collect()
    }
}

/// `2 of 3 done`, and a line for each call that failed.
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
    /// Gets the resources with these keys, as a map. Keys without a resource are left out. By default, eight calls run
    /// concurrently, see [`concurrency`](Self::concurrency).
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
    /// [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput) before anything is sent, if a key is blank;
    /// otherwise the first error, as [`get_opt`](Self::get_opt).
    ///
    /// # Requests
    ///
    /// One Get operation for each distinct key.
    pub fn in_bulk<I: IntoIterator<Item: Into<M::Key>>>(
        &self,
        keys: I,
    ) -> impl Future<Output = Result<HashMap<M::Key, Bound<M>>>> + Send + 'static + use<M, I> {
        let keys: Vec<M::Key> = keys.into_iter().map(Into::into).collect();
        let manager = self.clone();
        async move {
            for (key, number) in keys.iter().zip(1..) {
                if let Err(error) = key.clone().checked("in_bulk") {
                    let message = format!("key {number} of {}: {}", keys.len(), error.message());
                    return Err(Error::new(error.kind(), message));
                }
            }
            let limit = ConcurrencyLimit::new(manager.calls())?;
            let session = &manager.choice().session().await?;
            let found = limit.get_all(|_| session.clone(), keys).await?;
            let existing = found.into_iter().filter_map(|(key, model)| Some((key, model?)));
            Ok(existing.map(|(key, model)| (key, Bound::new(model, session.clone()))).collect())
        }
    }
}

impl<M: Create> Manager<M> {
    /// Creates a resource from each request. By default, eight calls run concurrently, see
    /// [`concurrency`](Self::concurrency). A failure does not stop the others: the report has the result of each, in
    /// the order of the requests.
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
    /// If there is no session. AWS's errors are in the report.
    ///
    /// # Requests
    ///
    /// One Create operation per request. Throttled calls are retried.
    pub fn bulk_create<I: IntoIterator<Item: Into<M::Request>>>(
        &self,
        requests: I,
    ) -> impl Future<Output = Result<BulkReport<Bound<M::Created>>>> + Send + 'static + use<M, I> {
        let requests: Vec<M::Request> = requests.into_iter().map(Into::into).collect();
        let manager = self.clone();
        async move {
            let limit = ConcurrencyLimit::new(manager.calls())?;
            let session = &manager.choice().session().await?;
            let numbered = requests.into_iter().zip(1..).collect();
            Ok(report(numbered, limit, |limit, (request, number)| async move {
                let created = limit.run(|| M::create(session, request.clone())).await;
                let result = created.map(|created| Bound::new(created, session.clone()));
                BulkItem { name: format!("request {number}"), result }
            })
            .await)
        }
    }
}

impl<M: Delete> Manager<M> {
    /// Deletes the resources with these keys. By default, eight calls run concurrently, see
    /// [`concurrency`](Self::concurrency). A failure does not stop the others: the report has the result of each, in
    /// the order of the keys.
    ///
    /// The report names what was deleted. Deleting a guardrail's draft deletes the guardrail with all of its versions;
    /// if one of these versions is among the keys, it is not deleted separately.
    ///
    /// # Errors
    ///
    /// If there is no session. AWS's errors are in the report.
    ///
    /// # Requests
    ///
    /// One Delete operation per key. Throttled calls are retried.
    pub fn bulk_delete<I: IntoIterator<Item: Into<M::Key>>>(
        &self,
        keys: I,
    ) -> impl Future<Output = Result<BulkReport<M::Key>>> + Send + 'static + use<M, I> {
        let keys: Vec<M::Key> = keys.into_iter().map(Into::into).collect();
        let manager = self.clone();
        async move {
            let limit = ConcurrencyLimit::new(manager.calls())?;
            let session = manager.choice().session().await?;
            let keys = keys.into_iter().map(|key| (session.clone(), key));
            Ok(delete_all::<M>(limit, keys).await)
        }
    }
}

impl<M: Row + Keyed<Full: Delete>> QuerySet<M> {
    /// Lists all rows, then deletes their resources. A failure does not stop the others. The report names what was
    /// deleted, as that of [`bulk_delete`](Manager::bulk_delete).
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
    /// As [`pages`](Self::pages), before anything is deleted. AWS's errors from the deletions are in the report.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), and one Delete operation per row. Throttled calls are retried.
    pub fn delete(
        &self,
    ) -> impl Future<Output = Result<BulkReport<<M::Full as Get>::Key>>> + Send + 'static + use<M> {
        let set = self.clone();
        async move {
            let limit = ConcurrencyLimit::new(set.concurrency)?;
            let rows = set.engine()?.collect().await?;
            let keys = rows.into_iter().map(|row| (row.session().clone(), row.key()));
            Ok(delete_all::<M::Full>(limit, keys).await)
        }
    }
}

/// Deletes the resources with these keys, each through its session. Resources that are deleted together with another
/// one are skipped.
async fn delete_all<M: Delete>(
    limit: ConcurrencyLimit,
    keys: impl Iterator<Item = (Session, M::Key)>,
) -> BulkReport<M::Key> {
    let keys: Vec<_> = keys.map(|(session, key)| (session, key.deleted())).collect();
    let is_separate = |(session, key): &&(Session, M::Key)| {
        let Some(whole) = key.whole() else { return true };
        !keys.iter().any(|(other, key)| *key == whole && other == session)
    };
    let each = keys.iter().filter(is_separate).cloned().collect();
    report(each, limit, |limit, (session, key)| async move {
        let deleted = limit.run(|| M::delete(&session, key.clone())).await;
        BulkItem { name: key.to_string(), result: deleted.map(|()| key) }
    })
    .await
}

/// Makes a call for each item, and reports the results in order.
async fn report<I, T, F: Future<Output = BulkItem<T>>>(
    items: Vec<I>,
    limit: ConcurrencyLimit,
    call: impl FnMut(ConcurrencyLimit, I) -> F,
) -> BulkReport<T> {
    BulkReport { items: limit.for_each(stream::iter(items), call).collect().await }
}
