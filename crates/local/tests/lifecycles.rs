//! The lifecycle of every resource, which covers every operation of both services.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::LocalBedrock;
use common::description::{call, error, ok, operations};
use common::{BASE, MODEL, NOVA, post, send, text, user};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock";
const S3: &str = "s3://some-bucket/some/folder/";

/// Advances the clock until all jobs are done.
fn finish_jobs(local: &LocalBedrock) {
    local.advance(Duration::from_secs(60));
}

#[tokio::test]
async fn every_operation_is_served() {
    let local = LocalBedrock::start().await.unwrap();
    guardrails(&local).await;
    custom_models(&local).await;
    imported_models(&local).await;
    invocation_jobs(&local).await;
    evaluation_jobs(&local).await;
    prompt_optimization_jobs(&local).await;
    inference_profiles(&local).await;
    prompt_routers(&local).await;
    marketplace_endpoints(&local).await;
    foundation_models(&local).await;
    reasoning_policies(&local).await;
    account(&local).await;
    runtime(&local).await;
    let called: BTreeSet<_> =
        local.requests().into_iter().filter(|it| it.status < 300).filter_map(|it| it.operation).collect();
    let missing: Vec<_> = operations().into_iter().filter(|operation| !called.contains(operation)).collect();
    assert_eq!(missing, [""; 0]);
}

async fn guardrails(local: &LocalBedrock) {
    let guardrail = json!({
        "name": "life", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no", "kmsKeyId": "alias/key",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "swordfish" }] }, "tags": [{ "key": "a", "value": "1" }],
    });
    let created = ok(local, "CreateGuardrail", guardrail).await;
    let id = text(&created, "guardrailId");
    ok(local, "CreateGuardrailVersion", json!({ "guardrailIdentifier": id })).await;
    let update = json!({
        "guardrailIdentifier": id, "name": "life", "blockedInputMessaging": "never", "blockedOutputsMessaging": "no",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "swordfish" }] },
    });
    ok(local, "UpdateGuardrail", update).await;
    let draft = ok(local, "GetGuardrail", json!({ "guardrailIdentifier": id })).await;
    assert_eq!(text(&draft, "blockedInputMessaging"), "never");
    let listed = ok(local, "ListGuardrails", json!({ "guardrailIdentifier": id })).await;
    assert_eq!(listed["guardrails"].as_array().unwrap().len(), 2);

    let enforce = json!({ "guardrailInferenceConfig": {
        "guardrailIdentifier": id, "guardrailVersion": "1",
        "modelEnforcement": { "includedModels": ["ALL"], "excludedModels": [] },
    } });
    let put = ok(local, "PutEnforcedGuardrailConfiguration", enforce.clone()).await;
    assert_eq!(error(local, "PutEnforcedGuardrailConfiguration", enforce.clone()).await, "ConflictException");
    let config = text(&put, "configId");
    let mut again = enforce;
    again["configId"] = json!(config);
    assert_eq!(ok(local, "PutEnforcedGuardrailConfiguration", again).await["configId"], config);
    let listed = ok(local, "ListEnforcedGuardrailsConfiguration", json!({})).await;
    assert_eq!(listed["guardrailsConfig"][0]["guardrailId"], id);
    let delete = json!({ "guardrailIdentifier": id });
    assert_eq!(error(local, "DeleteGuardrail", delete.clone()).await, "ConflictException");
    ok(local, "DeleteEnforcedGuardrailConfiguration", json!({ "configId": config })).await;
    assert_eq!(
        error(local, "DeleteEnforcedGuardrailConfiguration", json!({ "configId": config })).await,
        "ResourceNotFoundException"
    );

    let arn = &created["guardrailArn"];
    let more = json!({ "resourceARN": arn, "tags": [{ "key": "b", "value": "2" }] });
    ok(local, "TagResource", more).await;
    ok(local, "UntagResource", json!({ "resourceARN": arn, "tagKeys": ["a"] })).await;
    let tags = ok(local, "ListTagsForResource", json!({ "resourceARN": arn })).await;
    assert_eq!(tags["tags"], json!([{ "key": "b", "value": "2" }]));
    let applied = json!({
        "guardrailIdentifier": id, "guardrailVersion": "1", "source": "INPUT", "content": [{ "text": { "text": "hi" } }],
    });
    ok(local, "ApplyGuardrail", applied).await;
    ok(local, "DeleteGuardrail", delete.clone()).await;
    assert_eq!(error(local, "GetGuardrail", delete).await, "ResourceNotFoundException");
}

