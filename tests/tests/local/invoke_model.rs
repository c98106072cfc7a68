//! Raw invocations: the settings become headers, and bodies are not changed.

use bedrock_orm::models::{GuardrailTrace, PerformanceConfigLatency, ServiceTierType, Trace};
use bedrock_orm::prelude::*;
use bedrock_orm_local::RecordedRequest;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::description::Service;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, session};
use serde_json::{Value, json};

use crate::guardrails::session_with_guardrail;

/// Asserts that the request has every header in the operation's description.
fn assert_all_headers(operation: &str, request: &RecordedRequest) {
    let shape = Service::Runtime.shape_of(operation, "input");
    for (name, member) in Service::Runtime.shape(shape)["members"].as_object().unwrap() {
        if member["location"] == "header" {
            let header = member["locationName"].as_str().unwrap();
            assert!(request.header(header).is_some(), "no setter sets {name}, or this test does not call it");
        }
    }
}

/// Sets every setting of a raw invocation.
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
async fn every_setting_of_invoke_model_is_sent_in_its_header() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let response =
        with_all_settings!(model(&session, MODEL).invoke_model(nova("Hello")), &guardrail).await.unwrap();
    let request = only_request(&local);
    assert_eq!(request.path.replace("%3A", ":"), format!("/model/{MODEL}/invoke"));
    assert_all_headers("InvokeModel", &request);
    assert_headers(&request, &guardrail);
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(response.performance_config_latency, Some(PerformanceConfigLatency::Optimized));
    assert_eq!(response.service_tier, Some(ServiceTierType::Priority));
}

#[tokio::test]
async fn every_setting_of_the_streaming_operation_is_sent_in_its_header() {
    let (local, session, guardrail) = session_with_guardrail().await;
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
async fn by_default_the_content_type_is_json_and_no_other_header_is_sent() {
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
async fn the_trace_of_a_guardrail_configuration_becomes_the_header() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let configuration = GuardrailConfiguration::default()
        .guardrail_identifier(&guardrail.guardrail_id)
        .guardrail_version("DRAFT")
        .trace(GuardrailTrace::Enabled);
    let model = model(&session, MODEL);
    let response = model
        .invoke_model(nova("Do you play the xylophone?"))
        .guardrail(configuration.clone())
        .await
        .unwrap();
    model.invoke_model(nova("Hello")).guardrail(configuration).trace(Trace::Disabled).await.unwrap();
    let requests = local.requests();
    assert_eq!(requests[0].header("x-amzn-bedrock-trace"), Some("ENABLED"));
    assert_eq!(requests[1].header("x-amzn-bedrock-trace"), Some("DISABLED"));
    let body: Value = response.body.json().unwrap();
    assert_eq!(body["amazon-bedrock-guardrailAction"], "INTERVENED");
    assert!(body["amazon-bedrock-trace"].is_object(), "{body}");
}

#[tokio::test]
async fn a_chunk_stream_that_ends_with_a_guardrail_intervention_is_complete() {
    let (_local, session, guardrail) = session_with_guardrail().await;
    let call = model(&session, MODEL).invoke_model_with_response_stream(nova("Do you play the xylophone?"));
    let mut stream = call.guardrail(&guardrail).await.unwrap();
    let mut bodies = Vec::new();
    while let Some(chunk) = stream.next().await {
        bodies.push(chunk.unwrap().json::<Value>().unwrap());
    }
    assert_eq!(bodies.last().unwrap()["amazon-bedrock-guardrailAction"], "INTERVENED");
}

#[tokio::test]
async fn bodies_are_sent_and_returned_byte_for_byte() {
    let bytes: Vec<u8> = (0..=255).collect();
    let response = FakeResponse::new(200, bytes.iter().rev().copied().collect::<Vec<_>>())
        .header("content-type", "application/octet-stream");
    let server = FakeServer::start([response]).await;
    let model = model(&session(server.url()).await, MODEL);
    let response = model.invoke_model(bytes.clone()).content_type("application/octet-stream").await.unwrap();
    assert_eq!(server.requests()[0].body, bytes);
    assert_eq!(response.body.into_vec(), bytes.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(response.content_type, "application/octet-stream");
}

#[tokio::test]
async fn every_provider_has_its_format() {
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
        let response: Value = model.invoke_model(body.clone()).await.unwrap().body.json().unwrap();
        assert!(response.pointer(text).unwrap().as_str().unwrap().contains("Hello"), "{id}: {response}");
        let mut stream = model.invoke_model_with_response_stream(body).await.unwrap();
        let mut last = Value::Null;
        while let Some(chunk) = stream.next().await {
            last = chunk.unwrap().json().unwrap();
        }
        assert!(last["amazon-bedrock-invocationMetrics"].is_object(), "{id}: {last}");
    }
}
