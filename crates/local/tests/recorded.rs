//! Requests that AWS was sent: what it accepted is accepted here, what it refused for its form is refused in the same
//! words, and the answers have the recorded ones' keys.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Reply};
use common::description::ok;
use common::{Frame, frames, send, text};
use serde_json::{Value, json};

/// Refusals that no description tells: of sizes, of media, of accounts.
const BEYOND: &[&str] = &[
    "Input Tokens Exceeded",
    "too many total text bytes",
    "Input is too long",
    "subject must not be valid against schema",
];

struct Exchange {
    name: String,
    operation: String,
    model: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    status: u16,
    answer: Vec<u8>,
}

/// The lines of a file of recorded traffic.
fn recorded(file: &str) -> Option<Vec<Value>> {
    let folder = std::env::var_os("BEDROCK_ORM_RECORDED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recorded")),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
        println!("skipped: there is no recorded traffic in {}", folder.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn exchanges() -> Option<Vec<Exchange>> {
    let lines = recorded("exchanges.jsonl")?;
    Some(lines.iter().enumerate().map(|(index, line)| exchange(index, line)).collect())
}

fn exchange(index: usize, recorded: &Value) -> Exchange {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let request = &recorded["request"];
    let headers = request["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_lowercase(), text(value)));
    let ours = |(name, value): &(String, String)| {
        !["host", "content-length", "connection", "transfer-encoding", "expect"].contains(&name.as_str())
            && !value.contains(['\n', '\r'])
    };
    Exchange {
        name: format!("{index} {} {}", text(&recorded["operation"]), text(&recorded["file"])),
        operation: text(&recorded["operation"]),
        model: text(&recorded["model"]),
        method: text(&request["method"]),
        path: text(&request["path"]),
        headers: headers.filter(ours).collect(),
        body: BASE64.decode(text(&request["body_b64"])).unwrap(),
        status: u16::try_from(recorded["response"]["status"].as_u64().unwrap()).unwrap(),
        answer: BASE64.decode(text(&recorded["response"]["body_b64"])).unwrap(),
    }
}

/// A guardrail stands in AWS's account, not here.
fn is_guarded(exchange: &Exchange) -> bool {
    let body: Value = serde_json::from_slice(&exchange.body).unwrap_or_default();
    body["guardrailConfig"].is_object()
        || exchange.headers.iter().any(|(name, _)| name == "x-amzn-bedrock-guardrailidentifier")
}

async fn replay(local: &LocalBedrock, exchange: &Exchange) -> common::Answer {
    let headers: Vec<_> =
        exchange.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(local, &exchange.method, &exchange.path, &headers, &exchange.body).await
}

/// A server that has what the recorded requests name.
async fn furnished() -> LocalBedrock {
    let local = common::keeping_retired().await;
    let endpoint = json!({
        "endpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/endpoint-quick-start-idr7y",
        "modelSourceIdentifier": "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/some-model/1",
        "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-01-01T00:00:00Z",
    });
    local.seed("ListMarketplaceModelEndpoints", [endpoint]).unwrap();
    let model = "foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0";
    let profile = json!({
        "inferenceProfileName": "dd-frmlo206", "description": "recorded", "inferenceProfileId": "1arbu5hu2sjr",
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/1arbu5hu2sjr",
        "models": [{ "modelArn": format!("arn:aws:bedrock:::{model}") }, { "modelArn": format!("arn:aws:bedrock:us-east-1::{model}") }],
        "createdAt": "2026-07-13T14:00:42.680622107Z", "updatedAt": "2026-07-13T14:00:42.680622107Z",
        "status": "ACTIVE", "type": "APPLICATION",
    });
    local.seed("ListInferenceProfiles", [profile]).unwrap();
    local
}

#[tokio::test]
async fn recorded_requests_are_answered_as_aws_answered() {
    let Some(exchanges) = exchanges() else { return };
    // Most were made when all their models were served, one when its model was no more.
    let (then, later) = (furnished().await, LocalBedrock::start().await.unwrap());
    let mut answered = 0;
    for exchange in &exchanges {
        // About guardrails of another account.
        if exchange.operation == "ApplyGuardrail" || is_guarded(exchange) {
            continue;
        }
        let answer = replay(if exchange.status == 404 { &later } else { &then }, exchange).await;
        let recorded = String::from_utf8_lossy(&exchange.answer);
        match exchange.status {
            200 => assert_eq!(answer.status, 200, "{}: {:?}", exchange.name, answer.body),
            400 | 404 if BEYOND.iter().any(|beyond| recorded.contains(beyond)) => continue,
            400 | 404 => {
                let recorded: Value = serde_json::from_slice(&exchange.answer).unwrap();
                assert_eq!((answer.status, answer.json()), (exchange.status, recorded), "{}", exchange.name);
            }
            // Throttling, missing access, expired keys.
            _ => continue,
        }
        answered += 1;
    }
    println!("{answered} of {} recorded requests were answered as AWS answered them", exchanges.len());
    assert!(answered > 103);
}

/// The paths of a value's members, list items without their number.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let path = format!("{path}.{name}");
                found.insert(path.clone());
                keys(inner, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, path, found)),
        _ => {}
    }
}