async fn custom_models(local: &LocalBedrock) {
    let job = json!({
        "jobName": "tuning", "customModelName": "tuned", "roleArn": ROLE, "baseModelIdentifier": NOVA,
        "trainingDataConfig": { "s3Uri": S3 }, "outputDataConfig": { "s3Uri": S3 },
        "jobTags": [{ "key": "a", "value": "1" }], "customModelTags": [{ "key": "b", "value": "2" }],
        "customModelKmsKeyId": "00000000-1111-4222-8333-444444444444", "hyperParameters": { "epochCount": "1" },
    });
    let created = ok(local, "CreateModelCustomizationJob", job.clone()).await;
    let identifier = json!({ "jobIdentifier": created["jobArn"] });
    let running = ok(local, "GetModelCustomizationJob", identifier.clone()).await;
    assert_eq!((text(&running, "status"), running.get("endTime")), ("InProgress", None));
    finish_jobs(local);
    let done = ok(local, "GetModelCustomizationJob", json!({ "jobIdentifier": "tuning" })).await;
    assert_eq!(text(&done, "status"), "Completed");
    let arn = text(&done, "outputModelArn");
    let model = ok(local, "GetCustomModel", json!({ "modelIdentifier": "tuned" })).await;
    assert_eq!((text(&model, "modelArn"), &model["jobArn"]), (arn, &created["jobArn"]));
    assert_eq!(model["hyperParameters"], json!({ "epochCount": "1" }));
    let tags = ok(local, "ListTagsForResource", json!({ "resourceARN": arn })).await;
    assert_eq!(tags["tags"], json!([{ "key": "b", "value": "2" }]));

    let mut second = job;
    second["jobName"] = json!("tuning-2");
    assert_eq!(error(local, "CreateModelCustomizationJob", second.clone()).await, "ConflictException");
    second["customModelName"] = json!("tuned-2");
    let second = ok(local, "CreateModelCustomizationJob", second).await;
    let second = json!({ "jobIdentifier": second["jobArn"] });
    ok(local, "StopModelCustomizationJob", second.clone()).await;
    assert_eq!(ok(local, "GetModelCustomizationJob", second.clone()).await["status"], "Stopping");
    finish_jobs(local);
    assert_eq!(ok(local, "GetModelCustomizationJob", second.clone()).await["status"], "Stopped");
    assert_eq!(error(local, "StopModelCustomizationJob", second).await, "ConflictException");
    let jobs = ok(local, "ListModelCustomizationJobs", json!({ "statusEquals": "Completed" })).await;
    assert_eq!(jobs["modelCustomizationJobSummaries"][0]["customModelArn"], arn);

    let imported =
        json!({ "modelName": "imported", "modelSourceConfig": { "s3DataSource": { "s3Uri": S3 } } });
    let imported = ok(local, "CreateCustomModel", imported).await;
    assert!(text(&imported, "modelArn").contains(":custom-model/imported/"));
    let imported = json!({ "modelIdentifier": imported["modelArn"] });
    assert_eq!(ok(local, "GetCustomModel", imported.clone()).await["modelStatus"], "Creating");
    finish_jobs(local);
    assert_eq!(ok(local, "GetCustomModel", imported.clone()).await["modelStatus"], "Active");

    let copy =
        ok(local, "CreateModelCopyJob", json!({ "sourceModelArn": arn, "targetModelName": "copied" })).await;
    let copied = ok(local, "GetModelCopyJob", json!({ "jobArn": copy["jobArn"] })).await;
    assert_eq!((text(&copied, "status"), text(&copied, "sourceModelName")), ("InProgress", "tuned"));
    finish_jobs(local);
    let target = ok(local, "GetCustomModel", json!({ "modelIdentifier": "copied" })).await;
    assert_eq!(target["modelArn"], copied["targetModelArn"]);
    let copies = ok(local, "ListModelCopyJobs", json!({ "targetModelNameContains": "cop" })).await;
    assert_eq!(copies["modelCopyJobSummaries"][0]["status"], "Completed");

    let deployment = json!({ "modelDeploymentName": "deployed", "modelArn": arn, "description": "for now" });
    let deployed = ok(local, "CreateCustomModelDeployment", deployment.clone()).await;
    assert_eq!(error(local, "CreateCustomModelDeployment", deployment).await, "ValidationException");
    let key = json!({ "customModelDeploymentIdentifier": "deployed" });
    assert_eq!(ok(local, "GetCustomModelDeployment", key.clone()).await["status"], "Creating");
    finish_jobs(local);
    let hello = json!({ "messages": [user("Hello")] });
    let path = format!("/model/{}/converse", text(&deployed, "customModelDeploymentArn").replace('/', "%2F"));
    assert_eq!(post(local, &path, hello.clone()).await.status, 200);
    let other = json!({ "customModelDeploymentIdentifier": "deployed", "modelArn": target["modelArn"] });
    ok(local, "UpdateCustomModelDeployment", other).await;
    let updating = ok(local, "GetCustomModelDeployment", key.clone()).await;
    assert_eq!(
        (&updating["updateDetails"]["updateStatus"], text(&updating, "modelArn")),
        (&json!("Updating"), arn)
    );
    finish_jobs(local);
    let updated = ok(local, "GetCustomModelDeployment", key.clone()).await;
    assert_eq!(updated["modelArn"], target["modelArn"]);
    let listed = ok(local, "ListCustomModelDeployments", json!({ "nameContains": "deploy" })).await;
    assert_eq!(listed["modelDeploymentSummaries"][0]["customModelDeploymentName"], "deployed");
    let in_use = json!({ "modelIdentifier": "copied" });
    assert_eq!(error(local, "DeleteCustomModel", in_use.clone()).await, "ConflictException");
    ok(local, "DeleteCustomModelDeployment", key).await;
    ok(local, "DeleteCustomModel", in_use).await;
    assert_eq!(post(local, &path, hello).await.error().1, "ResourceNotFoundException");

    let reserved = json!({
        "modelUnits": 1, "provisionedModelName": "reserved", "modelId": arn, "commitmentDuration": "OneMonth",
    });
    ok(local, "CreateProvisionedModelThroughput", reserved).await;
    let key = json!({ "provisionedModelId": "reserved" });
    assert_eq!(ok(local, "GetProvisionedModelThroughput", key.clone()).await["status"], "Creating");
    finish_jobs(local);
    let update = json!({
        "provisionedModelId": "reserved", "desiredProvisionedModelName": "kept", "desiredModelId": NOVA,
    });
    ok(local, "UpdateProvisionedModelThroughput", update).await;
    let listed = ok(local, "ListProvisionedModelThroughputs", json!({ "statusEquals": "Updating" })).await;
    assert_eq!(listed["provisionedModelSummaries"][0]["provisionedModelName"], "kept");
    finish_jobs(local);
    assert_eq!(error(local, "GetProvisionedModelThroughput", key).await, "ResourceNotFoundException");
    let key = json!({ "provisionedModelId": "kept" });
    let kept = ok(local, "GetProvisionedModelThroughput", key.clone()).await;
    assert_eq!((&kept["modelArn"], text(&kept, "status")), (&kept["foundationModelArn"], "InService"));
    assert_eq!(error(local, "DeleteProvisionedModelThroughput", key.clone()).await, "ConflictException");
    local.advance(Duration::from_secs(31 * 24 * 3600));
    ok(local, "DeleteProvisionedModelThroughput", key).await;
    let models = ok(local, "ListCustomModels", json!({ "isOwned": true, "modelStatus": "Active" })).await;
    assert_eq!(models["modelSummaries"].as_array().unwrap().len(), 2);
}

