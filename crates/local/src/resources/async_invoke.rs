//! Asynchronous invocations.

use serde_json::json;

use crate::formats::asynchronous;
use crate::json::record::Record;
use crate::resources::models;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::buckets::{Buckets, within};

pub(crate) static NOUN: Noun = Noun {
    name: "AsyncInvoke",
    operations: &[
        ("StartAsyncInvoke", Verb::Create),
        ("GetAsyncInvoke", Verb::Get),
        ("ListAsyncInvokes", Verb::List),
    ],
    arn: "async-invoke/{id}",
    members: Members {
        arn: "invocationArn",
        created: "submitTime",
        updated: "lastModifiedTime",
        ended: "endTime",
        status: "status",
        ..Members::NONE
    },
    life: &["InProgress", "Completed"],
    duration: |settings| settings.async_invoke_duration.unwrap_or(settings.job_duration),
    omen: "clientRequestToken",
    newest_first: true,
    // The operation knows no ResourceNotFoundException: this is what its ValidationException says.
    missing: "The provided invocation ARN is invalid.",
    begin,
    finish,
    fail,
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = models::invoked(cx, record.text("modelId"))?;
    if !model.invokes_asynchronously() || !record["modelInput"].is_object() {
        return Err(AwsError::validation("The provided request is not valid"));
    }
    record.set("modelArn", model.arn(cx.region));
    // Each job writes into a folder of its own.
    let id = cx.world.ids.resource();
    let mut output = record["outputDataConfig"].clone();
    if let Some(uri) = output["s3OutputDataConfig"]["s3Uri"].as_str() {
        output["s3OutputDataConfig"]["s3Uri"] = json!(format!("{}/{id}", uri.trim_end_matches('/')));
    }
    if let (Some(buckets), Some(uri)) = (&cx.world.buckets, output["s3OutputDataConfig"]["s3Uri"].as_str()) {
        buckets.check(uri).map_err(AwsError::validation)?;
    }
    record.set("outputDataConfig", output);
    record.set(NOUN.members.id, id);
    Ok(())
}

fn finish(cx: &mut Context<'_>, record: &mut Record) {
    let Some((buckets, output)) = destination(cx, record) else { return };
    let Ok(model) = models::invoked(cx, record.text("modelId")) else { return };
    let files = asynchronous::files(model, &record["modelInput"], buckets, &output);
    let written = files.iter().try_for_each(|(name, bytes)| buckets.write(&within(&output, name), bytes));
    if let Err(why) = written {
        record.set(NOUN.members.status, NOUN.failed);
        record.set(NOUN.members.failure, why);
    }
}

fn fail(cx: &mut Context<'_>, record: &mut Record) {
    let Some((buckets, output)) = destination(cx, record) else { return };
    let Ok(model) = models::invoked(cx, record.text("modelId")) else { return };
    if let Some((name, bytes)) = asynchronous::failure(model, record.text(NOUN.members.failure)) {
        // It has failed already: that this cannot be told there, too, changes nothing.
        let _ = buckets.write(&within(&output, &name), &bytes);
    }
}

/// Where files go, if they go anywhere.
fn destination<'a>(cx: &Context<'a>, record: &Record) -> Option<(&'a Buckets, String)> {
    let uri = record["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].as_str()?;
    Some((cx.world.buckets.as_ref()?, uri.to_owned()))
}
