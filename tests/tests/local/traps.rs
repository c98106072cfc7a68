//! Traps 14 to 17, 21 and 24. Traps 1 to 13 are in `preflight.rs`, 18 to 20 in `model_ids.rs`, and 22 and 23, which depend on
//! the environment, in `session_default.rs`.

use std::time::Duration;

use bedrock_orm::RetryPolicy;
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

/// 15. `inputTokens` leaves out what the cache read and wrote, so that totals are wrong.
#[tokio::test]
async fn trap_15_totals_include_cached_tokens() {
    let usage = json!({
        "inputTokens": 5, "outputTokens": 7, "totalTokens": 3012,
        "cacheReadInputTokens": 2000, "cacheWriteInputTokens": 1000,
    });
    let reported = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1},
    });
    let server = FakeServer::start([FakeResponse::json(&reported), FakeResponse::json(&reported)]).await;
    let session = session(server.url()).await;
    let ledger = session.ledger();
    let model = model(&session, MODEL);
    let tokens = model.converse("Hello").await.unwrap().tokens();
    assert_eq!((tokens.input_tokens(), tokens.total_tokens()), (3005, 3012));
    model.converse("Hello").await.unwrap();
    assert_eq!((ledger.total().input_tokens(), ledger.total().total_tokens()), (6010, 6024));
}

/// 24. Retries that start after one second, three times, against a quota that is counted by the minute.
#[tokio::test]
async fn trap_24_retries_outlast_a_quota_by_the_minute() {
    let throttled = |message: &str| FakeResponse::error(429, "ThrottlingException", message);
    let minute =
        || throttled("Too many tokens, please wait before trying again.").header("x-amz-retry-after", "1");
    let reply = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    });
    let server = FakeServer::start((0..7).map(|_| minute()).chain([FakeResponse::json(&reply)])).await;
    let patient = Session::builder().local(server.url()).retries(RetryPolicy::quota()).build().await.unwrap();
    assert_eq!(model(&patient, MODEL).converse("Hello").await.unwrap().text(), "Hello");
    assert_eq!(server.requests().len(), 8);

    let daily = throttled("Too many tokens per day, please wait before trying again.")
        .header("x-amz-retry-after", "1");
    let slow = || minute().header("x-amz-retry-after", "5001");
    for (policy, refusal) in [(RetryPolicy::quota(), daily), (RetryPolicy::interactive(), slow())] {
        let server = FakeServer::start([refusal]).await;
        let session = Session::builder().local(server.url()).retries(policy).build().await.unwrap();
        let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
        assert!(error.is_throttled(), "{error}");
        assert_eq!(server.requests().len(), 1, "{policy:?}");
    }
}
