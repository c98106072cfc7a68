//! Settings of an account: invocation logging, data retention, the use case for model access.

use serde_json::Value;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::AwsResult;
use crate::wire::request::Request;

pub(crate) static RESOURCE: Resource = Resource {
    name: "account setting",
    operations: &[
        ("PutModelInvocationLoggingConfiguration", Verb::Custom(|cx, request| put(cx, request, LOGGING))),
        ("GetModelInvocationLoggingConfiguration", Verb::Custom(|cx, request| Ok(get(cx, request, LOGGING)))),
        ("DeleteModelInvocationLoggingConfiguration", Verb::Custom(delete_logging)),
        ("PutAccountDataRetention", Verb::Custom(|cx, request| put(cx, request, RETENTION))),
        ("GetAccountDataRetention", Verb::Custom(retention)),
        ("PutUseCaseForModelAccess", Verb::Custom(|cx, request| put(cx, request, USE_CASE))),
        ("GetUseCaseForModelAccess", Verb::Custom(use_case)),
    ],
    members: Members { id: Some(SETTING), updated: Some("updatedAt"), ..Members::NONE },
    not_found: "There is no such setting of this account.",
    ..Resource::DEFAULT
};

/// The member that identifies a setting. No response has it.
const SETTING: &str = "(setting)";
const LOGGING: &str = "logging";
const RETENTION: &str = "data retention";
const USE_CASE: &str = "use case";

fn put(cx: &mut Context<'_>, request: &Request, setting: &str) -> AwsResult<Record> {
    remove(cx, setting);
    let mut record = request.record();
    record.set(SETTING, setting);
    let record = cx.add(&RESOURCE, record);
    Ok(verbs::output(request, &RESOURCE, &record))
}

/// Returns the output of a setting, which is empty if it was never set.
fn get(cx: &Context<'_>, request: &Request, setting: &str) -> Record {
    let record = cx.store.record(&RESOURCE, setting);
    record.map(|record| verbs::output(request, &RESOURCE, record)).unwrap_or_default()
}

fn remove(cx: &mut Context<'_>, setting: &str) {
    if let Some(position) = cx.store.find(&RESOURCE, setting) {
        cx.store.remove(&RESOURCE, position);
    }
}

fn delete_logging(cx: &mut Context<'_>, _: &Request) -> AwsResult<Record> {
    remove(cx, LOGGING);
    Ok(Record::default())
}

fn retention(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let mut output = get(cx, request, RETENTION);
    if output.text("mode").is_empty() {
        output.set("mode", Value::from("default"));
    }
    Ok(output)
}

fn use_case(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    cx.find(&RESOURCE, USE_CASE)?;
    Ok(get(cx, request, USE_CASE))
}
