//! Limiters: calls wait in the process instead of being throttled.

use std::time::Duration;

use bedrock_orm::models::InferenceConfiguration;
use bedrock_orm::prelude::*;
use bedrock_orm::{Limiter, RetryPolicy, TokenQuota};
use bedrock_orm_local::{Fault, LocalBedrock, Reply as Planned};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::{MODEL, local, model, operations};

#[tokio::test]
async fn every_kind_of_call_is_counted_by_what_the_server_reported() {
    let (local, session) = local().await;
    let limiter = Limiter::new(TokenQuota::per_minute(1_000_000).burndown(5));
    session.limit("amazon.nova-*", &limiter);
    let model = model(&session, MODEL);
    for _ in 0..4 {
        local.queue_reply(Planned::text("Hello").usage(100, 10));
    }
    model.converse("Hello").max_tokens(500).await.unwrap();
    assert_eq!(limiter.used_in_minute(), 150);
    let stream = model.converse_stream("Hello").max_tokens(500).await.unwrap();
    assert!(limiter.used_in_minute() >= 150 + 500, "reserved");
    stream.collect().await.unwrap();
    model.invoke_model(nova("Hello")).await.unwrap();
    let mut chunks = model.invoke_model_with_response_stream(nova("Hello")).await.unwrap();
    while let Some(chunk) = chunks.next().await {
        chunk.unwrap();
    }
    assert_eq!(limiter.used_in_minute(), 4 * 150);
    model.converse("Hello").max_tokens(500).temperature(7.0).await.unwrap_err();
    assert_eq!(limiter.used_in_minute(), 4 * 150, "refused");
    drop(model.converse_stream("Hello").max_tokens(500).await.unwrap());
    assert!(limiter.used_in_minute() >= 4 * 150 + 500, "what a dropped stream used is unknown");
}

#[tokio::test]
async fn a_call_that_finds_no_room_in_time_is_not_sent() {
    let (local, session) = local().await;
    let full = Limiter::new(TokenQuota::per_minute(1_000));
    let model = model(&session, MODEL);
    let open = model.converse_stream("Hello").max_tokens(990).limiter(&full).await.unwrap();
    let late = || model.converse("Hello").max_tokens(500).limiter(&full);
    let error = late().operation_timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("nothing was sent"), "{error}");
    assert_eq!(operations(&local), ["ConverseStream"]);
    let other = model.converse("Hello").limiter(&Limiter::new(TokenQuota::per_minute(1_000)));
    other.inference_config(InferenceConfiguration::default().max_tokens(500)).await.unwrap();
    open.collect().await.unwrap();
    late().await.unwrap();
}

#[tokio::test]
async fn a_throttled_attempt_slows_the_calls_behind_it() {
    let local = LocalBedrock::start().await.unwrap();
    let session = Session::builder().local(local.url()).retries(RetryPolicy::none()).build().await.unwrap();
    let limiter = Limiter::new(TokenQuota::per_minute(1_000_000));
    session.limit(MODEL, &limiter);
    let model = model(&session, MODEL);
    local.fault(Fault::throttling().times(1).retry_after(Duration::from_secs(3600))).unwrap();
    assert!(model.converse("Hello").max_tokens(10).await.unwrap_err().is_throttled());
    assert_eq!(limiter.used_in_minute(), 0, "given back");
    let soon = model.converse("Hello").max_tokens(10).operation_timeout(Duration::from_millis(20));
    assert!(soon.await.unwrap_err().message().contains("nothing was sent"));
}