async fn imported_models(local: &LocalBedrock) {
    let job = json!({
        "jobName": "importing", "importedModelName": "brought", "roleArn": ROLE,
        "modelDataSource": { "s3DataSource": { "s3Uri": S3 } }, "importedModelTags": [{ "key": "a", "value": "1" }],
    });
    let created = ok(local, "CreateModelImportJob", job.clone()).await;
    assert_eq!(ok(local, "ListImportedModels", json!({})).await["modelSummaries"], json!([]));
    finish_jobs(local);
    let done = ok(local, "GetModelImportJob", json!({ "jobIdentifier": created["jobArn"] })).await;
    assert_eq!(text(&done, "status"), "Completed");
    let jobs = ok(local, "ListModelImportJobs", json!({ "nameContains": "import" })).await;
    assert_eq!(jobs["modelImportJobSummaries"][0]["importedModelArn"], done["importedModelArn"]);
    let model = ok(local, "GetImportedModel", json!({ "modelIdentifier": "brought" })).await;
    assert_eq!((&model["modelArn"], text(&model, "jobName")), (&done["importedModelArn"], "importing"));
    let listed = ok(local, "ListImportedModels", json!({})).await;
    assert_eq!(listed["modelSummaries"][0]["modelArn"], model["modelArn"]);
    assert_eq!(error(local, "CreateModelImportJob", job).await, "ConflictException");
    ok(local, "DeleteImportedModel", json!({ "modelIdentifier": model["modelArn"] })).await;
    let key = json!({ "modelIdentifier": "brought" });
    assert_eq!(error(local, "GetImportedModel", key).await, "ResourceNotFoundException");
}

