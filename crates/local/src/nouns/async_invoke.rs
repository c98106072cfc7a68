//! Asynchronous invocations.

use serde_json::json;

use crate::error::{AwsError, AwsResult};
use crate::nouns::models;
use crate::store::context::Context;
use crate::store::noun::{Members, Noun, Verb};
use crate::store::record::Record;

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
    ..Noun::PLAIN
};

fn begin(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let model = models::behind(cx, record.text("modelId"))?;
    if !model.invokes_asynchronously() || !record["modelInput"].is_object() {
        return Err(AwsError::validation("The provided request is not valid"));
    }
    record.set("modelArn", model.arn(cx.region));
    // Each job writes into a folder of its own.
    let id = cx.local.ids.resource();
    let mut output = record["outputDataConfig"].clone();
    if let Some(uri) = output["s3OutputDataConfig"]["s3Uri"].as_str() {
        output["s3OutputDataConfig"]["s3Uri"] = json!(format!("{}/{id}", uri.trim_end_matches('/')));
    }
    record.set("outputDataConfig", output);
    record.set(NOUN.members.id, id);
    Ok(())
}
