//! Traps 14, 16, 17 and 21. Traps 1 to 13 are in `preflight.rs`, 18 to 20 in `model_ids.rs`, and 22 and 23, which depend on
//! the environment, in `session_default.rs`.

use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply;
use bedrock_orm_tests::support::fake_server::{Ending, FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, local, model, session};
use serde_json::json;

use crate::converse_stream::{every_event, frames};

#[tokio::test]
async fn trap_14_a_cut_or_silent_stream_is_no_whole_reply() {
    let (local, session) = local().await;
    local.queue_reply(Reply::text("one two three four").cut_after(3));
    let cut = model(&session, MODEL).converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::StreamInterrupted, "{cut}");
    assert!("one two three four".starts_with(&cut.partial_message().unwrap().text()));

    let stalled = FakeResponse::stream(frames(&every_event()[..6])).ending(Ending::Stalled);
    let server = FakeServer::start([stalled]).await;
    let model = model(&Session::local(server.url()).unwrap(), MODEL);
    let stream = model.converse_stream("Hello").silence_timeout(Duration::from_millis(50));
    let silent = stream.await.unwrap().collect().await.unwrap_err();
    assert_eq!(silent.kind(), ErrorKind::StreamInterrupted, "{silent}");
    assert_eq!(silent.partial_message().unwrap().text(), "Hello");
}

/// A guardrail can leave nothing of a stream. It is whole, and its message is not one to send back.
#[tokio::test]
async fn trap_14_a_stream_that_a_guardrail_emptied_is_whole_and_empty() {
    let stop = ("messageStop", json!({"stopReason": "guardrail_intervened"}));
    let whole = every_event();
    let emptied = [whole[0].clone(), stop, whole[whole.len() - 1].clone()];
    let server = FakeServer::start([FakeResponse::stream(frames(&emptied))]).await;
    let model = model(&session(server.url()).await, MODEL);
    let reply = model.converse_stream("Hello").await.unwrap().collect().await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::GuardrailIntervened);
    assert_eq!((reply.text(), reply.sendable_message()), (String::new(), None));
}

#[tokio::test]
async fn trap_16_too_many_tokens_is_throttling() {
    let (local, session) = local().await;
    let message = "Too many tokens, please wait before trying again.";
    local.queue_reply(Reply::error("ThrottlingException", message));
    let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert!(error.is_throttled() && error.is_retryable() && !error.is_validation(), "{error}");
    assert!(error.hint().unwrap().contains("the prompt is not too long"), "{error}");
}

#[tokio::test]
async fn trap_17_an_error_says_its_reason_and_a_validation_error_is_not_retried() {
    let message = "The model returned the following errors: messages.3: all messages must have content.";
    let server = FakeServer::start([FakeResponse::error(400, "ValidationException", message)]).await;
    let session = Session::builder().local(server.url()).max_attempts(5).build().await.unwrap();
    let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Validation, message));
    assert!(error.to_string().contains(message) && !error.to_string().contains("service error"), "{error}");
    assert_eq!(server.requests().len(), 1, "it is sent once");
}

#[tokio::test]
async fn trap_21_a_session_builds_its_client_once() {
    let response = json!({
        "metrics": {"latencyMs": 1},
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    });
    let server = FakeServer::start([FakeResponse::json(&response)]).await;
    let session = session(server.url()).await;
    for _ in 0..3 {
        model(&session.clone(), MODEL).converse("Hello").await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections_opened()), (3, 1));
}
