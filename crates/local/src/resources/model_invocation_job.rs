//! Batch inference: jobs that invoke a model for every record of a file.

use std::time::Duration;

use serde_json::Value;

use crate::formats::batch::Tally;
use crate::json::record::Record;
use crate::resources::models;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::buckets::join_uri;
use crate::world::clock::later;

const ONE_HOUR: Duration = Duration::from_secs(3600);
/// The number of records in an input that the server cannot read.
const RECORDS: u64 = 100;

/// The status of a job whose records get their replies.
pub(crate) const IN_PROGRESS: &str = "InProgress";

pub(crate) static RESOURCE: Resource = Resource {
    name: "ModelInvocationJob",
    operations: &[
        ("CreateModelInvocationJob", Verb::Create),
        ("GetModelInvocationJob", Verb::Get),
        ("ListModelInvocationJobs", Verb::List),
        ("StopModelInvocationJob", Verb::Stop),
    ],
    arn: Some("model-invocation-job/{id}"),
    members: Members { created: "submitTime", failure: "message", ..Members::JOB },
    statuses: &["Submitted", "Validating", "Scheduled", IN_PROGRESS, "Completed"],
    // A list's rows do not have the token.
    row: &[("clientRequestToken", None)],
    unique_names: true,
    newest_first: true,
    not_found: "The provided batch inference job was not found.",
    name_taken: "A batch inference job named {name} already exists.",
    on_create,
    on_success,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    models::base(cx, record.text("modelId"))
        .map(|_| ())
        .or_else(|_| models::invoked(cx, record.text("modelId")).map(|_| ()))?;
    if let Some(buckets) = &cx.world.buckets {
        for uri in [
            &record["inputDataConfig"]["s3InputDataConfig"]["s3Uri"],
            &record["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"],
        ] {
            buckets.check(uri.as_str().unwrap_or_default()).map_err(AwsError::validation)?;
        }
    }
    record.fill("timeoutDurationInHours", 24);
    record.fill("modelInvocationType", "InvokeModel");
    let hours = record.get("timeoutDurationInHours").and_then(Value::as_u64).unwrap_or_default();
    let expires = later(cx.now, ONE_HOUR.saturating_mul(u32::try_from(hours).unwrap_or_default()));
    record.set("jobExpirationTime", expires.to_string());
    Ok(())
}

/// Leaves a job in progress until its records have replies, or reports it as finished if there is no input to read.
fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    match input_files(cx, record) {
        Ok(files) if files.is_empty() => set_counts(record, &Tally::of_succeeded(RECORDS)),
        Ok(_) => {
            RESOURCE.set_status(record, IN_PROGRESS);
            record.remove("endTime");
            let arn = RESOURCE.arn_of(record).to_owned();
            cx.store.due_batches.push(arn);
        }
        Err(why) => RESOURCE.set_failed(record, &why),
    }
}

/// Returns the input files of a job. They are none if the server has no folder for S3.
pub(crate) fn input_files(cx: &Context<'_>, record: &Record) -> Result<Vec<String>, String> {
    let Some(buckets) = &cx.world.buckets else { return Ok(Vec::new()) };
    let uri = record["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].as_str();
    buckets.files(uri.unwrap_or_default(), ".jsonl")
}

/// Returns the folder of the output files of a job.
pub(crate) fn output_folder(record: &Record) -> String {
    let uri = record["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].as_str();
    join_uri(uri.unwrap_or_default(), RESOURCE.id_of(record))
}

/// Sets the counts of the records.
pub(crate) fn set_counts(record: &mut Record, tally: &Tally) {
    for (member, count) in tally.counts() {
        record.set(member, count);
    }
}
