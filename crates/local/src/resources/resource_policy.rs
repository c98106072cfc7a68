//! Resource policies: at most one for each resource.

use serde_json::Value;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static RESOURCE: Resource = Resource {
    name: "ResourcePolicy",
    operations: &[
        ("PutResourcePolicy", Verb::Custom(put)),
        ("GetResourcePolicy", Verb::Get),
        ("DeleteResourcePolicy", Verb::Delete),
    ],
    members: Members { id: Some("resourceArn"), ..Members::NONE },
    not_found: "There is no policy for the specified resource.",
    ..Resource::DEFAULT
};

fn put(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let record = request.record();
    let is_object = |document: &str| serde_json::from_str::<Value>(document).is_ok_and(|it| it.is_object());
    if !is_object(record.text("resourcePolicy")) {
        return Err(AwsError::validation("The provided resource policy is not a JSON document."));
    }
    if let Some(position) = cx.store.find(&RESOURCE, record.text("resourceArn")) {
        cx.store.remove(&RESOURCE, position);
    }
    let record = cx.add(&RESOURCE, record);
    Ok(verbs::output(request, &RESOURCE, &record))
}
