//! The operations of `ConversationManager`, which take a model ID: each sends one request to that model.

use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, RecordedRequest};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::behaviours::tokens::COUNTING;
use bedrock_orm_tests::support::{MODEL, VIDEO_MODEL, local, only_request, operations};
use serde_json::json;

use crate::guardrails::session_with_guardrail;

async fn manager() -> (LocalBedrock, ConversationManager) {
    let (local, session) = local().await;
    (local, ConversationManager::new(&session))
}

fn assert_path(request: &RecordedRequest, path: &str) {
    assert_eq!(request.path.replace("%3A", ":").replace("%2F", "/"), path);
}

#[tokio::test]
async fn converse_accepts_ids_arns_and_inference_profiles() {
    let (local, manager) = manager().await;
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{MODEL}");
    let ids = [MODEL.to_owned(), format!("us.{MODEL}"), arn];
    for id in &ids {
        assert!(manager.converse(id, "Hello").await.unwrap().text().contains("Hello"));
    }
    for (request, id) in local.requests().iter().zip(ids) {
        assert_path(request, &format!("/model/{id}/converse"));
        assert_eq!(request.json(), json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}));
    }
    assert_eq!(local.requests().len(), 3);
}

#[tokio::test]
async fn converse_stream_sends_one_request() {
    let (local, manager) = manager().await;
    let reply = manager.converse_stream(MODEL, "Hello").await.unwrap().collect().await.unwrap();
    assert!(reply.text().contains("Hello"));
    assert_path(&only_request(&local), &format!("/model/{MODEL}/converse-stream"));
}

#[tokio::test]
async fn count_tokens_sends_one_request() {
    let (local, manager) = manager().await;
    assert!(manager.count_tokens(COUNTING, "Hello there").await.unwrap().input_tokens > 0);
    assert_path(&only_request(&local), &format!("/model/{COUNTING}/count-tokens"));
}

#[tokio::test]
async fn invoke_model_sends_one_request() {
    let (local, manager) = manager().await;
    let response = manager.invoke_model(MODEL, nova("Hello")).await.unwrap();
    assert!(response.body.json::<serde_json::Value>().unwrap()["output"].is_object());
    assert_path(&only_request(&local), &format!("/model/{MODEL}/invoke"));
}

#[tokio::test]
async fn invoke_model_with_response_stream_sends_one_request() {
    let (local, manager) = manager().await;
    let mut stream = manager.invoke_model_with_response_stream(MODEL, nova("Hello")).await.unwrap();
    let mut chunks = 0;
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
        chunks += 1;
    }
    assert!(chunks > 1);
    assert_path(&only_request(&local), &format!("/model/{MODEL}/invoke-with-response-stream"));
}

#[tokio::test]
async fn async_invokes_of_any_model_can_be_started_fetched_and_listed() {
    let (local, manager) = manager().await;
    let input = json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": "A satellite."}});
    let started = manager.start_async_invoke(VIDEO_MODEL, input, "s3://bucket/prefix").await.unwrap();
    let job = manager.get_async_invoke(&started.invocation_arn).await.unwrap();
    assert!(job.model_arn.ends_with(VIDEO_MODEL));
    let listed = manager.list_async_invokes().await.unwrap();
    assert_eq!(listed[0].invocation_arn, started.invocation_arn);
    assert_eq!(operations(&local), ["StartAsyncInvoke", "GetAsyncInvoke", "ListAsyncInvokes"]);
}

#[tokio::test]
async fn apply_guardrail_takes_an_id_and_a_version() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let manager = ConversationManager::new(&session);
    let response = manager.apply_guardrail(&guardrail.guardrail_id, "DRAFT", "xylophone").await.unwrap();
    assert_eq!(response.action, "GUARDRAIL_INTERVENED");
    assert_path(&only_request(&local), &format!("/guardrail/{}/version/DRAFT/apply", guardrail.guardrail_id));
}

#[tokio::test]
async fn a_call_after_close_works() {
    let (local, manager) = manager().await;
    manager.converse(MODEL, "Hello").await.unwrap();
    manager.close();
    manager.converse(MODEL, "Hello").await.unwrap();
    assert_eq!(operations(&local), ["Converse", "Converse"]);
}
