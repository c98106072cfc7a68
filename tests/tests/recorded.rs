//! Recorded AWS responses, replayed over a socket. Parsing into our models loses no described member, and every error
//! has its kind and AWS's message. The tests are skipped, with a note, if there are no recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm::models::{
    ConverseStreamRequest, CreateCustomModelDeploymentRequest, CreateModelInvocationJobRequest,
    ModelInvocationJobInputDataConfig, ModelInvocationJobOutputDataConfig,
    ModelInvocationJobS3InputDataConfig, ModelInvocationJobS3OutputDataConfig, UpdateGuardrailRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm::resources::{Get, List};
use bedrock_orm::{ConverseStream, InvokeModelStream, Partial, Result};
use bedrock_orm_tests::support::description::{Service, differences};
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::frames::Frame;
use bedrock_orm_tests::support::recordings::{Exchange, control_plane_responses, exchanges};
use bedrock_orm_tests::support::session;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};

/// Starts a server that replays the exchange, and returns a manager that uses the server.
async fn replay(exchange: &Exchange) -> (FakeServer, ConversationManager) {
    let server = FakeServer::start([exchange.response()]).await;
    let manager = ConversationManager::new(&session(server.url()).await);
    (server, manager)
}

fn model_id(exchange: &Exchange) -> &str {
    if exchange.model.is_empty() { "a.model" } else { &exchange.model }
}

fn guardrail() -> GuardrailConfiguration {
    GuardrailConfiguration::default().guardrail_identifier("gr-1").guardrail_version("1")
}

/// Repeats the recorded call.
async fn converse(manager: &ConversationManager, exchange: &Exchange) -> Result<bedrock_orm::Reply> {
    let request: ConverseRequest = serde_json::from_value(exchange.request_json()).unwrap();
    manager.converse(model_id(exchange), request).await
}

async fn converse_stream(manager: &ConversationManager, exchange: &Exchange) -> Result<ConverseStream> {
    let request: ConverseStreamRequest = serde_json::from_value(exchange.request_json()).unwrap();
    let mode = request.guardrail_config.and_then(|guardrail| guardrail.stream_processing_mode);
    let request: ConverseRequest = serde_json::from_value(exchange.request_json()).unwrap();
    let mut call = manager.converse_stream(model_id(exchange), request);
    if let Some(mode) = mode {
        call = call.guardrail_stream_processing_mode(mode);
    }
    call.await
}

async fn chunks(manager: &ConversationManager, exchange: &Exchange) -> Result<InvokeModelStream> {
    manager.invoke_model_with_response_stream(model_id(exchange), exchange.request.clone()).await
}

/// Returns the exchanges of an operation. There must be at least one.
fn of<'a>(exchanges: &'a [Exchange], operation: &str, is_error: bool) -> Vec<&'a Exchange> {
    let found: Vec<_> = exchanges
        .iter()
        .filter(|exchange| exchange.operation == operation && (exchange.status != 200) == is_error)
        .collect();
    println!("{operation}: {}", found.len());
    found
}

/// Asserts that our JSON has every described member of the recorded JSON, and no other.
fn assert_same(service: Service, shape: &str, theirs: &Value, ours: &Value, name: &str) {
    let differences = differences(&service.normalized(shape, theirs), &service.normalized(shape, ours));
    assert_eq!(differences, [] as [String; 0], "{name}");
}

#[tokio::test]
async fn every_recorded_operation_is_replayed() {
    let Some(exchanges) = exchanges() else { return };
    let replayed = [
        "ApplyGuardrail",
        "Converse",
        "ConverseStream",
        "CountTokens",
        "GetInferenceProfile",
        "InvokeModel",
        "InvokeModelWithResponseStream",
        "ListFoundationModels",
    ];
    for exchange in &exchanges {
        assert!(replayed.contains(&exchange.operation.as_str()), "no test replays {}", exchange.name);
    }
}

