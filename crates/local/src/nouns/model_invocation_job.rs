//! Batch inference: jobs that invoke a model for every record of a file.

use std::time::Duration;

use serde_json::Value;

use crate::clock::later;
use crate::error::AwsResult;
use crate::nouns::models;
use crate::store::context::Context;
use crate::store::noun::{Members, Noun, Verb};
use crate::store::record::Record;

const ONE_HOUR: Duration = Duration::from_secs(3600);
/// How many records stand in every file.
const RECORDS: u64 = 100;

pub(crate) static NOUN: Noun = Noun {
    name: "ModelInvocationJob",
    operations: &[
        ("CreateModelInvocationJob", Verb::Create),
        ("GetModelInvocationJob", Verb::Get),
        ("ListModelInvocationJobs", Verb::List),
        ("StopModelInvocationJob", Verb::Stop),
    ],
    arn: "model-invocation-job/{id}",
    members: Members {
        arn: "jobArn",
        name: "jobName",
        created: "submitTime",
        updated: "lastModifiedTime",
        ended: "endTime",
        status: "status",
        failure: "message",
        ..Members::NONE
    },
    life: &["Submitted", "Validating", "Scheduled", "InProgress", "Completed"],
    // AWS tells the token of the one job that is asked for.
    row: &[("clientRequestToken", "")],
    unique_names: true,
    newest_first: true,
    missing: "The provided batch inference job was not found.",
    taken: "A batch inference job named {name} already exists.",
    begin,
    finish,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    models::base(cx, record.text("modelId"))
        .map(|_| ())
        .or_else(|_| models::behind(cx, record.text("modelId")).map(|_| ()))?;
    record.fill("timeoutDurationInHours", 24);
    record.fill("modelInvocationType", "InvokeModel");
    let hours = record.get("timeoutDurationInHours").and_then(Value::as_u64).unwrap_or_default();
    let expires = later(cx.now, ONE_HOUR.saturating_mul(u32::try_from(hours).unwrap_or_default()));
    record.set("jobExpirationTime", expires.to_string());
    Ok(())
}

fn finish(_: &mut Context<'_>, record: &mut Record) {
    for counted in ["totalRecordCount", "processedRecordCount", "successRecordCount"] {
        record.set(counted, RECORDS);
    }
    record.set("errorRecordCount", 0);
}
