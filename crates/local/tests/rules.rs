//! Rules that all resources share: idempotency tokens, names, keys, the clock, failures, tags, and dependencies.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::LocalBedrock;
use common::description::{call, error, ok, ok_in};
use common::{BASE, NOVA, text};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock";
const S3: &str = "s3://some-bucket/some/folder/";

fn customization_job(name: &str) -> Value {
    json!({
        "jobName": name, "customModelName": format!("{name}-model"), "roleArn": ROLE, "baseModelIdentifier": NOVA,
        "trainingDataConfig": { "s3Uri": S3 }, "outputDataConfig": { "s3Uri": S3 },
    })
}

fn import_job(name: &str) -> Value {
    json!({
        "jobName": name, "importedModelName": format!("{name}-model"), "roleArn": ROLE,
        "modelDataSource": { "s3DataSource": { "s3Uri": S3 } },
    })
}

fn invocation_job(name: &str) -> Value {
    json!({
        "jobName": name, "roleArn": ROLE, "modelId": NOVA,
        "inputDataConfig": { "s3InputDataConfig": { "s3Uri": S3 } },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": S3 } },
    })
}

fn evaluation_job(name: &str) -> Value {
    json!({
        "jobName": name, "roleArn": ROLE, "outputDataConfig": { "s3Uri": S3 },
        "evaluationConfig": { "human": {
            "humanWorkflowConfig": { "flowDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f" },
            "datasetMetricConfigs": [{ "taskType": "Custom", "dataset": { "name": "own" }, "metricNames": ["own"] }],
        } },
        "inferenceConfig": { "ragConfigs": [{ "knowledgeBaseConfig": { "retrieveConfig": {
            "knowledgeBaseId": "ABCDEFGHIJ", "knowledgeBaseRetrievalConfiguration": { "vectorSearchConfiguration": {} },
        } } }] },
    })
}

fn optimization_job(name: &str) -> Value {
    json!({
        "jobName": name, "inputConfig": { "s3Uri": S3 }, "outputConfig": { "s3Uri": S3 },
        "modelConfigurations": [{ "modelId": NOVA }],
    })
}

fn imported_custom_model(name: &str) -> Value {
    json!({ "modelName": name, "modelSourceConfig": { "s3DataSource": { "s3Uri": S3 } } })
}

fn throughput(name: &str) -> Value {
    json!({ "modelUnits": 2, "provisionedModelName": name, "modelId": NOVA })
}

fn endpoint(name: &str) -> Value {
    json!({
        "endpointName": name,
        "modelSourceIdentifier": "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/some/1",
        "endpointConfig": { "sageMaker": {
            "initialInstanceCount": 1, "instanceType": "ml.g5.2xlarge", "executionRole": ROLE,
        } },
    })
}

fn profile(name: &str) -> Value {
    json!({
        "inferenceProfileName": name,
        "modelSource": { "copyFrom": format!("arn:aws:bedrock:us-east-1::foundation-model/{BASE}") },
    })
}

fn guardrail(name: &str) -> Value {
    json!({ "name": name, "blockedInputMessaging": "no", "blockedOutputsMessaging": "no" })
}

fn policy(name: &str) -> Value {
    json!({ "name": name })
}

/// An operation that creates a resource, a function that returns its input for a name, and the error code for a
/// duplicate name.
type Creation = (&'static str, fn(&str) -> Value, &'static str);

const CREATIONS: &[Creation] = &[
    ("CreateModelCustomizationJob", customization_job, "ConflictException"),
    ("CreateModelImportJob", import_job, "ConflictException"),
    ("CreateModelInvocationJob", invocation_job, "ConflictException"),
    ("CreateEvaluationJob", evaluation_job, "ConflictException"),
    ("CreateAdvancedPromptOptimizationJob", optimization_job, "ConflictException"),
    ("CreateCustomModel", imported_custom_model, "ConflictException"),
    ("CreateProvisionedModelThroughput", throughput, "ValidationException"),
    ("CreateMarketplaceModelEndpoint", endpoint, "ConflictException"),
    ("CreateInferenceProfile", profile, "ConflictException"),
    ("CreateGuardrail", guardrail, "ConflictException"),
    ("CreateAutomatedReasoningPolicy", policy, "ConflictException"),
];