#[tokio::test]
async fn recorded_converse_requests_are_sent_as_recorded_and_responses_read_without_loss() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "Converse", false) {
        let (server, manager) = replay(exchange).await;
        let reply =
            converse(&manager, exchange).await.unwrap_or_else(|error| panic!("{}: {error}", exchange.name));
        let ours = serde_json::to_value(&reply).unwrap();
        assert_same(Service::Runtime, "ConverseResponse", &exchange.json(), &ours, &exchange.name);
        assert_sent_as_recorded(&server, exchange, "ConverseRequest");

        // The JSON that we write can be read again, and so can AWS's JSON.
        assert_eq!(serde_json::from_value::<ConverseResponse>(ours).unwrap(), reply, "{}", exchange.name);
        let read = serde_json::from_slice::<ConverseResponse>(&exchange.body).unwrap();
        let read = serde_json::to_value(read).unwrap();
        assert_same(Service::Runtime, "ConverseResponse", &exchange.json(), &read, &exchange.name);
    }
}

/// Asserts that the sent body equals the recorded body, except for the defaults that the SDK adds.
fn assert_sent_as_recorded(server: &FakeServer, exchange: &Exchange, shape: &str) {
    let described = |body: &Value| Service::Runtime.normalized(shape, body);
    let mut sent = described(&server.requests()[0].json());
    let recorded = described(&exchange.request_json());
    if let Some(guardrail) = sent.get_mut("guardrailConfig").and_then(Value::as_object_mut) {
        guardrail.retain(|name, value| {
            let is_default = value == "disabled" || value == "sync";
            !is_default || !recorded["guardrailConfig"][name].is_null()
        });
    }
    assert_eq!(differences(&recorded, &sent), [] as [String; 0], "the request of {}", exchange.name);
}

#[tokio::test]
async fn recorded_lists_of_foundation_models_are_read_without_loss() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "ListFoundationModels", false) {
        let server = FakeServer::start([exchange.response()]).await;
        let models = FoundationModel::objects().using(&session(server.url()).await).list().await.unwrap();
        let rows: Vec<_> = models.iter().map(|model| &**model).collect();
        assert!(!rows.is_empty(), "{}", exchange.name);
        let ours = json!({ "modelSummaries": rows });
        assert_same(
            Service::ControlPlane,
            "ListFoundationModelsResponse",
            &exchange.json(),
            &ours,
            &exchange.name,
        );
    }
}

#[tokio::test]
async fn recorded_guardrail_and_token_count_responses_are_read_without_loss() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "ApplyGuardrail", false) {
        let (_server, manager) = replay(exchange).await;
        let response = manager.apply_guardrail("gr-1", "1", "text").await.unwrap();
        let ours = serde_json::to_value(&response).unwrap();
        assert_same(Service::Runtime, "ApplyGuardrailResponse", &exchange.json(), &ours, &exchange.name);
    }
    for exchange in of(&exchanges, "CountTokens", false) {
        let (_server, manager) = replay(exchange).await;
        let response = manager.count_tokens(model_id(exchange), "text").await.unwrap();
        assert_eq!(json!(response.input_tokens), exchange.json()["inputTokens"], "{}", exchange.name);
    }
}

#[tokio::test]
async fn recorded_control_plane_responses_pass_through_the_managers_without_loss() {
    let (Some(exchanges), Some(answers)) = (exchanges(), control_plane_responses()) else { return };
    let profiles = of(&exchanges, "GetInferenceProfile", false);
    let profiles = profiles.iter().map(|exchange| (exchange.operation.clone(), exchange.json()));
    let mut replayed = BTreeSet::new();
    for (index, (operation, data)) in answers.into_iter().chain(profiles).enumerate() {
        let name = format!("{index} {operation}");
        if data["tags"].is_object() {
            continue; // another service has an operation with this name and different tags
        }
        let error = &data["Error"];
        let response = match error["Code"].as_str() {
            Some(code) => FakeResponse::error(400, code, error["Message"].as_str().unwrap()),
            None => FakeResponse::json(&data),
        };
        let server = FakeServer::start([response]).await;
        let ours = call_manager(&operation, &session(server.url()).await).await;
        assert_eq!(server.requests().len(), 1, "{name}");
        match (ours, error["Code"].as_str()) {
            (Ok(ours), None) => {
                let shape = Service::ControlPlane.shape_of(&operation, "output");
                assert_same(Service::ControlPlane, shape, &data, &ours, &name);
            }
            (Err(error), Some(code)) => {
                assert_eq!((error.code(), error.kind()), (Some(code), kind_of(code)), "{name}");
                assert_eq!(error.message(), data["Error"]["Message"], "{name}");
            }
            (Err(error), None) if error.is_does_not_exist() => {
                assert_eq!(data, json!({}), "{name}: there is nothing in it");
            }
            (ours, _) => panic!("{name}: {ours:?}"),
        }
        replayed.insert(operation);
    }
    assert!(replayed.len() > 15, "{replayed:?}");
}

