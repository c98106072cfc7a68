//! `CountTokens`: counts the tokens of a request.

use aws_sdk_bedrockruntime::operation::count_tokens::CountTokensOutput as SdkResponse;
use aws_sdk_bedrockruntime::types::CountTokensInput as SdkInput;
use bedrock_orm_core::{Bound, Error, Result, sdk};
use bedrock_orm_models::{CountTokensInput, CountTokensResponse};

use crate::{Invokable, Target};

/// `count_tokens` on a bound model.
pub trait CountTokensExt {
    /// Counts the tokens of a request as the model does, without invoking it. The request is a conversation in any form
    /// that `converse` takes, or a raw body, see
    /// [`CountTokensInput::invoke_model`](bedrock_orm_models::CountTokensInput::invoke_model).
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("anthropic.claude-sonnet-4-5-20250929-v1:0").await?;
    /// let count = model.count_tokens("Draft a rollback checklist.").await?;
    /// assert!(count.input_tokens > 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Validation` if the model cannot count tokens, or is called through an inference profile.
    ///
    /// # Requests
    ///
    /// One `CountTokens` (`bedrock:CountTokens`), which is free of charge.
    fn count_tokens(
        &self,
        input: impl Into<CountTokensInput>,
    ) -> impl Future<Output = Result<CountTokensResponse>> + Send + 'static;
}

impl<M: Invokable> CountTokensExt for Bound<M> {
    fn count_tokens(
        &self,
        input: impl Into<CountTokensInput>,
    ) -> impl Future<Output = Result<CountTokensResponse>> + Send + 'static {
        count_tokens(self.into(), input.into())
    }
}

pub(crate) async fn count_tokens(target: Target, input: CountTokensInput) -> Result<CountTokensResponse> {
    const OPERATION: &str = "CountTokens";
    let input = SdkInput::try_from(input).map_err(|error| Error::unsendable(OPERATION, error))?;
    let sending = target.client().count_tokens().model_id(&target.model_id).input(input).send();
    let usage = |response: &SdkResponse| sdk::Usage {
        input_tokens: Some(response.input_tokens().into()),
        ..sdk::Usage::default()
    };
    target.call(OPERATION).send_with_usage(Box::pin(sending), usage).await.map(Into::into)
}
