//! Mutated requests to all operations: every response must be valid.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{BASE, MODEL, NOVA, send, user};
use serde_json::{Value, json};

const ROUNDS: usize = 6000;
const ROLE: &str = "arn:aws:iam::123456789012:role/r";
const S3: &str = "s3://some-bucket/folder/";
/// The lists that show the resources that the requests created.
const LISTS: &[&str] = &[
    "/advanced-prompt-optimization-jobs",
    "/async-invoke",
    "/automated-reasoning-policies",
    "/custom-models",
    "/evaluation-jobs",
    "/guardrails",
    "/imported-models",
    "/inference-profiles",
    "/logging/modelinvocations",
    "/model-customization-jobs",
    "/model-import-jobs",
    "/model-invocation-jobs",
    "/provisioned-model-throughputs",
];

/// A small random generator. Every run generates the same sequence.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn unusual_value(&mut self) -> Value {
        let unusual_values = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(1.5),
            json!(u64::MAX),
            json!(f64::MAX),
            json!(""),
            json!(" "),
            json!("ß💥\u{0}\u{202e}"),
            json!("a".repeat(3000)),
            json!("arn:aws:bedrock:us-east-1:123456789012:guardrail/abc"),
            json!([]),
            json!({}),
            json!([null, [[]], {}]),
            json!({ "text": { "text": 1 } }),
            json!({ "toolUse": {}, "text": "x" }),
            json!([{ "type": "text" }, { "type": "tool_result", "content": 7 }]),
            json!({ "$ref": "#" }),
        ];
        unusual_values[self.below(unusual_values.len())].clone()
    }

    /// Replaces a random part of a value with an unusual value.
    fn mutate(&mut self, value: &mut Value) {
        let stay = self.below(4) > 0;
        match value {
            Value::Object(members) if stay && !members.is_empty() => {
                let nth = self.below(members.len());
                if let Some((_, inner)) = members.iter_mut().nth(nth) {
                    self.mutate(inner);
                }
            }
            Value::Array(items) if stay && !items.is_empty() => {
                let nth = self.below(items.len());
                self.mutate(&mut items[nth]);
            }
            other => *other = self.unusual_value(),
        }
    }
}

