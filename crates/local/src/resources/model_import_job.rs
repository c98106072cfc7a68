//! Jobs that import a model from an S3 bucket.

use serde_json::json;

use crate::json::record::Record;
use crate::resources::imported_model;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::AwsResult;

pub(crate) static NOUN: Noun = Noun {
    name: "ModelImportJob",
    operations: &[
        ("CreateModelImportJob", Verb::Create),
        ("GetModelImportJob", Verb::Get),
        ("ListModelImportJobs", Verb::List),
    ],
    arn: "model-import-job/{id}",
    members: Members {
        arn: "jobArn",
        name: "jobName",
        updated: "lastModifiedTime",
        ended: "endTime",
        status: "status",
        ..Members::NONE
    },
    life: &["InProgress", "Completed"],
    renamed: &[("importedModelKmsKeyId", "importedModelKmsKeyArn")],
    tags: "jobTags",
    by_name: true,
    unique_names: true,
    newest_first: true,
    missing: "The specified model import job was not found.",
    taken: "A model import job named {name} already exists.",
    begin,
    finish,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    cx.refuse_taken_name(&imported_model::NOUN, record.text("importedModelName"), None)
}

fn finish(cx: &mut Context<'_>, record: &mut Record) {
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
    let model = cx.add(&imported_model::NOUN, model);
    record.set("importedModelArn", model.text("modelArn"));
}
