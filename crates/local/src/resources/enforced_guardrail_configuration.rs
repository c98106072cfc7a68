//! The guardrail that an account enforces on its calls.

use serde_json::Value;

use crate::json::items;
use crate::json::record::Record;
use crate::resources::guardrail;
use crate::store::context::Context;
use crate::store::resource::{Members, OnDelete, Reference, Resource, Verb, version_key};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ACCOUNT;

pub(crate) static RESOURCE: Resource = Resource {
    name: "EnforcedGuardrailConfiguration",
    operations: &[
        ("PutEnforcedGuardrailConfiguration", Verb::Custom(put)),
        ("ListEnforcedGuardrailsConfiguration", Verb::List),
        ("DeleteEnforcedGuardrailConfiguration", Verb::Delete),
    ],
    members: Members {
        id: Some("configId"),
        created: "createdAt",
        updated: Some("updatedAt"),
        ..Members::NONE
    },
    references: &[Reference {
        member: "/guardrailId",
        version: Some("guardrailVersion"),
        to: &guardrail::RESOURCE,
        on_delete: OnDelete::Protect("The guardrail is enforced by the account's configuration."),
    }],
    not_found: "The specified enforced guardrail configuration was not found.",
    ..Resource::DEFAULT
};

/// Returns the configuration that is enforced on the calls of a model.
pub(crate) fn for_model<'a>(cx: &'a Context<'_>, model_id: &str) -> Option<&'a Record> {
    let config = cx.store.records(&RESOURCE).next()?;
    let is_among = |list: &str| {
        let listed = items(&config.get("modelEnforcement")?[list]);
        Some(listed.iter().any(|listed| listed == "ALL" || listed == model_id))
    };
    let applies = is_among("includedModels").unwrap_or(true) && !is_among("excludedModels").unwrap_or(false);
    applies.then_some(config)
}

fn put(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let config = &request.input["guardrailInferenceConfig"];
    let member = |member: &str| config[member].as_str().unwrap_or_default();
    let key = version_key(member("guardrailIdentifier"), member("guardrailVersion"));
    let guardrail = cx.record(&guardrail::RESOURCE, &key)?.clone();
    let user = format!("arn:aws:iam::{ACCOUNT}:user/local");

    let known = match request.text("configId") {
        "" if cx.store.records(&RESOURCE).next().is_some() => {
            return Err(AwsError::conflict("The account has an enforced guardrail configuration already."));
        }
        "" => None,
        id => Some(cx.find(&RESOURCE, id)?),
    };
    let mut record = known.and_then(|position| cx.store.remove(&RESOURCE, position)).unwrap_or_default();
    let now = cx.now.to_string();
    for (name, value) in [
        ("guardrailArn", guardrail.text("guardrailArn")),
        ("guardrailId", guardrail.text("guardrailId")),
        ("guardrailVersion", member("guardrailVersion")),
        ("inputTags", "HONOR"),
        ("owner", "ACCOUNT"),
        ("updatedAt", now.as_str()),
        ("updatedBy", user.as_str()),
    ] {
        record.set(name, value);
    }
    for chosen in ["selectiveContentGuarding", "modelEnforcement"] {
        record.set(chosen, config.get(chosen).cloned().unwrap_or(Value::Null));
    }
    record.fill("createdBy", user);
    let record = cx.add(&RESOURCE, record);
    Ok(verbs::output(request, &RESOURCE, &record))
}
