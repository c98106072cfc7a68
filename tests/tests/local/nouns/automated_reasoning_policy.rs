//! Automated reasoning policies, their build workflows, their test cases and the results of testing.

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

pub(crate) async fn life(stage: &Stage) {
    let one = create(&stage.session, "one").await;
    stage.sent([("CreateAutomatedReasoningPolicy", json!({"name": "one"}))]);
    gets(stage, &one).await;
    let two = creates::<AutomatedReasoningPolicy>(
        stage,
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
    tags(stage, &two.full().await.unwrap(), &[("team", "orm")]).await;
    versions(stage, &one, &two).await;
    workflows(stage, &two).await;
    testing(stage, &two).await;
    deletes(stage, &one).await;
    forced(stage, &two).await;
}

/// Changed, numbered, exported, listed.
async fn versions(
    stage: &Stage,
    one: &Bound<CreateAutomatedReasoningPolicyResponse>,
    two: &Bound<CreateAutomatedReasoningPolicyResponse>,
) {
    let policies = AutomatedReasoningPolicy::objects().using(&stage.session);
    let mut input =
        json!({"policyDefinition": definition(), "name": "renamed", "description": "what is red"});
    let change: UpdateAutomatedReasoningPolicyRequest = whole("UpdateAutomatedReasoningPolicy", &input);
    let changed = policies.update(&one.policy_arn, change.clone()).await.unwrap();
    assert_eq!(one.update(change).await.unwrap().definition_hash, changed.definition_hash);
    input["policyArn"] = json!(one.policy_arn);
    stage
        .sent([("UpdateAutomatedReasoningPolicy", input.clone()), ("UpdateAutomatedReasoningPolicy", input)]);
    let there = one.full().await.unwrap();
    assert_eq!(there.name, "renamed");
    stage.take();

    let input = json!({
        "clientRequestToken": "token-2",
        "lastUpdatedDefinitionHash": changed.definition_hash,
        "tags": [{"key": "of", "value": "version"}],
    });
    let request: CreateAutomatedReasoningPolicyVersionRequest =
        whole("CreateAutomatedReasoningPolicyVersion", &input);
    let first = policies.create_version(&one.policy_arn, request.clone()).await.unwrap();
    assert_eq!(one.create_version(request).await.unwrap(), first);
    let with_arn = |mut input: Value| {
        input["policyArn"] = json!(one.policy_arn);
        ("CreateAutomatedReasoningPolicyVersion", input)
    };
    stage.sent([with_arn(input.clone()), with_arn(input)]);
    assert_eq!(first.version, "1");
    let stale = CreateAutomatedReasoningPolicyVersionRequest::new("0".repeat(128));
    assert_eq!(one.create_version(stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    stage.sent([with_arn(json!({"lastUpdatedDefinitionHash": "0".repeat(128)}))]);

    let exported = policies.export(&first.policy_arn).await.unwrap();
    assert_eq!(serde_json::to_value(&*exported).unwrap(), definition());
    assert_eq!(one.export().await.unwrap(), exported);
    stage.sent([
        ("ExportAutomatedReasoningPolicyVersion", json!({"policyArn": first.policy_arn})),
        ("ExportAutomatedReasoningPolicyVersion", json!({"policyArn": one.policy_arn})),
    ]);
    lists!(stage, policies.list(), {
        policy_arn(&one.policy_arn) => [one.policy_arn, first.policy_arn],
        page_size(1) => [one.policy_arn, two.policy_arn],
    });
    assert_eq!(one.delete().await.unwrap_err().kind(), ErrorKind::ResourceInUse, "it has a version");
    assert_eq!(first.full().await.unwrap().policy_arn, first.policy_arn);
    stage.take();
    deletes(stage, &first).await;
}

/// What others depend on goes by force alone, and takes them along.
async fn forced(stage: &Stage, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let workflow = policy.build_workflows().first().await.unwrap().unwrap();
    stage.take();
    let arn = policy.policy_arn.as_str();
    let error = policy.delete_with(false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceInUse, "{error}");
    AutomatedReasoningPolicy::objects().using(&stage.session).delete_with(arn, true).await.unwrap();
    stage.sent([
        ("DeleteAutomatedReasoningPolicy", json!({"policyArn": arn, "force": "false"})),
        ("DeleteAutomatedReasoningPolicy", json!({"policyArn": arn, "force": "true"})),
    ]);
    is_missing::<AutomatedReasoningPolicy>(stage, arn).await;
    assert!(workflow.full().await.unwrap_err().is_does_not_exist());
    stage.take();
}

async fn start(stage: &Stage, policy_arn: &str, input: &Value) -> Started {
    let request: StartAutomatedReasoningPolicyBuildWorkflowRequest =
        whole("StartAutomatedReasoningPolicyBuildWorkflow", input);
    AutomatedReasoningPolicyBuildWorkflow::objects()
        .using(&stage.session)
        .start(policy_arn, AutomatedReasoningPolicyBuildWorkflowType::IngestContent, request)
        .await
        .unwrap()
}

/// What starts a workflow of a document of that name.
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

/// Built, waited for, cancelled, failed, deleted.
async fn workflows(stage: &Stage, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&stage.session);
    let arn = policy.policy_arn.as_str();
    let input = ingest("red.txt", "token-3");
    let one = start(stage, arn, &input).await;
    assert_eq!(start(stage, arn, &input).await, one);
    let mut sent = input;
    sent["policyArn"] = json!(arn);
    sent["buildWorkflowType"] = json!("INGEST_CONTENT");
    let operation = "StartAutomatedReasoningPolicyBuildWorkflow";
    stage.sent([(operation, sent.clone()), (operation, sent)]);
    let key = json!({"policyArn": arn, "buildWorkflowId": one.build_workflow_id});
    let there = one.full().await.unwrap();
    assert_eq!(there.document_name.as_deref(), Some("red.txt"));
    assert_eq!(workflows.get((arn, &one.build_workflow_id)).await.unwrap(), there);
    assert_eq!(there.refresh().await.unwrap(), there);
    let get = ("GetAutomatedReasoningPolicyBuildWorkflow", key.clone());
    stage.sent([get.clone(), get.clone(), get]);
    let expected = ["SCHEDULED", "PREPROCESSING", "BUILDING", "TESTING", "COMPLETED"];
    assert_eq!(states(stage, &one, 4).await, expected);

    let failing = start(stage, arn, &ingest("fail.txt", "token-4")).await;
    fails(stage, &failing).await;
    let import = AutomatedReasoningPolicyBuildWorkflowSource::default();
    let request = StartAutomatedReasoningPolicyBuildWorkflowRequest::new(import);
    let cancelled = workflows.start(arn, "IMPORT_POLICY", request).await.unwrap();
    stage.sent([(
        operation,
        json!({"policyArn": arn, "buildWorkflowType": "IMPORT_POLICY", "sourceContent": {}}),
    )]);
    cancelled.cancel().await.unwrap();
    let cancel = json!({"policyArn": arn, "buildWorkflowId": cancelled.build_workflow_id});
    stage.sent([("CancelAutomatedReasoningPolicyBuildWorkflow", cancel.clone())]);
    assert_eq!(states(stage, &cancelled, 1).await, ["CANCEL_REQUESTED", "CANCELLED", "Failed"]);
    let again = workflows.cancel((arn, &cancelled.build_workflow_id)).await.unwrap_err();
    assert!(again.is_validation(), "{again}");
    stage.sent([("CancelAutomatedReasoningPolicyBuildWorkflow", cancel)]);

    let [first, second, third] =
        [&one, &failing, &cancelled].map(|it| format!("{arn} {}", it.build_workflow_id));
    lists!(stage, workflows.list_of(arn), within json!({"policyArn": arn}), {
        page_size(1) => [first, second, third],
    });
    let rows = policy.build_workflows().await.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].full().await.unwrap(), one.full().await.unwrap());
    let found = rows[0].policy().await.unwrap().unwrap();
    assert_eq!(found.policy_arn, arn);
    assert_eq!(there.policy().await.unwrap().unwrap(), found);
    stage.take();
    results(stage, &one).await;
    annotations(stage, &one).await;

    let failed = failing.full().await.unwrap();
    let stale =
        workflows.delete((arn, &failed.build_workflow_id), LONG_AGO.parse().unwrap()).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
    failed.delete(failed.updated_at).await.unwrap();
    let delete = |at: &str| json!({"policyArn": arn, "buildWorkflowId": failed.build_workflow_id, "lastUpdatedAt": at});
    let updated = failed.updated_at.to_string();
    stage.sent([
        (
            "GetAutomatedReasoningPolicyBuildWorkflow",
            json!({"policyArn": arn, "buildWorkflowId": failed.build_workflow_id}),
        ),
        ("DeleteAutomatedReasoningPolicyBuildWorkflow", delete(LONG_AGO)),
        ("DeleteAutomatedReasoningPolicyBuildWorkflow", delete(&updated)),
    ]);
    is_missing::<AutomatedReasoningPolicyBuildWorkflow>(stage, (arn, &failed.build_workflow_id)).await;
}

