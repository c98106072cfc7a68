//! Jobs that copy a custom model into the region where they are created.

use crate::json::record::Record;
use crate::resources::custom_model;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};

pub(crate) static RESOURCE: Resource = Resource {
    name: "ModelCopyJob",
    operations: &[
        ("CreateModelCopyJob", Verb::Create),
        ("GetModelCopyJob", Verb::Get),
        ("ListModelCopyJobs", Verb::List),
    ],
    arn: Some("model-copy-job/{id}"),
    members: Members {
        arn: Some("jobArn"),
        name: Some("targetModelName"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["InProgress", "Completed"],
    renamed: &[("modelKmsKeyId", "targetModelKmsKeyArn")],
    filters: &[("sourceAccount", "sourceAccountId")],
    // The tags of the request are those of the target model.
    tags: None,
    newest_first: true,
    not_found: "The specified model copy job was not found.",
    on_create,
    on_success,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let arn = record.text("sourceModelArn").to_owned();
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let store = if region == cx.region { Some(&*cx.store) } else { cx.other_regions.get(region) };
    let source = store.and_then(|store| store.record(&custom_model::RESOURCE, &arn));
    let source = source.ok_or_else(|| AwsError::not_found(custom_model::RESOURCE.not_found))?;
    let (name, kind) = (source["modelName"].clone(), source["customizationType"].clone());
    let foundation_id = source.text("foundationModelArn").rsplit('/').next().unwrap_or_default();
    let foundation = format!("arn:aws:bedrock:{}::foundation-model/{foundation_id}", cx.region);
    cx.refuse_taken_name(&custom_model::RESOURCE, record.text("targetModelName"), None)?;
    record.set("sourceModelName", name);
    record.set("sourceAccountId", account);
    record.set("customizationType", kind);
    record.set("foundationModelArn", foundation);
    // The target has its ARN before the job ends.
    record.set("targetModelArn", cx.arn(&custom_model::RESOURCE, record, &cx.world.ids.resource()));
    Ok(())
}

fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    let model = record.renamed(&[
        ("targetModelArn", "modelArn"),
        ("targetModelName", "modelName"),
        ("foundationModelArn", "baseModelArn"),
        ("targetModelKmsKeyArn", "modelKmsKeyArn"),
        ("customizationType", "customizationType"),
        ("targetModelTags", "modelTags"),
    ]);
    custom_model::add(cx, model);
}