/// Calls the manager's method for the operation and returns AWS's response as our types represent it.
async fn call_manager(operation: &str, session: &Session) -> Result<Value> {
    async fn get<M: Get<Key: From<&'static str>> + Serialize>(session: &Session) -> Result<Value> {
        Ok(json!(&*M::objects().using(session).get("some-key").await?))
    }
    async fn list<M: List<Row: Serialize>>(operation: &str, session: &Session) -> Result<Value> {
        let rows = M::objects().using(session).list().await?;
        let rows: Vec<_> = rows.iter().map(|row| &**row).collect();
        Ok(json!({ Service::ControlPlane.list_member_of(operation): rows }))
    }
    match operation {
        "CreateCustomModelDeployment" => {
            let request = CreateCustomModelDeploymentRequest::new("name", "arn");
            let created = CustomModelDeployment::objects().using(session).create(request).await?;
            Ok(json!(&*created))
        }
        "CreateModelInvocationJob" => {
            let input = ModelInvocationJobS3InputDataConfig::new("s3://input");
            let output = ModelInvocationJobS3OutputDataConfig::new("s3://output");
            let input = ModelInvocationJobInputDataConfig::S3InputDataConfig(input);
            let output = ModelInvocationJobOutputDataConfig::S3OutputDataConfig(output);
            let request = CreateModelInvocationJobRequest::new("name", "role", "model", input, output);
            Ok(json!(&*ModelInvocationJob::objects().using(session).create(request).await?))
        }
        "UpdateGuardrail" => {
            let change = UpdateGuardrailRequest::new("name", "No.", "Not that.");
            Ok(json!(&*Guardrail::objects().using(session).update("gr", change).await?))
        }
        "DeleteInferenceProfile" => {
            InferenceProfile::objects().using(session).delete("some-key").await.map(|()| json!({}))
        }
        "StopModelInvocationJob" => {
            ModelInvocationJob::objects().using(session).stop("some-key").await.map(|()| json!({}))
        }
        "GetCustomModel" => get::<CustomModel>(session).await,
        "GetCustomModelDeployment" => get::<CustomModelDeployment>(session).await,
        "GetEvaluationJob" => get::<EvaluationJob>(session).await,
        "GetGuardrail" => get::<Guardrail>(session).await,
        "GetInferenceProfile" => get::<InferenceProfile>(session).await,
        "GetModelCustomizationJob" => get::<ModelCustomizationJob>(session).await,
        "GetModelInvocationJob" => get::<ModelInvocationJob>(session).await,
        "GetModelInvocationLoggingConfiguration" => {
            let config = ModelInvocationLoggingConfiguration::objects().using(session).get().await?;
            Ok(json!({ "loggingConfig": &*config }))
        }
        "ListCustomModelDeployments" => list::<CustomModelDeployment>(operation, session).await,
        "ListCustomModels" => list::<CustomModel>(operation, session).await,
        "ListEvaluationJobs" => list::<EvaluationJob>(operation, session).await,
        "ListFoundationModels" => list::<FoundationModel>(operation, session).await,
        "ListGuardrails" => list::<Guardrail>(operation, session).await,
        "ListInferenceProfiles" => list::<InferenceProfile>(operation, session).await,
        "ListModelCustomizationJobs" => list::<ModelCustomizationJob>(operation, session).await,
        "ListModelInvocationJobs" => list::<ModelInvocationJob>(operation, session).await,
        "ListProvisionedModelThroughputs" => list::<ProvisionedModelThroughput>(operation, session).await,
        "ListTagsForResource" => Ok(json!({ "tags": Tag::objects().using(session).of("some-arn").await? })),
        other => panic!("no test asks for {other}"),
    }
}

#[tokio::test]
async fn recorded_raw_responses_are_returned_byte_for_byte() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", false) {
        let (server, manager) = replay(exchange).await;
        let call = manager.invoke_model(model_id(exchange), exchange.request.clone());
        let response = call.await.unwrap_or_else(|error| panic!("{}: {error}", exchange.name));
        assert_eq!(&*response.body, exchange.body.as_slice(), "{}", exchange.name);
        assert_eq!(
            Some(response.content_type.as_str()),
            exchange.header("content-type"),
            "{}",
            exchange.name
        );
        assert_eq!(server.requests()[0].body, exchange.request, "{}", exchange.name);
    }
}

