//! Automated reasoning policies, their build workflows, test cases, and test results.

use bedrock_orm::models::{
    AutomatedReasoningCheckResult, AutomatedReasoningPolicyAddRuleAnnotation,
    AutomatedReasoningPolicyAnnotation, AutomatedReasoningPolicyBuildResultAssets,
    AutomatedReasoningPolicyBuildWorkflowSource, AutomatedReasoningPolicyBuildWorkflowType,
    CreateAutomatedReasoningPolicyRequest, CreateAutomatedReasoningPolicyResponse,
    CreateAutomatedReasoningPolicyTestCaseRequest, CreateAutomatedReasoningPolicyVersionRequest,
    StartAutomatedReasoningPolicyBuildWorkflowRequest, StartAutomatedReasoningPolicyBuildWorkflowResponse,
    StartAutomatedReasoningPolicyTestWorkflowRequest, UpdateAutomatedReasoningPolicyRequest,
    UpdateAutomatedReasoningPolicyTestCaseRequest,
};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::*;

type Started = Bound<StartAutomatedReasoningPolicyBuildWorkflowResponse>;

pub(crate) async fn create(session: &Session, name: &str) -> Bound<CreateAutomatedReasoningPolicyResponse> {
    let request = CreateAutomatedReasoningPolicyRequest::new(name);
    AutomatedReasoningPolicy::objects().using(session).create(request).await.unwrap()
}

fn definition() -> Value {
    json!({
        "version": "1.0",
        "types": [{
            "name": "Colour", "description": "of a thing", "values": [{"value": "RED", "description": "like blood"}],
        }],
        "rules": [{"id": "ABCDEFGHIJ12", "expression": "isRed", "alternateExpression": "it is red"}],
        "variables": [{"name": "isRed", "type": "BOOL", "description": "whether it is red"}],
    })
}

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let one = create(&fixture.session, "one").await;
    fixture.assert_sent([("CreateAutomatedReasoningPolicy", json!({"name": "one"}))]);
    assert_get(fixture, &one).await;
    let two = assert_create::<AutomatedReasoningPolicy>(
        fixture,
        json!({
            "name": "two",
            "description": "what is red",
            "clientRequestToken": "token-1",
            "policyDefinition": definition(),
            "kmsKeyId": KEY,
            "tags": [{"key": "team", "value": "orm"}],
        }),
    )
    .await;
    assert_tags(fixture, &two.full().await.unwrap(), &[("team", "orm")]).await;
    versions(fixture, &one, &two).await;
    workflows(fixture, &two).await;
    test_cases(fixture, &two).await;
    assert_delete(fixture, &one).await;
    delete_with_force(fixture, &two).await;
}