/// What a workflow has built.
async fn results(stage: &Stage, workflow: &Started) {
    let (arn, id) = (workflow.policy_arn.as_str(), workflow.build_workflow_id.as_str());
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&stage.session);
    let built = workflow.result_assets("POLICY_DEFINITION", None).await.unwrap();
    let Some(AutomatedReasoningPolicyBuildResultAssets::PolicyDefinition(built)) =
        &built.build_workflow_assets
    else {
        panic!("{built:?}");
    };
    assert_eq!(serde_json::to_value(built).unwrap(), definition());
    let key = |kind: &str| json!({"policyArn": arn, "buildWorkflowId": id, "assetType": kind});
    let operation = "GetAutomatedReasoningPolicyBuildWorkflowResultAssets";
    stage.sent([(operation, key("POLICY_DEFINITION"))]);

    let manifest = workflows.result_assets((arn, id), "ASSET_MANIFEST", None).await.unwrap();
    let manifest = serde_json::to_value(&*manifest).unwrap();
    let entries = manifest["buildWorkflowAssets"]["assetManifest"]["entries"].as_array().unwrap();
    let document = entries.iter().find(|entry| entry["assetType"] == "SOURCE_DOCUMENT").unwrap();
    let document_id = document["assetId"].as_str().unwrap().to_owned();
    workflows.result_assets((arn, id), "SOURCE_DOCUMENT", Some(document_id.clone())).await.unwrap();
    let mut with_id = key("SOURCE_DOCUMENT");
    with_id["assetId"] = json!(document_id);
    stage.sent([(operation, key("ASSET_MANIFEST")), (operation, with_id)]);
    for kind in ["BUILD_LOG", "QUALITY_REPORT", "POLICY_SCENARIOS", "GENERATED_TEST_CASES", "FIDELITY_REPORT"]
    {
        let asset = workflow.result_assets(kind, None).await.unwrap();
        let is_known = !matches!(
            asset.build_workflow_assets,
            None | Some(AutomatedReasoningPolicyBuildResultAssets::Unknown(_))
        );
        assert!(is_known, "{kind}: {asset:?}");
    }
    stage.take();

    let scenario = workflow.next_scenario().await.unwrap();
    assert_eq!(scenario.scenario.as_ref().unwrap().rule_ids, ["ABCDEFGHIJ12"]);
    assert_eq!(workflows.next_scenario((arn, id)).await.unwrap(), scenario);
    let key = json!({"policyArn": arn, "buildWorkflowId": id});
    let next = ("GetAutomatedReasoningPolicyNextScenario", key);
    stage.sent([next.clone(), next]);
}

