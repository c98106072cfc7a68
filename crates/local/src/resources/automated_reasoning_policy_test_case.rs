//! Test cases of automated reasoning policies, and the results of testing builds with them.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::automated_reasoning_policy as policy;
use crate::resources::automated_reasoning_policy_build_workflow as build_workflow;
use crate::store::context::Context;
use crate::store::lifecycle::{Plan, is_under_way};
use crate::store::resource::{Members, Noun, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ids::Ids;

pub(crate) static NOUN: Noun = Noun {
    name: "AutomatedReasoningPolicyTestCase",
    operations: &[
        ("CreateAutomatedReasoningPolicyTestCase", Verb::Create),
        ("GetAutomatedReasoningPolicyTestCase", Verb::Get),
        ("ListAutomatedReasoningPolicyTestCases", Verb::List),
        ("UpdateAutomatedReasoningPolicyTestCase", Verb::Update(update)),
        ("DeleteAutomatedReasoningPolicyTestCase", Verb::Own(delete)),
    ],
    id: Ids::capitals,
    members: Members { id: "testCaseId", created: "createdAt", updated: "updatedAt", ..Members::NONE },
    wrapped_in: "testCase",
    within: &[("policyArn", &policy::NOUN)],
    missing: "The specified test case was not found.",
    ..Noun::PLAIN
};

pub(crate) static RESULT: Noun = Noun {
    name: "AutomatedReasoningPolicyTestResult",
    operations: &[
        ("StartAutomatedReasoningPolicyTestWorkflow", Verb::Own(start)),
        ("GetAutomatedReasoningPolicyTestResult", Verb::Get),
        ("ListAutomatedReasoningPolicyTestResults", Verb::List),
    ],
    members: Members { id: "testCaseId", updated: "updatedAt", status: "testRunStatus", ..Members::NONE },
    life: &["SCHEDULED", "IN_PROGRESS", "COMPLETED"],
    failed: "FAILED",
    wrapped_in: "testResult",
    within: &[("policyArn", &policy::NOUN), ("buildWorkflowId", &build_workflow::NOUN)],
    missing: "The specified test result was not found.",
    finish: judge,
    ..Noun::PLAIN
};

/// What a client says of a case.
const CHANGEABLE: &[&str] =
    &["guardContent", "queryContent", "expectedAggregatedFindingsResult", "confidenceThreshold"];

fn update(_: &mut Context<'_>, request: &Request, record: &mut Record) -> AwsResult<Plan> {
    verbs::refuse_stale(request, record, "updatedAt")?;
    for member in CHANGEABLE {
        record.set(member, request.input.get(member).cloned().unwrap_or(Value::Null));
    }
    Ok(Plan::new())
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let key = verbs::key(request);
    verbs::refuse_stale(request, cx.record(&NOUN, &key)?, "updatedAt")?;
    let place = cx.find(&NOUN, &key)?;
    cx.store.remove(&NOUN, place);
    let (arn, id) = (request.text("policyArn"), request.text("testCaseId"));
    cx.store.remove_all(&RESULT, |result| result.text("policyArn") == arn && result.text("testCaseId") == id);
    Ok(Record::default())
}

/// Tests a build with one case, or with all.
fn start(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let key = verbs::key(request);
    if cx.record(&build_workflow::NOUN, &key)?.text("status") != "COMPLETED" {
        return Err(AwsError::in_use("The build workflow is not complete."));
    }
    let (arn, workflow) = (request.text("policyArn"), request.text("buildWorkflowId"));
    let chosen = items(&request.input["testCaseIds"]);
    for id in chosen.iter().filter_map(Value::as_str) {
        cx.find(&NOUN, &format!("{arn}/{id}"))?;
    }
    let is_of_it = |case: &&Record| {
        case.text("policyArn") == arn && (chosen.is_empty() || chosen.contains(&case["testCaseId"]))
    };
    let cases: Vec<Record> = cx.store.records(&NOUN).filter(is_of_it).cloned().collect();
    let key = |case: &Record| format!("{key}/{}", case.text("testCaseId"));
    let is_running =
        |case: &Record| cx.store.record(&RESULT, &key(case)).is_some_and(|it| is_under_way(&RESULT, it));
    if cases.iter().any(is_running) {
        return Err(AwsError::in_use("A test of this build is under way."));
    }
    for case in cases {
        if let Some(place) = cx.store.find(&RESULT, &key(&case)) {
            cx.store.remove(&RESULT, place);
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

/// A case comes out as expected, but for one that has `fail` in its content: that one is found to be the contrary.
fn judge(_: &mut Context<'_>, result: &mut Record) {
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
