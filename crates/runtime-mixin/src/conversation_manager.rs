//! The runtime for those who fetch nothing.

use bedrock_orm_core::{Bound, Result, Session};
use bedrock_orm_managers::{Manager, Objects, QuerySet};
use bedrock_orm_models::{
    AsyncInvoke, AsyncInvokeOutputDataConfig, AsyncInvokeSummary, Blob, ConverseRequest, ConverseResponse,
    CountTokensInput, CountTokensResponse, GuardrailConfiguration, GuardrailContent,
    InvokeGuardrailChecksRequest, InvokeGuardrailChecksResponse,
};
use serde_json::Value;

use crate::apply_guardrail::ApplyGuardrail;
use crate::async_invoke::StartAsyncInvoke;
use crate::bidirectional_stream::{BidirectionalStream, open};
use crate::count_tokens::count_tokens;
use crate::guardrail_checks::GuardrailChecksExt;
use crate::{Converse, ConverseStream, InvokeModel, InvokeModelResponse, InvokeModelStream, Target};

/// The runtime's operations with a model's ID on every call: an ID, an ARN, or an inference profile's.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let conversations = ConversationManager::new(&session);
/// let reply = conversations.converse("us.amazon.nova-lite-v1:0", "Say hello.").max_tokens(64).await?;
/// println!("{}", reply.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConversationManager {
    session: Session,
}

impl ConversationManager {
    /// The runtime of that session. Sends nothing.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    fn target(&self, model_id: impl Into<String>) -> Target {
        Target::new(&self.session, model_id)
    }

    /// A turn of a conversation; see [`ConverseExt::converse`](crate::ConverseExt::converse).
    pub fn converse(
        &self,
        model_id: impl Into<String>,
        request: impl Into<ConverseRequest>,
    ) -> Converse<ConverseResponse> {
        Converse::new(self.target(model_id), request.into())
    }

    /// The same turn as a stream; see [`ConverseExt::converse_stream`](crate::ConverseExt::converse_stream).
    pub fn converse_stream(
        &self,
        model_id: impl Into<String>,
        request: impl Into<ConverseRequest>,
    ) -> Converse<ConverseStream> {
        Converse::new(self.target(model_id), request.into())
    }

    /// What a request costs in tokens; see [`CountTokensExt::count_tokens`](crate::CountTokensExt::count_tokens).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn count_tokens(
        &self,
        model_id: impl Into<String>,
        input: impl Into<CountTokensInput>,
    ) -> impl Future<Output = Result<CountTokensResponse>> + Send + 'static {
        count_tokens(self.target(model_id), input.into())
    }

    /// A raw invocation; see [`InvokeModelExt::invoke_model`](crate::InvokeModelExt::invoke_model).
    pub fn invoke_model(
        &self,
        model_id: impl Into<String>,
        body: impl Into<Blob>,
    ) -> InvokeModel<InvokeModelResponse> {
        InvokeModel::new(self.target(model_id), body.into())
    }

    /// The same as a stream; see
    /// [`invoke_model_with_response_stream`](crate::InvokeModelExt::invoke_model_with_response_stream).
    pub fn invoke_model_with_response_stream(
        &self,
        model_id: impl Into<String>,
        body: impl Into<Blob>,
    ) -> InvokeModel<InvokeModelStream> {
        InvokeModel::new(self.target(model_id), body.into())
    }

    /// A stream in both directions; see
    /// [`invoke_model_with_bidirectional_stream`](crate::BidirectionalStreamExt::invoke_model_with_bidirectional_stream).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn invoke_model_with_bidirectional_stream(
        &self,
        model_id: impl Into<String>,
    ) -> impl Future<Output = Result<BidirectionalStream>> + Send + 'static {
        open(self.target(model_id))
    }

    /// Starts a job; see [`AsyncInvokeExt::start_async_invoke`](crate::AsyncInvokeExt::start_async_invoke).
    pub fn start_async_invoke(
        &self,
        model_id: impl Into<String>,
        model_input: impl Into<Value>,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke {
        StartAsyncInvoke::new(self.target(model_id), model_input.into(), output_data_config.into())
    }

    /// The job of that ARN, whichever model's it is.
    ///
    /// # Errors
    ///
    /// `Validation` where there is no such job, since for that AWS has no other answer here.
    ///
    /// # Requests
    ///
    /// One `GetAsyncInvoke` (`bedrock:GetAsyncInvoke`).
    pub fn get_async_invoke(
        &self,
        invocation_arn: impl Into<String>,
    ) -> impl Future<Output = Result<Bound<AsyncInvoke>>> + Send {
        self.async_invokes().get(invocation_arn)
    }

    /// The jobs of all models, as a lazy queryset.
    pub fn list_async_invokes(&self) -> QuerySet<AsyncInvokeSummary> {
        self.async_invokes().list()
    }

    fn async_invokes(&self) -> Manager<AsyncInvoke> {
        AsyncInvoke::objects().using(&self.session)
    }

    /// What a guardrail, by ID and version, says to a content; see [`ApplyGuardrail`].
    pub fn apply_guardrail(
        &self,
        guardrail_identifier: impl Into<String>,
        guardrail_version: impl Into<String>,
        content: impl Into<GuardrailContent>,
    ) -> ApplyGuardrail {
        let guardrail = GuardrailConfiguration::from((guardrail_identifier, guardrail_version));
        ApplyGuardrail::new(self.session.clone(), guardrail, content)
    }

    /// What safety checks find in messages; see
    /// [`GuardrailChecksExt::invoke_guardrail_checks`](crate::GuardrailChecksExt::invoke_guardrail_checks).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn invoke_guardrail_checks(
        &self,
        request: InvokeGuardrailChecksRequest,
    ) -> Result<InvokeGuardrailChecksResponse> {
        self.session.invoke_guardrail_checks(request).await
    }

    /// Lets go of the session's runtime client; see [`Session::close`].
    pub fn close(&self) {
        self.session.close();
    }
}