/// Updates, versions, exports, and lists a policy.
async fn versions(
    fixture: &Fixture,
    one: &Bound<CreateAutomatedReasoningPolicyResponse>,
    two: &Bound<CreateAutomatedReasoningPolicyResponse>,
) {
    let policies = AutomatedReasoningPolicy::objects().using(&fixture.session);
    let mut input =
        json!({"policyDefinition": definition(), "name": "renamed", "description": "what is red"});
    let change: UpdateAutomatedReasoningPolicyRequest =
        request_with_all_members("UpdateAutomatedReasoningPolicy", &input);
    let changed = policies.update(&one.policy_arn, change.clone()).await.unwrap();
    assert_eq!(one.update(change).await.unwrap().definition_hash, changed.definition_hash);
    input["policyArn"] = json!(one.policy_arn);
    fixture.assert_sent([
        ("UpdateAutomatedReasoningPolicy", input.clone()),
        ("UpdateAutomatedReasoningPolicy", input),
    ]);
    let fetched = one.full().await.unwrap();
    assert_eq!(fetched.name, "renamed");
    fixture.take_requests();

    let input = json!({
        "clientRequestToken": "token-2",
        "lastUpdatedDefinitionHash": changed.definition_hash,
        "tags": [{"key": "of", "value": "version"}],
    });
    let request: CreateAutomatedReasoningPolicyVersionRequest =
        request_with_all_members("CreateAutomatedReasoningPolicyVersion", &input);
    let first = policies.create_version(&one.policy_arn, request.clone()).await.unwrap();
    assert_eq!(one.create_version(request).await.unwrap(), first);
    let with_arn = |mut input: Value| {
        input["policyArn"] = json!(one.policy_arn);
        ("CreateAutomatedReasoningPolicyVersion", input)
    };
    fixture.assert_sent([with_arn(input.clone()), with_arn(input)]);
    assert_eq!(first.version, "1");
    let stale = CreateAutomatedReasoningPolicyVersionRequest::new("0".repeat(128));
    assert_eq!(one.create_version(stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    fixture.assert_sent([with_arn(json!({"lastUpdatedDefinitionHash": "0".repeat(128)}))]);

    let exported = policies.export(&first.policy_arn).await.unwrap();
    assert_eq!(serde_json::to_value(&*exported).unwrap(), definition());
    assert_eq!(one.export().await.unwrap(), exported);
    fixture.assert_sent([
        ("ExportAutomatedReasoningPolicyVersion", json!({"policyArn": first.policy_arn})),
        ("ExportAutomatedReasoningPolicyVersion", json!({"policyArn": one.policy_arn})),
    ]);
    assert_lists!(fixture, policies.list(), {
        policy_arn(&one.policy_arn) => [one.policy_arn, first.policy_arn],
        page_size(1) => [one.policy_arn, two.policy_arn],
    });
    assert_eq!(one.delete().await.unwrap_err().kind(), ErrorKind::ResourceInUse, "it has a version");
    assert_eq!(first.full().await.unwrap().policy_arn, first.policy_arn);
    fixture.take_requests();
    assert_delete(fixture, &first).await;
}

/// A policy that other resources depend on can only be deleted with force, which deletes them too.
async fn delete_with_force(fixture: &Fixture, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let workflow = policy.build_workflows().first().await.unwrap().unwrap();
    fixture.take_requests();
    let arn = policy.policy_arn.as_str();
    let error = policy.delete_with(false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceInUse, "{error}");
    AutomatedReasoningPolicy::objects().using(&fixture.session).delete_with(arn, true).await.unwrap();
    fixture.assert_sent([
        ("DeleteAutomatedReasoningPolicy", json!({"policyArn": arn, "force": "false"})),
        ("DeleteAutomatedReasoningPolicy", json!({"policyArn": arn, "force": "true"})),
    ]);
    assert_missing::<AutomatedReasoningPolicy>(fixture, arn).await;
    assert!(workflow.full().await.unwrap_err().is_does_not_exist());
    fixture.take_requests();
}

async fn start(fixture: &Fixture, policy_arn: &str, input: &Value) -> Started {
    let request: StartAutomatedReasoningPolicyBuildWorkflowRequest =
        request_with_all_members("StartAutomatedReasoningPolicyBuildWorkflow", input);
    AutomatedReasoningPolicyBuildWorkflow::objects()
        .using(&fixture.session)
        .start(policy_arn, AutomatedReasoningPolicyBuildWorkflowType::IngestContent, request)
        .await
        .unwrap()
}

/// The request that starts a workflow for a document.
fn ingest(document: &str, token: &str) -> Value {
    json!({
        "clientRequestToken": token,
        "sourceContent": {
            "policyDefinition": definition(),
            "workflowContent": {"documents": [{
                "document": "UmVkIGlzIHJlZC4=", "documentContentType": "txt", "documentName": document,
                "documentDescription": "what is red",
            }]},
        },
    })
}

/// Starts, waits for, cancels, and deletes workflows, including one that fails.
async fn workflows(fixture: &Fixture, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&fixture.session);
    let arn = policy.policy_arn.as_str();
    let input = ingest("red.txt", "token-3");
    let one = start(fixture, arn, &input).await;
    assert_eq!(start(fixture, arn, &input).await, one);
    let mut sent = input;
    sent["policyArn"] = json!(arn);
    sent["buildWorkflowType"] = json!("INGEST_CONTENT");
    let operation = "StartAutomatedReasoningPolicyBuildWorkflow";
    fixture.assert_sent([(operation, sent.clone()), (operation, sent)]);
    let key = json!({"policyArn": arn, "buildWorkflowId": one.build_workflow_id});
    let fetched = one.full().await.unwrap();
    assert_eq!(fetched.document_name.as_deref(), Some("red.txt"));
    assert_eq!(workflows.get((arn, &one.build_workflow_id)).await.unwrap(), fetched);
    assert_eq!(fetched.refresh().await.unwrap(), fetched);
    let get = ("GetAutomatedReasoningPolicyBuildWorkflow", key.clone());
    fixture.assert_sent([get.clone(), get.clone(), get]);
    let expected = ["SCHEDULED", "PREPROCESSING", "BUILDING", "TESTING", "COMPLETED"];
    assert_eq!(states(fixture, &one, 4).await, expected);

    let failing = start(fixture, arn, &ingest("fail.txt", "token-4")).await;
    wait_for_failure(fixture, &failing).await;
    let import = AutomatedReasoningPolicyBuildWorkflowSource::default();
    let request = StartAutomatedReasoningPolicyBuildWorkflowRequest::new(import);
    let cancelled = workflows.start(arn, "IMPORT_POLICY", request).await.unwrap();
    fixture.assert_sent([(
        operation,
        json!({"policyArn": arn, "buildWorkflowType": "IMPORT_POLICY", "sourceContent": {}}),
    )]);
    cancelled.cancel().await.unwrap();
    let cancel = json!({"policyArn": arn, "buildWorkflowId": cancelled.build_workflow_id});
    fixture.assert_sent([("CancelAutomatedReasoningPolicyBuildWorkflow", cancel.clone())]);
    assert_eq!(states(fixture, &cancelled, 1).await, ["CANCEL_REQUESTED", "CANCELLED", "Failed"]);
    let again = workflows.cancel((arn, &cancelled.build_workflow_id)).await.unwrap_err();
    assert!(again.is_validation(), "{again}");
    fixture.assert_sent([("CancelAutomatedReasoningPolicyBuildWorkflow", cancel)]);

    let [first, second, third] =
        [&one, &failing, &cancelled].map(|it| format!("{arn} {}", it.build_workflow_id));
    assert_lists!(fixture, workflows.list_of(arn), within json!({"policyArn": arn}), {
        page_size(1) => [first, second, third],
    });
    let rows = policy.build_workflows().await.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].full().await.unwrap(), one.full().await.unwrap());
    let found = rows[0].policy().await.unwrap().unwrap();
    assert_eq!(found.policy_arn, arn);
    assert_eq!(fetched.policy().await.unwrap().unwrap(), found);
    fixture.take_requests();
    result_assets(fixture, &one).await;
    annotations(fixture, &one).await;

    let failed = failing.full().await.unwrap();
    let stale =
        workflows.delete((arn, &failed.build_workflow_id), LONG_AGO.parse().unwrap()).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
    failed.delete(failed.updated_at).await.unwrap();
    let delete = |at: &str| json!({"policyArn": arn, "buildWorkflowId": failed.build_workflow_id, "lastUpdatedAt": at});
    let updated = failed.updated_at.to_string();
    fixture.assert_sent([
        (
            "GetAutomatedReasoningPolicyBuildWorkflow",
            json!({"policyArn": arn, "buildWorkflowId": failed.build_workflow_id}),
        ),
        ("DeleteAutomatedReasoningPolicyBuildWorkflow", delete(LONG_AGO)),
        ("DeleteAutomatedReasoningPolicyBuildWorkflow", delete(&updated)),
    ]);
    assert_missing::<AutomatedReasoningPolicyBuildWorkflow>(fixture, (arn, &failed.build_workflow_id)).await;
}

