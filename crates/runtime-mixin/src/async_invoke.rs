//! Asynchronous invocations of one model: `StartAsyncInvoke`, `GetAsyncInvoke`, `ListAsyncInvokes`.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session};
use bedrock_orm_managers::{Objects, Page, QuerySet, Rows};
use bedrock_orm_models::{
    AsyncInvoke, AsyncInvokeOutputDataConfig, AsyncInvokeStatus, AsyncInvokeSummary, AsyncModelBody,
    SortAsyncInvocationBy, SortOrder, StartAsyncInvokeRequest, StartAsyncInvokeResponse, Tag,
};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde_json::Value;

use crate::{BoundModel, Target, TimedCall};

const START: &str = "StartAsyncInvoke";

/// `start_async_invoke`, `get_async_invoke` and `list_async_invokes` on a bound model.
pub trait AsyncInvokeExt {
    /// Starts a job that writes its output to S3. It takes the input in the provider's format, typed or as `json!`, and a
    /// location such as `"s3://bucket/prefix/"`. Awaiting sends it and returns AWS's response, bound, which has the ARN of the job. Its
    /// `full()` gets the job, `wait()` waits for it, and `watch()` streams its states.
    ///
    /// A start has an idempotency token from the beginning: awaiting a clone of it returns the same job.
    ///
    /// ```
    /// use bedrock_orm::models::providers::LumaRay;
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("luma.ray-v2:0").await?;
    /// let input = LumaRay::new("A satellite above Earth.").duration("5s");
    /// let started = model.start_async_invoke(&input, "s3://my-bedrock-output/video-jobs/").await?;
    /// println!("{}", started.invocation_arn);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` before anything is sent if the input cannot be written as JSON; `Validation`,
    /// `Conflict`, `ServiceQuotaExceeded` …, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `StartAsyncInvoke` (`bedrock:InvokeModel`; `s3:PutObject` on the location).
    fn start_async_invoke(
        &self,
        model_input: impl IntoModelInput,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke;

    /// Gets the job with this ARN, which has to be a job of this model.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use serde_json::json;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("luma.ray-v2:0").await?;
    /// # let input = json!({"prompt": "A satellite above Earth."});
    /// # let started = model.start_async_invoke(input, "s3://my-bedrock-output/video-jobs/").await?;
    /// let job = model.get_async_invoke(started.invocation_arn.as_str()).await?;
    /// println!("{}", job.status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`WrongModel`](bedrock_orm_core::ErrorKind::WrongModel) if the job belongs to another model; the error names
    /// both. `Validation` if there is no such job, because AWS returns no other error for it.
    ///
    /// # Requests
    ///
    /// One `GetAsyncInvoke` (`bedrock:GetAsyncInvoke`).
    fn get_async_invoke(&self, invocation_arn: impl Into<String>) -> TimedCall<Bound<AsyncInvoke>>;

    /// Lists this model's jobs. AWS lists the jobs of all models in pages. Awaiting this returns one of AWS's pages
    /// without the jobs of other models, so it can be short or empty without being the last. Its
    /// [`stream`](ModelAsyncInvokes::stream) continues with the next pages.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("luma.ray-v2:0").await?;
    /// let page = model.list_async_invokes().max_results(10).await?;
    /// println!("{} jobs, more pages: {}", page.items.len(), page.next_token.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: the error that AWS returns.
    ///
    /// # Requests
    ///
    /// One `ListAsyncInvokes` per page (`bedrock:ListAsyncInvokes`).
    fn list_async_invokes(&self) -> ModelAsyncInvokes;
}

impl<M: BoundModel + ?Sized> AsyncInvokeExt for M {
    fn start_async_invoke(
        &self,
        model_input: impl IntoModelInput,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke {
        StartAsyncInvoke::new(self.target(), model_input, output_data_config.into())
    }

    fn get_async_invoke(&self, invocation_arn: impl Into<String>) -> TimedCall<Bound<AsyncInvoke>> {
        let (target, invocation_arn) = (self.target(), invocation_arn.into());
        TimedCall::new(self.session(), |session| get_async_invoke(target, session, invocation_arn))
    }

    fn list_async_invokes(&self) -> ModelAsyncInvokes {
        ModelAsyncInvokes::new(self.target())
    }
}

/// Gets a job with a session for this call alone. The job is bound to the target's.
#[inline]
async fn get_async_invoke(
    target: Target,
    session: Session,
    invocation_arn: String,
) -> Result<Bound<AsyncInvoke>> {
    let job = AsyncInvoke::objects().using(&session).get(invocation_arn).await?.into_inner();
    if target.matches_arn(&job.model_arn) {
        return Ok(Bound::new(job, target.session));
    }
    let expected = target.model_arn.as_deref().unwrap_or(&target.model_id);
    let message =
        format!("the job {} belongs to the model {}, not to {expected}", job.invocation_arn, job.model_arn);
    Err(Error::new(ErrorKind::WrongModel, message)
        .with_operation("GetAsyncInvoke")
        .with_hint("`AsyncInvoke::objects().get(…)` gets the jobs of any model"))
}

impl Target {
    /// Returns the row if it is a job of this model. It is bound to the target's session, which has no limit of a single call.
    #[inline]
    fn own_job(&self, job: Bound<AsyncInvokeSummary>) -> Option<Bound<AsyncInvokeSummary>> {
        self.matches_arn(&job.model_arn).then(|| Bound::new(job.into_inner(), self.session.clone()))
    }