async fn invocation_jobs(local: &LocalBedrock) {
    let job = |name: &str| {
        json!({
            "jobName": name, "roleArn": ROLE, "modelId": NOVA, "clientRequestToken": name,
            "inputDataConfig": { "s3InputDataConfig": { "s3Uri": "s3://some-bucket/in.jsonl" } },
            "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": S3 } }, "tags": [{ "key": "a", "value": "1" }],
        })
    };
    let created = ok(local, "CreateModelInvocationJob", job("batch")).await;
    let key = json!({ "jobIdentifier": created["jobArn"] });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let job = ok(local, "GetModelInvocationJob", key.clone()).await;
        statuses.push(text(&job, "status").to_owned());
        local.advance(Duration::from_millis(500));
    }
    assert_eq!(statuses, ["Submitted", "Validating", "Scheduled", "InProgress", "Completed"]);
    let second = ok(local, "CreateModelInvocationJob", job("batch-2")).await;
    ok(local, "StopModelInvocationJob", json!({ "jobIdentifier": second["jobArn"] })).await;
    finish_jobs(local);
    let jobs = ok(local, "ListModelInvocationJobs", json!({})).await;
    let names = |job: &Value| (text(job, "jobName").to_owned(), text(job, "status").to_owned());
    let names: Vec<_> = jobs["invocationJobSummaries"].as_array().unwrap().iter().map(names).collect();
    let expected = [("batch-2", "Stopped"), ("batch", "Completed")];
    assert_eq!(names, expected.map(|(name, status)| (name.to_owned(), status.to_owned())));
    assert_eq!(error(local, "StopModelInvocationJob", key).await, "ConflictException");
}

async fn evaluation_jobs(local: &LocalBedrock) {
    let job = |name: &str| {
        json!({
            "jobName": name, "roleArn": ROLE, "outputDataConfig": { "s3Uri": S3 },
            "evaluationConfig": { "automated": { "datasetMetricConfigs": [{
                "taskType": "QuestionAndAnswer", "dataset": { "name": "Builtin.BoolQ" }, "metricNames": ["Builtin.Accuracy"],
            }] } },
            "inferenceConfig": { "models": [{ "bedrockModel": { "modelIdentifier": NOVA, "inferenceParams": "{}" } }] },
        })
    };
    let created = ok(local, "CreateEvaluationJob", job("grading")).await;
    let key = json!({ "jobIdentifier": created["jobArn"] });
    let batch = json!({ "jobIdentifiers": [created["jobArn"]] });
    let refused = ok(local, "BatchDeleteEvaluationJob", batch.clone()).await;
    assert_eq!(
        (&refused["errors"][0]["code"], &refused["evaluationJobs"]),
        (&json!("ConflictException"), &json!([]))
    );
    ok(local, "StopEvaluationJob", key.clone()).await;
    finish_jobs(local);
    assert_eq!(ok(local, "GetEvaluationJob", key.clone()).await["status"], "Stopped");
    ok(local, "CreateEvaluationJob", job("grading-2")).await;
    let listed = ok(local, "ListEvaluationJobs", json!({ "statusEquals": "InProgress" })).await;
    assert_eq!(listed["jobSummaries"][0]["modelIdentifiers"], json!([NOVA]));
    let deleted = ok(local, "BatchDeleteEvaluationJob", batch).await;
    assert_eq!(deleted["evaluationJobs"][0]["jobStatus"], "Deleting");
    assert_eq!(ok(local, "GetEvaluationJob", key.clone()).await["status"], "Deleting");
    finish_jobs(local);
    assert_eq!(error(local, "GetEvaluationJob", key).await, "ResourceNotFoundException");
}

async fn prompt_optimization_jobs(local: &LocalBedrock) {
    let job = json!({
        "jobName": "optimizing", "inputConfig": { "s3Uri": S3 }, "outputConfig": { "s3Uri": S3 },
        "modelConfigurations": [{ "modelId": NOVA }],
    });
    let created = ok(local, "CreateAdvancedPromptOptimizationJob", job).await;
    let key = json!({ "jobIdentifier": created["jobArn"] });
    assert_eq!(ok(local, "GetAdvancedPromptOptimizationJob", key.clone()).await["jobStatus"], "InProgress");
    ok(local, "StopAdvancedPromptOptimizationJob", key.clone()).await;
    finish_jobs(local);
    let listed = ok(local, "ListAdvancedPromptOptimizationJobs", json!({})).await;
    assert_eq!(listed["jobSummaries"][0]["jobStatus"], "Stopped");
    let batch = json!({ "jobIdentifiers": [created["jobArn"], "abcdefghijkl"] });
    let deleted = ok(local, "BatchDeleteAdvancedPromptOptimizationJob", batch).await;
    assert_eq!(deleted["advancedPromptOptimizationJobs"].as_array().unwrap().len(), 1);
    assert_eq!(deleted["errors"][0]["code"], "ResourceNotFoundException");
}