/// The result assets of a workflow.
async fn result_assets(fixture: &Fixture, workflow: &Started) {
    let (arn, id) = (workflow.policy_arn.as_str(), workflow.build_workflow_id.as_str());
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&fixture.session);
    let built = workflow.result_assets("POLICY_DEFINITION", None).await.unwrap();
    let Some(AutomatedReasoningPolicyBuildResultAssets::PolicyDefinition(built)) =
        &built.build_workflow_assets
    else {
        panic!("{built:?}");
    };
    assert_eq!(serde_json::to_value(built).unwrap(), definition());
    let key = |kind: &str| json!({"policyArn": arn, "buildWorkflowId": id, "assetType": kind});
    let operation = "GetAutomatedReasoningPolicyBuildWorkflowResultAssets";
    fixture.assert_sent([(operation, key("POLICY_DEFINITION"))]);

    let manifest = workflows.result_assets((arn, id), "ASSET_MANIFEST", None).await.unwrap();
    let manifest = serde_json::to_value(&*manifest).unwrap();
    let entries = manifest["buildWorkflowAssets"]["assetManifest"]["entries"].as_array().unwrap();
    let document = entries.iter().find(|entry| entry["assetType"] == "SOURCE_DOCUMENT").unwrap();
    let document_id = document["assetId"].as_str().unwrap().to_owned();
    workflows.result_assets((arn, id), "SOURCE_DOCUMENT", Some(document_id.clone())).await.unwrap();
    let mut with_id = key("SOURCE_DOCUMENT");
    with_id["assetId"] = json!(document_id);
    fixture.assert_sent([(operation, key("ASSET_MANIFEST")), (operation, with_id)]);
    for kind in ["BUILD_LOG", "QUALITY_REPORT", "POLICY_SCENARIOS", "GENERATED_TEST_CASES", "FIDELITY_REPORT"]
    {
        let asset = workflow.result_assets(kind, None).await.unwrap();
        let is_known = !matches!(
            asset.build_workflow_assets,
            None | Some(AutomatedReasoningPolicyBuildResultAssets::Unknown(_))
        );
        assert!(is_known, "{kind}: {asset:?}");
    }
    fixture.take_requests();

    let scenario = workflow.next_scenario().await.unwrap();
    assert_eq!(scenario.scenario.as_ref().unwrap().rule_ids, ["ABCDEFGHIJ12"]);
    assert_eq!(workflows.next_scenario((arn, id)).await.unwrap(), scenario);
    let key = json!({"policyArn": arn, "buildWorkflowId": id});
    let next = ("GetAutomatedReasoningPolicyNextScenario", key);
    fixture.assert_sent([next.clone(), next]);
}