/// Members of AWS's answers that depend on what a model happens to say, or came with a later release.
fn may_differ(key: &str) -> bool {
    const SPOKEN: &[&str] = &[".output.message.content", ".delta", ".start", ".usage", ".contentBlockIndex"];
    SPOKEN.iter().any(|spoken| key.starts_with(spoken))
}

#[tokio::test]
async fn answers_have_the_recorded_keys() {
    let Some(exchanges) = exchanges() else { return };
    let local = common::keeping_retired().await;
    let conversations =
        exchanges.iter().filter(|exchange| exchange.operation == "Converse" && exchange.status == 200);
    for exchange in conversations.filter(|exchange| !is_guarded(exchange)) {
        let answer = replay(&local, exchange).await.ok();
        let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        keys(&answer, "", &mut ours);
        keys(&serde_json::from_slice(&exchange.answer).unwrap(), "", &mut theirs);
        let differing: Vec<_> = ours.symmetric_difference(&theirs).filter(|key| !may_differ(key)).collect();
        assert!(differing.is_empty(), "{}: {differing:?}", exchange.name);
        for key in [".usage.inputTokens", ".usage.outputTokens", ".usage.totalTokens"] {
            assert!(ours.contains(key));
        }
    }
}

#[tokio::test]
async fn streams_have_the_recorded_order() {
    let Some(exchanges) = exchanges() else { return };
    let local = common::keeping_retired().await;
    for exchange in
        exchanges.iter().filter(|exchange| exchange.operation == "ConverseStream" && exchange.status == 200)
    {
        let recorded = frames(&exchange.answer);
        if is_guarded(exchange) || recorded.iter().any(|frame| frame.name().ends_with("Exception")) {
            continue;
        }
        let ours = replay(&local, exchange).await.frames();
        let edges = |frames: &[Frame]| {
            let name = |frame: &Frame| frame.headers.clone();
            (name(&frames[0]), name(&frames[frames.len() - 2]), name(&frames[frames.len() - 1]))
        };
        assert_eq!(edges(&ours), edges(&recorded), "{}", exchange.name);
        let members = |frame: &Frame| frame.payload.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(members(&ours[0]), members(&recorded[0]));
        assert_eq!(members(ours.last().unwrap()), members(recorded.last().unwrap()), "{}", exchange.name);
    }
}

/// The members of usage that tell of the cache.
fn cache_members(usage: &Value) -> Vec<&str> {
    let members = usage.as_object().unwrap().keys().map(String::as_str);
    members.filter(|member| member.starts_with("cache")).collect()
}

#[tokio::test]
async fn usage_tells_of_the_cache_as_recorded() {
    let Some(exchanges) = exchanges() else { return };
    let mut compared = 0;
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200 && !is_guarded(exchange)) {
        let local = common::keeping_retired().await;
        let (ours, theirs) = match exchange.operation.as_str() {
            "Converse" => {
                let recorded: Value = serde_json::from_slice(&exchange.answer).unwrap();
                (replay(&local, exchange).await.ok()["usage"].clone(), recorded["usage"].clone())
            }
            "ConverseStream" => {
                let recorded = frames(&exchange.answer);
                if recorded.last().unwrap().name() != "metadata" {
                    continue;
                }
                let usage = |frames: &[Frame]| frames.last().unwrap().payload["usage"].clone();
                (usage(&replay(&local, exchange).await.frames()), usage(&recorded))
            }
            _ => continue,
        };
        assert_eq!(cache_members(&ours), cache_members(&theirs), "{}", exchange.name);
        compared += 1;
    }
    println!("{compared} answers tell of the cache as recorded");
    assert!(compared > 45, "{compared}");
}

