//! Jobs that import a model from an S3 bucket.

use serde_json::json;

use crate::json::record::Record;
use crate::resources::imported_model;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::AwsResult;

pub(crate) static RESOURCE: Resource = Resource {
    name: "ModelImportJob",
    operations: &[
        ("CreateModelImportJob", Verb::Create),
        ("GetModelImportJob", Verb::Get),
        ("ListModelImportJobs", Verb::List),
    ],
    arn: Some("model-import-job/{id}"),
    members: Members::JOB,
    statuses: &["InProgress", "Completed"],
    renamed: &[("importedModelKmsKeyId", "importedModelKmsKeyArn")],
    tags: Some("jobTags"),
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified model import job was not found.",
    name_taken: "A model import job named {name} already exists.",
    on_create,
    on_success,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    cx.refuse_taken_name(&imported_model::RESOURCE, record.text("importedModelName"), None)
}

fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    let mut model = record.renamed(&[
        ("importedModelName", "modelName"),
        ("jobName", "jobName"),
        ("jobArn", "jobArn"),
        ("modelDataSource", "modelDataSource"),
        ("importedModelKmsKeyArn", "modelKmsKeyArn"),
        ("importedModelTags", "tags"),
    ]);
    model.set("modelArchitecture", "llama");
    model.set("instructSupported", true);
    model.set(
        "customModelUnits",
        json!({ "customModelUnitsPerModelCopy": 1, "customModelUnitsVersion": "v1.0" }),
    );
    let model = cx.add(&imported_model::RESOURCE, model);
    record.set("importedModelArn", model.text("modelArn"));
}
