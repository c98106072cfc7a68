//! Automated reasoning policies, their drafts and their versions.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::{
    automated_reasoning_policy_build_workflow as build_workflow,
    automated_reasoning_policy_test_case as test_case, guardrail,
};
use crate::store::context::Context;
use crate::store::lifecycle::Plan;
use crate::store::resource::{DRAFT, Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ids::mix;

pub(crate) static NOUN: Noun = Noun {
    name: "AutomatedReasoningPolicy",
    operations: &[
        ("CreateAutomatedReasoningPolicy", Verb::Create),
        ("CreateAutomatedReasoningPolicyVersion", Verb::Own(create_version)),
        ("GetAutomatedReasoningPolicy", Verb::Get),
        ("ListAutomatedReasoningPolicies", Verb::List),
        ("UpdateAutomatedReasoningPolicy", Verb::Update(update)),
        ("DeleteAutomatedReasoningPolicy", Verb::Own(delete)),
        ("ExportAutomatedReasoningPolicyVersion", Verb::Get),
    ],
    arn: "automated-reasoning-policy/{id}",
    members: Members {
        arn: "policyArn",
        id: "policyId",
        name: "name",
        created: "createdAt",
        updated: "updatedAt",
        ..Members::NONE
    },
    renamed: &[("kmsKeyId", "kmsKeyArn")],
    unique_names: true,
    versions_of: "policyArn",
    missing: "The specified automated reasoning policy was not found.",
    taken: "An automated reasoning policy named {name} already exists.",
    begin,
    ..Noun::PLAIN
};

fn begin(_: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    record.set("version", DRAFT);
    let nothing = json!({ "version": "1.0", "types": [], "rules": [], "variables": [] });
    record.fill("policyDefinition", nothing);
    record.set("definitionHash", hash(&record["policyDefinition"]));
    Ok(())
}

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Plan> {
    if record.text("version") != DRAFT {
        return Err(AwsError::validation("A version of a policy cannot be changed."));
    }
    for member in ["policyDefinition", "name", "description"] {
        if let Some(value) = request.input.get(member) {
            record.set(member, value.clone());
        }
    }
    record.set("definitionHash", hash(&record["policyDefinition"]));
    Ok(Plan::new())
}

fn create_version(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let place = cx.find(&NOUN, request.text("policyArn"))?;
    let Some(draft) = cx.store.thing_mut(&NOUN, place) else { return Ok(Record::default()) };
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
    let version = cx.add(&NOUN, version);
    Ok(verbs::answer(request, &NOUN, &version))
}

/// A version goes alone; the draft takes all with it, once nothing depends on it or where that is forced.
fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let arn = request.text("policyArn");
    let record = cx.record(&NOUN, arn)?.clone();
    let is_draft = record.text("version") == DRAFT;
    let of_it = |member: &'static str| move |other: &Record| other.text(member) == arn;
    let versions = |other: &Record| {
        other["policyId"] == record["policyId"] && (is_draft || other["version"] == record["version"])
    };
    if request.input["force"] != true {
        let guarding = cx.store.records(&guardrail::NOUN).any(|guardrail| {
            let policies = guardrail.get("automatedReasoningPolicy").map(|policy| items(&policy["policies"]));
            policies.unwrap_or_default().iter().any(|policy| policy == arn)
        });
        let is_needed = guarding
            || cx.store.records(&NOUN).filter(|other| versions(other)).count() > 1
            || cx.store.records(&build_workflow::NOUN).any(of_it("policyArn"))
            || cx.store.records(&test_case::NOUN).any(of_it("policyArn"));
        if is_needed {
            return Err(AwsError::in_use(
                "The policy has versions, build workflows or test cases, or a guardrail that uses it.",
            ));
        }
    }
    cx.store.remove_all(&NOUN, versions);
    if is_draft {
        for noun in [&build_workflow::NOUN, &test_case::NOUN, &test_case::RESULT] {
            cx.store.remove_all(noun, of_it("policyArn"));
        }
    }
    Ok(Record::default())
}

/// 128 letters and digits that stand for a value.
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
