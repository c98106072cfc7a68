//! `invoke`: invokes a model with a typed body.

mod embed;
pub(crate) mod parse;
mod response;
mod stream;
pub(crate) mod token_counts;

use bedrock_orm_models::{Blob, ModelBody};

pub use embed::{Embed, EmbedExt, Embeddings};
pub use response::TypedResponse;
pub use stream::{TypedStream, TypedTextStream};

use crate::{BoundModel, InvokeModel, Target};

/// `invoke` on a bound model.
pub trait InvokeExt {
    /// Invokes the model with a typed body of its provider, or one of your own, see
    /// [`ModelBody`](bedrock_orm_models::ModelBody). Awaiting sends it and returns the typed response;
    /// [`stream`](InvokeModel::stream) streams it as typed events.
    ///
    /// ```
    /// use bedrock_orm::models::providers::ClaudeMessages;
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let model = FoundationModel::with_id("us.anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
    /// let request = ClaudeMessages::new(["What is machine learning?"], 1024);
    /// let response = model.invoke(&request).await?;
    /// println!("{} ({:?} tokens)", response.text(), response.usage().output_tokens);
    ///
    /// let mut text = model.invoke(&request).stream().await?.text();
    /// while let Some(piece) = text.next().await {
    ///     print!("{}", piece?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` before anything is sent if the body cannot be written as JSON, for example because a
    /// number is not finite; `InvalidResponse` if the response is not the provider's, with its body in
    /// [`partial`](bedrock_orm_core::Error::partial); otherwise as
    /// [`invoke_model`](crate::InvokeModelExt::invoke_model).
    ///
    /// # Requests
    ///
    /// One `InvokeModel` (`bedrock:InvokeModel`), or one `InvokeModelWithResponseStream`
    /// (`bedrock:InvokeModelWithResponseStream`); and `bedrock:ApplyGuardrail` with a guardrail.
    fn invoke<B: ModelBody>(&self, body: &B) -> InvokeModel<TypedResponse<B>>;
}

impl<M: BoundModel + ?Sized> InvokeExt for M {
    fn invoke<B: ModelBody>(&self, body: &B) -> InvokeModel<TypedResponse<B>> {
        invoke(self.target(), body)
    }
}

/// Creates the invocation of a model with a typed body.
pub(crate) fn invoke<B: ModelBody>(target: Target, body: &B) -> InvokeModel<TypedResponse<B>> {
    let json = serde_json::to_vec(body).map(Blob::from);
    InvokeModel::with_body(target, json.map_err(|error| format!("the body cannot be sent: {error}")))
}
