//! ListFoundationModels and GetFoundationModel.

use serde_json::{Value, json};

use crate::local::Local;
use crate::wire::error::AwsResult;
use crate::wire::output::Output;
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

pub(crate) fn list(local: &Local, request: &Request) -> AwsResult<Output> {
    let has = |filter: &str, values: &[String]| {
        request.input[filter].as_str().is_none_or(|requested| values.iter().any(|value| value == requested))
    };
    let provider = request.input["byProvider"].as_str();
    let matches = |model: &FoundationModel| {
        provider.is_none_or(|requested| model.provider_name.eq_ignore_ascii_case(requested))
            && has("byCustomizationType", &model.customizations_supported)
            && has("byOutputModality", &model.output_modalities)
            && has("byInferenceType", &model.inference_types_supported)
    };
    let now = local.world.clock.now();
    let models = local.world.models(&request.region).listed().filter(|model| matches(model));
    let models = models.map(|model| model.summary(&request.region, now));
    Ok(Output::Json(json!({ "modelSummaries": models.collect::<Vec<Value>>() })))
}

pub(crate) fn get(local: &Local, request: &Request) -> AwsResult<Output> {
    let model = local.world.models(&request.region).require(request.text("modelIdentifier"))?;
    Ok(Output::Json(json!({ "modelDetails": model.summary(&request.region, local.world.clock.now()) })))
}
