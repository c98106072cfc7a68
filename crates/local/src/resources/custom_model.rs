//! Custom models: imported from an S3 bucket, or made by customization and copy jobs.

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Invocable, Members, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::ACCOUNT;

/// The base of imported models: AWS imports Nova models only.
const IMPORTED_BASE: &str = "amazon.nova-lite-v1:0";

pub(crate) static RESOURCE: Resource = Resource {
    name: "CustomModel",
    operations: &[
        ("CreateCustomModel", Verb::Create),
        ("GetCustomModel", Verb::Get),
        ("ListCustomModels", Verb::List),
        ("DeleteCustomModel", Verb::Delete),
    ],
    arn: Some("custom-model/{base}/{id}"),
    members: Members {
        arn: Some("modelArn"),
        name: Some("modelName"),
        status: Some("modelStatus"),
        ..Members::NONE
    },
    statuses: &["Creating", "Active"],
    invocable: Some(Invocable { arn_prefix: "custom-model/", model: Some("baseModelArn") }),
    filters: &[
        ("baseModelArn", "baseModelArn"),
        ("foundationModelArn", "foundationModelArn"),
        ("modelStatus", "modelStatus"),
    ],
    tags: Some("modelTags"),
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified custom model was not found.",
    name_taken: "A custom model named {name} already exists.",
    derive,
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    if record.contains_key("modelSourceConfig") == record.contains_key("customModelDataSource") {
        return Err(AwsError::validation(
            "Provide either the modelSourceConfig or the customModelDataSource of a custom model.",
        ));
    }
    record.set("customizationType", "IMPORTED");
    let base = format!("arn:aws:bedrock:{}::foundation-model/{IMPORTED_BASE}", cx.region);
    record.set("baseModelArn", base);
    record.set("ownerAccountId", ACCOUNT);
    Ok(())
}

/// Adds the model that a job has made.
pub(super) fn add(cx: &mut Context<'_>, mut record: Record) -> Record {
    record.set("modelStatus", "Active");
    record.set("ownerAccountId", ACCOUNT);
    cx.add(&RESOURCE, record)
}

fn derive(record: &mut Record) {
    record.fill("foundationModelArn", record["baseModelArn"].clone());
    // AWS leaves it empty.
    record.fill("baseModelName", "");
}
