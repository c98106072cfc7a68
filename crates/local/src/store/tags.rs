//! Tags of what was created here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::store::context::Context;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

const MOST_TAGS: usize = 50;

/// The tags of a region's things, by ARN.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    by_arn: BTreeMap<String, BTreeMap<String, String>>,
}

impl Tags {
    pub(crate) fn add(&mut self, arn: &str, tags: &[Value]) {
        let known = self.by_arn.entry(arn.to_owned()).or_default();
        let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        known.extend(tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))));
    }

    fn keys<'a>(&'a self, arn: &str) -> impl Iterator<Item = &'a str> {
        self.by_arn.get(arn).into_iter().flat_map(|tags| tags.keys().map(String::as_str))
    }

    pub(crate) fn forget(&mut self, arn: &str) {
        self.by_arn.remove(arn);
    }
}

/// Refuses a request with too many tags for one resource.
pub(crate) fn check(request: &Request) -> AwsResult<()> {
    let members = request.input.as_object().into_iter().flatten();
    let mut tags = members.filter(|(member, _)| member.to_lowercase().ends_with("tags"));
    tags.try_for_each(|(_, tags)| refuse_too_many(items(tags).len()))
}

fn refuse_too_many(count: usize) -> AwsResult<()> {
    if count <= MOST_TAGS {
        return Ok(());
    }
    Err(AwsError::new("TooManyTagsException", format!("A resource can have at most {MOST_TAGS} tags.")))
}

pub(crate) fn list(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let tags = cx.store.tags.by_arn.get(tagged(cx, request)?).into_iter().flatten();
    let tags: Vec<_> = tags.map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(Record::from_iter([("tags".to_owned(), json!(tags))]))
}

pub(crate) fn tag(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = tagged(cx, request)?;
    let tags = items(&request.input["tags"]);
    let keys = tags.iter().filter_map(|tag| tag["key"].as_str()).chain(cx.store.tags.keys(arn));
    refuse_too_many(keys.collect::<BTreeSet<_>>().len())?;
    cx.store.tags.add(arn, tags);
    Ok(Record::default())
}

pub(crate) fn untag(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = tagged(cx, request)?;
    if let Some(tags) = cx.store.tags.by_arn.get_mut(arn) {
        for key in items(&request.input["tagKeys"]).iter().filter_map(Value::as_str) {
            tags.remove(key);
        }
    }
    Ok(Record::default())
}

fn tagged<'a>(cx: &Context<'_>, request: &'a Request) -> AwsResult<&'a str> {
    let arn = request.text("resourceARN");
    match cx.store.has(arn) {
        true => Ok(arn),
        false => Err(AwsError::not_found(format!("The resource {arn} does not exist."))),
    }
}
