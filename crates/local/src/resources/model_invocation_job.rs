//! Batch inference: jobs that invoke a model for every record of a file.

use std::time::Duration;

use serde_json::Value;

use crate::formats::batch::{Batch, Tally};
use crate::json::record::Record;
use crate::resources::models;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::buckets::within;
use crate::world::clock::later;

const ONE_HOUR: Duration = Duration::from_secs(3600);
/// How many records stand in every file that cannot be read.
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

/// Answers the records where there are any to be read, else says that it has.
fn finish(cx: &mut Context<'_>, record: &mut Record) {
    match answer_records(cx, record) {
        Ok(tally) => {
            for (member, count) in tally.counts() {
                record.set(member, count);
            }
        }
        Err(why) => {
            record.set(NOUN.members.status, NOUN.failed);
            record.set(NOUN.members.failure, why);
        }
    }
}

fn answer_records(cx: &Context<'_>, record: &Record) -> Result<Tally, String> {
    let unread = Tally::of_good(RECORDS);
    let Some(buckets) = &cx.world.buckets else { return Ok(unread) };
    let uri =
        |config: &str, inner: &str| record[config][inner]["s3Uri"].as_str().unwrap_or_default().to_owned();
    let files = buckets.files(&uri("inputDataConfig", "s3InputDataConfig"), ".jsonl")?;
    if files.is_empty() {
        return Ok(unread);
    }
    let output = within(&uri("outputDataConfig", "s3OutputDataConfig"), record.text(NOUN.members.id));
    let model = models::invoked(cx, record.text("modelId")).map_err(|error| error.message)?;
    let converses = record.text("modelInvocationType") == "Converse";
    let mut batch = Batch { world: cx.world, model, converses, tally: Tally::default() };
    for file in files {
        let bytes = buckets.read(&file)?.unwrap_or_default();
        let answers = batch.answer(&String::from_utf8_lossy(&bytes));
        let name = file.rsplit('/').next().unwrap_or_default();
        buckets.write(&within(&output, &format!("{name}.out")), answers.as_bytes())?;
    }
    let manifest = batch.tally.manifest().to_string();
    buckets.write(&within(&output, "manifest.json.out"), manifest.as_bytes())?;
    Ok(batch.tally)
}
