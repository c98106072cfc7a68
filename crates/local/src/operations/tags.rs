//! Tags of what was created here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error::{AwsError, AwsResult};
use crate::local::Local;
use crate::model::prompt::items;
use crate::request::Request;
use crate::state::Region;

const MOST_TAGS: usize = 50;

/// The tags of a region's resources, by ARN.
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

    pub(crate) fn forget(&mut self, arn: &str) {
        self.by_arn.remove(arn);
    }
}

pub(crate) fn list(local: &Local, request: &Request) -> AwsResult<Answer> {
    on_resource(local, request, |tags, arn| {
        let tags = tags.by_arn.get(arn).into_iter().flatten();
        let tags: Vec<_> = tags.map(|(key, value)| json!({ "key": key, "value": value })).collect();
        Ok(json!({ "tags": tags }))
    })
}

pub(crate) fn tag(local: &Local, request: &Request) -> AwsResult<Answer> {
    on_resource(local, request, |tags, arn| {
        let before = tags.by_arn.get(arn).cloned();
        tags.add(arn, items(&request.input["tags"]));
        if tags.by_arn.get(arn).is_some_and(|tags| tags.len() > MOST_TAGS) {
            tags.by_arn.insert(arn.to_owned(), before.unwrap_or_default());
            let message = format!("A resource can have at most {MOST_TAGS} tags.");
            return Err(AwsError::new("TooManyTagsException", message));
        }
        Ok(json!({}))
    })
}

pub(crate) fn untag(local: &Local, request: &Request) -> AwsResult<Answer> {
    on_resource(local, request, |tags, arn| {
        if let Some(tags) = tags.by_arn.get_mut(arn) {
            for key in items(&request.input["tagKeys"]).iter().filter_map(Value::as_str) {
                tags.remove(key);
            }
        }
        Ok(json!({}))
    })
}

fn on_resource(
    local: &Local,
    request: &Request,
    work: impl FnOnce(&mut Tags, &str) -> AwsResult<Value>,
) -> AwsResult<Answer> {
    let arn = request.text("resourceARN");
    local.state.with(&request.region, |region: &mut Region| {
        if !region.guardrails.has(arn) && !region.async_invokes.has(arn) {
            return Err(AwsError::not_found(format!("The resource {arn} does not exist.")));
        }
        work(&mut region.tags, arn).map(Answer::Json)
    })
}
