//! Build workflows of automated reasoning policies, their result assets and annotations.

use serde_json::{Value, json};

use crate::json::items;
use crate::json::record::Record;
use crate::resources::automated_reasoning_policy::{self as policy, hash};
use crate::store::context::Context;
use crate::store::resource::{Members, OnDelete, Reference, Resource, Verb};
use crate::store::verbs;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::Request;
use crate::world::ids::Ids;

pub(crate) static RESOURCE: Resource = Resource {
    name: "AutomatedReasoningPolicyBuildWorkflow",
    operations: &[
        ("StartAutomatedReasoningPolicyBuildWorkflow", Verb::Create),
        ("GetAutomatedReasoningPolicyBuildWorkflow", Verb::Get),
        ("ListAutomatedReasoningPolicyBuildWorkflows", Verb::List),
        ("CancelAutomatedReasoningPolicyBuildWorkflow", Verb::Stop),
        ("DeleteAutomatedReasoningPolicyBuildWorkflow", Verb::Custom(delete)),
        ("GetAutomatedReasoningPolicyBuildWorkflowResultAssets", Verb::Custom(result_assets)),
        ("GetAutomatedReasoningPolicyNextScenario", Verb::Custom(next_scenario)),
        ("GetAutomatedReasoningPolicyAnnotations", Verb::Custom(annotations)),
        ("UpdateAutomatedReasoningPolicyAnnotations", Verb::Custom(annotate)),
    ],
    new_id: Ids::uuid,
    members: Members {
        id: Some("buildWorkflowId"),
        created: "createdAt",
        updated: Some("updatedAt"),
        status: Some("status"),
        ..Members::NONE
    },
    statuses: &["SCHEDULED", "PREPROCESSING", "BUILDING", "TESTING", "COMPLETED"],
    fails_by: Some("documentName"),
    failed: "FAILED",
    stopped: ("CANCEL_REQUESTED", "CANCELLED"),
    parents: &[("policyArn", &policy::RESOURCE)],
    references: &[Reference {
        member: "/policyArn",
        version: None,
        to: &policy::RESOURCE,
        on_delete: OnDelete::Cascade,
    }],
    not_found: "The specified build workflow was not found.",
    on_create,
    ..Resource::DEFAULT
};

/// Members that no response has: the definition that the workflow builds, its documents, and the time of its
/// annotations.
const DEFINITION: &str = "(definition)";
const DOCUMENTS: &str = "(documents)";
const ANNOTATIONS: &str = "annotations";
const ANNOTATED_AT: &str = "(annotated)";

fn on_create(cx: &mut Context<'_>, record: &mut Record) -> AwsResult<()> {
    let arn = record.text("policyArn").to_owned();
    let policy = cx.record(&policy::RESOURCE, &arn)?;
    let source = record.remove("sourceContent").unwrap_or_default();
    let definition = source.get("policyDefinition").or(policy.get("policyDefinition")).cloned();
    if cx
        .store
        .records(&RESOURCE)
        .any(|other| other.text("policyArn") == arn && RESOURCE.is_in_progress(other))
    {
        return Err(AwsError::in_use("Another build workflow of this policy is in progress."));
    }
    let content = &source["workflowContent"];
    let documents = [
        &content["documents"],
        &content["generateFidelityReportContent"]["documents"],
        &content["iterativeRefinementContent"]["documents"],
    ];
    let documents: Vec<_> = documents.into_iter().flat_map(items).cloned().collect();
    if let Some(document) = documents.first() {
        for member in ["documentName", "documentContentType", "documentDescription"] {
            record.set(member, document[member].clone());
        }
    }
    let repairs = content["policyRepairAssets"]["annotations"].clone();
    record.set(ANNOTATIONS, if repairs.is_array() { repairs } else { json!([]) });
    record.set(ANNOTATED_AT, cx.now.to_string());
    record.set(DEFINITION, definition.unwrap_or_default());
    record.set(DOCUMENTS, documents);
    Ok(())
}

fn delete(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let key = verbs::key(request);
    let record = cx.record(&RESOURCE, &key)?;
    verbs::refuse_stale(request, record, "updatedAt")?;
    if RESOURCE.is_in_progress(record) || record.text("status") == RESOURCE.stopped.0 {
        return Err(AwsError::in_use("The build workflow is in progress."));
    }
    let position = cx.find(&RESOURCE, &key)?;
    cx.store.remove(&RESOURCE, position);
    Ok(Record::default())
}

fn result_assets(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let record = cx.record(&RESOURCE, &verbs::key(request))?;
    if record.text("status") != "COMPLETED" {
        return Err(AwsError::not_found("The build workflow has no results."));
    }
    let asset = asset(record, request.text("assetType"), request.input["assetId"].as_str());
    let asset = asset.ok_or_else(|| AwsError::not_found("The build workflow has no such asset."))?;
    let mut answer = verbs::output(request, &RESOURCE, record);
    answer.set("buildWorkflowAssets", asset);
    Ok(answer)
}

