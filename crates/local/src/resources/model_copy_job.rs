//! Jobs that copy a custom model into the region where they are created.

use crate::json::record::Record;
use crate::resources::custom_model;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};

pub(crate) static NOUN: Noun = Noun {
    name: "ModelCopyJob",
    operations: &[
        ("CreateModelCopyJob", Verb::Create),
        ("GetModelCopyJob", Verb::Get),
        ("ListModelCopyJobs", Verb::List),
    ],
    arn: "model-copy-job/{id}",
    members: Members { arn: "jobArn", name: "targetModelName", status: "status", ..Members::NONE },
    life: &["InProgress", "Completed"],
    renamed: &[("modelKmsKeyId", "targetModelKmsKeyArn")],
    filters: &[("sourceAccount", "sourceAccountId")],
    // What it is created with are the tags of the model.
    tags: "",
    newest_first: true,
    missing: "The specified model copy job was not found.",
    begin,
    finish,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let arn = record.text("sourceModelArn").to_owned();
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let store = if region == cx.region { Some(&*cx.store) } else { cx.other_regions.get(region) };
    let source = store.and_then(|store| store.record(&custom_model::NOUN, &arn));
    let source = source.ok_or_else(|| AwsError::not_found(custom_model::NOUN.missing))?;
    let (name, kind) = (source["modelName"].clone(), source["customizationType"].clone());
    let foundation_id = source.text("foundationModelArn").rsplit('/').next().unwrap_or_default();
    let foundation = format!("arn:aws:bedrock:{}::foundation-model/{foundation_id}", cx.region);
    cx.refuse_taken_name(&custom_model::NOUN, record.text("targetModelName"), None)?;
    record.set("sourceModelName", name);
    record.set("sourceAccountId", account);
    record.set("customizationType", kind);
    record.set("foundationModelArn", foundation);
    // The target has its ARN from the beginning.
    let mut target = record.clone();
    target.set(custom_model::NOUN.members.id, cx.world.ids.resource());
    record.set("targetModelArn", cx.arn(&custom_model::NOUN, &target));
    Ok(())
}

fn finish(cx: &mut Context<'_>, record: &mut Record) {
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
