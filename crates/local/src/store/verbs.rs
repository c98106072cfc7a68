//! The operations on resources: create, get, update, delete, stop.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{Resource, Verb};
use crate::store::{lists, projection, tags};
use crate::wire::description::{Location, Operation};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

/// Performs an operation on a resource.
pub(crate) fn perform(
    cx: &mut Context<'_>,
    resource: &'static Resource,
    verb: Verb,
    request: &Request,
) -> AwsResult<Value> {
    let output = tags::check(request).and_then(|()| match verb {
        Verb::Create => create(cx, resource, request),
        Verb::Get => get(cx, resource, request),
        Verb::List => lists::list(cx, resource, request),
        Verb::Update(change) => update(cx, resource, request, change),
        Verb::Delete => delete(cx, resource, request),
        Verb::Stop => stop(cx, resource, request),
        Verb::BatchDelete(listed) => batch_delete(cx, resource, request, listed),
        Verb::Custom(perform) => cx.once(request, |cx| perform(cx, request)),
    });
    output.map(Value::from).map_err(|error| as_described(request.operation, error))
}

/// Converts an exception that the operation does not declare to a validation error.
fn as_described(operation: &Operation, error: AwsError) -> AwsError {
    if operation.errors.iter().any(|described| *described.shape == *error.code) {
        return error;
    }
    AwsError::validation(error.message)
}

/// Returns the output of an operation from a record.
pub(crate) fn output(request: &Request, resource: &Resource, record: &Record) -> Record {
    let output = request.operation.output.as_ref().map(|output| &*output.shape);
    projection::output(request.service, output, record, resource.wrapped_in)
}

/// Returns the key in the path of a request.
pub(crate) fn key(request: &Request) -> String {
    let shape = request.operation.input.as_ref().and_then(|input| request.service.shape(&input.shape));
    let members = shape.into_iter().flat_map(|shape| &shape.members);
    let labels = members.filter(|(_, member)| member.location == Some(Location::Uri));
    labels.map(|(name, _)| request.text(name)).collect::<Vec<_>>().join("/")
}

fn create(cx: &mut Context<'_>, resource: &'static Resource, request: &Request) -> AwsResult<Record> {
    cx.once(request, |cx| {
        cx.refuse_missing_parent(resource, request)?;
        let mut record = received(cx, resource, request);
        (resource.on_create)(cx, &mut record)?;
        cx.refuse_taken_name(resource, resource.name_of(&record), None)?;
        let record = cx.add(resource, record);
        Ok(output(request, resource, &record))
    })
}

/// Returns the members of a request under the names that they have in records.
pub(crate) fn received(cx: &Context<'_>, resource: &Resource, request: &Request) -> Record {
    let members = request.input.as_object().into_iter().flatten();
    let known = |(member, value): (&String, &Value)| {
        let renamed = resource.renamed.iter().find(|(name, _)| name == member);
        let known = renamed.map_or(member.as_str(), |(_, name)| *name);
        let key = value.as_str().filter(|_| member.ends_with("KeyId") && known.ends_with("KeyArn"));
        (known.to_owned(), key.map_or_else(|| value.clone(), |key| json!(cx.kms_arn(key))))
    };
    members.map(known).collect()
}

fn get(cx: &mut Context<'_>, resource: &'static Resource, request: &Request) -> AwsResult<Record> {
    Ok(output(request, resource, cx.record(resource, &key(request))?))
}

fn update(
    cx: &mut Context<'_>,
    resource: &'static Resource,
    request: &Request,
    change: fn(&mut Context<'_>, &Request, &mut Record) -> AwsResult<Vec<Step>>,
) -> AwsResult<Record> {
    cx.once(request, |cx| {
        let position = cx.find(resource, &key(request))?;
        let before = cx.store.entry(resource, position).map(|entry| entry.record.clone()).unwrap_or_default();
        let mut record = before.clone();
        let steps = change(cx, request, &mut record)?;
        let name = resource.name_of(&record);
        if name != resource.name_of(&before) {
            cx.refuse_taken_name(resource, name, Some(position))?;
        }
        resource.set_updated(&mut record, &cx.now.to_string());
        let output = output(request, resource, &record);
        cx.store.replace(resource, position, record);
        if !steps.is_empty() {
            cx.schedule(resource, position, steps);
        }
        Ok(output)
    })
}

fn delete(cx: &mut Context<'_>, resource: &'static Resource, request: &Request) -> AwsResult<Record> {
    let key = key(request);
    let position = cx.find(resource, &key)?;
    cx.refuse_deletion(resource, cx.record(resource, &key)?)?;
    cx.delete(resource, position);
    Ok(Record::default())
}

/// Refuses to change a resource that has changed since the client read it. Clients keep times in milliseconds.
pub(crate) fn refuse_stale(request: &Request, record: &Record, updated: &str) -> AwsResult<()> {
    let milliseconds = |text: &str| text.parse().map(jiff::Timestamp::as_millisecond).ok();
    match milliseconds(request.text("lastUpdatedAt")) == milliseconds(record.text(updated)) {
        true => Ok(()),
        false => Err(changed()),
    }
}

/// The error for a resource that has changed since the client read it.
pub(crate) fn changed() -> AwsError {
    AwsError::conflict("The resource has changed since it was read. Read it again and retry.")
}

fn stop(cx: &mut Context<'_>, resource: &'static Resource, request: &Request) -> AwsResult<Record> {
    let position = cx.find(resource, &key(request))?;
    cx.stop(resource, position)?;
    Ok(Record::default())
}

/// Deletes jobs that have ended. The response lists the others, each with its error.
fn batch_delete(
    cx: &mut Context<'_>,
    resource: &'static Resource,
    request: &Request,
    listed: &str,
) -> AwsResult<Record> {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for identifier in items(&request.input["jobIdentifiers"]).iter().filter_map(Value::as_str) {
        match delete_job(cx, resource, identifier) {
            Ok(()) => deleted.push(json!({ "jobIdentifier": identifier, "jobStatus": DELETING })),
            Err(AwsError { code, message }) => {
                errors.push(json!({ "jobIdentifier": identifier, "code": code, "message": message }));
            }
        }
    }
    Ok(Record::from_iter([("errors".to_owned(), json!(errors)), (listed.to_owned(), json!(deleted))]))
}

const DELETING: &str = "Deleting";

fn delete_job(cx: &mut Context<'_>, resource: &'static Resource, identifier: &str) -> AwsResult<()> {
    let position = cx.find(resource, identifier)?;
    let Some(entry) = cx.store.entry_mut(resource, position) else { return Ok(()) };
    let status = resource.status_of(&entry.record);
    if resource.is_in_progress(&entry.record) || [resource.stopped.0, DELETING].contains(&status) {
        return Err(AwsError::conflict(format!("A job that is {status} cannot be deleted.")));
    }
    resource.set_status(&mut entry.record, DELETING);
    cx.schedule(resource, position, vec![Step::Delete]);
    Ok(())
}
