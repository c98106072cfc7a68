//! What operations do to nouns.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::{Plan, Step, is_under_way};
use crate::store::resource::{Noun, Verb};
use crate::store::{lists, projection, tags};
use crate::wire::description::{Location, Operation};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

/// Performs an operation of a noun.
pub(crate) fn perform(
    cx: &mut Context<'_>,
    noun: &'static Noun,
    verb: Verb,
    request: &Request,
) -> AwsResult<Value> {
    let answer = tags::check(request).and_then(|()| match verb {
        Verb::Create => create(cx, noun, request),
        Verb::Get => get(cx, noun, request),
        Verb::List => lists::list(cx, noun, request),
        Verb::Update(change) => update(cx, noun, request, change),
        Verb::Delete => delete(cx, noun, request),
        Verb::Stop => stop(cx, noun, request),
        Verb::BatchDelete(listed) => batch_delete(cx, noun, request, listed),
        Verb::Own(own) => cx.once(request, |cx| own(cx, request)),
    });
    answer.map(Value::from).map_err(|error| as_described(request.operation, error))
}

/// An operation answers with no exception that its description does not list.
fn as_described(operation: &Operation, error: AwsError) -> AwsError {
    if operation.errors.iter().any(|described| described.shape == error.code) {
        return error;
    }
    AwsError::validation(error.message)
}

/// An answer in its operation's shape.
pub(crate) fn answer(request: &Request, noun: &Noun, record: &Record) -> Record {
    let output = request.operation.output.as_ref().map(|output| output.shape.as_str());
    projection::answer(request.service, output, record, noun.wrapped_in)
}

/// The key by which a request's path names a thing.
pub(crate) fn key(request: &Request) -> String {
    let shape = request.operation.input.as_ref().and_then(|input| request.service.shape(&input.shape));
    let members = shape.into_iter().flat_map(|shape| &shape.members);
    let labels = members.filter(|(_, member)| member.location == Some(Location::Uri));
    labels.map(|(name, _)| request.text(name)).collect::<Vec<_>>().join("/")
}

fn create(cx: &mut Context<'_>, noun: &'static Noun, request: &Request) -> AwsResult<Record> {
    cx.once(request, |cx| {
        refuse_missing_outer(cx, noun, request)?;
        let mut record = received(cx, noun, request);
        (noun.begin)(cx, &mut record)?;
        cx.refuse_taken_name(noun, record.text(noun.members.name), None)?;
        let record = cx.add(noun, record);
        Ok(answer(request, noun, &record))
    })
}

/// What a request says, under the names of records.
pub(crate) fn received(cx: &Context<'_>, noun: &Noun, request: &Request) -> Record {
    let members = request.input.as_object().into_iter().flatten();
    let known = |(member, value): (&String, &Value)| {
        let renamed = noun.renamed.iter().find(|(theirs, _)| theirs == member);
        let known = renamed.map_or(member.as_str(), |(_, ours)| *ours);
        let key = value.as_str().filter(|_| member.ends_with("KeyId") && known.ends_with("KeyArn"));
        (known.to_owned(), key.map_or_else(|| value.clone(), |key| json!(cx.kms_arn(key))))
    };
    members.map(known).collect()
}

/// What stands in something can only be asked for where that is.
pub(crate) fn refuse_missing_outer(cx: &Context<'_>, noun: &Noun, request: &Request) -> AwsResult<()> {
    let mut key = Vec::new();
    noun.within.iter().try_for_each(|(member, outer)| {
        key.push(request.text(member));
        cx.find(outer, &key.join("/")).map(|_| ())
    })
}

fn get(cx: &mut Context<'_>, noun: &'static Noun, request: &Request) -> AwsResult<Record> {
    Ok(answer(request, noun, cx.record(noun, &key(request))?))
}

fn update(
    cx: &mut Context<'_>,
    noun: &'static Noun,
    request: &Request,
    change: fn(&mut Context<'_>, &Request, &mut Record) -> AwsResult<Plan>,
) -> AwsResult<Record> {
    cx.once(request, |cx| {
        let place = cx.find(noun, &key(request))?;
        let before = cx.store.thing(noun, place).map(|thing| thing.record.clone()).unwrap_or_default();
        let mut record = before.clone();
        let plan = change(cx, request, &mut record)?;
        let name = record.text(noun.members.name);
        if name != before.text(noun.members.name) {
            cx.refuse_taken_name(noun, name, Some(place))?;
        }
        record.set(noun.members.updated, cx.now.to_string());
        let answer = answer(request, noun, &record);
        cx.store.replace(noun, place, record);
        if !plan.is_empty() {
            cx.plan(noun, place, plan);
        }
        Ok(answer)
    })
}

fn delete(cx: &mut Context<'_>, noun: &'static Noun, request: &Request) -> AwsResult<Record> {
    let place = cx.find(noun, &key(request))?;
    let record = cx.store.thing(noun, place).map(|thing| thing.record.clone()).unwrap_or_default();
    (noun.release)(cx, &record)?;
    cx.store.remove(noun, place);
    Ok(Record::default())
}

/// Refuses to touch what has changed since the client read it. Clients tell time less finely than it is kept.
pub(crate) fn refuse_stale(request: &Request, record: &Record, updated: &str) -> AwsResult<()> {
    let moment = |text: &str| text.parse().map(jiff::Timestamp::as_millisecond).ok();
    match moment(request.text("lastUpdatedAt")) == moment(record.text(updated)) {
        true => Ok(()),
        false => Err(changed()),
    }
}

/// What an optimistic lock says.
pub(crate) fn changed() -> AwsError {
    AwsError::conflict("The resource has changed since it was read. Read it again and retry.")
}

fn stop(cx: &mut Context<'_>, noun: &'static Noun, request: &Request) -> AwsResult<Record> {
    let place = cx.find(noun, &key(request))?;
    cx.stop(noun, place)?;
    Ok(Record::default())
}

/// Deletes jobs that are over. Those that cannot be deleted are told of, each with its error.
fn batch_delete(
    cx: &mut Context<'_>,
    noun: &'static Noun,
    request: &Request,
    listed: &str,
) -> AwsResult<Record> {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for identifier in items(&request.input["jobIdentifiers"]).iter().filter_map(Value::as_str) {
        match delete_job(cx, noun, identifier) {
            Ok(()) => deleted.push(json!({ "jobIdentifier": identifier, "jobStatus": DELETING })),
            Err(AwsError { code, message }) => {
                errors.push(json!({ "jobIdentifier": identifier, "code": code, "message": message }));
            }
        }
    }
    Ok(Record::from_iter([("errors".to_owned(), json!(errors)), (listed.to_owned(), json!(deleted))]))
}

const DELETING: &str = "Deleting";

fn delete_job(cx: &mut Context<'_>, noun: &'static Noun, identifier: &str) -> AwsResult<()> {
    let place = cx.find(noun, identifier)?;
    let Some(thing) = cx.store.thing_mut(noun, place) else { return Ok(()) };
    let status = thing.record.text(noun.members.status);
    if is_under_way(noun, &thing.record) || [noun.stopped.0, DELETING].contains(&status) {
        return Err(AwsError::conflict(format!("A job that is {status} cannot be deleted.")));
    }
    thing.record.set(noun.members.status, DELETING);
    cx.plan(noun, place, vec![Step::Vanish]);
    Ok(())
}
