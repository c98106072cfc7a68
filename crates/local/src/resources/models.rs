//! The models behind the model IDs of requests.

use crate::json::record::Record;
use crate::resources::{custom_model, inference_profile};
use crate::store::context::Context;
use crate::store::resource::{Invocable, Resource};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::invalid_identifier;

/// A model that a custom model is based on.
pub(crate) struct Base {
    pub(crate) arn: String,
    pub(crate) foundation_arn: String,
}

/// Returns the foundation model or custom model with this identifier.
pub(crate) fn base(cx: &Context<'_>, identifier: &str) -> AwsResult<Base> {
    if let Some(model) = cx.models().get(identifier) {
        let arn = model.arn(cx.region);
        return Ok(Base { foundation_arn: arn.clone(), arn });
    }
    match cx.store.record(&custom_model::RESOURCE, identifier) {
        Some(record) => {
            let arn = record.text("modelArn").to_owned();
            Ok(Base { arn, foundation_arn: record.text("foundationModelArn").to_owned() })
        }
        None => Err(invalid_identifier()),
    }
}

/// The longest chain of resources between a model ID and its model.
const MAX_STEPS: usize = 5;

/// The model that replies for imported models and marketplace endpoints, whose own model is not known. It accepts
/// images and tools, and reasons only if a request asks for it.
const STAND_IN: &str = "qwen.qwen3-vl-235b-a22b";

/// Returns the foundation model behind the model ID of a runtime operation.
pub(crate) fn invoked(cx: &Context<'_>, identifier: &str) -> AwsResult<&'static FoundationModel> {
    let models = cx.models();
    let path = identifier.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4));
    let model_id = match path {
        Some(path) if invocable(cx, path).is_some() => resolve(cx, identifier)?,
        Some(_) => return models.resolve(identifier),
        // An application profile can be invoked by its ID alone.
        None => match cx.store.record(&inference_profile::RESOURCE, identifier) {
            Some(profile) if profile.text("type") == "APPLICATION" => {
                resolve(cx, profile.text("inferenceProfileArn"))?
            }
            _ => return models.resolve(identifier),
        },
    };
    models.invocable(&model_id)
}

/// Returns the resource that the resource part of an ARN belongs to, if it can be invoked.
fn invocable(cx: &Context<'_>, path: &str) -> Option<(&'static Resource, Invocable)> {
    cx.resources.iter().find_map(|resource| {
        let invocable = resource.invocable.filter(|invocable| path.starts_with(invocable.arn_prefix))?;
        Some((*resource, invocable))
    })
}

/// Follows ARNs from one resource to the next, up to the ID of a foundation model.
fn resolve(cx: &Context<'_>, arn: &str) -> AwsResult<String> {
    let mut arn = arn;
    for _ in 0..MAX_STEPS {
        let path = arn.splitn(6, ':').nth(5).unwrap_or_default();
        if let Some(id) = path.strip_prefix("foundation-model/") {
            return Ok(id.to_owned());
        }
        if let Some(id) = path.strip_prefix("inference-profile/") {
            return cx.models().resolve(id).map(|model| model.model_id.clone());
        }
        let (resource, Invocable { model, .. }) = invocable(cx, path).ok_or_else(invalid_identifier)?;
        let record = cx.record(resource, arn)?;
        let status = resource.status_of(record);
        if resource.is_in_progress(record) || status == resource.failed {
            return Err(AwsError::validation(format!("The model {arn} cannot be invoked: it is {status}.")));
        }
        let Some(model) = model else { return Ok(STAND_IN.to_owned()) };
        arn = model_arn(record, model);
    }
    Err(invalid_identifier())
}

/// Returns the ARN in a member: a text, or the first one of a list or a structure.
fn model_arn<'a>(record: &'a Record, member: &str) -> &'a str {
    let value = &record[member];
    let model = value.get(0).unwrap_or(value);
    model.as_str().or_else(|| model["modelArn"].as_str()).unwrap_or_default()
}