async fn annotations(stage: &Stage, workflow: &Started) {
    let (arn, id) = (workflow.policy_arn.as_str(), workflow.build_workflow_id.as_str());
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&stage.session);
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
    stage.sent([
        ("GetAutomatedReasoningPolicyAnnotations", key.clone()),
        ("UpdateAutomatedReasoningPolicyAnnotations", update.clone()),
        ("UpdateAutomatedReasoningPolicyAnnotations", update),
        ("GetAutomatedReasoningPolicyAnnotations", key),
    ]);
}

/// Test cases, and what comes of running them.
async fn testing(stage: &Stage, policy: &Bound<CreateAutomatedReasoningPolicyResponse>) {
    let cases = AutomatedReasoningPolicyTestCase::objects().using(&stage.session);
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
        whole("CreateAutomatedReasoningPolicyTestCase", &input);
    let two = cases.create(arn, request.clone()).await.unwrap();
    assert_eq!(cases.create(arn, request).await.unwrap(), two);
    input["policyArn"] = json!(arn);
    stage.sent([
        (
            "CreateAutomatedReasoningPolicyTestCase",
            json!({"policyArn": arn, "guardContent": "It is red.", "expectedAggregatedFindingsResult": "VALID"}),
        ),
        ("CreateAutomatedReasoningPolicyTestCase", input.clone()),
        ("CreateAutomatedReasoningPolicyTestCase", input),
    ]);

    let there = two.full().await.unwrap();
    assert_eq!(there.query_content.as_deref(), Some("Is it red?"));
    assert_eq!(cases.get((arn, &two.test_case_id)).await.unwrap(), there);
    let key = json!({"policyArn": arn, "testCaseId": two.test_case_id});
    let get = ("GetAutomatedReasoningPolicyTestCase", key.clone());
    stage.sent([get.clone(), get]);
    lists!(stage, cases.list_of(arn), within json!({"policyArn": arn}), {
        page_size(1) => [one.test_case_id, two.test_case_id],
    });
    assert_eq!(policy.test_cases().await.unwrap()[1], there);
    stage.take();

    tested(stage, policy, [&one.test_case_id, &two.test_case_id]).await;

    let mut input = json!({
        "guardContent": "It is blue.",
        "queryContent": "Is it blue?",
        "lastUpdatedAt": there.updated_at.to_string(),
        "expectedAggregatedFindingsResult": "INVALID",
        "confidenceThreshold": 0.75,
        "clientRequestToken": "token-6",
    });
    let change: UpdateAutomatedReasoningPolicyTestCaseRequest =
        whole("UpdateAutomatedReasoningPolicyTestCase", &input);
    two.update(change.clone()).await.unwrap();
    cases.update((arn, &two.test_case_id), change).await.unwrap();
    input["policyArn"] = json!(arn);
    input["testCaseId"] = json!(two.test_case_id);
    let update = ("UpdateAutomatedReasoningPolicyTestCase", input);
    stage.sent([update.clone(), update]);
    let changed = two.full().await.unwrap();
    assert_eq!(changed.guard_content, "It is blue.");
    stage.take();

    two.delete(changed.updated_at).await.unwrap();
    let first = one.full().await.unwrap();
    cases.delete((arn, &one.test_case_id), first.updated_at).await.unwrap();
    let delete = |id: &str, at: &str| {
        let key = json!({"policyArn": arn, "testCaseId": id, "lastUpdatedAt": at});
        ("DeleteAutomatedReasoningPolicyTestCase", key)
    };
    let [first_at, changed_at] = [&first, &changed].map(|case| case.updated_at.to_string());
    stage.sent([
        delete(&two.test_case_id, &changed_at),
        ("GetAutomatedReasoningPolicyTestCase", json!({"policyArn": arn, "testCaseId": one.test_case_id})),
        delete(&one.test_case_id, &first_at),
    ]);
    is_missing::<AutomatedReasoningPolicyTestCase>(stage, (arn, &one.test_case_id)).await;
}