async fn inference_profiles(local: &LocalBedrock) {
    let system = ok(local, "ListInferenceProfiles", json!({ "typeEquals": "SYSTEM_DEFINED" })).await;
    assert!(system["inferenceProfileSummaries"].as_array().unwrap().len() > 30);
    let profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let profile = ok(local, "GetInferenceProfile", json!({ "inferenceProfileIdentifier": profile })).await;
    let own = json!({ "inferenceProfileName": "mine", "modelSource": { "copyFrom": profile["inferenceProfileArn"] } });
    let created = ok(local, "CreateInferenceProfile", own).await;
    let key = json!({ "inferenceProfileIdentifier": created["inferenceProfileArn"] });
    assert_eq!(ok(local, "GetInferenceProfile", key.clone()).await["models"], profile["models"]);
    let path = format!("/model/{}/converse", text(&created, "inferenceProfileArn").replace('/', "%2F"));
    assert_eq!(post(local, &path, json!({ "messages": [user("Hello")] })).await.status, 200);
    let own = ok(local, "ListInferenceProfiles", json!({ "typeEquals": "APPLICATION" })).await;
    assert_eq!(own["inferenceProfileSummaries"].as_array().unwrap().len(), 1);
    ok(local, "DeleteInferenceProfile", key).await;
    let key = json!({ "inferenceProfileIdentifier": profile["inferenceProfileId"] });
    assert_eq!(error(local, "DeleteInferenceProfile", key).await, "ValidationException");
}

async fn prompt_routers(local: &LocalBedrock) {
    let defaults = ok(local, "ListPromptRouters", json!({ "type": "default" })).await;
    let default = &defaults["promptRouterSummaries"][0];
    let own = json!({
        "promptRouterName": "mine", "models": default["models"], "fallbackModel": default["fallbackModel"],
        "routingCriteria": { "responseQualityDifference": 25.0 },
    });
    let created = ok(local, "CreatePromptRouter", own.clone()).await;
    assert_eq!(error(local, "CreatePromptRouter", own).await, "ConflictException");
    let key = json!({ "promptRouterArn": created["promptRouterArn"] });
    assert_eq!(ok(local, "GetPromptRouter", key.clone()).await["type"], "custom");
    let path = format!("/model/{}/converse", text(&created, "promptRouterArn").replace('/', "%2F"));
    assert_eq!(post(local, &path, json!({ "messages": [user("Hello")] })).await.status, 200);
    ok(local, "DeletePromptRouter", key.clone()).await;
    assert_eq!(error(local, "GetPromptRouter", key).await, "ResourceNotFoundException");
}

async fn marketplace_endpoints(local: &LocalBedrock) {
    let source = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/some-model/1.0.0";
    let config = |count: u64| json!({ "sageMaker": { "initialInstanceCount": count, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE } });
    let endpoint =
        json!({ "endpointName": "hosted", "modelSourceIdentifier": source, "endpointConfig": config(1) });
    let created = ok(local, "CreateMarketplaceModelEndpoint", endpoint).await;
    let arn = &created["marketplaceModelEndpoint"]["endpointArn"];
    let key = json!({ "endpointArn": arn });
    finish_jobs(local);
    ok(local, "UpdateMarketplaceModelEndpoint", json!({ "endpointArn": arn, "endpointConfig": config(2) }))
        .await;
    let updating = ok(local, "GetMarketplaceModelEndpoint", key.clone()).await;
    assert_eq!(updating["marketplaceModelEndpoint"]["endpointStatus"], "Updating");
    finish_jobs(local);
    ok(local, "DeregisterMarketplaceModelEndpoint", key.clone()).await;
    assert_eq!(error(local, "GetMarketplaceModelEndpoint", key.clone()).await, "ResourceNotFoundException");
    let register = json!({ "endpointIdentifier": arn, "modelSourceIdentifier": source });
    let registered = ok(local, "RegisterMarketplaceModelEndpoint", register).await;
    assert_eq!(registered["marketplaceModelEndpoint"]["endpointConfig"], config(2));
    let listed = ok(local, "ListMarketplaceModelEndpoints", json!({ "modelSourceEquals": source })).await;
    assert_eq!(listed["marketplaceModelEndpoints"][0]["endpointArn"], *arn);
    ok(local, "DeleteMarketplaceModelEndpoint", key).await;
}

