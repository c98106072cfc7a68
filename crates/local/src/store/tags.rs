//! The tags of resources.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::items;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

const MAX_TAGS: usize = 50;

/// The tags of a region, by ARN.
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

    pub(crate) fn keys<'a>(&'a self, arn: &str) -> impl Iterator<Item = &'a str> {
        self.by_arn.get(arn).into_iter().flat_map(|tags| tags.keys().map(String::as_str))
    }

    /// Returns the keys and values of a resource's tags.
    pub(crate) fn of(&self, arn: &str) -> impl Iterator<Item = (&String, &String)> {
        self.by_arn.get(arn).into_iter().flatten()
    }

    pub(crate) fn remove(&mut self, arn: &str, key: &str) {
        if let Some(tags) = self.by_arn.get_mut(arn) {
            tags.remove(key);
        }
    }

    pub(crate) fn remove_all(&mut self, arn: &str) {
        self.by_arn.remove(arn);
    }
}

/// Refuses a request with too many tags for one resource.
pub(crate) fn check(request: &Request) -> AwsResult<()> {
    let members = request.input.as_object().into_iter().flatten();
    let mut tags = members.filter(|(member, _)| member.to_lowercase().ends_with("tags"));
    tags.try_for_each(|(_, tags)| refuse_too_many(items(tags).len()))
}

pub(crate) fn refuse_too_many(count: usize) -> AwsResult<()> {
    if count <= MAX_TAGS {
        return Ok(());
    }
    Err(AwsError::new("TooManyTagsException", format!("A resource can have at most {MAX_TAGS} tags.")))
}