#[tokio::test]
async fn a_repeated_idempotency_token_returns_the_first_response() {
    let local = LocalBedrock::start().await.unwrap();
    for (operation, input, refusal) in CREATIONS {
        let token = if operation.contains("Prompt") { "clientToken" } else { "clientRequestToken" };
        let mut input = input("once");
        input[token] = json!("the-same-token");
        let first = ok(&local, operation, input.clone()).await;
        assert_eq!(ok(&local, operation, input.clone()).await, first, "{operation}");
        let name = input.as_object().unwrap().keys().find(|member| member.ends_with("ame")).unwrap().clone();
        input[&name] = json!("another");
        assert_eq!(
            error(&local, operation, input).await,
            *refusal,
            "{operation}: the token of another request"
        );
    }
    let jobs = ok(&local, "ListModelImportJobs", json!({})).await;
    assert_eq!(jobs["modelImportJobSummaries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn names_are_unique() {
    let local = LocalBedrock::start().await.unwrap();
    for (operation, input, refusal) in CREATIONS {
        ok(&local, operation, input("twice")).await;
        assert_eq!(error(&local, operation, input("twice")).await, *refusal, "{operation}");
        ok_in(
            &local,
            "eu-west-1",
            operation,
            input("twice").to_string().replace("us-east-1", "eu-west-1").parse().unwrap(),
        )
        .await;
    }
    ok(&local, "DeleteCustomModel", json!({ "modelIdentifier": "twice" })).await;
    ok(&local, "CreateCustomModel", imported_custom_model("twice")).await;
}

#[tokio::test]
async fn resources_with_fail_in_their_name_fail() {
    let local = LocalBedrock::start().await.unwrap();
    let cases = [
        (
            "ModelCustomizationJob",
            customization_job as fn(&str) -> Value,
            "jobIdentifier",
            "status",
            "failureMessage",
        ),
        ("ModelImportJob", import_job, "jobIdentifier", "status", "failureMessage"),
        ("ModelInvocationJob", invocation_job, "jobIdentifier", "status", "message"),
        ("EvaluationJob", evaluation_job, "jobIdentifier", "status", "failureMessages"),
        ("AdvancedPromptOptimizationJob", optimization_job, "jobIdentifier", "jobStatus", "failureMessage"),
        ("CustomModel", imported_custom_model, "modelIdentifier", "modelStatus", "failureMessage"),
        ("ProvisionedModelThroughput", throughput, "provisionedModelId", "status", "failureMessage"),
    ];
    for (resource, input, key, status, message) in cases {
        let created = ok(&local, &format!("Create{resource}"), input("to-fail")).await;
        let arn = created.as_object().unwrap().values().next().unwrap().clone();
        let get = format!("Get{resource}");
        let before = ok(&local, &get, json!({ key: arn })).await;
        assert!(before[status] != "Failed" && before.get(message).is_none(), "{before}");
        local.advance(Duration::from_secs(2));
        let after = ok(&local, &get, json!({ key: arn })).await;
        assert_eq!(after[status], "Failed", "{resource}");
        assert!(after[message].to_string().contains("fail"), "{after}");
    }
    assert_eq!(ok(&local, "ListImportedModels", json!({})).await["modelSummaries"], json!([]));
    let models = ok(&local, "ListCustomModels", json!({ "modelStatus": "Active" })).await;
    assert_eq!(models["modelSummaries"], json!([]), "a failed job creates no model");
    let job = json!({
        "modelId": "luma.ray-v2:0", "modelInput": {}, "clientRequestToken": "to-fail",
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://some-bucket" } },
    });
    let started = ok(&local, "StartAsyncInvoke", job).await;
    local.advance(Duration::from_secs(2));
    let failed = ok(&local, "GetAsyncInvoke", json!({ "invocationArn": started["invocationArn"] })).await;
    assert_eq!(failed["status"], "Failed");
    assert!(failed["failureMessage"].is_string());
}

#[tokio::test]
async fn only_the_clock_advances_jobs() {
    let local = LocalBedrock::builder().job_duration(Duration::from_secs(3600)).start().await.unwrap();
    let created = ok(&local, "CreateModelImportJob", import_job("slow")).await;
    let key = json!({ "jobIdentifier": created["jobArn"] });
    local.advance(Duration::from_secs(3500));
    let running = ok(&local, "GetModelImportJob", key.clone()).await;
    assert_eq!((text(&running, "status"), running.get("endTime")), ("InProgress", None));
    local.advance(Duration::from_secs(100_000));
    let done = ok(&local, "GetModelImportJob", key).await;
    let time = |member: &str| text(&done, member).parse::<jiff::Timestamp>().unwrap();
    assert_eq!(
        time("endTime").duration_since(time("creationTime")).as_secs(),
        3600,
        "it ended at its due time"
    );
    assert_eq!(time("lastModifiedTime"), time("endTime"));
    let model = ok(&local, "GetImportedModel", json!({ "modelIdentifier": "slow-model" })).await;
    assert_eq!(model["creationTime"], done["endTime"]);
    let none = ok(&local, "ListModelImportJobs", json!({ "statusEquals": "InProgress" })).await;
    assert_eq!(none["modelImportJobSummaries"], json!([]));
}

#[tokio::test]
async fn a_job_can_be_stopped_once_and_creates_nothing() {
    let local = LocalBedrock::start().await.unwrap();
    let created = ok(&local, "CreateModelCustomizationJob", customization_job("halted")).await;
    let key = json!({ "jobIdentifier": created["jobArn"] });
    ok(&local, "StopModelCustomizationJob", key.clone()).await;
    assert_eq!(error(&local, "StopModelCustomizationJob", key.clone()).await, "ConflictException");
    local.advance(Duration::from_secs(10));
    let stopped = ok(&local, "GetModelCustomizationJob", key).await;
    assert_eq!((text(&stopped, "status"), stopped.get("outputModelArn")), ("Stopped", None));
    assert!(stopped["endTime"].is_string());
    assert_eq!(ok(&local, "ListCustomModels", json!({})).await["modelSummaries"], json!([]));
}

#[tokio::test]
async fn resources_can_be_addressed_by_id_name_and_arn_as_on_aws() {
    let local = LocalBedrock::start().await.unwrap();
    let missing = "ResourceNotFoundException";
    let job = ok(&local, "CreateModelImportJob", import_job("named")).await;
    let batch = ok(&local, "CreateModelInvocationJob", invocation_job("named")).await;
    let profile = ok(&local, "CreateInferenceProfile", profile("named")).await;
    ok(&local, "CreateGuardrail", guardrail("named")).await;
    let id = |created: &Value, member: &str| text(created, member).rsplit('/').next().unwrap().to_owned();
    for (operation, member, keys) in [
        ("GetModelImportJob", "jobIdentifier", vec![text(&job, "jobArn").to_owned(), "named".to_owned()]),
        (
            "GetModelInvocationJob",
            "jobIdentifier",
            vec![text(&batch, "jobArn").to_owned(), id(&batch, "jobArn")],
        ),
        (
            "GetInferenceProfile",
            "inferenceProfileIdentifier",
            vec![text(&profile, "inferenceProfileArn").to_owned(), id(&profile, "inferenceProfileArn")],
        ),
    ] {
        for key in keys {
            ok(&local, operation, json!({ member: key })).await;
        }
    }
    assert_eq!(
        error(&local, "GetInferenceProfile", json!({ "inferenceProfileIdentifier": "named" })).await,
        missing
    );
    assert_eq!(error(&local, "GetGuardrail", json!({ "guardrailIdentifier": "named" })).await, missing);
    let elsewhere = text(&job, "jobArn").replace("us-east-1", "eu-west-1");
    assert_eq!(error(&local, "GetModelImportJob", json!({ "jobIdentifier": elsewhere })).await, missing);
}

#[tokio::test]
async fn resources_have_at_most_fifty_tags() {
    let local = LocalBedrock::start().await.unwrap();
    let tags = |from: usize, to: usize| {
        (from..to).map(|number| json!({ "key": format!("key-{number}"), "value": "x" })).collect::<Value>()
    };
    let mut input = customization_job("tagged");
    input["customModelTags"] = tags(0, 51);
    assert_eq!(error(&local, "CreateModelCustomizationJob", input.clone()).await, "TooManyTagsException");
    input["customModelTags"] = tags(0, 50);
    ok(&local, "CreateModelCustomizationJob", input).await;
    local.advance(Duration::from_secs(2));
    let model = ok(&local, "GetCustomModel", json!({ "modelIdentifier": "tagged-model" })).await;
    let tag = |tags: Value| json!({ "resourceARN": model["modelArn"], "tags": tags });
    assert_eq!(error(&local, "TagResource", tag(tags(50, 51))).await, "TooManyTagsException");
    ok(&local, "TagResource", tag(tags(49, 50))).await;
    let listed = ok(&local, "ListTagsForResource", json!({ "resourceARN": model["modelArn"] })).await;
    assert_eq!(listed["tags"].as_array().unwrap().len(), 50);
    ok(&local, "DeleteCustomModel", json!({ "modelIdentifier": "tagged-model" })).await;
    let gone = json!({ "resourceARN": model["modelArn"] });
    assert_eq!(error(&local, "ListTagsForResource", gone).await, "ResourceNotFoundException");
}

#[tokio::test]
async fn models_can_be_copied_between_regions() {
    let local = LocalBedrock::start().await.unwrap();
    let source = ok_in(&local, "eu-west-1", "CreateCustomModel", imported_custom_model("source")).await;
    let copy = json!({ "sourceModelArn": source["modelArn"], "targetModelName": "target", "targetModelTags": [{ "key": "a", "value": "b" }] });
    let job = ok(&local, "CreateModelCopyJob", copy.clone()).await;
    local.advance(Duration::from_secs(2));
    let target = ok(&local, "GetCustomModel", json!({ "modelIdentifier": "target" })).await;
    assert!(
        text(&target, "modelArn").contains(":us-east-1:")
            && text(&target, "baseModelArn").contains(":us-east-1:")
    );
    let job = ok(&local, "GetModelCopyJob", json!({ "jobArn": job["jobArn"] })).await;
    assert_eq!((&job["targetModelArn"], text(&job, "sourceModelName")), (&target["modelArn"], "source"));
    let tags = ok(&local, "ListTagsForResource", json!({ "resourceARN": target["modelArn"] })).await;
    assert_eq!(tags["tags"], json!([{ "key": "a", "value": "b" }]));
    // Time passes in other regions too, even if no request reads them.
    let on = json!({ "sourceModelArn": target["modelArn"], "targetModelName": "further" });
    let on = ok_in(&local, "eu-west-3", "CreateModelCopyJob", on).await;
    let on = ok_in(&local, "eu-west-3", "GetModelCopyJob", json!({ "jobArn": on["jobArn"] })).await;
    let back = json!({ "sourceModelArn": on["targetModelArn"], "targetModelName": "back" });
    assert_eq!(error(&local, "CreateModelCopyJob", back.clone()).await, "ResourceNotFoundException");
    local.advance(Duration::from_secs(2));
    ok(&local, "CreateModelCopyJob", back).await;
    let unknown = json!({
        "sourceModelArn": text(&source, "modelArn").replace("eu-west-1", "eu-west-3"), "targetModelName": "other",
    });
    assert_eq!(error(&local, "CreateModelCopyJob", unknown).await, "ResourceNotFoundException");
}

/// For every operation, a request for a missing resource returns an error that the description lists.
#[tokio::test]
async fn a_missing_resource_is_a_described_error() {
    let local = LocalBedrock::start().await.unwrap();
    let arn = |kind: &str| format!("arn:aws:bedrock:us-east-1:123456789012:{kind}/abcdefghijkl");
    let policy = arn("automated-reasoning-policy");
    let workflow = "dc0d879e-d0bb-4640-8293-a2a13fb2fb89";
    let of_workflow = json!({ "policyArn": policy, "buildWorkflowId": workflow });
    for (operation, input) in [
        (
            "CreateCustomModelDeployment",
            json!({ "modelDeploymentName": "x", "modelArn": arn("custom-model/imported") }),
        ),
        ("DeleteCustomModel", json!({ "modelIdentifier": "nothing" })),
        ("DeleteFoundationModelAgreement", json!({ "modelId": BASE })),
        ("DeleteImportedModel", json!({ "modelIdentifier": "nothing" })),
        (
            "DeleteMarketplaceModelEndpoint",
            json!({ "endpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x" }),
        ),
        ("DeletePromptRouter", json!({ "promptRouterArn": arn("default-prompt-router") })),
        ("DeleteProvisionedModelThroughput", json!({ "provisionedModelId": "nothing" })),
        ("GetAutomatedReasoningPolicy", json!({ "policyArn": policy })),
        ("GetAutomatedReasoningPolicyBuildWorkflow", of_workflow.clone()),
        ("GetAutomatedReasoningPolicyTestCase", json!({ "policyArn": policy, "testCaseId": "ABCDEFGHIJKL" })),
        ("GetEvaluationJob", json!({ "jobIdentifier": arn("evaluation-job") })),
        ("GetModelCopyJob", json!({ "jobArn": arn("model-copy-job") })),
        ("ListAutomatedReasoningPolicyBuildWorkflows", json!({ "policyArn": policy })),
        ("ListAutomatedReasoningPolicyTestResults", of_workflow.clone()),
        ("StartAutomatedReasoningPolicyTestWorkflow", of_workflow),
        ("StopModelInvocationJob", json!({ "jobIdentifier": "abcdefghijkl" })),
        (
            "UpdateGuardrail",
            json!({
                "guardrailIdentifier": "abc", "name": "n", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
            }),
        ),
    ] {
        assert_eq!(error(&local, operation, input).await, "ResourceNotFoundException", "{operation}");
    }
    for model in
        ["provisioned-model", "imported-model", "custom-model-deployment", "application-inference-profile"]
    {
        let input = json!({ "modelId": arn(model), "messages": [common::user("Hello")] });
        assert_eq!(error(&local, "Converse", input).await, "ResourceNotFoundException", "{model}");
    }
    let nameless =
        call(&local, "Converse", json!({ "modelId": "nothing", "messages": [common::user("Hello")] })).await;
    assert_eq!(nameless.refusal(), "The provided model identifier is invalid.");
}

/// A model that is not ready cannot be called.
#[tokio::test]
async fn models_can_be_called_when_they_are_ready() {
    let local = LocalBedrock::start().await.unwrap();
    let created = ok(&local, "CreateProvisionedModelThroughput", throughput("reserved")).await;
    let input = json!({ "modelId": created["provisionedModelArn"], "messages": [common::user("Hello")] });
    assert_eq!(error(&local, "Converse", input.clone()).await, "ValidationException");
    ok(&local, "CreateModelImportJob", import_job("import")).await;
    let endpoint = ok(&local, "CreateMarketplaceModelEndpoint", endpoint("hosted")).await;
    local.advance(Duration::from_secs(2));
    assert_eq!(call(&local, "Converse", input).await.status, 200);
    let imported = ok(&local, "GetImportedModel", json!({ "modelIdentifier": "import-model" })).await;
    for model in [&imported["modelArn"], &endpoint["marketplaceModelEndpoint"]["endpointArn"]] {
        let input = json!({ "modelId": model, "messages": [common::user("Hello")] });
        assert_eq!(call(&local, "Converse", input).await.status, 200, "{model}");
    }
    ok(&local, "CreateProvisionedModelThroughput", throughput("to-fail")).await;
    local.advance(Duration::from_secs(2));
    let failed =
        ok(&local, "GetProvisionedModelThroughput", json!({ "provisionedModelId": "to-fail" })).await;
    let input = json!({ "modelId": failed["provisionedModelArn"], "messages": [common::user("Hello")] });
    assert_eq!(error(&local, "Converse", input).await, "ValidationException");
}
