//! Automated reasoning policies, their drafts and their versions.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use crate::json::record::Record;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{DRAFT, Members, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ids::mix;

pub(crate) static RESOURCE: Resource = Resource {
    name: "AutomatedReasoningPolicy",
    operations: &[
        ("CreateAutomatedReasoningPolicy", Verb::Create),
        ("CreateAutomatedReasoningPolicyVersion", Verb::Custom(create_version)),
        ("GetAutomatedReasoningPolicy", Verb::Get),
        ("ListAutomatedReasoningPolicies", Verb::List),
        ("UpdateAutomatedReasoningPolicy", Verb::Update(update)),
        ("DeleteAutomatedReasoningPolicy", Verb::Custom(delete)),
        ("ExportAutomatedReasoningPolicyVersion", Verb::Get),
    ],
    arn: Some("automated-reasoning-policy/{id}"),
    members: Members {
        arn: Some("policyArn"),
        id: Some("policyId"),
        name: Some("name"),
        created: "createdAt",
        updated: Some("updatedAt"),
        ..Members::NONE
    },
    renamed: &[("kmsKeyId", "kmsKeyArn")],
    unique_names: true,
    versions_of: Some("policyArn"),
    not_found: "The specified automated reasoning policy was not found.",
    name_taken: "An automated reasoning policy named {name} already exists.",
    on_create,
    ..Resource::DEFAULT
};

fn on_create(_: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    record.set("version", DRAFT);
    let empty = json!({ "version": "1.0", "types": [], "rules": [], "variables": [] });
    record.fill("policyDefinition", empty);
    record.set("definitionHash", hash(&record["policyDefinition"]));
    Ok(())
}

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    if record.text("version") != DRAFT {
        return Err(AwsError::validation("A version of a policy cannot be changed."));
    }
    for member in ["policyDefinition", "name", "description"] {
        if let Some(value) = request.input.get(member) {
            record.set(member, value.clone());
        }
    }
    record.set("definitionHash", hash(&record["policyDefinition"]));
    Ok(Vec::new())
}

fn create_version(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let position = cx.find(&RESOURCE, request.text("policyArn"))?;
    let Some(draft) = cx.store.entry_mut(&RESOURCE, position) else { return Ok(Record::default()) };
    if draft.record.text("definitionHash") != request.text("lastUpdatedDefinitionHash") {
        return Err(verbs::changed());
    }
    let number = draft.next_version();
    let mut version = draft.record.clone();
    let arn = format!("{}:{number}", version.text("policyArn"));
    for (member, value) in [("policyArn", arn), ("version", number), ("createdAt", cx.now.to_string())] {
        version.set(member, value);
    }
    version.set("updatedAt", cx.now.to_string());
    version.set("tags", request.input.get("tags").cloned().unwrap_or(Value::Null));
    let version = cx.add(&RESOURCE, version);
    Ok(verbs::output(request, &RESOURCE, &version))
}

/// Deletes a version alone, or a draft with all that belongs to it. Without `force`, nothing may depend on it.
fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = request.text("policyArn");
    let record = cx.record(&RESOURCE, arn)?.clone();
    let is_draft = record.text("version") == DRAFT;
    let versions = |other: &Record| {
        other["policyId"] == record["policyId"] && (is_draft || other["version"] == record["version"])
    };
    if request.input["force"] != true {
        let has_versions = cx.store.records(&RESOURCE).filter(|other| versions(other)).count() > 1;
        if has_versions || cx.is_referred_to(&RESOURCE, &record) {
            return Err(AwsError::in_use(
                "The policy has versions, build workflows or test cases, or a guardrail that uses it.",
            ));
        }
    }
    if is_draft {
        let position = cx.find(&RESOURCE, arn)?;
        cx.delete(&RESOURCE, position);
    }
    cx.store.remove_all(&RESOURCE, versions);
    Ok(Record::default())
}

/// Returns a hash of a value: 128 hexadecimal digits.
pub(super) fn hash(value: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    let mut noise = hasher.finish();
    let word = |_| {
        noise = mix(noise.wrapping_add(1));
        format!("{noise:016x}")
    };
    (0..8).map(word).collect()
}
