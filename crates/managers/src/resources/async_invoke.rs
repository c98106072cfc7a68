//! Starts asynchronous invocations.

use aws_sdk_bedrockruntime::operation::start_async_invoke::builders::StartAsyncInvokeInputBuilder;
use bedrock_orm_core::{Bound, Error, Result, Session, sdk};
use bedrock_orm_models::{AsyncInvoke, StartAsyncInvokeRequest, StartAsyncInvokeResponse};
use futures_core::future::BoxFuture;

use crate::Manager;
use crate::calls::bound;

impl Manager<AsyncInvoke> {
    /// Starts a job, and returns AWS's response, which has the ARN of the job. Its `full()` gets the job.
    ///
    /// # Errors
    ///
    /// `Validation`, `Conflict`, `Throttled` …, as AWS returns them; `InvalidInput` if the request has a member that
    /// this version cannot send.
    ///
    /// # Requests
    ///
    /// One `StartAsyncInvoke` (`bedrock:InvokeModel`).
    #[inline]
    pub fn start(
        &self,
        request: StartAsyncInvokeRequest,
    ) -> BoxFuture<'static, Result<Bound<StartAsyncInvokeResponse>>> {
        bound(self.choice(), |session| Box::pin(start(session, request)))
    }
}

#[inline]
async fn start(session: &Session, request: StartAsyncInvokeRequest) -> Result<StartAsyncInvokeResponse> {
    const OPERATION: &str = "StartAsyncInvoke";
    let model_id = request.model_id.clone();
    let request = StartAsyncInvokeInputBuilder::try_from(request)
        .map_err(|error| Error::unsendable(OPERATION, error))?;
    let call = sdk::Call::new(session, OPERATION).with_model_id(&model_id);
    let client = sdk::runtime(session);
    call.send(|| request.send_with(&client)).await.map(Into::into)
}
