//! ApplyGuardrail: assesses texts with a guardrail, without a model.

use serde_json::{Value, json};

use crate::guardrails::Direction;
use crate::guardrails::assessment::{Outcome, Subject, assess};
use crate::guardrails::grounding::Grounding;
use crate::json::items;
use crate::local::Local;
use crate::resources::guardrail;
use crate::wire::error::AwsResult;
use crate::wire::output::Output;
use crate::wire::request::Request;

const POLICIES: &[&str] = &[
    "automatedReasoningPolicy",
    "contentPolicy",
    "contextualGroundingPolicy",
    "sensitiveInformationPolicy",
    "topicPolicy",
    "wordPolicy",
];

/// The policies whose assessments have two lists.
const LISTS: &[(&str, &[&str])] = &[
    ("sensitiveInformationPolicy", &["piiEntities", "regexes"]),
    ("wordPolicy", &["customWords", "managedWordLists"]),
];

pub(crate) fn apply(local: &Local, request: &Request) -> AwsResult<Output> {
    let (identifier, version) = (request.text("guardrailIdentifier"), request.text("guardrailVersion"));
    let guardrail: Value = local.with_region(&request.region, |cx| {
        guardrail::version(cx, identifier, version).cloned().map(Value::from)
    })?;
    let direction = if request.text("source") == "INPUT" { Direction::Input } else { Direction::Output };
    let texts = items(&request.input["content"]).iter().map(|block| &block["text"]);
    let total = texts.clone().filter_map(|text| text["text"].as_str()).map(|text| text.chars().count()).sum();
    let guarded: Vec<_> =
        texts.filter(|text| is_guarded(text)).filter_map(|text| text["text"].as_str()).collect();
    let guarded: Vec<_> = guarded.into_iter().map(str::to_owned).collect();
    let subject = Subject {
        direction,
        texts: &guarded,
        total,
        grounding: &Grounding::from_marked_texts(
            items(&request.input["content"]).iter().map(|block| &block["text"]),
        ),
        origins: &["REQUEST"],
        full: request.text("outputScope") == "FULL",
    };
    let assessment = assess(&guardrail, subject);

    let messaging =
        if direction == Direction::Input { "blockedInputMessaging" } else { "blockedOutputsMessaging" };
    let outputs = match assessment.outcome {
        Outcome::Passed => json!([]),
        Outcome::Masked => assessment.texts.iter().map(|text| json!({ "text": text })).collect(),
        Outcome::Blocked => json!([{ "text": guardrail[messaging] }]),
    };
    let action = if assessment.outcome == Outcome::Passed { "NONE" } else { "GUARDRAIL_INTERVENED" };
    let mut policies = assessment.json;
    with_nulls(&mut policies, POLICIES);
    with_nulls(&mut policies["invocationMetrics"]["guardrailCoverage"], &["images"]);
    for (policy, lists) in LISTS {
        if policies[*policy].is_object() {
            with_nulls(&mut policies[*policy], lists);
        }
    }
    let mut coverage = assessment.coverage;
    with_nulls(&mut coverage, &["images"]);
    Ok(Output::Json(json!({
        "action": action,
        "actionReason": assessment.outcome.reason(),
        "assessments": [policies],
        "blockedResponse": null,
        "guardrailCoverage": coverage,
        "output": outputs,
        "outputs": outputs,
        "usage": assessment.usage,
    })))
}

/// Sets missing members to `null`. In recordings, only this operation does so.
fn with_nulls(object: &mut Value, members: &[&str]) {
    for member in members {
        if object.get(member).is_none() {
            object[*member] = Value::Null;
        }
    }
}

/// Returns whether a guardrail assesses a text. Grounding sources and queries are not assessed, only compared with the
/// reply.
fn is_guarded(text: &Value) -> bool {
    let qualifiers = items(&text["qualifiers"]);
    qualifiers.is_empty() || qualifiers.iter().any(|qualifier| qualifier == "guard_content")
}