async fn foundation_models(local: &LocalBedrock) {
    ok(local, "ListFoundationModels", json!({})).await;
    ok(local, "GetFoundationModel", json!({ "modelIdentifier": BASE })).await;
    let model = json!({ "modelId": BASE });
    let status = async || {
        let availability = ok(local, "GetFoundationModelAvailability", model.clone()).await;
        text(&availability["agreementAvailability"], "status").to_owned()
    };
    assert_eq!(status().await, "NOT_AVAILABLE");
    let offers = ok(local, "ListFoundationModelAgreementOffers", model.clone()).await;
    let mut agreement = json!({ "modelId": BASE, "offerToken": offers["offers"][0]["offerToken"] });
    ok(local, "CreateFoundationModelAgreement", agreement.clone()).await;
    assert_eq!(status().await, "PENDING");
    finish_jobs(local);
    assert_eq!(status().await, "AVAILABLE");
    assert_eq!(error(local, "CreateFoundationModelAgreement", agreement.clone()).await, "ConflictException");
    ok(local, "DeleteFoundationModelAgreement", model.clone()).await;
    assert_eq!(status().await, "NOT_AVAILABLE");
    agreement["offerToken"] = json!("made up");
    assert_eq!(error(local, "CreateFoundationModelAgreement", agreement).await, "ValidationException");
}

fn definition(rule: &str) -> Value {
    json!({
        "version": "1.0",
        "types": [{ "name": "Colour", "values": [{ "value": "RED" }, { "value": "BLUE" }] }],
        "rules": [{ "id": "ABCDEFGHIJ12", "expression": rule }],
        "variables": [{ "name": "sky", "type": "Colour", "description": "The colour of the sky." }],
    })
}

