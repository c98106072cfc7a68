//! The manager of a resource.

use std::fmt;
use std::marker::PhantomData;

use bedrock_orm_core::{Bound, Resource, Result, SessionChoice};
use futures_core::future::BoxFuture;

use crate::QuerySet;
use crate::calls::{bound, with_session};
use crate::concurrency::DEFAULT_CONCURRENCY;
use crate::lookups::{Order, Q};
use crate::resources::{Create, Delete, Get, List, ListOf, Stop, Update};

/// Gets, lists, creates, updates and deletes the objects of one resource: `Guardrail::objects()`.
///
/// It has a method for each operation that AWS offers, and no others: a resource that cannot be created has no `create`.
/// Its futures own what they need, so they can be spawned.
///
/// ```compile_fail
/// use bedrock_orm_managers::Objects;
/// use bedrock_orm_models::FoundationModel;
///
/// let _ = FoundationModel::objects().delete("amazon.nova-lite-v1:0"); // a foundation model cannot be deleted
/// ```
pub struct Manager<M> {
    session: SessionChoice,
    concurrency: usize,
    resource: PhantomData<fn() -> M>,
}

impl<M> Manager<M> {
    pub(crate) fn new() -> Self {
        Self { session: SessionChoice::Default, concurrency: DEFAULT_CONCURRENCY, resource: PhantomData }
    }

    /// Uses this session, or the registered session with this name.
    #[must_use]
    pub fn using(mut self, session: impl Into<SessionChoice>) -> Self {
        self.session = session.into();
        self
    }

    /// Sets how many calls run concurrently in [`in_bulk`](Self::in_bulk), [`bulk_create`](Self::bulk_create),
    /// [`bulk_delete`](Self::bulk_delete), and in its lists, see [`QuerySet::concurrency`]. The default is 8. 0 is an error
    /// when they are sent.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    pub(crate) fn calls(&self) -> usize {
        self.concurrency
    }

    pub(crate) fn choice(&self) -> &SessionChoice {
        &self.session
    }
}

impl<M: Get> Manager<M> {
    /// Gets the resource with this key, by AWS's Get operation. To find one by other fields, as Django's `get` does, use
    /// [`QuerySet::get`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let model = FoundationModel::objects().using(&session).get("amazon.nova-lite-v1:0").await?;
    /// assert_eq!(model.provider_name.as_deref(), Some("Amazon"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DoesNotExist`](bedrock_orm_core::ErrorKind::DoesNotExist) if there is no such resource.
    ///
    /// # Requests
    ///
    /// One Get operation: `GetFoundationModel` (`bedrock:GetFoundationModel`), `GetGuardrail`
    /// (`bedrock:GetGuardrail`), `GetAsyncInvoke` (`bedrock:GetAsyncInvoke`).
    pub fn get<K: Into<M::Key>>(&self, key: K) -> BoxFuture<'static, Result<Bound<M>>> {
        let key = key.into();
        bound(&self.session, move |session| M::get(session, key))
    }

    /// Gets the resource with this key, or `None` if there is no such resource.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let missing = FoundationModel::objects().using(&session).get_opt("acme.oracle-v9:0").await?;
    /// assert!(missing.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), except `DoesNotExist`.
    ///
    /// # Requests
    ///
    /// As [`get`](Self::get).
    pub fn get_opt<K: Into<M::Key>>(&self, key: K) -> BoxFuture<'static, Result<Option<Bound<M>>>> {
        let found = self.get(key.into());
        Box::pin(async move {
            match found.await {
                Ok(found) => Ok(Some(found)),
                Err(error) if error.is_does_not_exist() => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}

impl<M: List> Manager<M> {
    /// Returns a lazy queryset of all objects. It sends nothing until it is awaited.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let models = FoundationModel::objects().using(&session).list().by_provider("amazon");
    /// println!("{} of {}", models.clone().limit(3).await?.len(), models.count().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> QuerySet<M::Row> {
        QuerySet::new(self.session.clone()).concurrency(self.concurrency)
    }

    /// Returns the same queryset as [`list`](Self::list), under Django's name for it.
    pub fn all(&self) -> QuerySet<M::Row> {
        self.list()
    }

    /// Returns a queryset of the rows that meet the condition: [`QuerySet::filter`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let nova = FoundationModel::objects().using(&session).filter(FoundationModel::MODEL_ID.startswith("amazon.nova")).await?;
    /// assert!(!nova.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter(&self, condition: impl Into<Q<M::Row>>) -> QuerySet<M::Row> {
        self.list().filter(condition)
    }

    /// Returns a queryset of the rows that do not meet the condition: [`QuerySet::exclude`].
    pub fn exclude(&self, condition: impl Into<Q<M::Row>>) -> QuerySet<M::Row> {
        self.list().exclude(condition)
    }

    /// Returns a queryset of the rows that meet the condition, which is written as in Django: [`QuerySet::filter_str`].
    pub fn filter_str(&self, condition: impl AsRef<str>) -> QuerySet<M::Row> {
        self.list().filter_str(condition)
    }

    /// Returns a queryset in this order: [`QuerySet::order_by`].
    pub fn order_by(&self, order: impl Into<Order<M::Row>>) -> QuerySet<M::Row> {
        self.list().order_by(order)
    }

    /// Returns the first row: [`QuerySet::first`].
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::first`].
    pub fn first(&self) -> impl Future<Output = Result<Option<Bound<M::Row>>>> + Send + 'static + use<M> {
        self.list().first()
    }

    /// Returns whether there is a row: [`QuerySet::exists`].
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::exists`].
    pub fn exists(&self) -> impl Future<Output = Result<bool>> + Send + 'static + use<M> {
        self.list().exists()
    }

    /// Counts the rows: [`QuerySet::count`].
    ///
    /// # Errors
    ///
    /// As [`QuerySet::pages`].
    ///
    /// # Requests
    ///
    /// As [`QuerySet::count`].
    pub fn count(&self) -> impl Future<Output = Result<usize>> + Send + 'static + use<M> {
        self.list().count()
    }
}

