//! Provisioned throughput: model units reserved for a model.

use std::time::Duration;

use serde_json::Value;

use crate::json::record::Record;
use crate::resources::{custom_model, models};
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{Invocable, Members, OnDelete, Protection, Reference, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::clock::later;

const IN_USE: OnDelete = OnDelete::Protect("The model is in use by a ProvisionedModelThroughput.");
const ONE_MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) static RESOURCE: Resource = Resource {
    name: "ProvisionedModelThroughput",
    operations: &[
        ("CreateProvisionedModelThroughput", Verb::Create),
        ("GetProvisionedModelThroughput", Verb::Get),
        ("ListProvisionedModelThroughputs", Verb::List),
        ("UpdateProvisionedModelThroughput", Verb::Update(update)),
        ("DeleteProvisionedModelThroughput", Verb::Delete),
    ],
    arn: Some("provisioned-model/{id}"),
    members: Members {
        arn: Some("provisionedModelArn"),
        name: Some("provisionedModelName"),
        updated: Some("lastModifiedTime"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["Creating", "InService"],
    invocable: Some(Invocable { arn_prefix: "provisioned-model/", model: Some("modelArn") }),
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified provisioned model throughput was not found.",
    name_taken: "A provisioned model throughput named {name} already exists.",
    references: &[
        Reference { member: "/modelArn", version: None, to: &custom_model::RESOURCE, on_delete: IN_USE },
        Reference {
            member: "/desiredModelArn",
            version: None,
            to: &custom_model::RESOURCE,
            on_delete: IN_USE,
        },
    ],
    protected: Some(Protection::Until {
        member: "commitmentExpirationTime",
        message: "The commitment lasts until {time}.",
    }),
    on_create,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = models::base(cx, record.text("modelId"))?;
    record.set("modelArn", model.arn.as_str());
    record.set("desiredModelArn", model.arn);
    record.set("foundationModelArn", model.foundation_arn);
    record.set("desiredModelUnits", record.get("modelUnits").cloned().unwrap_or(Value::Null));
    let months = match record.text("commitmentDuration") {
        "OneMonth" => 1,
        "SixMonths" => 6,
        _ => return Ok(()),
    };
    record.set("commitmentExpirationTime", later(cx.now, ONE_MONTH * months).to_string());
    Ok(())
}

fn update(cx: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    if let Some(name) = request.input["desiredProvisionedModelName"].as_str() {
        record.set("provisionedModelName", name);
    }
    let Some(model) = request.input["desiredModelId"].as_str() else { return Ok(Vec::new()) };
    let model = models::base(cx, model)?;
    if model.foundation_arn != record.text("foundationModelArn") {
        return Err(AwsError::validation("The desired model must be made of the same foundation model."));
    }
    record.set("desiredModelArn", model.arn);
    record.set("status", "Updating");
    Ok(vec![Step::Change(|_, record| {
        let desired = record.get("desiredModelArn").cloned().unwrap_or(Value::Null);
        record.set("modelArn", desired);
        record.set("status", "InService");
    })])
}
