//! The runtime operations, for models that are given by their IDs.

use bedrock_orm_core::{Bound, Session};
use bedrock_orm_managers::{Objects, QuerySet};
use bedrock_orm_models::{
    AsyncInvoke, AsyncInvokeOutputDataConfig, AsyncInvokeSummary, Blob, ConverseRequest, CountTokensInput,
    CountTokensResponse, EmbeddingBody, GuardrailConfiguration, GuardrailContent,
    InvokeGuardrailChecksRequest, InvokeGuardrailChecksResponse, ModelBody,
};

use crate::apply_guardrail::ApplyGuardrail;
use crate::async_invoke::IntoModelInput;
use crate::async_invoke::StartAsyncInvoke;
use crate::bidirectional_stream::{BidirectionalStream, timed_open};
use crate::count_tokens::timed_count;
use crate::guardrail_checks::GuardrailChecksExt;
use crate::invoke::invoke;
use crate::{
    Chat, Converse, ConverseStream, Embed, InvokeModel, InvokeModelResponse, InvokeModelStream, Reply,
    Target, TimedCall, TypedResponse,
};

/// The runtime operations, with a model's ID in each call: an ID, an ARN, or the ID of an inference profile.
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
    /// Creates a manager for this session. Sends nothing.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    fn target(&self, model_id: impl Into<String>) -> Target {
        Target::new(&self.session, model_id)
    }

    /// Sends a turn of a conversation; see [`ConverseExt::converse`](crate::ConverseExt::converse).
    pub fn converse(
        &self,
        model_id: impl Into<String>,
        request: impl Into<ConverseRequest>,
    ) -> Converse<Reply> {
        Converse::new(self.target(model_id), request.into())
    }

    /// Sends a turn whose reply is a Rust type; see [`ConverseAsExt::converse_as`](crate::ConverseAsExt::converse_as).
    #[cfg(feature = "schema")]
    pub fn converse_as<T: serde_core::de::DeserializeOwned + schemars::JsonSchema + Send + 'static>(
        &self,
        model_id: impl Into<String>,
        request: impl Into<ConverseRequest>,
    ) -> Converse<crate::Typed<T>> {
        Converse::new(self.target(model_id), request.into())
    }

    /// Streams the reply to a turn; see [`ConverseExt::converse_stream`](crate::ConverseExt::converse_stream).
    pub fn converse_stream(
        &self,
        model_id: impl Into<String>,
        request: impl Into<ConverseRequest>,
    ) -> Converse<ConverseStream> {
        Converse::new(self.target(model_id), request.into())
    }

    /// Starts a chat; see [`ChatExt::chat`](crate::ChatExt::chat).
    pub fn chat(&self, model_id: impl Into<String>) -> Chat {
        Chat::new(self.target(model_id), None)
    }

    /// Returns what to call to reach a model; see [`ResolveExt::invocable`](crate::ResolveExt::invocable).
    #[cfg(feature = "control-plane")]
    pub fn invocable(&self, model_id: impl Into<String>) -> crate::InvocableModel {
        crate::InvocableModel::new(&self.session, model_id.into(), None)
    }

    /// Returns the foundation model behind an ID or ARN; see [`ResolveExt::resolve`](crate::ResolveExt::resolve).
    ///
    /// # Errors
    ///
    /// As [`resolve`](crate::ResolveExt::resolve) on a model.
    #[cfg(feature = "control-plane")]
    pub fn resolve(
        &self,
        model_id: impl Into<String>,
    ) -> impl Future<Output = bedrock_orm_core::Result<Bound<crate::ResolvedModel>>> + Send + 'static {
        crate::model_id::invocable::resolve(self.session.clone(), model_id.into(), None)
    }

    /// Counts the tokens of a request; see [`CountTokensExt::count_tokens`](crate::CountTokensExt::count_tokens).
    ///
    /// # Errors
    ///
    /// As [`count_tokens`](crate::CountTokensExt::count_tokens) on a model.
    pub fn count_tokens(
        &self,
        model_id: impl Into<String>,
        input: impl Into<CountTokensInput>,
    ) -> TimedCall<CountTokensResponse> {
        timed_count(self.target(model_id), input.into())
    }

    /// Invokes a model with a raw body; see [`InvokeModelExt::invoke_model`](crate::InvokeModelExt::invoke_model).
    pub fn invoke_model(
        &self,
        model_id: impl Into<String>,
        body: impl Into<Blob>,
    ) -> InvokeModel<InvokeModelResponse> {
        InvokeModel::new(self.target(model_id), body.into())
    }

    /// Streams the reply to a raw body; see
    /// [`invoke_model_with_response_stream`](crate::InvokeModelExt::invoke_model_with_response_stream).
    pub fn invoke_model_with_response_stream(
        &self,
        model_id: impl Into<String>,
        body: impl Into<Blob>,
    ) -> InvokeModel<InvokeModelStream> {
        InvokeModel::new(self.target(model_id), body.into())
    }

    /// Invokes a model with a typed body; see [`InvokeExt::invoke`](crate::InvokeExt::invoke).
    pub fn invoke<B: ModelBody>(
        &self,
        model_id: impl Into<String>,
        body: &B,
    ) -> InvokeModel<TypedResponse<B>> {
        invoke(self.target(model_id), body)
    }

    /// Returns the vectors of texts; see [`EmbedExt::embed`](crate::EmbedExt::embed).
    pub fn embed<E: EmbeddingBody>(
        &self,
        model_id: impl Into<String>,
        settings: &E,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Embed<E> {
        Embed::new(self.target(model_id), settings, texts)
    }

    /// Opens a stream in both directions; see
    /// [`invoke_model_with_bidirectional_stream`](crate::BidirectionalStreamExt::invoke_model_with_bidirectional_stream).
    ///
    /// # Errors
    ///
    /// As `invoke_model_with_bidirectional_stream` on a model.
    pub fn invoke_model_with_bidirectional_stream(
        &self,
        model_id: impl Into<String>,
    ) -> TimedCall<BidirectionalStream> {
        timed_open(self.target(model_id))
    }

    /// Starts a job; see [`AsyncInvokeExt::start_async_invoke`](crate::AsyncInvokeExt::start_async_invoke).
    pub fn start_async_invoke(
        &self,
        model_id: impl Into<String>,
        model_input: impl IntoModelInput,
        output_data_config: impl Into<AsyncInvokeOutputDataConfig>,
    ) -> StartAsyncInvoke {
        StartAsyncInvoke::new(self.target(model_id), model_input, output_data_config.into())
    }

    /// Gets the job with this ARN, of any model.
    ///
    /// # Errors
    ///
    /// `Validation` if there is no such job, because AWS returns no other error for it.
    ///
    /// # Requests
    ///
    /// One `GetAsyncInvoke` (`bedrock:GetAsyncInvoke`).
    pub fn get_async_invoke(&self, invocation_arn: impl Into<String>) -> TimedCall<Bound<AsyncInvoke>> {
        let (own, invocation_arn) = (self.session.clone(), invocation_arn.into());
        TimedCall::new(&self.session, |session| async move {
            let job = AsyncInvoke::objects().using(&session).get(invocation_arn).await?;
            Ok(Bound::new(job.into_inner(), own))
        })
    }

    /// Returns a lazy queryset of the jobs of all models.
    #[inline]
    pub fn list_async_invokes(&self) -> QuerySet<AsyncInvokeSummary> {
        AsyncInvoke::objects().using(&self.session).list()
    }

    /// Checks content with a guardrail, given by ID and version; see [`ApplyGuardrail`].
    pub fn apply_guardrail(
        &self,
        guardrail_identifier: impl Into<String>,
        guardrail_version: impl Into<String>,
        content: impl Into<GuardrailContent>,
    ) -> ApplyGuardrail {
        let guardrail = GuardrailConfiguration::from((guardrail_identifier, guardrail_version));
        ApplyGuardrail::new(self.session.clone(), guardrail, content)
    }

    /// Runs safety checks on messages; see
    /// [`GuardrailChecksExt::invoke_guardrail_checks`](crate::GuardrailChecksExt::invoke_guardrail_checks).
    ///
    /// # Errors
    ///
    /// As `invoke_guardrail_checks` on a session.
    pub fn invoke_guardrail_checks(
        &self,
        request: InvokeGuardrailChecksRequest,
    ) -> TimedCall<InvokeGuardrailChecksResponse> {
        self.session.invoke_guardrail_checks(request)
    }

    /// Closes the session's runtime client; see [`Session::close`].
    pub fn close(&self) {
        self.session.close();
    }
}
