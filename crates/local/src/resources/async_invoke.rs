//! Asynchronous invocations.

use serde_json::json;

use crate::formats::asynchronous;
use crate::json::record::Record;
use crate::resources::models;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::buckets::{Buckets, join_uri};

pub(crate) static RESOURCE: Resource = Resource {
    name: "AsyncInvoke",
    operations: &[
        ("StartAsyncInvoke", Verb::Create),
        ("GetAsyncInvoke", Verb::Get),
        ("ListAsyncInvokes", Verb::List),
    ],
    arn: Some("async-invoke/{id}"),
    members: Members {
        arn: Some("invocationArn"),
        created: "submitTime",
        updated: Some("lastModifiedTime"),
        ended: Some("endTime"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["InProgress", "Completed"],
    duration: |settings| settings.async_invoke_duration.unwrap_or(settings.job_duration),
    fails_by: Some("clientRequestToken"),
    newest_first: true,
    // GetAsyncInvoke has no ResourceNotFoundException: this is the message of its ValidationException.
    not_found: "The provided invocation ARN is invalid.",
    on_create,
    on_success,
    on_failure,
    ..Resource::DEFAULT
};

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = models::invoked(cx, record.text("modelId"))?;
    if !model.invokes_asynchronously() || !record["modelInput"].is_object() {
        return Err(AwsError::validation("The provided request is not valid"));
    }
    record.set("modelArn", model.arn(cx.region));
    // Each invocation writes into a folder of its own.
    let id = cx.world.ids.resource();
    let mut output = record["outputDataConfig"].clone();
    if let Some(uri) = output["s3OutputDataConfig"]["s3Uri"].as_str() {
        output["s3OutputDataConfig"]["s3Uri"] = json!(format!("{}/{id}", uri.trim_end_matches('/')));
    }
    if let (Some(buckets), Some(uri)) = (&cx.world.buckets, output["s3OutputDataConfig"]["s3Uri"].as_str()) {
        buckets.check(uri).map_err(AwsError::validation)?;
    }
    record.set("outputDataConfig", output);
    record.set("invocationArn", cx.arn(&RESOURCE, record, &id));
    Ok(())
}

fn on_success(cx: &mut Context<'_>, record: &mut Record) {
    let Some((buckets, output)) = destination(cx, record) else { return };
    let Ok(model) = models::invoked(cx, record.text("modelId")) else { return };
    let files = asynchronous::files(model, &record["modelInput"], buckets, &output);
    let written = files.iter().try_for_each(|(name, bytes)| buckets.write(&join_uri(&output, name), bytes));
    if let Err(why) = written {
        RESOURCE.set_failed(record, &why);
    }
}

fn on_failure(cx: &mut Context<'_>, record: &mut Record) {
    let Some((buckets, output)) = destination(cx, record) else { return };
    let Ok(model) = models::invoked(cx, record.text("modelId")) else { return };
    if let Some((name, bytes)) = asynchronous::failure(model, record.text(RESOURCE.members.failure)) {
        // The invocation has failed already, so that a failure to write the file changes nothing.
        let _ = buckets.write(&join_uri(&output, &name), &bytes);
    }
}

/// Returns the folder of the output files, if the server writes any.
fn destination<'a>(cx: &Context<'a>, record: &Record) -> Option<(&'a Buckets, String)> {
    let uri = record["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].as_str()?;
    Some((cx.world.buckets.as_ref()?, uri.to_owned()))
}