/// Returns the code and the message of the exception in a stream, if there is one.
fn exception(frames: &[Frame]) -> Option<(String, String)> {
    let frame = frames.iter().find(|frame| frame.header(":exception-type").is_some())?;
    let code = frame.name();
    let code = code[..1].to_uppercase() + &code[1..];
    Some((code, frame.json()["message"].as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn recorded_event_streams_are_read_and_collected_without_loss() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "ConverseStream", false) {
        let frames = Frame::decode_all(&exchange.body);
        assert!(exchange.is_stream && !frames.is_empty(), "{}", exchange.name);
        let (server, manager) = replay(exchange).await;
        let mut stream = converse_stream(&manager, exchange).await.unwrap();
        if exchange.is_wire {
            assert_eq!(stream.request_id(), exchange.header("x-amzn-requestid"), "{}", exchange.name);
        }
        if exchange.request_json().is_object() {
            assert_sent_as_recorded(&server, exchange, "ConverseStreamRequest");
        }
        if let Some((code, message)) = exception(&frames) {
            let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Some(code.as_str()), message.as_str()));
            assert_eq!(error.kind(), kind_of(&code), "{}", exchange.name);
            assert_eq!(error.request_id(), exchange.header("x-amzn-requestid"));
            assert!(error.partial_message().is_some());
            continue;
        }
        for frame in &frames {
            let event = stream.next().await.expect("an event for every frame").unwrap();
            let ours = serde_json::to_value(&event).unwrap();
            let theirs = json!({ frame.name(): frame.json() });
            assert_same(Service::Runtime, "ConverseStreamOutput", &theirs, &ours, &exchange.name);
        }
        assert!(stream.next().await.is_none(), "{}", exchange.name);
        // After the end, `next` returns `None`, and the reply is still available.
        assert_collected(&stream.collect().await.unwrap(), &frames, &exchange.name);
    }
}

/// Compares the collected reply with the frames, without using the library to combine them.
fn assert_collected(reply: &ConverseResponse, frames: &[Frame], name: &str) {
    let (mut texts, mut inputs, mut names) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut thoughts, mut signatures) = (String::new(), String::new());
    let (mut stop, mut metadata) = (Value::Null, Value::Null);
    for frame in frames {
        let event = frame.json();
        let index = event["contentBlockIndex"].as_i64();
        let delta = &event["delta"];
        match frame.name() {
            "contentBlockStart" => {
                if let Some(tool) = event["start"]["toolUse"].as_object() {
                    inputs.insert(index, String::new());
                    names.insert(index, (tool["toolUseId"].clone(), tool["name"].clone()));
                }
            }
            "contentBlockDelta" => {
                if let Some(text) = delta["text"].as_str() {
                    *texts.entry(index).or_insert_with(String::new) += text;
                }
                if let Some(input) = delta["toolUse"]["input"].as_str() {
                    *inputs.entry(index).or_default() += input;
                }
                thoughts += delta["reasoningContent"]["text"].as_str().unwrap_or_default();
                signatures += delta["reasoningContent"]["signature"].as_str().unwrap_or_default();
            }
            "messageStop" => stop = event,
            "metadata" => metadata = event,
            _ => {}
        }
    }
    assert_eq!(reply.text(), plain_text(reply, &texts), "{name}");
    let ours = serde_json::to_value(reply).unwrap();
    let expected: Vec<_> = inputs
        .iter()
        .map(|(index, input)| {
            let (id, tool) = &names[index];
            let input = if input.is_empty() { json!({}) } else { serde_json::from_str(input).unwrap() };
            (id.clone(), tool.clone(), input)
        })
        .collect();
    let tools: Vec<_> = reply
        .tool_uses()
        .map(|tool| (json!(tool.tool_use_id), json!(tool.name), tool.input.clone()))
        .collect();
    assert_eq!(tools, expected, "{name}");
    let reasoning: Vec<_> = reply.content().iter().filter_map(ContentBlock::as_reasoning).collect();
    let reasoning = serde_json::to_value(&reasoning).unwrap();
    let all = |member: &str| -> String {
        let blocks = reasoning.as_array().unwrap().iter();
        blocks.filter_map(|block| block["reasoningText"][member].as_str()).collect()
    };
    assert_eq!((all("text"), all("signature")), (thoughts, signatures), "{name}");
    assert_eq!(ours["stopReason"], stop["stopReason"], "{name}");
    assert_eq!(ours["output"]["message"]["role"], "assistant");
    assert_same(Service::Runtime, "TokenUsage", &metadata["usage"], &ours["usage"], name);
    assert_eq!(ours["metrics"]["latencyMs"], metadata["metrics"]["latencyMs"], "{name}");
    assert_eq!(ours.get("trace").is_some(), metadata["trace"].is_object(), "{name}");
}