/// What a model said is written as AWS wrote it: the marks of tool uses, the blocks and events of a model's own tools,
/// citations, reasoning.
#[tokio::test]
async fn recorded_content_is_written_as_recorded() {
    let Some(exchanges) = exchanges() else { return };
    let local = common::keeping_retired().await;
    let mut compared = 0;
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200 && !is_guarded(exchange)) {
        let content = match exchange.operation.as_str() {
            "Converse" => {
                let recorded: Value = serde_json::from_slice(&exchange.answer).unwrap();
                recorded["output"]["message"]["content"].clone()
            }
            "ConverseStream" => assembled(&frames(&exchange.answer)),
            _ => continue,
        };
        let mut said = content.clone();
        for block in said.as_array_mut().unwrap().iter_mut() {
            // What the server adds itself.
            if exchange.model.contains("claude") && block["toolUse"].is_object() {
                block["toolUse"].as_object_mut().unwrap().remove("type");
            }
        }
        local.queue_reply(Reply::content(said));
        let answer = replay(&local, exchange).await;
        if exchange.operation == "Converse" {
            assert_eq!(answer.ok()["output"]["message"]["content"], content, "{}", exchange.name);
        } else if content.as_array().is_some_and(|content| !content.is_empty()) {
            let (ours, theirs) = (answer.frames(), frames(&exchange.answer));
            assert_eq!(starts(&ours), starts(&theirs), "{}", exchange.name);
            assert_eq!(assembled(&ours), content, "{}", exchange.name);
            if exchange.model.contains("nova") {
                assert_eq!(tool_deltas(&ours), tool_deltas(&theirs), "{}", exchange.name);
            }
        }
        compared += 1;
    }
    println!("{compared} recorded contents were written as recorded");
    assert!(compared > 50, "{compared}");
}

/// What starts the blocks of a stream.
fn starts(frames: &[Frame]) -> Vec<&Value> {
    frames.iter().map(|frame| &frame.payload["start"]).filter(|start| !start.is_null()).collect()
}

fn tool_deltas(frames: &[Frame]) -> Vec<Value> {
    let deltas = frames.iter().filter_map(|frame| frame.payload["delta"]["toolUse"]["input"].as_str());
    deltas.map(|input| serde_json::from_str(input).unwrap()).collect()
}

/// The content that a stream tells.
fn assembled(frames: &[Frame]) -> Value {
    let mut content = json!([]);
    let mut input = String::new();
    let append = |to: &mut Value, more: &Value| {
        *to = format!("{}{}", to.as_str().unwrap_or_default(), more.as_str().unwrap()).into();
    };
    for frame in frames {
        let index = usize::try_from(frame.payload["contentBlockIndex"].as_u64().unwrap_or(0)).unwrap();
        let blocks = content.as_array_mut().unwrap();
        match frame.name() {
            "contentBlockStart" => {
                blocks.push(frame.payload["start"].clone());
                input.clear();
            }
            "contentBlockDelta" => {
                if blocks.len() == index {
                    blocks.push(json!({}));
                }
                let block = &mut blocks[index];
                let delta = &frame.payload["delta"];
                if let Some(citation) = delta.get("citation") {
                    if block["citationsContent"].is_null() {
                        block["citationsContent"] = json!({ "citations": [] });
                    }
                    block["citationsContent"]["citations"].as_array_mut().unwrap().push(citation.clone());
                } else if block["citationsContent"].is_object() {
                    if block["citationsContent"]["content"].is_null() {
                        block["citationsContent"]["content"] = json!([{ "text": "" }]);
                    }
                    append(&mut block["citationsContent"]["content"][0]["text"], &delta["text"]);
                } else if delta["toolUse"].is_object() {
                    input.push_str(text(&delta["toolUse"], "input"));
                } else if delta["toolResult"].is_array() {
                    block["toolResult"]["content"] = delta["toolResult"].clone();
                } else if let Some(thought) = delta.get("reasoningContent") {
                    for member in ["text", "signature"].into_iter().filter(|it| thought[*it].is_string()) {
                        append(&mut block["reasoningContent"]["reasoningText"][member], &thought[member]);
                    }
                } else {
                    append(&mut block["text"], &delta["text"]);
                }
            }
            "contentBlockStop" if blocks.get(index).is_some_and(|block| block["toolUse"].is_object()) => {
                let whole = if input.is_empty() { "{}" } else { &input };
                blocks[index]["toolUse"]["input"] = serde_json::from_str(whole).unwrap();
            }
            _ => {}
        }
    }
    content
}

