//! CountTokens: what a request would cost, by the same rule as its usage.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::catalogue::rules::Feature;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::makers;
use crate::model::completion::input_tokens;
use crate::nouns::models;
use crate::operations::converse_rules;
use crate::request::Request;

pub(crate) fn count(local: &Local, request: &Request) -> AwsResult<Answer> {
    let identifier = request.text("modelId");
    let unsupported = || AwsError::validation("The provided model doesn't support counting tokens.");
    // Of a model that is called through a profile, the plain id is wanted here.
    let model = match local.models(&request.region).get(identifier) {
        Some(model) => model,
        None => {
            return Err(models::invoked(local, &request.region, identifier)
                .err()
                .unwrap_or_else(unsupported));
        }
    };
    if !model.takes(Feature::CountTokens) {
        return Err(unsupported());
    }
    let input = &request.input["input"];
    let prompt = match &input["converse"] {
        Value::Null => {
            let body =
                BASE64.decode(input["invokeModel"]["body"].as_str().unwrap_or_default()).unwrap_or_default();
            makers::read(model, &body)?.prompt
        }
        converse => converse_rules::checked_prompt(model, converse)?,
    };
    Ok(Answer::Json(json!({ "inputTokens": input_tokens(&prompt) })))
}