/// Joins the texts of all blocks without citations, in order.
fn plain_text(reply: &ConverseResponse, texts: &BTreeMap<Option<i64>, String>) -> String {
    let cited: String = serde_json::to_value(reply.content())
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|block| block["citationsContent"]["content"][0]["text"].as_str())
        .collect();
    let all: String = texts.values().cloned().collect();
    if cited.is_empty() {
        return all;
    }
    let ours: String = reply.content().iter().filter_map(ContentBlock::as_text).collect();
    assert_eq!(all.len(), ours.len() + cited.len(), "no text is lost");
    ours
}

#[tokio::test]
async fn recorded_chunk_streams_are_returned_byte_for_byte_and_are_complete() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", false) {
        let frames = Frame::decode_all(&exchange.body);
        let (server, manager) = replay(exchange).await;
        let mut stream = chunks(&manager, exchange).await.unwrap();
        assert_eq!(server.requests()[0].body, exchange.request, "{}", exchange.name);
        if let Some((code, message)) = exception(&frames) {
            let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Some(code.as_str()), message.as_str()));
            assert_eq!(error.kind(), kind_of(&code), "{}", exchange.name);
            assert!(matches!(error.partial(), Some(Partial::Body(_))));
            continue;
        }
        for frame in &frames {
            let chunk = stream.next().await.expect("a chunk for every frame");
            let chunk = chunk.unwrap_or_else(|error| panic!("{}: {error}", exchange.name));
            let bytes = BASE64.decode(frame.json()["bytes"].as_str().unwrap()).unwrap();
            assert_eq!(&*chunk, bytes.as_slice(), "{}", exchange.name);
        }
        let end = stream.next().await;
        assert!(end.is_none(), "{}: {end:?}", exchange.name);
    }
}

/// A recorded stream that is cut before its end is an interruption, wherever it is cut.
#[tokio::test]
async fn recorded_streams_that_are_cut_are_interrupted() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in exchanges.iter().filter(|exchange| exchange.is_stream) {
        let frames = Frame::decode_all(&exchange.body);
        if exception(&frames).is_some() {
            continue;
        }
        let last = if exchange.operation == "ConverseStream" { "messageStop" } else { "chunk" };
        let end = frames.iter().rposition(|frame| frame.name() == last).unwrap();
        for kept in [0, end / 2, end] {
            // A single chunk can be the message of a guardrail that blocked the prompt.
            let is_guardrail_s = |frame: &Frame| {
                let bytes = BASE64.decode(frame.json()["bytes"].as_str().unwrap_or_default()).unwrap();
                String::from_utf8(bytes).unwrap().contains("INTERVENED")
            };
            if kept == 1 && is_guardrail_s(&frames[0]) {
                continue;
            }
            let whole: usize = frames[..kept].iter().map(|frame| frame.bytes().len()).sum();
            for bytes in [whole, whole + 9] {
                let cut = Exchange { body: exchange.body[..bytes].to_vec(), ..exchange.clone() };
                let (_server, manager) = replay(&cut).await;
                let error = if exchange.operation == "ConverseStream" {
                    let stream = converse_stream(&manager, &cut).await.unwrap();
                    stream.try_collect::<Vec<_>>().await.map(drop)
                } else {
                    let stream = chunks(&manager, &cut).await.unwrap();
                    stream.try_collect::<Vec<_>>().await.map(drop)
                };
                let error = error.expect_err(&exchange.name);
                assert!(error.is_stream_interrupted(), "{} at {bytes}: {error}", exchange.name);
                assert!(error.partial().is_some());
            }
        }
    }
}

