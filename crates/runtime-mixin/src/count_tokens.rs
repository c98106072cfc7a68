//! `CountTokens`: counts the tokens of a request.

use aws_sdk_bedrockruntime::operation::count_tokens::CountTokensOutput as SdkResponse;
use aws_sdk_bedrockruntime::types::CountTokensInput as SdkInput;
use bedrock_orm_core::sdk::Report;
use bedrock_orm_core::{Error, Result, sdk};
use bedrock_orm_models::{CountTokensInput, CountTokensResponse, Tokens};

#[cfg(feature = "control-plane")]
use crate::model_id::resolver::Resolver;
use crate::{BoundModel, Target, TimedCall};

/// `count_tokens` on a bound model.
pub trait CountTokensExt {
    /// Counts the tokens of a request as the model does, without invoking it. AWS counts with the IDs of foundation models
    /// only. If it refuses the ID of an inference profile, of a deployment or the like, the tokens are counted with the
    /// ID of the foundation model behind it, and the session remembers that ID. The request is a conversation in any form
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
    /// `Validation` if AWS does not count tokens for the model, with a hint that says so.
    ///
    /// # Requests
    ///
    /// One `CountTokens` (`bedrock:CountTokens`), which is free of charge. The first count with the ID of something else
    /// than a foundation model sends a second one, after those that find its model: see
    /// `resolve`. Without the feature `control-plane`, there is no second one.
    fn count_tokens(&self, input: impl Into<CountTokensInput>) -> TimedCall<CountTokensResponse>;
}

impl<M: BoundModel + ?Sized> CountTokensExt for M {
    fn count_tokens(&self, input: impl Into<CountTokensInput>) -> TimedCall<CountTokensResponse> {
        timed_count(self.target(), input.into())
    }
}

const OPERATION: &str = "CountTokens";

#[inline]
pub(crate) fn timed_count(target: Target, input: CountTokensInput) -> TimedCall<CountTokensResponse> {
    TimedCall::new(&target.session.clone(), move |session| count_tokens(Target { session, ..target }, input))
}

#[inline]
pub(crate) async fn count_tokens(target: Target, input: CountTokensInput) -> Result<CountTokensResponse> {
    let input = SdkInput::try_from(input).map_err(|error| Error::unsendable(OPERATION, error))?;
    #[cfg(feature = "control-plane")]
    let counted = count_with_model(target, input).await;
    #[cfg(not(feature = "control-plane"))]
    let counted = send(&target, input).await.map_err(|error| explain(error, &target.model_id));
    counted
}

/// Counts with the ID that the session counted with before, or else with the given one and, if AWS does not take it, with
/// that of the foundation model behind it.
#[cfg(feature = "control-plane")]
#[inline]
async fn count_with_model(mut target: Target, input: SdkInput) -> Result<CountTokensResponse> {
    let resolver = Resolver::of(&target.session);
    if let Some(id) = resolver.counting_ids.known(&target.model_id) {
        target.model_id = String::clone(&id);
        return send(&target, input).await.map_err(|error| explain(error, &target.model_id));
    }
    let refusal = match send(&target, input.clone()).await {
        Ok(count) => {
            resolver.counting_ids.keep(&target.model_id, || target.model_id.clone());
            return Ok(count);
        }
        Err(error) if is_about_model(&error) => error,
        Err(error) => return Err(error),
    };
    let model_id = match Box::pin(resolver.origin(&target.session, &target.model_id)).await {
        Ok(origin) => origin.model_behind().map(str::to_owned),
        Err(error) if error.is_does_not_exist() => return Err(refusal),
        Err(error) => {
            let hint = format!(
                "AWS counts tokens with the IDs of foundation models only; which model is behind `{}` cannot be looked \
                 up: {}",
                target.model_id,
                error.message()
            );
            return Err(refusal.with_hint(hint));
        }
    };
    let Some(model_id) = model_id else { return Err(explain(refusal, &target.model_id)) };
    resolver.counting_ids.keep(&target.model_id, || model_id.clone());
    target.model_id = model_id;
    send(&target, input).await.map_err(|error| explain(error, &target.model_id))
}

#[inline]
async fn send(target: &Target, input: SdkInput) -> Result<CountTokensResponse> {
    let request = target.client().count_tokens().model_id(&target.model_id).input(input);
    let report = |response: &SdkResponse| {
        let tokens = response.input_tokens().try_into().unwrap_or_default();
        let usage = Tokens::default().uncached_input_tokens(tokens);
        Report { tokens: Some(usage), ..Report::default() }
    };
    target.call(OPERATION).send_with_report(sdk::boxed(|| request.send()), report).await.map(Into::into)
}

/// Returns whether AWS refuses the model, and not the content.
#[inline]
fn is_about_model(error: &Error) -> bool {
    error.is_does_not_exist()
        || sdk::is_on_demand_refusal(error)
        || error.is_validation() && error.message().contains("counting tokens")
}

/// Says that AWS cannot count for this model, if that is the error.
#[inline]
fn explain(error: Error, model_id: &str) -> Error {
    if !error.is_validation() || !is_about_model(&error) {
        return error;
    }
    error.with_hint(format!(
        "AWS does not count the tokens of {model_id} in advance: CountTokens supports only some models. The `usage` of a \
         reply has its numbers"
    ))
}
