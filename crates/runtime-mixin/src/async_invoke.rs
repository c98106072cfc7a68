//! Asynchronous invocations of one model: `StartAsyncInvoke`, `GetAsyncInvoke`, `ListAsyncInvokes`.

use std::future::IntoFuture;
use std::pin::Pin;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use bedrock_orm_managers::{Manager, Objects, Page, QuerySet, Rows};
use bedrock_orm_models::{
    AsyncInvoke, AsyncInvokeOutputDataConfig, AsyncInvokeStatus, AsyncInvokeSummary, SortAsyncInvocationBy,
    SortOrder, StartAsyncInvokeRequest, StartAsyncInvokeResponse, Tag,
};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Invokable, Target};

/// `start_async_invoke`, `get_async_invoke` and `list_async_invokes` on a bound model.
pub trait AsyncInvokeExt {
    /// Starts a job that writes its output to S3: the input in the maker's own form, and a place such as
    /// `"s3://bucket/prefix/"`. Awaiting sends it and gives AWS's answer, which holds the job's ARN; its `full()`
    /// fetches the job.
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
    /// let input = json!({"prompt": "A satellite above Earth."});
    /// let started = model.start_async_invoke(input, "s3://my-bedrock-output/video-jobs/").await?;
    /// println!("{}", started.invocation_arn);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `Validation`, `Conflict`, `ServiceQuotaExceeded` … as AWS answers.
    ///
    /// # Requests
    ///
    /// One `StartAsyncInvoke` (`bedrock:InvokeModel`; `s3:PutObject` on the place).
    fn start_async_invoke(
        &self,
        model_input: impl Into<Value>,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke;

    /// The job of that ARN, which has to be one of this model.
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
    /// [`WrongModel`](bedrock_orm_core::ErrorKind::WrongModel) where it is another model's: it names both. `Validation`
    /// where there is no such job, since for that AWS has no other answer here.
    ///
    /// # Requests
    ///
    /// One `GetAsyncInvoke` (`bedrock:GetAsyncInvoke`).
    fn get_async_invoke(
        &self,
        invocation_arn: impl Into<String>,
    ) -> impl Future<Output = Result<Bound<AsyncInvoke>>> + Send + 'static;

    /// This model's jobs. AWS lists those of all models, page by page; awaited, this gives one of AWS's pages without
    /// the others' jobs, and so perhaps a short or an empty one that still has a next. Its
    /// [`stream`](ModelAsyncInvokes::stream) walks on.
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
    /// println!("{} jobs, more to come: {}", page.items.len(), page.next_token.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: as AWS answers.
    ///
    /// # Requests
    ///
    /// One `ListAsyncInvokes` a page (`bedrock:ListAsyncInvokes`).
    fn list_async_invokes(&self) -> ModelAsyncInvokes;
}

impl<M: Invokable> AsyncInvokeExt for Bound<M> {
    fn start_async_invoke(
        &self,
        model_input: impl Into<Value>,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke {
        StartAsyncInvoke::new(self.into(), model_input.into(), output_data_config.into())
    }

    fn get_async_invoke(
        &self,
        invocation_arn: impl Into<String>,
    ) -> impl Future<Output = Result<Bound<AsyncInvoke>>> + Send + 'static {
        get_async_invoke(self.into(), invocation_arn.into())
    }

