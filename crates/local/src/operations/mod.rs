//! The operations. Those on resources are in `resources`; each of the others has a file here.

use crate::local::Local;
use crate::resources;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::Output;
use crate::wire::request::Request;

pub(crate) mod apply_guardrail;
mod batch_inference;
pub(crate) mod converse;
pub(crate) mod converse_stream;
pub(crate) mod count_tokens;
pub(crate) mod foundation_models;
mod generation;
pub(crate) mod invoke_guardrail_checks;
pub(crate) mod invoke_model;
pub(crate) mod invoke_model_bidirectionally;
mod turn;

/// Performs an operation.
pub(crate) async fn perform(local: &Local, request: &Request) -> AwsResult<Output> {
    if matches!(request.operation.name.as_str(), "GetModelInvocationJob" | "ListModelInvocationJobs") {
        batch_inference::continue_due(local, &request.region).await;
    }
    match request.operation.name.as_str() {
        "ListFoundationModels" => foundation_models::list(local, request),
        "GetFoundationModel" => foundation_models::get(local, request),
        "ApplyGuardrail" => apply_guardrail::apply(local, request),
        "InvokeModel" => invoke_model::invoke(local, request).await,
        "InvokeModelWithResponseStream" => invoke_model::invoke_with_response_stream(local, request).await,
        "InvokeModelWithBidirectionalStream" => invoke_model_bidirectionally::invoke(local, request),
        "InvokeGuardrailChecks" => invoke_guardrail_checks::invoke(request),
        "CountTokens" => count_tokens::count(local, request),
        "Converse" => converse::converse(local, request).await,
        "ConverseStream" => converse_stream::converse_stream(local, request).await,
        operation => local
            .with_region(&request.region, |cx| resources::perform(cx, request))
            .unwrap_or_else(|| {
                Err(AwsError::new(
                    "NotImplementedException",
                    format!("bedrock-local does not serve {operation} yet."),
                ))
            })
            .map(Output::Json),
    }
}