/// Tests the policy's complete workflow with one case, then with all.
async fn tested(stage: &Stage, policy: &Bound<CreateAutomatedReasoningPolicyResponse>, cases: [&String; 2]) {
    let workflows = AutomatedReasoningPolicyBuildWorkflow::objects().using(&stage.session);
    let results = AutomatedReasoningPolicyTestResult::objects().using(&stage.session);
    let workflow = policy.build_workflows().first().await.unwrap().unwrap();
    stage.take();
    let (arn, id, [passing, failing]) =
        (policy.policy_arn.as_str(), workflow.build_workflow_id.as_str(), cases);
    let request = StartAutomatedReasoningPolicyTestWorkflowRequest::default();
    let some = request.clone().test_case_ids([passing]).client_request_token("token-7");
    workflows.start_test_workflow((arn, id), some).await.unwrap();
    stage.later();
    workflow.start_test_workflow(request).await.unwrap();
    stage.later();
    stage.sent([
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
    stage.sent([
        ("GetAutomatedReasoningPolicyTestResult", key(failing)),
        ("GetAutomatedReasoningPolicyTestResult", key(passing)),
    ]);
    let within = json!({"policyArn": arn, "buildWorkflowId": id});
    lists!(stage, results.list_of((arn, id)), within within, {
        page_size(1) => [passing, failing],
    });
    assert_eq!(workflow.test_results().await.unwrap()[1], found);
    stage.take();
}