/// All rows of a list.
async fn listed(local: &LocalBedrock, operation: &str, member: &str) -> Vec<Value> {
    let (mut rows, mut input) = (Vec::new(), json!({}));
    loop {
        let page = ok(local, operation, input.clone()).await;
        rows.extend(page[member].as_array().into_iter().flatten().cloned());
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return rows,
        }
    }
}

/// What AWS listed can be sown, and comes back as it was, in AWS's order.
#[tokio::test]
async fn recorded_lists_come_back_as_they_were() {
    let Some(lines) = recorded("control_plane_parsed.jsonl") else { return };
    let mut rows = 0;
    for line in &lines {
        let operation = text(line, "operation");
        let foreign = ["ListFoundationModels", "ListTagsForResource"].contains(&operation);
        // Its history has what was written by hand, and lacks what AWS always tells.
        let by_hand = line["reach"] == "main-history";
        if !operation.starts_with("List") || foreign || by_hand || line["status"] != 200 {
            continue;
        }
        let local = common::keeping_retired().await;
        let (member, recorded) =
            line["data"].as_object().unwrap().iter().find(|(_, list)| list.is_array()).unwrap();
        let recorded = recorded.as_array().unwrap();
        local
            .seed(operation, recorded.iter().cloned())
            .unwrap_or_else(|error| panic!("{}: {error}", line["file"]));
        let ours = listed(&local, operation, member).await;
        let ours: Vec<_> = ours.into_iter().filter(|row| row["type"] != "SYSTEM_DEFINED").collect();
        assert_eq!(&ours, recorded, "{}", line["file"]);
        rows += ours.len();
    }
    println!("{rows} recorded rows came back");
    assert!(rows > 200);
}