async fn annotations(fixture: &Fixture, workflow: &Started) {
    let (arn, id) = (workflow.policy_arn.as_str(), workflow.build_workflow_id.as_str());
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&fixture.session);
    let before = workflow.annotations().await.unwrap();
    assert_eq!(before.annotations, []);
    let rule = AutomatedReasoningPolicyAddRuleAnnotation::new("isRed");
    let rule = AutomatedReasoningPolicyAnnotation::AddRule(rule);
    let after = workflow.update_annotations([rule.clone()], &before.annotation_set_hash).await.unwrap();
    let stale = workflows.update_annotations((arn, id), [rule.clone()], &before.annotation_set_hash);
    assert_eq!(stale.await.unwrap_err().kind(), ErrorKind::Conflict);
    let found = workflows.annotations((arn, id)).await.unwrap();
    assert_eq!(
        (&found.annotations[..], &found.annotation_set_hash),
        (&[rule][..], &after.annotation_set_hash)
    );
    let key = json!({"policyArn": arn, "buildWorkflowId": id});
    let update = json!({
        "policyArn": arn, "buildWorkflowId": id, "annotations": [{"addRule": {"expression": "isRed"}}],
        "lastUpdatedAnnotationSetHash": before.annotation_set_hash,
    });
    fixture.assert_sent([
        ("GetAutomatedReasoningPolicyAnnotations", key.clone()),
        ("UpdateAutomatedReasoningPolicyAnnotations", update.clone()),
        ("UpdateAutomatedReasoningPolicyAnnotations", update),
        ("GetAutomatedReasoningPolicyAnnotations", key),
    ]);
}