impl<M: Create> Manager<M> {
    /// Creates a resource, and returns AWS's response. Its `full()` gets the full resource.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// let made = Guardrail::objects()
    ///     .using(&session)
    ///     .create(CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.")
    ///         .word_policy_config(words))
    ///     .await?;
    /// assert_eq!(made.full().await?.name, "no-secrets");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Validation`, `Conflict` or `ServiceQuotaExceeded`, as AWS returns them; `InvalidInput` if the request has a member
    /// that this version cannot send.
    ///
    /// # Requests
    ///
    /// One Create operation: `CreateGuardrail` (`bedrock:CreateGuardrail`).
    pub fn create<R: Into<M::Request>>(&self, request: R) -> BoxFuture<'static, Result<Bound<M::Created>>> {
        let request = request.into();
        bound(&self.session, move |session| M::create(session, request))
    }
}

impl<M: Update> Manager<M> {
    /// Updates the resource with this key, and returns AWS's response, which is `()` if AWS returns nothing.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail_id = made.guardrail_id.as_str();
    /// use bedrock_orm::models::UpdateGuardrailRequest;
    ///
    /// let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("door codes")]);
    /// let change = UpdateGuardrailRequest::new("no-codes", "I may not talk about that.", "I may not say that.")
    ///     .word_policy_config(words);
    /// Guardrail::objects().using(&session).update(guardrail_id, change).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist`, `Validation` or `Conflict`, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One Update operation: `UpdateGuardrail` (`bedrock:UpdateGuardrail`).
    pub fn update<K: Into<M::Key>, R: Into<M::Request>>(
        &self,
        key: K,
        request: R,
    ) -> BoxFuture<'static, Result<Bound<M::Updated>>> {
        let (key, request) = (key.into(), request.into());
        bound(&self.session, move |session| M::update(session, key, request))
    }
}

impl<M: Delete> Manager<M> {
    /// Deletes the resource with this key.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail_id = made.guardrail_id.as_str();
    /// Guardrail::objects().using(&session).delete(guardrail_id).await?;
    /// assert!(Guardrail::objects().using(&session).get_opt(guardrail_id).await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist`, `ResourceInUse` or `Conflict`, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One Delete operation: `DeleteGuardrail` (`bedrock:DeleteGuardrail`).
    pub fn delete<K: Into<M::Key>>(&self, key: K) -> BoxFuture<'static, Result<()>> {
        let key = key.into();
        with_session(&self.session, move |session| M::delete(session, key))
    }
}

impl<M: Stop> Manager<M> {
    /// Stops the resource with this key. A job takes a while to stop; `wait` returns when it has stopped.
    ///
    /// # Errors
    ///
    /// `DoesNotExist`, or `Conflict` if it has already ended, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One Stop operation, such as `StopModelInvocationJob` (`bedrock:StopModelInvocationJob`).
    pub fn stop<K: Into<M::Key>>(&self, key: K) -> BoxFuture<'static, Result<()>> {
        let key = key.into();
        with_session(&self.session, move |session| M::stop(session, key))
    }
}

impl<M: ListOf> Manager<M> {
    /// Returns a lazy queryset of the objects that belong to the parent: the test cases of a policy, the offers of a model.
    pub fn list_of(&self, parent: impl Into<M::Parent>) -> QuerySet<M::Row> {
        let parameters = M::within(parent.into());
        QuerySet::new(self.session.clone()).concurrency(self.concurrency).with(move |_| parameters.clone())
    }
}

impl<M> Clone for Manager<M> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), concurrency: self.concurrency, resource: PhantomData }
    }
}

impl<M: Resource> fmt::Debug for Manager<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Manager").field("resource", &M::KIND).field("session", &self.session).finish()
    }
}