fn asset(record: &Record, kind: &str, id: Option<&str>) -> Option<Value> {
    let definition = &record[DEFINITION];
    let scenarios: Vec<_> = items(&definition["rules"]).iter().map(scenario).collect();
    let documents = items(&record[DOCUMENTS]);
    Some(match kind {
        "POLICY_DEFINITION" => json!({ "policyDefinition": definition }),
        "BUILD_LOG" => {
            json!({ "buildLog": { "entries": items(&record[ANNOTATIONS]).iter().map(|annotation| json!({
            "annotation": annotation, "status": "APPLIED", "buildSteps": [],
        })).collect::<Vec<_>>() } })
        }
        "QUALITY_REPORT" => json!({ "qualityReport": quality(definition) }),
        "POLICY_SCENARIOS" => json!({ "policyScenarios": { "policyScenarios": scenarios } }),
        "GENERATED_TEST_CASES" => json!({ "generatedTestCases": {
            "generatedTestCases": scenarios.iter().map(|scenario| json!({
                "queryContent": "Does the rule hold?",
                "guardContent": scenario["expression"],
                "expectedAggregatedFindingsResult": scenario["expectedResult"],
            })).collect::<Vec<_>>(),
        } }),
        "FIDELITY_REPORT" => json!({ "fidelityReport": {
            "coverageScore": 1.0, "accuracyScore": 1.0,
            "ruleReports": {}, "variableReports": {},
            "documentSources": documents.iter().enumerate().map(|(index, document)| json!({
                "documentName": document["documentName"],
                "documentHash": document_hash(document),
                "documentId": index.to_string(),
                "atomicStatements": [],
                "documentContent": [],
            })).collect::<Vec<_>>(),
        } }),
        "ASSET_MANIFEST" => {
            let entry = |kind: &&str| json!({ "assetType": kind });
            let sources = documents.iter().map(|document| {
                json!({
                    "assetType": "SOURCE_DOCUMENT",
                    "assetName": document["documentName"],
                    "assetId": document_id(document),
                })
            });
            let entries: Vec<_> = MANIFEST.iter().map(entry).chain(sources).collect();
            json!({ "assetManifest": { "entries": entries } })
        }
        "SOURCE_DOCUMENT" => {
            let chosen = |document: &&Value| id.is_none_or(|id| document_id(document) == id);
            let mut document = documents.iter().find(chosen)?.clone();
            document["documentHash"] = json!(document_hash(&document));
            json!({ "document": document })
        }
        _ => return None,
    })
}

const MANIFEST: &[&str] = &[
    "BUILD_LOG",
    "QUALITY_REPORT",
    "POLICY_DEFINITION",
    "GENERATED_TEST_CASES",
    "POLICY_SCENARIOS",
    "FIDELITY_REPORT",
];

fn document_hash(document: &Value) -> String {
    hash(document)[..64].to_owned()
}

fn document_id(document: &Value) -> String {
    hash(document)[..36].to_owned()
}

fn quality(definition: &Value) -> Value {
    let count = |list: &str| items(&definition[list]).len();
    let used = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        let mut rules = items(&definition["rules"]).iter().filter_map(|rule| rule["expression"].as_str());
        rules.any(|expression| expression.contains(name))
    };
    let names = |list: &str, is_used: &dyn Fn(&Value) -> bool| {
        items(&definition[list])
            .iter()
            .map(|it| it["name"].clone())
            .filter(|name| !is_used(name))
            .collect::<Vec<_>>()
    };
    let pairs = items(&definition["types"]).iter().flat_map(|of| {
        items(&of["values"])
            .iter()
            .map(|value| json!({ "typeName": of["name"], "valueName": value["value"] }))
    });
    let unused_values: Vec<_> = pairs.filter(|pair| !used(&pair["valueName"])).collect();
    let is_type_used = |name: &Value| items(&definition["variables"]).iter().any(|it| it["type"] == *name);
    json!({
        "typeCount": count("types"),
        "variableCount": count("variables"),
        "ruleCount": count("rules"),
        "unusedTypes": names("types", &is_type_used),
        "unusedTypeValues": unused_values,
        "unusedVariables": names("variables", &used),
        "conflictingRules": [],
        "disjointRuleSets": [],
    })
}

/// Returns the scenario of a rule.
fn scenario(rule: &Value) -> Value {
    let cut = |text: &Value| text.as_str().unwrap_or_default().chars().take(1024).collect::<String>();
    let alternate =
        if rule["alternateExpression"].is_string() { "alternateExpression" } else { "expression" };
    json!({
        "expression": cut(&rule["expression"]),
        "alternateExpression": cut(&rule[alternate]),
        "expectedResult": "SATISFIABLE",
        "ruleIds": [rule["id"]],
    })
}

fn next_scenario(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let record = cx.record(&RESOURCE, &verbs::key(request))?;
    let first = items(&record[DEFINITION]["rules"]).first().map(scenario);
    let mut answer = verbs::output(request, &RESOURCE, record);
    answer.set("scenario", first.unwrap_or(Value::Null));
    Ok(answer)
}

fn annotations(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    annotated(cx, request)
}

fn annotate(cx: &mut Context<'_>, request: &Request) -> AwsResult<Record> {
    let position = cx.find(&RESOURCE, &verbs::key(request))?;
    let now = cx.now.to_string();
    if let Some(entry) = cx.store.entry_mut(&RESOURCE, position) {
        if hash(&entry.record[ANNOTATIONS]) != request.text("lastUpdatedAnnotationSetHash") {
            return Err(verbs::changed());
        }
        entry.record.set(ANNOTATIONS, request.input["annotations"].clone());
        entry.record.set(ANNOTATED_AT, now);
    }
    annotated(cx, request)
}

fn annotated(cx: &Context<'_>, request: &Request) -> AwsResult<Record> {
    let mut record = cx.record(&RESOURCE, &verbs::key(request))?.clone();
    let name = cx.record(&policy::RESOURCE, request.text("policyArn"))?["name"].clone();
    let (set_hash, at) = (hash(&record[ANNOTATIONS]), record[ANNOTATED_AT].clone());
    record.set("name", name);
    record.set("annotationSetHash", set_hash);
    record.set("updatedAt", at);
    Ok(verbs::output(request, &RESOURCE, &record))
}
