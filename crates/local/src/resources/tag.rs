//! The tags of all resources that have an ARN.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Resource, Verb};
use crate::store::tags::refuse_too_many;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static RESOURCE: Resource = Resource {
    name: "Tag",
    operations: &[
        ("ListTagsForResource", Verb::Custom(list)),
        ("TagResource", Verb::Custom(tag)),
        ("UntagResource", Verb::Custom(untag)),
    ],
    ..Resource::DEFAULT
};

fn list(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let tags = cx.store.tags.of(tagged(cx, request)?);
    let tags: Vec<_> = tags.map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(Record::from_iter([("tags".to_owned(), json!(tags))]))
}

fn tag(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = tagged(cx, request)?;
    let tags = items(&request.input["tags"]);
    let keys = tags.iter().filter_map(|tag| tag["key"].as_str()).chain(cx.store.tags.keys(arn));
    refuse_too_many(keys.collect::<BTreeSet<_>>().len())?;
    cx.store.tags.add(arn, tags);
    Ok(Record::default())
}

fn untag(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = tagged(cx, request)?;
    for key in items(&request.input["tagKeys"]).iter().filter_map(Value::as_str) {
        cx.store.tags.remove(arn, key);
    }
    Ok(Record::default())
}

/// Returns the ARN of the request, if a resource has it.
fn tagged<'a>(cx: &Context<'_>, request: &'a Request) -> AwsResult<&'a str> {
    let arn = request.text("resourceARN");
    match cx.store.has_arn(arn) {
        true => Ok(arn),
        false => Err(AwsError::not_found(format!("The resource {arn} does not exist."))),
    }
}