fn requests() -> Vec<(&'static str, String, Value)> {
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let conversation = json!({
        "system": [{ "text": "Be kind." }, { "cachePoint": { "type": "default" } }],
        "messages": [
            { "role": "user", "content": [
                { "text": "Weather in Rome?" },
                { "document": { "format": "txt", "name": "d", "source": { "bytes": "aGk=" } } },
                { "guardContent": { "text": { "text": "x", "qualifiers": ["query"] } } },
            ] },
            { "role": "assistant", "content": [
                { "reasoningContent": { "reasoningText": { "text": "hm", "signature": "s" } } },
                { "toolUse": { "toolUseId": "t", "name": "weather", "input": { "city": "Rome" } } },
            ] },
            { "role": "user", "content": [
                { "toolResult": { "toolUseId": "t", "content": [{ "json": { "a": 1 } }, { "text": "b" }], "status": "success" } },
            ] },
        ],
        "toolConfig": { "tools": [{ "toolSpec": { "name": "weather", "inputSchema": { "json": schema } } }], "toolChoice": { "auto": {} } },
        "inferenceConfig": { "maxTokens": 1025, "temperature": 1, "stopSequences": ["x"] },
        "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 1024 } },
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "requestMetadata": { "a": "b" },
        "outputConfig": { "textFormat": { "type": "json_schema", "structure": { "jsonSchema": { "schema": "{}" } } } },
    });
    let guardrail = json!({
        "name": "n", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
        "topicPolicyConfig": { "topicsConfig": [{ "name": "Weather", "definition": "d", "type": "DENY", "examples": ["x"] }] },
        "contentPolicyConfig": { "filtersConfig": [{ "type": "HATE", "inputStrength": "HIGH", "outputStrength": "LOW" }] },
        "wordPolicyConfig": { "wordsConfig": [{ "text": "w" }], "managedWordListsConfig": [{ "type": "PROFANITY" }] },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [{ "type": "EMAIL", "action": "BLOCK" }],
            "regexesConfig": [{ "name": "r", "pattern": "a+", "action": "ANONYMIZE" }],
        },
        "contextualGroundingPolicyConfig": { "filtersConfig": [{ "type": "GROUNDING", "threshold": 0.5 }] },
        "crossRegionConfig": { "guardrailProfileIdentifier": "us.guardrail.v1:0" },
        "kmsKeyId": "alias/some-key", "tags": [{ "key": "k", "value": "v" }],
    });
    let messages = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "system": "Be kind.",
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "Rome", "cache_control": { "type": "ephemeral" } }] }],
        "tools": [{ "name": "rome", "input_schema": schema }], "tool_choice": { "type": "auto" }, "stop_sequences": ["x"],
    });
    let chat = json!({
        "messages": [{ "role": "user", "content": "Rome" }, { "role": "tool", "tool_call_id": "t", "content": "x" }],
        "tools": [{ "type": "function", "function": { "name": "rome", "parameters": schema } }], "max_tokens": 9, "stop": ["x"],
    });
    let invoke = |model: &str| format!("/model/{model}/invoke");
    let stream = |model: &str| format!("/model/{model}/invoke-with-response-stream");
    let nova = json!({ "messages": [user("Rome")], "inferenceConfig": { "maxTokens": 9 }, "toolConfig": conversation["toolConfig"] });
    let embed = json!({ "texts": ["a"], "input_type": "search_query", "output_dimension": 256 });
    let job = json!({
        "modelId": "luma.ray-v2:0", "modelInput": { "a": 1 }, "clientRequestToken": "t",
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://some-bucket" } },
    });
    let mut without_thinking = conversation.clone();
    without_thinking["additionalModelRequestFields"] = json!({ "inferenceConfig": { "topK": 5 } });
    vec![
        ("POST", format!("/model/{MODEL}/converse"), conversation.clone()),
        ("POST", format!("/model/{NOVA}/converse-stream"), without_thinking),
        (
            "POST",
            format!("/model/{BASE}/count-tokens"),
            json!({ "input": { "converse": {
                "messages": conversation["messages"], "toolConfig": conversation["toolConfig"],
            } } }),
        ),
        ("POST", "/guardrails".to_owned(), guardrail),
        ("POST", invoke(MODEL), messages.clone()),
        ("POST", stream(MODEL), messages),
        ("POST", invoke("openai.gpt-oss-20b-1:0"), chat.clone()),
        ("POST", stream("mistral.mistral-large-2407-v1:0"), chat),
        ("POST", stream(NOVA), nova),
        (
            "POST",
            stream("cohere.command-r-v1:0"),
            json!({ "message": "x", "chat_history": [{ "role": "USER", "message": "y" }] }),
        ),
        (
            "POST",
            stream("amazon.titan-text-lite-v1"),
            json!({ "inputText": "x", "textGenerationConfig": { "maxTokenCount": 3 } }),
        ),
        ("POST", invoke("cohere.embed-v4:0"), embed),
        ("POST", invoke("amazon.titan-embed-text-v2:0"), json!({ "inputText": "x", "dimensions": 256 })),
        ("POST", "/async-invoke".to_owned(), job),
        (
            "POST",
            "/model-customization-jobs".to_owned(),
            json!({
                "jobName": "job", "customModelName": "model", "roleArn": ROLE, "baseModelIdentifier": NOVA,
                "trainingDataConfig": { "s3Uri": S3, "invocationLogsConfig": { "invocationLogSource": { "s3Uri": S3 } } },
                "outputDataConfig": { "s3Uri": S3 }, "hyperParameters": { "a": "b" }, "customizationType": "FINE_TUNING",
                "jobTags": [{ "key": "k", "value": "v" }], "vpcConfig": { "subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"] },
            }),
        ),
        (
            "POST",
            "/model-import-jobs".to_owned(),
            json!({
                "jobName": "job", "importedModelName": "model", "roleArn": ROLE,
                "modelDataSource": { "s3DataSource": { "s3Uri": S3 } }, "importedModelKmsKeyId": "alias/key",
            }),
        ),
        (
            "POST",
            "/model-invocation-job".to_owned(),
            json!({
                "jobName": "job", "roleArn": ROLE, "modelId": NOVA, "timeoutDurationInHours": 30,
                "inputDataConfig": { "s3InputDataConfig": { "s3Uri": S3 } },
                "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": S3 } },
            }),
        ),
        (
            "POST",
            "/evaluation-jobs".to_owned(),
            json!({
                "jobName": "job", "roleArn": ROLE, "outputDataConfig": { "s3Uri": S3 },
                "evaluationConfig": { "automated": { "datasetMetricConfigs": [
                    { "taskType": "Custom", "dataset": { "name": "own" }, "metricNames": ["own"] },
                ] } },
                "inferenceConfig": { "models": [{ "bedrockModel": { "modelIdentifier": NOVA, "inferenceParams": "{}" } }] },
            }),
        ),
        (
            "POST",
            "/advanced-prompt-optimization-jobs".to_owned(),
            json!({
                "jobName": "job", "inputConfig": { "s3Uri": S3 }, "outputConfig": { "s3Uri": S3 },
                "modelConfigurations": [{ "modelId": NOVA, "additionalModelRequestFields": { "a": [1] } }],
            }),
        ),
        (
            "POST",
            "/custom-models/create-custom-model".to_owned(),
            json!({
                "modelName": "model", "modelSourceConfig": { "s3DataSource": { "s3Uri": S3 } }, "roleArn": ROLE,
            }),
        ),
        (
            "POST",
            "/provisioned-model-throughput".to_owned(),
            json!({
                "provisionedModelName": "model", "modelUnits": 1, "modelId": NOVA, "commitmentDuration": "SixMonths",
            }),
        ),
        (
            "POST",
            "/inference-profiles".to_owned(),
            json!({
                "inferenceProfileName": "mine", "description": "mine too",
                "modelSource": { "copyFrom": format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}") },
            }),
        ),
        (
            "POST",
            "/automated-reasoning-policies".to_owned(),
            json!({ "name": "policy", "policyDefinition": {
            "version": "1.0", "types": [{ "name": "Colour", "values": [{ "value": "RED" }] }],
            "rules": [{ "id": "ABCDEFGHIJ12", "expression": "true" }],
            "variables": [{ "name": "sky", "type": "Colour", "description": "d" }],
        } }),
        ),
        (
            "PUT",
            "/logging/modelinvocations".to_owned(),
            json!({ "loggingConfig": { "s3Config": { "bucketName": "logs" } } }),
        ),
        (
            "POST",
            "/guardrail-checks/invoke".to_owned(),
            json!({
                "messages": [{ "role": "user", "content": [{ "text": "ä me@example.org" }] }],
                "checks": {
                    "contentFilter": { "categories": [{ "category": "HATE" }] },
                    "sensitiveInformation": { "entities": [{ "type": "EMAIL" }] },
                },
            }),
        ),
        (
            "POST",
            "/tagResource".to_owned(),
            json!({ "resourceARN": "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc", "tags": [] }),
        ),
    ]
}

#[tokio::test]
async fn mutated_requests_have_valid_responses() {
    let local = common::start_with_retired_models().await;
    let requests = requests();
    for (method, path, body) in &requests {
        let response = send(&local, method, path, &[], body.to_string().as_bytes()).await;
        assert!(response.status < 300 || path == "/tagResource", "{path} {body}: {:?}", response.body);
    }
    let mut random = Random(7);
    for round in 0..ROUNDS {
        let (method, path, body) = &requests[random.below(requests.len())];
        let mut body = body.clone();
        for (member, name) in body.as_object_mut().into_iter().flatten() {
            if member == "name" || member.ends_with("Name") {
                *name = json!(format!("name-{round}"));
            }
        }
        for _ in 0..=random.below(3) {
            random.mutate(&mut body);
        }
        let response = send(&local, method, path, &[], body.to_string().as_bytes()).await;
        assert!(response.status < 500, "{path} {body}: {:?}", response.body);
        if response.status >= 400 {
            assert!(response.json()["message"].is_string());
        }
    }
    local.advance(std::time::Duration::from_secs(60));
    for list in LISTS {
        let response = send(&local, "GET", list, &[], b"").await;
        assert_eq!(response.status, 200, "{list}: {:?}", response.body);
    }
}
