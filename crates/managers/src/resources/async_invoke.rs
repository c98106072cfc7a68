//! Asynchronous invocations.

use aws_sdk_bedrockruntime::operation::list_async_invokes::builders::ListAsyncInvokesInputBuilder;
use aws_sdk_bedrockruntime::operation::start_async_invoke::builders::StartAsyncInvokeInputBuilder;
use bedrock_orm_core::{Bound, Error, Result, Session, sdk};
use bedrock_orm_models::sdk::timestamp_to_sdk;
use bedrock_orm_models::{
    AsyncInvoke, AsyncInvokeStatus, AsyncInvokeSummary, SortAsyncInvocationBy, SortOrder,
    StartAsyncInvokeRequest, StartAsyncInvokeResponse,
};
use jiff::Timestamp;

use super::{Get, Keyed, List, PageRequest, Parameter, Row};
use crate::lookups::NamedField;
use crate::{Manager, Objects, Page, QuerySet};

impl Objects for AsyncInvoke {}

impl Get for AsyncInvoke {
    /// The invocation's ARN.
    type Key = String;

    async fn fetch(session: &Session, key: String) -> Result<Self> {
        sdk::runtime(session)
            .get_async_invoke()
            .invocation_arn(key)
            .send()
            .await
            .map(Into::into)
            .map_err(|error| sdk::error(session, "GetAsyncInvoke", None, error))
    }
}

impl Keyed for AsyncInvoke {
    type Noun = Self;

    fn key(&self) -> String {
        self.invocation_arn.clone()
    }
}

impl Keyed for AsyncInvokeSummary {
    type Noun = AsyncInvoke;

    fn key(&self) -> String {
        self.invocation_arn.clone()
    }
}

impl Keyed for StartAsyncInvokeResponse {
    type Noun = AsyncInvoke;

    fn key(&self) -> String {
        self.invocation_arn.clone()
    }
}

impl List for AsyncInvoke {
    type Row = AsyncInvokeSummary;
}

impl Row for AsyncInvokeSummary {
    type Parameters = ListAsyncInvokesInputBuilder;

    const OPERATION: &'static str = "ListAsyncInvokes";
    const LARGEST_PAGE: Option<i32> = Some(1000);
    const FIELDS: &'static [&'static dyn NamedField<Self>] = &[];
    const PARAMETERS: &'static [Parameter<Self::Parameters>] = &[];

    fn identity(&self) -> String {
        self.invocation_arn.clone()
    }

    async fn page(session: &Session, parameters: &Self::Parameters, page: PageRequest) -> Result<Page<Self>> {
        let answer = parameters
            .clone()
            .set_next_token(page.token)
            .set_max_results(page.size)
            .send_with(&sdk::runtime(session))
            .await
            .map_err(|error| sdk::error(session, "ListAsyncInvokes", None, error))?;
        let rows = answer.async_invoke_summaries.unwrap_or_default();
        Ok(Page::new(rows.into_iter().map(Into::into).collect(), answer.next_token))
    }
}

/// The filters and orders that AWS applies itself.
impl QuerySet<AsyncInvokeSummary> {
    /// Only those submitted after that time.
    #[must_use]
    pub fn submit_time_after(mut self, time: Timestamp) -> Self {
        self.parameters = self.parameters.submit_time_after(timestamp_to_sdk(time));
        self
    }

    /// Only those submitted before that time.
    #[must_use]
    pub fn submit_time_before(mut self, time: Timestamp) -> Self {
        self.parameters = self.parameters.submit_time_before(timestamp_to_sdk(time));
        self
    }

    /// Only those of that status.
    #[must_use]
    pub fn status_equals(mut self, status: AsyncInvokeStatus) -> Self {
        self.parameters = self.parameters.status_equals(status.into());
        self
    }

    /// In the order of that attribute.
    #[must_use]
    pub fn sort_by(mut self, attribute: SortAsyncInvocationBy) -> Self {
        self.parameters = self.parameters.sort_by(attribute.into());
        self
    }

    /// Rising or falling.
    #[must_use]
    pub fn sort_order(mut self, order: SortOrder) -> Self {
        self.parameters = self.parameters.sort_order(order.into());
        self
    }
}

impl Manager<AsyncInvoke> {
    /// Starts a job, and gives AWS's answer, which holds its ARN; its `full()` fetches the job.
    ///
    /// # Errors
    ///
    /// `Validation`, `Conflict`, `Throttled` … as AWS answers; `InvalidInput` where the request holds a member that
    /// this version cannot send.
    ///
    /// # Requests
    ///
    /// One `StartAsyncInvoke` (`bedrock:InvokeModel`).
    pub fn start(
        &self,
        request: StartAsyncInvokeRequest,
    ) -> impl Future<Output = Result<Bound<StartAsyncInvokeResponse>>> + Send + use<> {
        let choice = self.choice().clone();
        async move { Self::bind(choice, |session| async move { start(&session, request).await }).await }
    }
}

async fn start(session: &Session, request: StartAsyncInvokeRequest) -> Result<StartAsyncInvokeResponse> {
    const OPERATION: &str = "StartAsyncInvoke";
    let model_id = request.model_id.clone();
    StartAsyncInvokeInputBuilder::try_from(request)
        .map_err(|error| Error::unsendable(OPERATION, error))?
        .send_with(&sdk::runtime(session))
        .await
        .map(Into::into)
        .map_err(|error| sdk::error(session, OPERATION, Some(&model_id), error))
}
