//! Custom models: imported from an S3 bucket, or what customization and copy jobs made.

use crate::json::record::Record;
use crate::resources::{custom_model_deployment, provisioned_model_throughput};
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::ACCOUNT;

/// What imported models are made of: AWS imports Nova models alone.
const IMPORTED_BASE: &str = "amazon.nova-lite-v1:0";

pub(crate) static NOUN: Noun = Noun {
    name: "CustomModel",
    operations: &[
        ("CreateCustomModel", Verb::Create),
        ("GetCustomModel", Verb::Get),
        ("ListCustomModels", Verb::List),
        ("DeleteCustomModel", Verb::Delete),
    ],
    arn: "custom-model/{base}/{id}",
    members: Members { arn: "modelArn", name: "modelName", status: "modelStatus", ..Members::NONE },
    life: &["Creating", "Active"],
    filters: &[
        ("baseModelArn", "baseModelArn"),
        ("foundationModelArn", "foundationModelArn"),
        ("modelStatus", "modelStatus"),
    ],
    tags: "modelTags",
    by_name: true,
    unique_names: true,
    newest_first: true,
    missing: "The specified custom model was not found.",
    taken: "A custom model named {name} already exists.",
    derive,
    begin,
    release,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
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

/// Puts a model on its shelf that a job has made.
pub(super) fn add(cx: &mut Context<'_>, mut record: Record) -> Record {
    record.set("modelStatus", "Active");
    record.set("ownerAccountId", ACCOUNT);
    cx.add(&NOUN, record)
}

fn derive(record: &mut Record) {
    record.fill("foundationModelArn", record["baseModelArn"].clone());
    // AWS has no name for it.
    record.fill("baseModelName", "");
}

/// A model that is in use cannot go.
fn release(cx: &mut Context<'_>, record: &Record) -> AwsResult<()> {
    let arn = record.text("modelArn");
    let uses = |record: &Record| [record.text("modelArn"), record.text("desiredModelArn")].contains(&arn);
    let users = [&custom_model_deployment::NOUN, &provisioned_model_throughput::NOUN];
    match users.into_iter().find(|noun| cx.store.records(noun).any(uses)) {
        Some(noun) => Err(AwsError::conflict(format!("The model is in use by a {}.", noun.name))),
        None => Ok(()),
    }
}
