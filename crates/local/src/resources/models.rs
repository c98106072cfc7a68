//! Models by whatever names them.

use crate::json::record::Record;
use crate::resources::{
    custom_model, custom_model_deployment, imported_model, inference_profile, marketplace_model_endpoint,
    prompt_router, provisioned_model_throughput,
};
use crate::store::context::Context;
use crate::store::lifecycle::is_under_way;
use crate::store::resource::Noun;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::invalid;

/// A model that another is made of.
pub(crate) struct Base {
    pub(crate) arn: String,
    pub(crate) foundation_arn: String,
}

/// The foundation or custom model that a request names.
pub(crate) fn base(cx: &Context<'_>, identifier: &str) -> AwsResult<Base> {
    if let Some(model) = cx.models().get(identifier) {
        let arn = model.arn(cx.region);
        return Ok(Base { foundation_arn: arn.clone(), arn });
    }
    match cx.store.record(&custom_model::NOUN, identifier) {
        Some(record) => {
            let arn = record.text("modelArn").to_owned();
            Ok(Base { arn, foundation_arn: record.text("foundationModelArn").to_owned() })
        }
        None => Err(invalid()),
    }
}

/// What makes a thing of the store a model that can be talked to.
struct Callable {
    /// The resource of its ARN.
    kind: &'static str,
    noun: &'static Noun,
    /// The member that names the model behind it; none where only a stand-in can speak for it.
    behind: &'static str,
}

const CALLABLES: &[Callable] = &[
    Callable { kind: "application-inference-profile/", noun: &inference_profile::NOUN, behind: "models" },
    Callable { kind: "custom-model/", noun: &custom_model::NOUN, behind: "baseModelArn" },
    Callable { kind: "custom-model-deployment/", noun: &custom_model_deployment::NOUN, behind: "modelArn" },
    Callable { kind: "default-prompt-router/", noun: &prompt_router::NOUN, behind: "fallbackModel" },
    Callable { kind: "endpoint/", noun: &marketplace_model_endpoint::NOUN, behind: "" },
    Callable { kind: "imported-model/", noun: &imported_model::NOUN, behind: "" },
    Callable { kind: "provisioned-model/", noun: &provisioned_model_throughput::NOUN, behind: "modelArn" },
];

/// More things than these never stand between a name and its model.
const MOST_STEPS: usize = 5;

/// The model that answers for one of which nothing is known: it takes images and tools, and reasons only where it is asked.
const STAND_IN: &str = "qwen.qwen3-vl-235b-a22b";

/// Returns the foundation model behind the model ID of a runtime operation.
pub(crate) fn invoked(cx: &Context<'_>, identifier: &str) -> AwsResult<&'static FoundationModel> {
    let models = cx.models();
    let resource = identifier.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4));
    let foundation = match resource {
        Some(resource) if CALLABLES.iter().any(|callable| resource.starts_with(callable.kind)) => {
            through(cx, identifier)?
        }
        Some(_) => return models.invoked(identifier),
        // An account's own profile has an id that looks like nothing else.
        None => match cx.store.record(&inference_profile::NOUN, identifier) {
            Some(profile) if profile.text("type") == "APPLICATION" => {
                through(cx, profile.text("inferenceProfileArn"))?
            }
            _ => return models.invoked(identifier),
        },
    };
    models.callable(&foundation)
}

/// Follows ARNs from one thing to the next until a foundation model is reached.
fn through(cx: &Context<'_>, arn: &str) -> AwsResult<String> {
    let mut arn = arn;
    for _ in 0..MOST_STEPS {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        if let Some(id) = resource.strip_prefix("foundation-model/") {
            return Ok(id.to_owned());
        }
        if let Some(id) = resource.strip_prefix("inference-profile/") {
            return cx.models().invoked(id).map(|model| model.model_id.clone());
        }
        let callable = CALLABLES.iter().find(|callable| resource.starts_with(callable.kind));
        let Callable { noun, behind, .. } = callable.ok_or_else(invalid)?;
        let record = cx.record(noun, arn)?;
        let status = record.text(noun.members.status);
        if is_under_way(noun, record) || status == noun.failed {
            return Err(AwsError::validation(format!("The model {arn} cannot be invoked: it is {status}.")));
        }
        if behind.is_empty() {
            return Ok(STAND_IN.to_owned());
        }
        arn = target(record, behind);
    }
    Err(invalid())
}

/// An ARN, or the first in a list or a structure of one.
fn target<'a>(record: &'a Record, member: &str) -> &'a str {
    let value = &record[member];
    let model = value.get(0).unwrap_or(value);
    model.as_str().or_else(|| model["modelArn"].as_str()).unwrap_or_default()
}
