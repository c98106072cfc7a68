//! Raw invocations: what of them goes into headers, and that bodies are left alone.

use bedrock_orm::models::{GuardrailTrace, PerformanceConfigLatency, ServiceTierType, Trace};
use bedrock_orm::prelude::*;
use bedrock_orm_local::RecordedRequest;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::description::Service;
use bedrock_orm_tests::support::fake_server::{Answer, FakeServer};
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, session};
use serde_json::{Value, json};

use crate::guardrails::with_guardrail;

/// Every header that the description has for the operation was sent.
fn assert_all_headers(operation: &str, request: &RecordedRequest) {
    let shape = Service::Runtime.shape_of(operation, "input");
    for (name, member) in Service::Runtime.shape(shape)["members"].as_object().unwrap() {
        if member["location"] == "header" {
            let header = member["locationName"].as_str().unwrap();
            assert!(request.header(header).is_some(), "no setter reaches {name}, or this test lacks it");
        }
    }
}

/// Sets everything that a raw invocation can be given.
macro_rules! with_all_settings {
    ($call:expr, $guardrail:expr) => {
        $call
            .content_type("application/json; charset=utf-8")
            .accept("application/json")
            .trace(Trace::EnabledFull)
            .guardrail($guardrail)
            .performance_config_latency(PerformanceConfigLatency::Optimized)
            .service_tier(ServiceTierType::Priority)
            .request_metadata([("team", "orm"), ("quote", "\"")])
    };
}

fn assert_headers(request: &RecordedRequest, guardrail: &Guardrail) {
    for (header, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("x-amzn-bedrock-trace", "ENABLED_FULL"),
        ("x-amzn-bedrock-guardrailidentifier", guardrail.guardrail_id.as_str()),
        ("x-amzn-bedrock-guardrailversion", "DRAFT"),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized"),
        ("x-amzn-bedrock-service-tier", "priority"),
    ] {
        assert_eq!(request.header(header), Some(value), "{header}");
    }
    let labels = request.header("x-amzn-bedrock-request-metadata").unwrap();
    assert_eq!(serde_json::from_str::<Value>(labels).unwrap(), json!({"team": "orm", "quote": "\""}));
    assert_eq!(request.json(), nova("Hello"));
}

#[tokio::test]
async fn every_setting_of_invoke_model_reaches_its_header() {
    let (local, session, guardrail) = with_guardrail().await;
    let answer =
        with_all_settings!(model(&session, MODEL).invoke_model(nova("Hello")), &guardrail).await.unwrap();
    let request = only_request(&local);
    assert_eq!(request.path.replace("%3A", ":"), format!("/model/{MODEL}/invoke"));
    assert_all_headers("InvokeModel", &request);
    assert_headers(&request, &guardrail);
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(answer.performance_config_latency, Some(PerformanceConfigLatency::Optimized));
    assert_eq!(answer.service_tier, Some(ServiceTierType::Priority));
}

#[tokio::test]
async fn every_setting_of_the_streaming_form_reaches_its_header() {
    let (local, session, guardrail) = with_guardrail().await;
    let call = model(&session, MODEL).invoke_model_with_response_stream(nova("Hello"));
    let mut stream = with_all_settings!(call, &guardrail).await.unwrap();
    assert_eq!(stream.performance_config_latency(), Some(&PerformanceConfigLatency::Optimized));
    assert_eq!(stream.service_tier(), Some(&ServiceTierType::Priority));
    assert_eq!(stream.content_type(), "application/json");
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
    }
    let request = only_request(&local);
    assert_eq!(request.path.replace("%3A", ":"), format!("/model/{MODEL}/invoke-with-response-stream"));
    assert_all_headers("InvokeModelWithResponseStream", &request);
    assert_headers(&request, &guardrail);
    assert_eq!(request.header("x-amzn-bedrock-accept"), Some("application/json"));
}