async fn reasoning_policies(local: &LocalBedrock) {
    let created = ok(local, "CreateAutomatedReasoningPolicy", json!({ "name": "logic" })).await;
    let arn = text(&created, "policyArn");
    let of_policy = |mut input: Value| {
        input["policyArn"] = json!(arn);
        input
    };
    assert_eq!(text(&created, "version"), "DRAFT");
    let rules = definition("(= sky BLUE)");
    let updated =
        ok(local, "UpdateAutomatedReasoningPolicy", of_policy(json!({ "policyDefinition": rules }))).await;
    let stale = of_policy(json!({ "lastUpdatedDefinitionHash": created["definitionHash"] }));
    assert_eq!(error(local, "CreateAutomatedReasoningPolicyVersion", stale).await, "ConflictException");
    let fresh = of_policy(json!({ "lastUpdatedDefinitionHash": updated["definitionHash"] }));
    let version = ok(local, "CreateAutomatedReasoningPolicyVersion", fresh).await;
    assert_eq!(text(&version, "policyArn"), format!("{arn}:1"));
    ok(local, "GetAutomatedReasoningPolicy", json!({ "policyArn": version["policyArn"] })).await;
    let exported = json!({ "policyArn": version["policyArn"] });
    assert_eq!(ok(local, "ExportAutomatedReasoningPolicyVersion", exported).await["policyDefinition"], rules);
    let listed = ok(local, "ListAutomatedReasoningPolicies", json!({})).await;
    assert_eq!(listed["automatedReasoningPolicySummaries"].as_array().unwrap().len(), 1);
    let listed = ok(local, "ListAutomatedReasoningPolicies", of_policy(json!({}))).await;
    assert_eq!(listed["automatedReasoningPolicySummaries"].as_array().unwrap().len(), 2);

    let source = json!({
        "policyDefinition": rules,
        "workflowContent": { "documents": [{
            "document": BASE64.encode("The sky is blue."), "documentContentType": "txt", "documentName": "sky.txt",
        }] },
    });
    let start = of_policy(json!({ "buildWorkflowType": "INGEST_CONTENT", "sourceContent": source }));
    let started = ok(local, "StartAutomatedReasoningPolicyBuildWorkflow", start.clone()).await;
    assert_eq!(
        error(local, "StartAutomatedReasoningPolicyBuildWorkflow", start.clone()).await,
        "ResourceInUseException"
    );
    let of_workflow = |mut input: Value| {
        input["buildWorkflowId"] = started["buildWorkflowId"].clone();
        of_policy(input)
    };
    let running = ok(local, "GetAutomatedReasoningPolicyBuildWorkflow", of_workflow(json!({}))).await;
    assert_eq!((text(&running, "status"), text(&running, "documentName")), ("SCHEDULED", "sky.txt"));
    finish_jobs(local);
    for asset in [
        "ASSET_MANIFEST",
        "BUILD_LOG",
        "FIDELITY_REPORT",
        "GENERATED_TEST_CASES",
        "POLICY_DEFINITION",
        "POLICY_SCENARIOS",
        "QUALITY_REPORT",
        "SOURCE_DOCUMENT",
    ] {
        let input = of_workflow(json!({ "assetType": asset }));
        ok(local, "GetAutomatedReasoningPolicyBuildWorkflowResultAssets", input).await;
    }
    let scenario = ok(local, "GetAutomatedReasoningPolicyNextScenario", of_workflow(json!({}))).await;
    assert_eq!(scenario["scenario"]["ruleIds"], json!(["ABCDEFGHIJ12"]));
    let annotations = ok(local, "GetAutomatedReasoningPolicyAnnotations", of_workflow(json!({}))).await;
    assert_eq!(annotations["annotations"], json!([]));
    let annotated = of_workflow(json!({
        "annotations": [{ "deleteRule": { "ruleId": "ABCDEFGHIJ12" } }],
        "lastUpdatedAnnotationSetHash": annotations["annotationSetHash"],
    }));
    ok(local, "UpdateAutomatedReasoningPolicyAnnotations", annotated.clone()).await;
    assert_eq!(
        error(local, "UpdateAutomatedReasoningPolicyAnnotations", annotated).await,
        "ConflictException"
    );

    let case = |content: &str| {
        of_policy(json!({
            "guardContent": content, "expectedAggregatedFindingsResult": "VALID",
            "clientRequestToken": content.len().to_string(),
        }))
    };
    let blue = ok(local, "CreateAutomatedReasoningPolicyTestCase", case("The sky is blue.")).await;
    let red = ok(local, "CreateAutomatedReasoningPolicyTestCase", case("It fails to be blue.")).await;
    let of_case = |case: &Value, mut input: Value| {
        input["testCaseId"] = case["testCaseId"].clone();
        of_policy(input)
    };
    let shown = ok(local, "GetAutomatedReasoningPolicyTestCase", of_case(&blue, json!({}))).await;
    let change = of_case(
        &blue,
        json!({
            "guardContent": "The sky is as blue as ever.", "expectedAggregatedFindingsResult": "SATISFIABLE",
            "lastUpdatedAt": shown["testCase"]["updatedAt"],
        }),
    );
    local.advance(Duration::from_secs(1));
    ok(local, "UpdateAutomatedReasoningPolicyTestCase", change.clone()).await;
    assert_eq!(error(local, "UpdateAutomatedReasoningPolicyTestCase", change).await, "ConflictException");
    let cases = ok(local, "ListAutomatedReasoningPolicyTestCases", of_policy(json!({}))).await;
    assert_eq!(cases["testCases"].as_array().unwrap().len(), 2);
    ok(local, "StartAutomatedReasoningPolicyTestWorkflow", of_workflow(json!({}))).await;
    finish_jobs(local);
    let result = async |case: &Value| {
        let mut key = of_workflow(json!({}));
        key["testCaseId"] = case["testCaseId"].clone();
        let result = ok(local, "GetAutomatedReasoningPolicyTestResult", key).await;
        let member = |member| text(&result["testResult"], member).to_owned();
        (member("testRunResult"), member("aggregatedTestFindingsResult"))
    };
    assert_eq!(result(&blue).await, ("PASSED".to_owned(), "SATISFIABLE".to_owned()));
    assert_eq!(result(&red).await, ("FAILED".to_owned(), "INVALID".to_owned()));
    let results = ok(local, "ListAutomatedReasoningPolicyTestResults", of_workflow(json!({}))).await;
    assert_eq!(results["testResults"].as_array().unwrap().len(), 2);
    let delete = of_case(&red, json!({ "lastUpdatedAt": cases["testCases"][1]["updatedAt"] }));
    ok(local, "DeleteAutomatedReasoningPolicyTestCase", delete).await;

    let second = ok(local, "StartAutomatedReasoningPolicyBuildWorkflow", start).await;
    let cancel = of_policy(json!({ "buildWorkflowId": second["buildWorkflowId"] }));
    ok(local, "CancelAutomatedReasoningPolicyBuildWorkflow", cancel.clone()).await;
    finish_jobs(local);
    let workflows = ok(local, "ListAutomatedReasoningPolicyBuildWorkflows", of_policy(json!({}))).await;
    let workflows = &workflows["automatedReasoningPolicyBuildWorkflowSummaries"];
    assert_eq!(
        (&workflows[0]["status"], &workflows[1]["status"]),
        (&json!("COMPLETED"), &json!("CANCELLED"))
    );
    assert_eq!(
        error(local, "CancelAutomatedReasoningPolicyBuildWorkflow", cancel.clone()).await,
        "ValidationException"
    );
    let mut delete = cancel;
    delete["lastUpdatedAt"] = workflows[1]["updatedAt"].clone();
    ok(local, "DeleteAutomatedReasoningPolicyBuildWorkflow", delete).await;

    assert_eq!(
        error(local, "DeleteAutomatedReasoningPolicy", of_policy(json!({}))).await,
        "ResourceInUseException"
    );
    ok(local, "DeleteAutomatedReasoningPolicy", of_policy(json!({ "force": true }))).await;
    assert_eq!(
        error(local, "GetAutomatedReasoningPolicy", of_policy(json!({}))).await,
        "ResourceNotFoundException"
    );
}