    fn list_async_invokes(&self) -> ModelAsyncInvokes {
        ModelAsyncInvokes::new(self.into())
    }
}

fn objects(target: &Target) -> Manager<AsyncInvoke> {
    AsyncInvoke::objects().using(&target.session)
}

pub(crate) async fn get_async_invoke(target: Target, invocation_arn: String) -> Result<Bound<AsyncInvoke>> {
    let job = objects(&target).get(invocation_arn).await?;
    if target.owns(&job.model_arn) {
        return Ok(job);
    }
    let own = target.model_arn.as_deref().unwrap_or(&target.model_id);
    let message =
        format!("the job {} belongs to the model {} and not to {own}", job.invocation_arn, job.model_arn);
    Err(Error::new(ErrorKind::WrongModel, message)
        .with_operation("GetAsyncInvoke")
        .with_hint("`AsyncInvoke::objects().get(…)` fetches the jobs of any model"))
}

impl Target {
    /// Whether a job with that model's ARN is this model's.
    fn owns(&self, model_arn: &str) -> bool {
        match &self.model_arn {
            Some(own) => own == model_arn,
            None => model_arn.rsplit('/').next() == Some(self.model_id.as_str()),
        }
    }
}

/// An asynchronous invocation, about to be started.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct StartAsyncInvoke {
    target: Target,
    request: StartAsyncInvokeRequest,
}

impl StartAsyncInvoke {
    pub(crate) fn new(
        target: Target,
        model_input: Value,
        output_data_config: AsyncInvokeOutputDataConfig,
    ) -> Self {
        let request = StartAsyncInvokeRequest::new(target.model_id.as_str(), model_input, output_data_config);
        Self { target, request }
    }

    /// A token that makes a repeated call harmless: AWS starts one job for it.
    pub fn client_request_token(mut self, token: impl Into<String>) -> Self {
        self.request.client_request_token = Some(token.into());
        self
    }

    /// Adds tags for the job: pairs of key and value.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<Tag>>) -> Self {
        self.request.tags.get_or_insert_default().extend(tags.into_iter().map(Into::into));
        self
    }
}

impl IntoFuture for StartAsyncInvoke {
    type Output = Result<Bound<StartAsyncInvokeResponse>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.target.call("StartAsyncInvoke").check()?;
            objects(&self.target).start(self.request).await
        })
    }
}

/// One model's asynchronous invocations: awaited, a page of them.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited or streamed"]
pub struct ModelAsyncInvokes {
    target: Target,
    query: QuerySet<AsyncInvokeSummary>,
}

impl ModelAsyncInvokes {
    pub(crate) fn new(target: Target) -> Self {
        let query = objects(&target).list();
        Self { target, query }
    }

    /// Only those submitted after that time.
    pub fn submit_time_after(self, time: Timestamp) -> Self {
        Self { query: self.query.submit_time_after(time), ..self }
    }

    /// Only those submitted before that time.
    pub fn submit_time_before(self, time: Timestamp) -> Self {
        Self { query: self.query.submit_time_before(time), ..self }
    }

    /// Only those of that status.
    pub fn status_equals(self, status: AsyncInvokeStatus) -> Self {
        Self { query: self.query.status_equals(status), ..self }
    }

    /// In the order of that attribute.
    pub fn sort_by(self, attribute: SortAsyncInvocationBy) -> Self {
        Self { query: self.query.sort_by(attribute), ..self }
    }

    /// Rising or falling.
    pub fn sort_order(self, order: SortOrder) -> Self {
        Self { query: self.query.sort_order(order), ..self }
    }

    /// How large AWS's pages are, the other models' jobs included: 1 to 1000.
    pub fn max_results(self, max_results: u16) -> Self {
        Self { query: self.query.page_size(max_results), ..self }
    }

    /// The page of that token, which an earlier page's `next_token` gave.
    pub fn next_token(self, token: impl Into<String>) -> Self {
        Self { query: self.query.starting_token(token), ..self }
    }

    /// This model's jobs of all pages, one after the other.
    pub fn stream(&self) -> Rows<AsyncInvokeSummary> {
        let target = self.target.clone();
        Rows::new(self.query.stream().try_filter(move |job| std::future::ready(target.owns(&job.model_arn))))
    }
}

impl IntoFuture for ModelAsyncInvokes {
    type Output = Result<Page<Bound<AsyncInvokeSummary>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut page =
                self.query.pages().next().await.unwrap_or_else(|| Ok(Page::new(Vec::new(), None)))?;
            page.items.retain(|job| self.target.owns(&job.model_arn));
            Ok(page)
        })
    }
}