#[tokio::test]
async fn the_content_type_is_json_and_nothing_else_is_sent_unless_told() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    model.invoke_model(nova("Hello")).await.unwrap();
    drop(model.invoke_model_with_response_stream(nova("Hello")).await.unwrap());
    for request in local.requests() {
        assert_eq!(request.header("content-type"), Some("application/json"));
        let ours = request.headers.iter().filter(|(name, _)| name.starts_with("x-amzn-bedrock-"));
        assert_eq!(ours.count(), 0, "{:?}", request.headers);
    }
}

#[tokio::test]
async fn a_guardrail_configuration_s_trace_becomes_the_header() {
    let (local, session, guardrail) = with_guardrail().await;
    let configuration = GuardrailConfiguration::default()
        .guardrail_identifier(&guardrail.guardrail_id)
        .guardrail_version("DRAFT")
        .trace(GuardrailTrace::Enabled);
    let model = model(&session, MODEL);
    let answer = model
        .invoke_model(nova("Do you play the xylophone?"))
        .guardrail_config(configuration.clone())
        .await
        .unwrap();
    model.invoke_model(nova("Hello")).guardrail_config(configuration).trace(Trace::Disabled).await.unwrap();
    let requests = local.requests();
    assert_eq!(requests[0].header("x-amzn-bedrock-trace"), Some("ENABLED"));
    assert_eq!(requests[1].header("x-amzn-bedrock-trace"), Some("DISABLED"));
    let body: Value = answer.body.json().unwrap();
    assert_eq!(body["amazon-bedrock-guardrailAction"], "INTERVENED");
    assert!(body["amazon-bedrock-trace"].is_object(), "{body}");
}

#[tokio::test]
async fn a_guardrail_s_intervention_ends_a_stream_of_chunks_well() {
    let (_local, session, guardrail) = with_guardrail().await;
    let call = model(&session, MODEL).invoke_model_with_response_stream(nova("Do you play the xylophone?"));
    let mut stream = call.guardrail(&guardrail).await.unwrap();
    let mut bodies = Vec::new();
    while let Some(chunk) = stream.next().await {
        bodies.push(chunk.unwrap().json::<Value>().unwrap());
    }
    assert_eq!(bodies.last().unwrap()["amazon-bedrock-guardrailAction"], "INTERVENED");
}

#[tokio::test]
async fn bodies_go_and_come_byte_for_byte() {
    let bytes: Vec<u8> = (0..=255).collect();
    let answer = Answer::new(200, bytes.iter().rev().copied().collect::<Vec<_>>())
        .header("content-type", "application/octet-stream");
    let server = FakeServer::start([answer]).await;
    let model = model(&session(server.url()).await, MODEL);
    let answer = model.invoke_model(bytes.clone()).content_type("application/octet-stream").await.unwrap();
    assert_eq!(server.requests()[0].body, bytes);
    assert_eq!(answer.body.into_vec(), bytes.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(answer.content_type, "application/octet-stream");
}

#[tokio::test]
async fn makers_have_forms_of_their_own() {
    let (_local, session) = local().await;
    for (id, body, text) in [
        (
            CLAUDE_PROFILE,
            json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}),
            "/content/0/text",
        ),
        ("meta.llama3-8b-instruct-v1:0", json!({"prompt": "Hello", "max_gen_len": 64}), "/generation"),
        ("mistral.mistral-7b-instruct-v0:2", json!({"prompt": "Hello", "max_tokens": 64}), "/outputs/0/text"),
        (MODEL, nova("Hello"), "/output/message/content/0/text"),
    ] {
        let model = model(&session, id);
        let answer: Value = model.invoke_model(body.clone()).await.unwrap().body.json().unwrap();
        assert!(answer.pointer(text).unwrap().as_str().unwrap().contains("Hello"), "{id}: {answer}");
        let mut stream = model.invoke_model_with_response_stream(body).await.unwrap();
        let mut last = Value::Null;
        while let Some(chunk) = stream.next().await {
            last = chunk.unwrap().json().unwrap();
        }
        assert!(last["amazon-bedrock-invocationMetrics"].is_object(), "{id}: {last}");
    }
}
