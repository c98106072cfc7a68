//! Jobs that customize a model.

use serde_json::json;

use crate::json::record::Record;
use crate::resources::{custom_model, models};
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::AwsResult;

pub(crate) static RESOURCE: Resource = Resource {
    name: "ModelCustomizationJob",
    operations: &[
        ("CreateModelCustomizationJob", Verb::Create),
        ("GetModelCustomizationJob", Verb::Get),
        ("ListModelCustomizationJobs", Verb::List),
        ("StopModelCustomizationJob", Verb::Stop),
    ],
    arn: Some("model-customization-job/{base}/{id}"),
    members: Members::JOB,
    statuses: &["InProgress", "Completed"],
    renamed: &[("customModelName", "outputModelName"), ("customModelKmsKeyId", "outputModelKmsKeyArn")],
    row: &[("customModelName", Some("outputModelName")), ("customModelArn", Some("outputModelArn"))],
    tags: Some("jobTags"),
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified model customization job was not found.",
    name_taken: "A model customization job named {name} already exists.",
    on_create,
    on_success,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let base = models::base(cx, record.text("baseModelIdentifier"))?;
    cx.refuse_taken_name(&custom_model::RESOURCE, record.text("outputModelName"), None)?;
    record.set("foundationModelArn", base.foundation_arn.as_str());
    record.set("baseModelArn", base.foundation_arn);
    record.set("customizedModelArn", base.arn);
    record.fill("customizationType", "FINE_TUNING");
    record.fill("hyperParameters", json!({}));
    record.fill("validationDataConfig", json!({ "validators": [] }));
    record.fill("validationMetrics", json!([]));
    Ok(())
}

fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    record.set("trainingMetrics", json!({ "trainingLoss": 0.5 }));
    let same =
        ["jobArn", "customizationType", "hyperParameters", "trainingDataConfig", "validationDataConfig"];
    let same = same.into_iter().chain([
        "outputDataConfig",
        "trainingMetrics",
        "validationMetrics",
        "customizationConfig",
    ]);
    let different = [
        ("outputModelName", "modelName"),
        ("customizedModelArn", "baseModelArn"),
        ("foundationModelArn", "foundationModelArn"),
        ("outputModelKmsKeyArn", "modelKmsKeyArn"),
        ("customModelTags", "modelTags"),
    ];
    let members: Vec<_> = same.map(|member| (member, member)).chain(different).collect();
    let model = record.renamed(&members);
    let model = custom_model::add(cx, model);
    record.set("outputModelArn", model.text("modelArn"));
}