    /// Returns whether this model has this ARN, which is that of a job's model.
    #[inline]
    fn matches_arn(&self, model_arn: &str) -> bool {
        match &self.model_arn {
            Some(own) => own == model_arn,
            None => model_arn.rsplit('/').next() == Some(self.model_id.as_str()),
        }
    }
}

/// What `start_async_invoke` takes: JSON, or a reference to a typed input.
pub trait IntoModelInput {
    /// Returns the JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON, for example because a number is not finite.
    fn into_model_input(self) -> serde_json::Result<Value>;
}

impl IntoModelInput for Value {
    #[inline]
    fn into_model_input(self) -> serde_json::Result<Value> {
        Ok(self)
    }
}

impl<B: AsyncModelBody> IntoModelInput for &B {
    fn into_model_input(self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

/// Returns 128 random bits as text.
#[inline]
fn random_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// An asynchronous invocation. Awaiting starts it.
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct StartAsyncInvoke {
    target: Target,
    request: StartAsyncInvokeRequest,
    /// Why the input cannot be sent.
    unsendable: Option<String>,
    /// For this call alone: it has the call's time limit.
    session: Session,
}

/// Shows the model and where the output goes, but not the input.
impl fmt::Debug for StartAsyncInvoke {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StartAsyncInvoke")
            .field("model_id", &self.target.model_id)
            .field("output_data_config", &self.request.output_data_config)
            .finish_non_exhaustive()
    }
}

impl StartAsyncInvoke {
    pub(crate) fn new(
        target: Target,
        model_input: impl IntoModelInput,
        output_data_config: AsyncInvokeOutputDataConfig,
    ) -> Self {
        let (input, unsendable) = match model_input.into_model_input() {
            Ok(input) => (input, None),
            Err(error) => (Value::Null, Some(format!("the input cannot be sent: {error}"))),
        };
        let mut request = StartAsyncInvokeRequest::new(target.model_id.as_str(), input, output_data_config);
        request.client_request_token = Some(random_token());
        let session = target.session.clone();
        Self { target, request, unsendable, session }
    }

    /// Sets the idempotency token: AWS starts only one job for it. The default is a random one.
    pub fn client_request_token(mut self, token: impl Into<String>) -> Self {
        self.request.client_request_token = Some(token.into());
        self
    }