/// Test cases and their results.
async fn test_cases(fixture: &Fixture, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let cases = AutomatedReasoningPolicyTestCase::objects().using(&fixture.session);
    let arn = policy.policy_arn.as_str();
    let request = CreateAutomatedReasoningPolicyTestCaseRequest::new(
        "It is red.",
        AutomatedReasoningCheckResult::Valid,
    );
    let one = cases.create(arn, request).await.unwrap();
    let mut input = json!({
        "guardContent": "It fails to be red.",
        "queryContent": "Is it red?",
        "expectedAggregatedFindingsResult": "SATISFIABLE",
        "clientRequestToken": "token-5",
        "confidenceThreshold": 0.5,
    });
    let request: CreateAutomatedReasoningPolicyTestCaseRequest =
        request_with_all_members("CreateAutomatedReasoningPolicyTestCase", &input);
    let two = cases.create(arn, request.clone()).await.unwrap();
    assert_eq!(cases.create(arn, request).await.unwrap(), two);
    input["policyArn"] = json!(arn);
    fixture.assert_sent([
        (
            "CreateAutomatedReasoningPolicyTestCase",
            json!({"policyArn": arn, "guardContent": "It is red.", "expectedAggregatedFindingsResult": "VALID"}),
        ),
        ("CreateAutomatedReasoningPolicyTestCase", input.clone()),
        ("CreateAutomatedReasoningPolicyTestCase", input),
    ]);

    let fetched = two.full().await.unwrap();
    assert_eq!(fetched.query_content.as_deref(), Some("Is it red?"));
    assert_eq!(cases.get((arn, &two.test_case_id)).await.unwrap(), fetched);
    let key = json!({"policyArn": arn, "testCaseId": two.test_case_id});
    let get = ("GetAutomatedReasoningPolicyTestCase", key.clone());
    fixture.assert_sent([get.clone(), get]);
    assert_lists!(fixture, cases.list_of(arn), within json!({"policyArn": arn}), {
        page_size(1) => [one.test_case_id, two.test_case_id],
    });
    assert_eq!(policy.test_cases().await.unwrap()[1], fetched);
    fixture.take_requests();

    run_test_workflow(fixture, policy, [&one.test_case_id, &two.test_case_id]).await;

    let mut input = json!({
        "guardContent": "It is blue.",
        "queryContent": "Is it blue?",
        "lastUpdatedAt": fetched.updated_at.to_string(),
        "expectedAggregatedFindingsResult": "INVALID",
        "confidenceThreshold": 0.75,
        "clientRequestToken": "token-6",
    });
    let change: UpdateAutomatedReasoningPolicyTestCaseRequest =
        request_with_all_members("UpdateAutomatedReasoningPolicyTestCase", &input);
    two.update(change.clone()).await.unwrap();
    cases.update((arn, &two.test_case_id), change).await.unwrap();
    input["policyArn"] = json!(arn);
    input["testCaseId"] = json!(two.test_case_id);
    let update = ("UpdateAutomatedReasoningPolicyTestCase", input);
    fixture.assert_sent([update.clone(), update]);
    let changed = two.full().await.unwrap();
    assert_eq!(changed.guard_content, "It is blue.");
    fixture.take_requests();

    two.delete(changed.updated_at).await.unwrap();
    let first = one.full().await.unwrap();
    cases.delete((arn, &one.test_case_id), first.updated_at).await.unwrap();
    let delete = |id: &str, at: &str| {
        let key = json!({"policyArn": arn, "testCaseId": id, "lastUpdatedAt": at});
        ("DeleteAutomatedReasoningPolicyTestCase", key)
    };
    let [first_at, changed_at] = [&first, &changed].map(|case| case.updated_at.to_string());
    fixture.assert_sent([
        delete(&two.test_case_id, &changed_at),
        ("GetAutomatedReasoningPolicyTestCase", json!({"policyArn": arn, "testCaseId": one.test_case_id})),
        delete(&one.test_case_id, &first_at),
    ]);
    assert_missing::<AutomatedReasoningPolicyTestCase>(fixture, (arn, &one.test_case_id)).await;
}

/// Tests the policy's completed workflow with one case, then with all cases.
async fn run_test_workflow(
    fixture: &Fixture,
    policy: &Bound<CreateAutomatedReasoningPolicyResponse>,
    cases: [&String; 2],
) {
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&fixture.session);
    let results = AutomatedReasoningPolicyTestResult::objects().using(&fixture.session);
    let workflow = policy.build_workflows().first().await.unwrap().unwrap();
    fixture.take_requests();
    let (arn, id, [passing, failing]) =
        (policy.policy_arn.as_str(), workflow.build_workflow_id.as_str(), cases);
    let request = StartAutomatedReasoningPolicyTestWorkflowRequest::default();
    let some = request.clone().test_case_ids([passing]).client_request_token("token-7");
    workflows.start_test_workflow((arn, id), some).await.unwrap();
    fixture.finish_jobs();
    workflow.start_test_workflow(request).await.unwrap();
    fixture.finish_jobs();
    fixture.assert_sent([
        (
            "StartAutomatedReasoningPolicyTestWorkflow",
            json!({
                "policyArn": arn, "buildWorkflowId": id, "testCaseIds": [passing], "clientRequestToken": "token-7",
            }),
        ),
        ("StartAutomatedReasoningPolicyTestWorkflow", json!({"policyArn": arn, "buildWorkflowId": id})),
    ]);

    let found = results.get((arn, id, failing)).await.unwrap();
    assert_eq!(found.test_run_result.as_ref().unwrap(), "FAILED");
    assert_eq!(results.get((arn, id, passing)).await.unwrap().test_run_result.as_ref().unwrap(), "PASSED");
    let key = |case: &str| json!({"policyArn": arn, "buildWorkflowId": id, "testCaseId": case});
    fixture.assert_sent([
        ("GetAutomatedReasoningPolicyTestResult", key(failing)),
        ("GetAutomatedReasoningPolicyTestResult", key(passing)),
    ]);
    let within = json!({"policyArn": arn, "buildWorkflowId": id});
    assert_lists!(fixture, results.list_of((arn, id)), within within, {
        page_size(1) => [passing, failing],
    });
    assert_eq!(workflow.test_results().await.unwrap()[1], found);
    fixture.take_requests();
}