/// The paths of a value's members with their JSON types. What a client chose itself is not looked into.
fn types(value: &Value, path: &str, found: &mut BTreeSet<(String, &'static str)>) {
    let own = ["hyperParameters", "wordPolicy", "tags"].iter().any(|own| path.ends_with(own));
    match value {
        Value::Object(members) if !own => {
            for (name, inner) in members {
                let path = format!("{path}.{name}");
                let kind = match inner {
                    Value::Array(_) => "list",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "number",
                    Value::Object(_) => "structure",
                    _ => "text",
                };
                found.insert((path.clone(), kind));
                types(inner, &path, found);
            }
        }
        Value::Array(items) if !own => items.iter().for_each(|item| types(item, path, found)),
        _ => {}
    }
}

/// What is created here tells all that AWS told of what was created there, in the same types.
#[tokio::test]
async fn created_things_have_the_recorded_members() {
    let Some(lines) = recorded("control_plane_parsed.jsonl") else { return };
    let local = common::keeping_retired().await;
    let (role, s3) = ("arn:aws:iam::123456789012:role/r", "s3://some-bucket");
    let job = json!({
        "jobName": "job", "customModelName": "model", "roleArn": role, "baseModelIdentifier": "amazon.nova-lite-v1:0",
        "trainingDataConfig": { "s3Uri": s3 }, "outputDataConfig": { "s3Uri": s3 }, "clientRequestToken": "token",
        "customModelKmsKeyId": "00000000-1111-4222-8333-444444444444", "hyperParameters": { "epochCount": "1" },
    });
    let job = ok(&local, "CreateModelCustomizationJob", job).await;
    local.advance(std::time::Duration::from_secs(60));
    let model = ok(&local, "GetCustomModel", json!({ "modelIdentifier": "model" })).await;
    let deployment = json!({ "modelDeploymentName": "deployed", "modelArn": model["modelArn"] });
    let deployment = ok(&local, "CreateCustomModelDeployment", deployment).await;
    let owned = |uri: &str| json!({ "s3Uri": uri, "s3BucketOwner": "123456789012" });
    let batch = json!({
        "jobName": "batch", "roleArn": role, "modelId": "amazon.nova-micro-v1:0", "clientRequestToken": "token",
        "inputDataConfig": { "s3InputDataConfig": owned(s3) }, "outputDataConfig": { "s3OutputDataConfig": owned(s3) },
    });
    let batch = ok(&local, "CreateModelInvocationJob", batch).await;
    let evaluation = json!({
        "jobName": "evaluation", "jobDescription": "d", "roleArn": role, "outputDataConfig": { "s3Uri": s3 },
        "evaluationConfig": { "automated": { "datasetMetricConfigs": [{
            "taskType": "QuestionAndAnswer", "dataset": { "name": "Builtin.BoolQ" }, "metricNames": ["Builtin.Accuracy"],
        }] } },
        "inferenceConfig": { "models": [{ "bedrockModel": {
            "modelIdentifier": "amazon.nova-micro-v1:0", "inferenceParams": "{}",
        } }] },
    });
    let evaluation = ok(&local, "CreateEvaluationJob", evaluation).await;
    let guardrail = json!({
        "name": "g", "description": "d", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
        "contentPolicyConfig": { "filtersConfig": [{ "type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH" }] },
        "wordPolicyConfig": { "wordsConfig": [{ "text": "w" }] },
    });
    let guardrail = ok(&local, "CreateGuardrail", guardrail).await;
    let update = json!({
        "guardrailIdentifier": guardrail["guardrailId"], "name": "h", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
        "description": "d",
        "contentPolicyConfig": { "filtersConfig": [{ "type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH" }] },
        "wordPolicyConfig": { "wordsConfig": [{ "text": "w" }] },
    });
    let updated = ok(&local, "UpdateGuardrail", update).await;
    let throughput = json!({
        "modelUnits": 1, "provisionedModelName": "p", "modelId": "amazon.nova-lite-v1:0", "commitmentDuration": "OneMonth",
    });
    ok(&local, "CreateProvisionedModelThroughput", throughput).await;
    let profile = json!({
        "inferenceProfileName": "p", "description": "d",
        "modelSource": { "copyFrom": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0" },
    });
    ok(&local, "CreateInferenceProfile", profile).await;

    let mut compared = 0;
    for line in lines.iter().filter(|line| line["status"].as_u64().unwrap() < 300) {
        let operation = text(line, "operation");
        let ours = match operation {
            "CreateCustomModelDeployment" => deployment.clone(),
            "CreateModelInvocationJob" => batch.clone(),
            "UpdateGuardrail" => updated.clone(),
            "GetCustomModel" => model.clone(),
            "GetCustomModelDeployment" => {
                let key = &deployment["customModelDeploymentArn"];
                ok(&local, operation, json!({ "customModelDeploymentIdentifier": key })).await
            }
            "GetEvaluationJob" => {
                ok(&local, operation, json!({ "jobIdentifier": evaluation["jobArn"] })).await
            }
            "GetGuardrail" => {
                ok(&local, operation, json!({ "guardrailIdentifier": guardrail["guardrailId"] })).await
            }
            "GetModelCustomizationJob" => {
                ok(&local, operation, json!({ "jobIdentifier": job["jobArn"] })).await
            }
            "GetModelInvocationJob" => {
                ok(&local, operation, json!({ "jobIdentifier": batch["jobArn"] })).await
            }
            list if list.starts_with("List")
                && !list.ends_with("Models")
                && list != "ListTagsForResource" =>
            {
                ok(&local, operation, json!({})).await
            }
            "ListCustomModels" => ok(&local, operation, json!({})).await,
            _ => continue,
        };
        let (mut told, mut recorded) = (BTreeSet::new(), BTreeSet::new());
        types(&ours, "", &mut told);
        types(&line["data"], "", &mut recorded);
        // Of jobs that are over, and of losses on data that never was.
        let may_lack = ["endTime", "validationMetrics.validationLoss"];
        let lacking: Vec<_> = recorded
            .difference(&told)
            .filter(|(path, _)| !may_lack.iter().any(|it| path.ends_with(it)))
            .collect();
        assert!(lacking.is_empty(), "{operation} {}: {lacking:?}", line["file"]);
        compared += 1;
    }
    println!("{compared} recorded answers have no members that ours lack");
    assert!(compared > 60, "{compared}");
}

/// Claude tells the lifetimes of what it wrote into the cache since 2026: the older records lack it.
fn is_newer(path: &str) -> bool {
    path.ends_with(".cache_creation") || path.contains(".cache_creation.")
}

/// The names of an answer's headers, but those of the transport.
fn header_names<'a>(headers: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    const TRANSPORT: &[&str] = &["connection", "content-length", "date", "transfer-encoding"];
    headers.map(str::to_lowercase).filter(|name| !TRANSPORT.contains(&name.as_str())).collect()
}

/// The exchanges of which AWS's own marks are there, with the names of their headers, and our answers to them; those of
/// other guardrails and of other statuses left out.
async fn answered() -> Option<Vec<(Exchange, BTreeSet<String>, common::Answer)>> {
    let lines = recorded("exchanges.jsonl")?;
    let local = furnished().await;
    let mut answered = Vec::new();
    for (line, exchange) in lines.iter().zip(exchanges()?) {
        if line["trust"] != "A" || is_guarded(&exchange) || exchange.operation == "ApplyGuardrail" {
            continue;
        }
        let answer = replay(&local, &exchange).await;
        if answer.status == exchange.status {
            let headers = line["response"]["headers"].as_object().unwrap();
            answered.push((exchange, header_names(headers.keys().map(String::as_str)), answer));
        }
    }
    Some(answered)
}

#[tokio::test]
async fn answers_have_the_recorded_headers() {
    let Some(answered) = answered().await else { return };
    for (exchange, theirs, answer) in &answered {
        let ours = header_names(answer.headers.iter().map(|(name, _)| name.as_str()));
        let differing: Vec<_> = ours.symmetric_difference(theirs).collect();
        assert!(differing.is_empty(), "{}: {differing:?}", exchange.name);
    }
    println!("{} answers have the recorded headers", answered.len());
    assert!(answered.len() > 50);
}

/// What makers' bodies hold, and of which types; what is said is up to the model.
#[tokio::test]
async fn invoked_models_answer_in_the_recorded_form() {
    let Some(answered) = answered().await else { return };
    let invoked = answered.iter().filter(|(exchange, ..)| exchange.operation == "InvokeModel");
    let mut compared = 0;
    for (exchange, _, answer) in invoked.filter(|(exchange, ..)| exchange.status == 200) {
        let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        types(&answer.json(), "", &mut ours);
        types(&serde_json::from_slice(&exchange.answer).unwrap(), "", &mut theirs);
        let is_said =
            |path: &str| path.starts_with(".content.") || path.starts_with(".output.message.content.");
        let differing: Vec<_> = ours
            .symmetric_difference(&theirs)
            .filter(|(path, _)| !is_said(path) && !is_newer(path))
            .collect();
        assert!(differing.is_empty(), "{}: {differing:?}", exchange.name);
        compared += 1;
    }
    println!("{compared} makers' answers have the recorded form");
    assert!(compared > 13);
}

/// A maker's stream begins and ends as it was recorded; what is between is up to the model.
#[tokio::test]
async fn invoked_streams_begin_and_end_in_the_recorded_form() {
    let Some(answered) = answered().await else { return };
    let mut compared = 0;
    for (exchange, _, answer) in &answered {
        if exchange.operation != "InvokeModelWithResponseStream" || exchange.status != 200 {
            continue;
        }
        let form = |frame: &Frame| {
            let bytes = BASE64.decode(text(&frame.payload, "bytes")).unwrap();
            let mut form = BTreeSet::new();
            keys(&serde_json::from_slice(&bytes).unwrap(), "", &mut form);
            // Old completions had no type, and what a last choice says is up to the model.
            let old = form.contains(".completion");
            form.retain(|path| {
                !is_newer(path) && path != ".choices.delta.content" && !(old && path == ".type")
            });
            (frame.headers.clone(), form)
        };
        let recorded = frames(&exchange.answer);
        if recorded.iter().any(|frame| frame.name() != "chunk") {
            continue;
        }
        let ours = answer.frames();
        assert_eq!(form(ours.last().unwrap()), form(recorded.last().unwrap()), "{}", exchange.name);
        if recorded.len() > 1 {
            assert_eq!(form(&ours[0]), form(&recorded[0]), "{}", exchange.name);
        }
        compared += 1;
    }
    println!("{compared} makers' streams begin and end in the recorded form");
    assert!(compared > 11);
}
