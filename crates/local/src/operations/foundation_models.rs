//! The catalogue's operations.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::catalogue::FoundationModel;
use crate::error::AwsResult;
use crate::local::Local;
use crate::request::Request;

pub(crate) fn list(local: &Local, request: &Request) -> AwsResult<Answer> {
    let has = |filter: &str, facts: &[String]| {
        request.input[filter].as_str().is_none_or(|wanted| facts.iter().any(|fact| fact == wanted))
    };
    let provider = request.input["byProvider"].as_str();
    let matches = |model: &FoundationModel| {
        provider.is_none_or(|wanted| model.provider_name.eq_ignore_ascii_case(wanted))
            && has("byCustomizationType", &model.customizations_supported)
            && has("byOutputModality", &model.output_modalities)
            && has("byInferenceType", &model.inference_types_supported)
    };
    let now = local.clock.now();
    let models = local.models(&request.region).listed().filter(|model| matches(model));
    let models = models.map(|model| model.summary(&request.region, now));
    Ok(Answer::Json(json!({ "modelSummaries": models.collect::<Vec<Value>>() })))
}

pub(crate) fn get(local: &Local, request: &Request) -> AwsResult<Answer> {
    let model = local.models(&request.region).get_or_refuse(request.text("modelIdentifier"))?;
    Ok(Answer::Json(json!({ "modelDetails": model.summary(&request.region, local.clock.now()) })))
}
