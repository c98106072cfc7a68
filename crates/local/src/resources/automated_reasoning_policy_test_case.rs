//! Test cases of automated reasoning policies, and the results of testing builds with them.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::automated_reasoning_policy as policy;
use crate::resources::automated_reasoning_policy_build_workflow as build_workflow;
use crate::store::context::Context;
use crate::store::lifecycle::Step;
use crate::store::resource::{Members, OnDelete, Reference, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ids::Ids;

pub(crate) static RESOURCE: Resource = Resource {
    name: "AutomatedReasoningPolicyTestCase",
    operations: &[
        ("CreateAutomatedReasoningPolicyTestCase", Verb::Create),
        ("GetAutomatedReasoningPolicyTestCase", Verb::Get),
        ("ListAutomatedReasoningPolicyTestCases", Verb::List),
        ("UpdateAutomatedReasoningPolicyTestCase", Verb::Update(update)),
        ("DeleteAutomatedReasoningPolicyTestCase", Verb::Custom(delete)),
    ],
    new_id: Ids::capitals,
    members: Members {
        id: Some("testCaseId"),
        created: "createdAt",
        updated: Some("updatedAt"),
        ..Members::NONE
    },
    wrapped_in: Some("testCase"),
    parents: &[("policyArn", &policy::RESOURCE)],
    references: &[Reference {
        member: "/policyArn",
        version: None,
        to: &policy::RESOURCE,
        on_delete: OnDelete::Cascade,
    }],
    not_found: "The specified test case was not found.",
    ..Resource::DEFAULT
};

pub(crate) static RESULT: Resource = Resource {
    name: "AutomatedReasoningPolicyTestResult",
    operations: &[
        ("StartAutomatedReasoningPolicyTestWorkflow", Verb::Custom(start)),
        ("GetAutomatedReasoningPolicyTestResult", Verb::Get),
        ("ListAutomatedReasoningPolicyTestResults", Verb::List),
    ],
    members: Members {
        id: Some("testCaseId"),
        updated: Some("updatedAt"),
        status: Some("testRunStatus"),
        ..Members::NONE
    },
    statuses: &["SCHEDULED", "IN_PROGRESS", "COMPLETED"],
    failed: "FAILED",
    wrapped_in: Some("testResult"),
    parents: &[("policyArn", &policy::RESOURCE), ("buildWorkflowId", &build_workflow::RESOURCE)],
    references: &[Reference {
        member: "/policyArn",
        version: None,
        to: &policy::RESOURCE,
        on_delete: OnDelete::Cascade,
    }],
    not_found: "The specified test result was not found.",
    on_success: find,
    ..Resource::DEFAULT
};

/// The members of a test case that a client sets.
const CHANGEABLE: &[&str] =
    &["guardContent", "queryContent", "expectedAggregatedFindingsResult", "confidenceThreshold"];

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Vec<Step>> {
    verbs::refuse_stale(request, record, "updatedAt")?;
    for member in CHANGEABLE {
        record.set(member, request.input.get(member).cloned().unwrap_or(Value::Null));
    }
    Ok(Vec::new())
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let key = verbs::key(request);
    verbs::refuse_stale(request, cx.record(&RESOURCE, &key)?, "updatedAt")?;
    let position = cx.find(&RESOURCE, &key)?;
    cx.store.remove(&RESOURCE, position);
    let (arn, id) = (request.text("policyArn"), request.text("testCaseId"));
    cx.store.remove_all(&RESULT, |result| result.text("policyArn") == arn && result.text("testCaseId") == id);
    Ok(Record::default())
}

/// Tests a build with the given test cases, or with all.
fn start(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let key = verbs::key(request);
    if cx.record(&build_workflow::RESOURCE, &key)?.text("status") != "COMPLETED" {
        return Err(AwsError::in_use("The build workflow is not complete."));
    }
    let (arn, workflow) = (request.text("policyArn"), request.text("buildWorkflowId"));
    let chosen = items(&request.input["testCaseIds"]);
    for id in chosen.iter().filter_map(Value::as_str) {
        cx.find(&RESOURCE, &format!("{arn}/{id}"))?;
    }
    let is_chosen = |case: &&Record| {
        case.text("policyArn") == arn && (chosen.is_empty() || chosen.contains(&case["testCaseId"]))
    };
    let cases: Vec<Record> = cx.store.records(&RESOURCE).filter(is_chosen).cloned().collect();
    let key = |case: &Record| format!("{key}/{}", case.text("testCaseId"));
    let is_running =
        |case: &Record| cx.store.record(&RESULT, &key(case)).is_some_and(|it| RESULT.is_in_progress(it));
    if cases.iter().any(is_running) {
        return Err(AwsError::in_use("A test of this build is in progress."));
    }
    for case in cases {
        if let Some(position) = cx.store.find(&RESULT, &key(&case)) {
            cx.store.remove(&RESULT, position);
        }
        let mut result = Record::default();
        result.set("policyArn", arn);
        result.set("buildWorkflowId", workflow);
        result.set("testCaseId", case["testCaseId"].clone());
        let shown = CHANGEABLE.iter().chain(&["testCaseId", "createdAt", "updatedAt"]);
        let shown: Vec<_> = shown.map(|member| (*member, *member)).collect();
        result.set("testCase", Value::from(case.renamed(&shown)));
        cx.add(&RESULT, result);
    }
    Ok(Record::from_iter([("policyArn".to_owned(), json!(arn))]))
}

/// Sets the finding that the test case expects, or the opposite one if its content contains `fail`.
fn find(_: &mut Context<'_>, result: &mut Record) {
    let case = &result["testCase"];
    let expected = case["expectedAggregatedFindingsResult"].as_str().unwrap_or("VALID");
    let passes = !case["guardContent"].as_str().unwrap_or_default().to_lowercase().contains("fail");
    let found = match (passes, expected) {
        (true, expected) => expected,
        (false, "INVALID") => "VALID",
        (false, _) => "INVALID",
    }
    .to_owned();
    let claim = json!({ "logic": "true", "naturalLanguage": "What the content says." });
    let translation = json!({ "claims": [claim], "confidence": 1.0 });
    let finding = match found.as_str() {
        "INVALID" => json!({ "invalid": { "translation": translation } }),
        "SATISFIABLE" => json!({ "satisfiable": { "translation": translation } }),
        "IMPOSSIBLE" => json!({ "impossible": { "translation": translation } }),
        "TRANSLATION_AMBIGUOUS" => json!({ "translationAmbiguous": {} }),
        "TOO_COMPLEX" => json!({ "tooComplex": {} }),
        "NO_TRANSLATION" => json!({ "noTranslations": {} }),
        _ => json!({ "valid": { "translation": translation } }),
    };
    result.set("testFindings", vec![finding]);
    result.set("testRunResult", if passes { "PASSED" } else { "FAILED" });
    result.set("aggregatedTestFindingsResult", found);
}
