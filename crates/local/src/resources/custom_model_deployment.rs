//! Deployments of custom models for on-demand inference.

use serde_json::json;

use crate::json::record::Record;
use crate::resources::custom_model;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{Invocable, Members, OnDelete, Reference, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static RESOURCE: Resource = Resource {
    name: "CustomModelDeployment",
    operations: &[
        ("CreateCustomModelDeployment", Verb::Create),
        ("GetCustomModelDeployment", Verb::Get),
        ("ListCustomModelDeployments", Verb::List),
        ("UpdateCustomModelDeployment", Verb::Update(update)),
        ("DeleteCustomModelDeployment", Verb::Delete),
    ],
    arn: Some("custom-model-deployment/{id}"),
    members: Members {
        arn: Some("customModelDeploymentArn"),
        name: Some("modelDeploymentName"),
        created: "createdAt",
        updated: Some("lastUpdatedAt"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["Creating", "Active"],
    invocable: Some(Invocable { arn_prefix: "custom-model-deployment/", model: Some("modelArn") }),
    row: &[("customModelDeploymentName", Some("modelDeploymentName"))],
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified custom model deployment was not found.",
    name_taken: "A custom model deployment named {name} already exists.",
    references: &[Reference {
        member: "/modelArn",
        version: None,
        to: &custom_model::RESOURCE,
        on_delete: OnDelete::Protect("The model is in use by a CustomModelDeployment."),
    }],
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = cx.record(&custom_model::RESOURCE, record.text("modelArn"))?;
    match model.text("modelStatus") {
        "" | "Active" => Ok(()),
        status => Err(AwsError::validation(format!("A model that is {status} cannot be deployed."))),
    }
}

fn update(cx: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    let arn = request.text("modelArn");
    cx.find(&custom_model::RESOURCE, arn)?;
    record.set("updateDetails", json!({ "modelArn": arn, "updateStatus": "Updating" }));
    Ok(vec![Step::Change(updated)])
}

fn updated(_: &mut Context<'_>, record: &mut Record) {
    let Some(mut details) = record.remove("updateDetails") else { return };
    record.set("modelArn", details["modelArn"].clone());
    details["updateStatus"] = json!("UpdateCompleted");
    record.set("updateDetails", details);
}
