//! Provisioned throughput: model units reserved for a model.

use std::time::Duration;

use serde_json::Value;

use crate::json::record::Record;
use crate::resources::models;
use crate::store::context::Context;
use crate::store::lifecycle::{Plan, Step};
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::clock::later;

const ONE_MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) static NOUN: Noun = Noun {
    name: "ProvisionedModelThroughput",
    operations: &[
        ("CreateProvisionedModelThroughput", Verb::Create),
        ("GetProvisionedModelThroughput", Verb::Get),
        ("ListProvisionedModelThroughputs", Verb::List),
        ("UpdateProvisionedModelThroughput", Verb::Update(update)),
        ("DeleteProvisionedModelThroughput", Verb::Delete),
    ],
    arn: "provisioned-model/{id}",
    members: Members {
        arn: "provisionedModelArn",
        name: "provisionedModelName",
        updated: "lastModifiedTime",
        status: "status",
        ..Members::NONE
    },
    life: &["Creating", "InService"],
    by_name: true,
    unique_names: true,
    newest_first: true,
    missing: "The specified provisioned model throughput was not found.",
    taken: "A provisioned model throughput named {name} already exists.",
    begin,
    release,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
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

fn update(cx: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Plan> {
    if let Some(name) = request.input["desiredProvisionedModelName"].as_str() {
        record.set("provisionedModelName", name);
    }
    let Some(model) = request.input["desiredModelId"].as_str() else { return Ok(Plan::new()) };
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

/// What was committed to is kept to the end.
fn release(cx: &mut Context<'_>, record: &Record) -> AwsResult<()> {
    match record.time("commitmentExpirationTime").filter(|expires| *expires > cx.now) {
        Some(expires) => Err(AwsError::conflict(format!("The commitment lasts until {expires}."))),
        None => Ok(()),
    }
}
