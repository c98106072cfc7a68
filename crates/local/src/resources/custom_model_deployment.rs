//! Deployments of custom models for on-demand inference.

use serde_json::json;

use crate::json::record::Record;
use crate::resources::custom_model;
use crate::store::context::Context;
use crate::store::lifecycle::{Plan, Step};
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static NOUN: Noun = Noun {
    name: "CustomModelDeployment",
    operations: &[
        ("CreateCustomModelDeployment", Verb::Create),
        ("GetCustomModelDeployment", Verb::Get),
        ("ListCustomModelDeployments", Verb::List),
        ("UpdateCustomModelDeployment", Verb::Update(update)),
        ("DeleteCustomModelDeployment", Verb::Delete),
    ],
    arn: "custom-model-deployment/{id}",
    members: Members {
        arn: "customModelDeploymentArn",
        name: "modelDeploymentName",
        created: "createdAt",
        updated: "lastUpdatedAt",
        status: "status",
        ..Members::NONE
    },
    life: &["Creating", "Active"],
    row: &[("customModelDeploymentName", "modelDeploymentName")],
    by_name: true,
    unique_names: true,
    newest_first: true,
    missing: "The specified custom model deployment was not found.",
    taken: "A custom model deployment named {name} already exists.",
    begin,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = cx.record(&custom_model::NOUN, record.text("modelArn"))?;
    match model.text("modelStatus") {
        "" | "Active" => Ok(()),
        status => Err(AwsError::validation(format!("A model that is {status} cannot be deployed."))),
    }
}

fn update(cx: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Plan> {
    let arn = request.text("modelArn");
    cx.find(&custom_model::NOUN, arn)?;
    record.set("updateDetails", json!({ "modelArn": arn, "updateStatus": "Updating" }));
    Ok(vec![Step::Change(updated)])
}

fn updated(_: &mut Context<'_>, record: &mut Record) {
    let Some(mut details) = record.remove("updateDetails") else { return };
    record.set("modelArn", details["modelArn"].clone());
    details["updateStatus"] = json!("UpdateCompleted");
    record.set("updateDetails", details);
}