async fn account(local: &LocalBedrock) {
    let get = "GetModelInvocationLoggingConfiguration";
    assert_eq!(ok(local, get, json!({})).await, json!({}));
    let logging =
        json!({ "loggingConfig": { "s3Config": { "bucketName": "logs" }, "textDataDeliveryEnabled": true } });
    ok(local, "PutModelInvocationLoggingConfiguration", logging.clone()).await;
    assert_eq!(ok(local, get, json!({})).await, logging);
    ok(local, "DeleteModelInvocationLoggingConfiguration", json!({})).await;
    assert_eq!(ok(local, get, json!({})).await, json!({}));

    assert_eq!(ok(local, "GetAccountDataRetention", json!({})).await, json!({ "mode": "default" }));
    ok(local, "PutAccountDataRetention", json!({ "mode": "none" })).await;
    assert_eq!(ok(local, "GetAccountDataRetention", json!({})).await["mode"], "none");

    assert_eq!(error(local, "GetUseCaseForModelAccess", json!({})).await, "ResourceNotFoundException");
    let form = json!({ "formData": BASE64.encode("to test with it") });
    ok(local, "PutUseCaseForModelAccess", form.clone()).await;
    assert_eq!(ok(local, "GetUseCaseForModelAccess", json!({})).await, form);

    let arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghijkl";
    let policy =
        json!({ "resourceArn": arn, "resourcePolicy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}" });
    ok(local, "PutResourcePolicy", policy.clone()).await;
    let key = json!({ "resourceArn": arn });
    let got = ok(local, "GetResourcePolicy", key.clone()).await;
    assert_eq!(got["resourcePolicy"], policy["resourcePolicy"]);
    ok(local, "DeleteResourcePolicy", key.clone()).await;
    assert_eq!(error(local, "GetResourcePolicy", key).await, "ResourceNotFoundException");
    let nonsense = json!({ "resourceArn": arn, "resourcePolicy": "nonsense" });
    assert_eq!(error(local, "PutResourcePolicy", nonsense).await, "ValidationException");
}

async fn runtime(local: &LocalBedrock) {
    let checks = json!({
        "messages": [{ "role": "user", "content": [{ "text": "You idiot, mail me@example.org" }] }],
        "checks": {
            "contentFilter": { "categories": [{ "category": "INSULTS" }, { "category": "HATE" }] },
            "promptAttack": { "categories": [{ "category": "JAILBREAK" }] },
            "sensitiveInformation": { "entities": [{ "type": "EMAIL" }] },
        },
    });
    let checked = ok(local, "InvokeGuardrailChecks", checks).await;
    let results = &checked["results"];
    assert_eq!(
        results["contentFilter"]["results"][0],
        json!({ "category": "INSULTS", "severityScore": 0.5 })
    );
    assert_eq!(results["promptAttack"]["results"][0]["severityScore"], 0.0);
    let found = &results["sensitiveInformation"]["results"][0];
    assert_eq!((&found["beginOffset"], &found["endOffset"]), (&json!(16), &json!(30)));
    assert_eq!(checked["usage"]["contentFilter"]["textUnits"], 1);
    let path = "/model/amazon.nova-2-sonic-v1:0/invoke-with-bidirectional-stream";
    assert_eq!(send(local, "POST", path, &[], b"").await.status, 200);
    let messages = json!([user("Hello")]);
    // Its usage has members that AWS's description lacks.
    assert_eq!(call(local, "Converse", json!({ "modelId": MODEL, "messages": messages })).await.status, 200);
    let counted = json!({ "modelId": BASE, "input": { "converse": { "messages": messages } } });
    ok(local, "CountTokens", counted).await;
    let body = json!({ "messages": messages });
    assert_eq!(post(local, &format!("/model/{NOVA}/converse-stream"), body.clone()).await.status, 200);
    assert_eq!(post(local, &format!("/model/{NOVA}/invoke"), body.clone()).await.status, 200);
    assert_eq!(post(local, &format!("/model/{NOVA}/invoke-with-response-stream"), body).await.status, 200);
    let job = json!({
        "modelId": "luma.ray-v2:0", "modelInput": { "a": 1 },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://some-bucket" } },
    });
    let started = ok(local, "StartAsyncInvoke", job).await;
    ok(local, "GetAsyncInvoke", json!({ "invocationArn": started["invocationArn"] })).await;
    ok(local, "ListAsyncInvokes", json!({})).await;
    assert_eq!(call(local, "GetAsyncInvoke", json!({ "invocationArn": "arn" })).await.status, 400);
}
