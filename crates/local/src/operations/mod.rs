//! One file an operation, or a noun whose operations belong together.

use crate::answer::Answer;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::request::Request;

pub(crate) mod apply_guardrail;
pub(crate) mod async_invokes;
pub(crate) mod converse;
pub(crate) mod converse_rules;
pub(crate) mod converse_stream;
pub(crate) mod count_tokens;
pub(crate) mod foundation_models;
pub(crate) mod guardrails;
pub(crate) mod invoke_model;
pub(crate) mod pages;
pub(crate) mod tags;

/// Performs a request that passed its shape.
pub(crate) fn perform(local: &Local, request: &Request) -> AwsResult<Answer> {
    match request.operation.name.as_str() {
        "ListFoundationModels" => foundation_models::list(local, request),
        "GetFoundationModel" => foundation_models::get(local, request),
        "GetFoundationModelAvailability" => foundation_models::availability(local, request),
        "CreateGuardrail" => guardrails::create(local, request),
        "CreateGuardrailVersion" => guardrails::create_version(local, request),
        "GetGuardrail" => guardrails::get(local, request),
        "ListGuardrails" => guardrails::list(local, request),
        "UpdateGuardrail" => guardrails::update(local, request),
        "DeleteGuardrail" => guardrails::delete(local, request),
        "ListTagsForResource" => tags::list(local, request),
        "TagResource" => tags::tag(local, request),
        "UntagResource" => tags::untag(local, request),
        "ApplyGuardrail" => apply_guardrail::apply(local, request),
        "InvokeModel" => invoke_model::invoke(local, request),
        "InvokeModelWithResponseStream" => invoke_model::invoke_with_response_stream(local, request),
        "CountTokens" => count_tokens::count(local, request),
        "StartAsyncInvoke" => async_invokes::start(local, request),
        "GetAsyncInvoke" => async_invokes::get(local, request),
        "ListAsyncInvokes" => async_invokes::list(local, request),
        "Converse" => converse::converse(local, request),
        "ConverseStream" => converse_stream::converse_stream(local, request),
        operation => Err(AwsError::new(
            "NotImplementedException",
            format!("bedrock-local does not serve {operation} yet."),
        )),
    }
}
