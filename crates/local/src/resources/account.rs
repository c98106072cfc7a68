//! What an account has one of: invocation logging, data retention, the use case for model access.

use serde_json::Value;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::AwsResult;
use crate::wire::request::Request;

pub(crate) static NOUN: Noun = Noun {
    name: "account setting",
    operations: &[
        ("PutModelInvocationLoggingConfiguration", Verb::Own(|cx, request| put(cx, request, LOGGING))),
        ("GetModelInvocationLoggingConfiguration", Verb::Own(|cx, request| Ok(get(cx, request, LOGGING)))),
        ("DeleteModelInvocationLoggingConfiguration", Verb::Own(delete_logging)),
        ("PutAccountDataRetention", Verb::Own(|cx, request| put(cx, request, RETENTION))),
        ("GetAccountDataRetention", Verb::Own(retention)),
        ("PutUseCaseForModelAccess", Verb::Own(|cx, request| put(cx, request, USE_CASE))),
        ("GetUseCaseForModelAccess", Verb::Own(use_case)),
    ],
    members: Members { id: "(setting)", updated: "updatedAt", ..Members::NONE },
    missing: "There is no such setting of this account.",
    ..Noun::PLAIN
};

const LOGGING: &str = "logging";
const RETENTION: &str = "data retention";
const USE_CASE: &str = "use case";

fn put(cx: &mut Context<'_>, request: &Request, setting: &str) -> AwsResult<Record> {
    forget(cx, setting);
    let mut record = request.record();
    record.set(NOUN.members.id, setting);
    let record = cx.add(&NOUN, record);
    Ok(verbs::answer(request, &NOUN, &record))
}

/// What was put; nothing when nothing was.
fn get(cx: &Context<'_>, request: &Request, setting: &str) -> Record {
    let record = cx.store.record(&NOUN, setting);
    record.map(|record| verbs::answer(request, &NOUN, record)).unwrap_or_default()
}

fn forget(cx: &mut Context<'_>, setting: &str) {
    if let Some(place) = cx.store.find(&NOUN, setting) {
        cx.store.remove(&NOUN, place);
    }
}

fn delete_logging(cx: &mut Context<'_>, _: &Request) -> AwsResult<Record> {
    forget(cx, LOGGING);
    Ok(Record::default())
}

fn retention(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let mut answer = get(cx, request, RETENTION);
    if answer.text("mode").is_empty() {
        answer.set("mode", Value::from("default"));
    }
    Ok(answer)
}

fn use_case(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    cx.find(&NOUN, USE_CASE)?;
    Ok(get(cx, request, USE_CASE))
}
