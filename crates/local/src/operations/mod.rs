//! One file an operation, or a noun whose operations belong together.

use crate::answer::Answer;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::request::Request;

pub(crate) mod async_invokes;
pub(crate) mod converse;
pub(crate) mod converse_rules;
pub(crate) mod converse_stream;
pub(crate) mod foundation_models;
pub(crate) mod guardrails;
pub(crate) mod pages;

/// Performs a request that passed its shape.
pub(crate) fn perform(local: &Local, request: &Request) -> AwsResult<Answer> {
    match request.operation.name.as_str() {
        "ListFoundationModels" => foundation_models::list(local, request),
        "GetFoundationModel" => foundation_models::get(local, request),
        "GetFoundationModelAvailability" => foundation_models::availability(local, request),
        "Converse" => converse::converse(local, request),
        "ConverseStream" => converse_stream::converse_stream(local, request),
        operation => Err(AwsError::new(
            "NotImplementedException",
            format!("bedrock-local does not serve {operation} yet."),
        )),
    }
}
