//! Batch inference: jobs that invoke a model for every record of a file.

use std::time::Duration;

use serde_json::Value;

use crate::formats::batch::{Batch, Tally};
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
    statuses: &["Submitted", "Validating", "Scheduled", "InProgress", "Completed"],
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

/// Writes the output of the records, or reports it as written if there is no input to read.
fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    match process_records(cx, record) {
        Ok(tally) => {
            for (member, count) in tally.counts() {
                record.set(member, count);
            }
        }
        Err(why) => {
            RESOURCE.set_failed(record, &why);
        }
    }
}

fn process_records(cx: &Context<'_>, record: &Record) -> Result<Tally, String> {
    let unread = Tally::of_succeeded(RECORDS);
    let Some(buckets) = &cx.world.buckets else { return Ok(unread) };
    let uri =
        |config: &str, inner: &str| record[config][inner]["s3Uri"].as_str().unwrap_or_default().to_owned();
    let files = buckets.files(&uri("inputDataConfig", "s3InputDataConfig"), ".jsonl")?;
    if files.is_empty() {
        return Ok(unread);
    }
    let output = join_uri(&uri("outputDataConfig", "s3OutputDataConfig"), RESOURCE.id_of(record));
    let model = models::invoked(cx, record.text("modelId")).map_err(|error| error.message)?;
    let is_converse = record.text("modelInvocationType") == "Converse";
    let mut batch = Batch { world: cx.world, model, is_converse, tally: Tally::default() };
    for file in files {
        let bytes = buckets.read(&file)?.unwrap_or_default();
        let answers = batch.run(&String::from_utf8_lossy(&bytes));
        let name = file.rsplit('/').next().unwrap_or_default();
        buckets.write(&join_uri(&output, &format!("{name}.out")), answers.as_bytes())?;
    }
    let manifest = batch.tally.manifest().to_string();
    buckets.write(&join_uri(&output, "manifest.json.out"), manifest.as_bytes())?;
    Ok(batch.tally)
}
