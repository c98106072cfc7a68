//! Tags of what was created here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::{AwsError, AwsResult};
use crate::model::prompt::items;
use crate::request::Request;
use crate::store::context::Context;
use crate::store::record::Record;

pub(crate) const MOST_TAGS: usize = 50;

/// The tags of a region's things, by ARN.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    by_arn: BTreeMap<String, BTreeMap<String, String>>,
}

impl Tags {
    pub(crate) fn add(&mut self, arn: &str, tags: &[Value]) -> AwsResult<()> {
        let mut known = self.by_arn.get(arn).cloned().unwrap_or_default();
        let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        known.extend(tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))));
        if known.len() > MOST_TAGS {
            let message = format!("A resource can have at most {MOST_TAGS} tags.");
            return Err(AwsError::new("TooManyTagsException", message));
        }
        if !known.is_empty() {
            self.by_arn.insert(arn.to_owned(), known);
        }
        Ok(())
    }

    pub(crate) fn forget(&mut self, arn: &str) {
        self.by_arn.remove(arn);
    }
}

pub(crate) fn list(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let tags = cx.store.tags.by_arn.get(tagged(cx, request)?).into_iter().flatten();
    let tags: Vec<_> = tags.map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(Record::from_iter([("tags".to_owned(), json!(tags))]))
}

pub(crate) fn tag(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = tagged(cx, request)?;
    cx.store.tags.add(arn, items(&request.input["tags"]))?;
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
