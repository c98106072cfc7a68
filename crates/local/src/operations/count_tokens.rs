//! CountTokens: counts the tokens of a prompt by the same rule as the usage of a reply.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::formats;
use crate::local::Local;
use crate::model::completion::input_tokens;
use crate::resources::models;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::Output;
use crate::wire::request::Request;
use crate::world::catalogue::rules::Feature;

pub(crate) fn count(local: &Local, request: &Request) -> AwsResult<Output> {
    let identifier = request.text("modelId");
    let unsupported = || AwsError::validation("The provided model doesn't support counting tokens.");
    // Here, a model that can only be invoked through a profile is named by its own ID.
    let model = match local.world.models(&request.region).get(identifier) {
        Some(model) => model,
        None => {
            return Err(local
                .with_region(&request.region, |cx| models::invoked(cx, identifier))
                .err()
                .unwrap_or_else(unsupported));
        }
    };
    if !model.accepts(Feature::CountTokens) {
        return Err(unsupported());
    }
    let input = &request.input["input"];
    let prompt = match &input["converse"] {
        Value::Null => {
            let body =
                BASE64.decode(input["invokeModel"]["body"].as_str().unwrap_or_default()).unwrap_or_default();
            formats::parse(model, &body)?.prompt
        }
        converse => formats::converse::parse(model, converse)?,
    };
    Ok(Output::Json(json!({ "inputTokens": input_tokens(&prompt) })))
}