fn kind_of(code: &str) -> ErrorKind {
    match code {
        "AccessDeniedException" => ErrorKind::AccessDenied,
        "ConflictException" => ErrorKind::Conflict,
        "ExpiredTokenException" | "InvalidSignatureException" | "UnrecognizedClientException" => {
            ErrorKind::Credentials
        }
        "InternalServerException" => ErrorKind::InternalServer,
        "ModelErrorException" => ErrorKind::ModelError,
        "ModelNotReadyException" => ErrorKind::ModelNotReady,
        "ModelStreamErrorException" => ErrorKind::ModelStreamError,
        "ModelTimeoutException" => ErrorKind::ModelTimeout,
        "ResourceNotFoundException" => ErrorKind::DoesNotExist,
        "ServiceQuotaExceededException" => ErrorKind::ServiceQuotaExceeded,
        "ServiceUnavailableException" => ErrorKind::ServiceUnavailable,
        "ThrottlingException" => ErrorKind::Throttled,
        "ValidationException" => ErrorKind::Validation,
        other => panic!("{other} has no kind here"),
    }
}

#[tokio::test]
async fn recorded_errors_have_their_kind_code_message_status_and_request_id() {
    let Some(exchanges) = exchanges() else { return };
    let errors: Vec<_> = exchanges.iter().filter(|exchange| exchange.status != 200).collect();
    println!("{} errors", errors.len());
    for exchange in errors {
        let (server, manager) = replay(exchange).await;
        let text = || recorded_request_or_text(exchange);
        let response = match exchange.operation.as_str() {
            "Converse" => manager.converse(model_id(exchange), text()).await.map(drop),
            "ConverseStream" => manager.converse_stream(model_id(exchange), text()).await.map(drop),
            "InvokeModel" => {
                manager.invoke_model(model_id(exchange), exchange.request.clone()).await.map(drop)
            }
            "InvokeModelWithResponseStream" => chunks(&manager, exchange).await.map(drop),
            "CountTokens" => manager.count_tokens(model_id(exchange), "text").await.map(drop),
            "ApplyGuardrail" => manager.apply_guardrail("gr-1", "1", "text").await.map(drop),
            "ListFoundationModels" => {
                let models = FoundationModel::objects().using(&session(server.url()).await);
                models.list().await.map(drop)
            }
            other => panic!("no test replays an error of {other}"),
        };
        let error = response.expect_err(&exchange.name);
        assert_eq!(error.operation(), Some(exchange.operation.as_str()), "{}", exchange.name);
        assert_eq!(error.http_status(), Some(exchange.status), "{}", exchange.name);
        let body: Value = exchange.json();
        let message = body["message"].as_str().or_else(|| body["Message"].as_str()).unwrap();
        assert_eq!(error.message(), message, "{}", exchange.name);
        assert!(error.to_string().contains(message), "{error}");
        if let Some(error_type) = exchange.header("x-amzn-errortype") {
            let code = error_type.split(':').next().unwrap();
            let is_unknown_model = message == "The provided model identifier is invalid.";
            let kind = if is_unknown_model { ErrorKind::DoesNotExist } else { kind_of(code) };
            assert_eq!((error.code(), error.kind()), (Some(code), kind), "{}", exchange.name);
        } else {
            let kind = match exchange.status {
                403 => ErrorKind::AccessDenied,
                429 => ErrorKind::Throttled,
                503 => ErrorKind::ServiceUnavailable,
                _ => ErrorKind::Unmodelled,
            };
            assert_eq!(error.kind(), kind, "{}: without a code the status counts", exchange.name);
        }
        if let Some(request_id) = exchange.header("x-amzn-requestid") {
            assert_eq!(error.request_id(), Some(request_id), "{}", exchange.name);
        }
        // A refusal for on-demand throughput looks up the region's profiles for its hint.
        let lookups = usize::from(message.contains("on-demand throughput"));
        assert_eq!(server.requests().len(), 1 + lookups, "{}", exchange.name);
    }
}

/// Returns the recorded request if it can be parsed, and a text otherwise. Here only the response matters.
fn recorded_request_or_text(exchange: &Exchange) -> ConverseRequest {
    let request = serde_json::from_slice::<ConverseRequest>(&exchange.request);
    let mut request = request.unwrap_or_else(|_| "text".into());
    if request.guardrail_config.is_some() {
        request.guardrail_config = Some(guardrail());
    }
    request
}
