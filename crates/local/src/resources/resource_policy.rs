//! Resource policies, one a resource.

use serde_json::Value;

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::resource::{Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;

pub(crate) static NOUN: Noun = Noun {
    name: "ResourcePolicy",
    operations: &[
        ("PutResourcePolicy", Verb::Own(put)),
        ("GetResourcePolicy", Verb::Get),
        ("DeleteResourcePolicy", Verb::Delete),
    ],
    members: Members { id: "resourceArn", ..Members::NONE },
    missing: "There is no policy for the specified resource.",
    ..Noun::PLAIN
};

fn put(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let record = request.record();
    let is_object = |document: &str| serde_json::from_str::<Value>(document).is_ok_and(|it| it.is_object());
    if !is_object(record.text("resourcePolicy")) {
        return Err(AwsError::validation("The provided resource policy is not a JSON document."));
    }
    if let Some(place) = cx.store.find(&NOUN, record.text("resourceArn")) {
        cx.store.remove(&NOUN, place);
    }
    let record = cx.add(&NOUN, record);
    Ok(verbs::answer(request, &NOUN, &record))
}