    /// Returns the idempotency token. With the same token and input, a start is safe to repeat, also from another process.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use serde_json::json;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("luma.ray-v2:0").await?;
    /// let start = model.start_async_invoke(json!({"prompt": "A satellite."}), "s3://my-bedrock-output/");
    /// println!("note this before the start: {}", start.token());
    /// let started = start.clone().await?;
    /// assert_eq!(start.await?.invocation_arn, started.invocation_arn);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn token(&self) -> &str {
        self.request.client_request_token.as_deref().unwrap_or_default()
    }

    /// Sets the time limit of the call with all of its attempts, not of the job. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.session = self.session.with_operation_timeout(timeout);
        self
    }

    /// Adds tags to the job, as pairs of key and value.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<Tag>>) -> Self {
        self.request.tags.get_or_insert_default().extend(tags.into_iter().map(Into::into));
        self
    }
}

impl IntoFuture for StartAsyncInvoke {
    type Output = Result<Bound<StartAsyncInvokeResponse>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.target.call(START).check()?;
            if let Some(reason) = self.unsendable {
                return Err(Error::invalid_input(START, reason));
            }
            let started = AsyncInvoke::objects().using(&self.session).start(self.request).await?;
            Ok(Bound::new(started.into_inner(), self.target.session))
        })
    }
}

/// The asynchronous invocations of one model. Awaiting it returns one page.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited or streamed"]
pub struct ModelAsyncInvokes {
    target: Target,
    query: QuerySet<AsyncInvokeSummary>,
}

impl ModelAsyncInvokes {
    #[inline]
    pub(crate) fn new(target: Target) -> Self {
        let query = AsyncInvoke::objects().using(&target.session).list();
        Self { target, query }
    }

    /// Keeps the jobs submitted after this time.
    #[inline]
    pub fn submit_time_after(self, time: Timestamp) -> Self {
        Self { query: self.query.submit_time_after(time), ..self }
    }

    /// Keeps the jobs submitted before this time.
    #[inline]
    pub fn submit_time_before(self, time: Timestamp) -> Self {
        Self { query: self.query.submit_time_before(time), ..self }
    }

    /// Keeps the jobs with this status.
    #[inline]
    pub fn status_equals(self, status: AsyncInvokeStatus) -> Self {
        Self { query: self.query.status_equals(status), ..self }
    }

    /// Sorts by this attribute.
    #[inline]
    pub fn sort_by(self, attribute: SortAsyncInvocationBy) -> Self {
        Self { query: self.query.sort_by(attribute), ..self }
    }

    /// Sorts ascending or descending.
    #[inline]
    pub fn sort_order(self, order: SortOrder) -> Self {
        Self { query: self.query.sort_order(order), ..self }
    }

    /// Sets the size of AWS's pages, including the jobs of other models: 1 to 1000.
    #[inline]
    pub fn max_results(self, max_results: u16) -> Self {
        Self { query: self.query.page_size(max_results), ..self }
    }

    /// Sets the time limit of each request, with all of its attempts. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        let session = self.target.session.with_operation_timeout(timeout);
        Self { query: self.query.using(&session), ..self }
    }

    /// Starts at the page with this token, which is the `next_token` of an earlier page.
    pub fn next_token(self, token: impl Into<String>) -> Self {
        Self { query: self.query.starting_token(token), ..self }
    }

    /// Streams this model's jobs from all pages.
    #[inline]
    pub fn stream(&self) -> Rows<AsyncInvokeSummary> {
        let target = self.target.clone();
        Rows::new(self.query.stream().try_filter_map(move |job| std::future::ready(Ok(target.own_job(job)))))
    }
}

impl IntoFuture for ModelAsyncInvokes {
    type Output = Result<Page<Bound<AsyncInvokeSummary>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut page =
                self.query.pages().next().await.unwrap_or_else(|| Ok(Page::new(Vec::new(), None)))?;
            page.items = page.items.into_iter().filter_map(|job| self.target.own_job(job)).collect();
            Ok(page)
        })
    }
}
