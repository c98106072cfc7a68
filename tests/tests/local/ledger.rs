//! The ledger: what calls used, compared with what the server reported on the wire.

use std::future::IntoFuture as _;

use bedrock_orm::models::{CacheTtl, Tokens};
use bedrock_orm::prelude::*;
use bedrock_orm::{Price, Prices};
use bedrock_orm_local::{At, Fault, Reply as Planned};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, local, model, session};
use serde_json::json;

fn usage(input: u64, output: u64) -> Tokens {
    Tokens::default().uncached_input_tokens(input).output_tokens(output)
}

#[tokio::test]
async fn every_kind_of_call_is_recorded_with_what_the_server_reported() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    model.converse("before the ledger").await.unwrap();
    let ledger = session.ledger();
    for output in 1..=4 {
        local.queue_reply(Planned::text("Hello").usage(100, output));
    }
    model.converse("Hello").await.unwrap();
    model.converse_stream("Hello").await.unwrap().collect().await.unwrap();
    model.invoke_model(nova("Hello")).await.unwrap();
    let mut chunks = model.invoke_model_with_response_stream(nova("Hello")).await.unwrap();
    while let Some(chunk) = chunks.next().await {
        chunk.unwrap();
    }
    assert_eq!(ledger.total(), usage(400, 1 + 2 + 3 + 4));
    model.converse("Hello").temperature(7.0).await.unwrap_err();
    let rows = ledger.take().rows;
    assert_eq!(
        (rows.len(), rows[0].calls, rows[0].calls_without_usage),
        (1, 4, 0),
        "a refused call costs nothing"
    );
    assert_eq!(rows[0].model_id, MODEL);
    assert_eq!(ledger.snapshot().rows, []);
}

#[tokio::test]
async fn a_stream_is_recorded_when_its_usage_arrives_and_an_unfinished_one_without() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let ledger = session.ledger();
    let without = || ledger.snapshot().calls_without_usage();

    local.queue_reply(Planned::text("Hello").usage(7, 3));
    let mut stream = model.converse_stream("Hello").await.unwrap();
    while let Some(event) = stream.next().await {
        if let ConverseStreamOutput::Metadata(_) = event.unwrap() {
            break;
        }
    }
    assert_eq!((ledger.total(), without()), (usage(7, 3), 0), "before the stream has ended");
    drop(stream);
    assert_eq!((ledger.total(), without()), (usage(7, 3), 0));

    let stream = model.converse_stream("Hello").await.unwrap();
    assert_eq!(without(), 0, "it may still tell");
    drop(stream);
    assert_eq!(without(), 1, "dropped");
    local.queue_reply(Planned::text("Hello and more").cut_after(3));
    model.converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert_eq!(without(), 2, "interrupted");
    local.fault(Fault::stall(At::BeforeHeaders).times(1)).unwrap();
    let received = async {
        while local.faults()[0].applied == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        reply = model.converse("Hello").into_future() => panic!("{reply:?}"),
        () = received => {}
    }
    assert_eq!(without(), 3, "cancelled");
    local.fault(Fault::stall(At::BeforeHeaders).times(1)).unwrap();
    let late = model.converse_stream("Hello").silence_timeout(std::time::Duration::from_millis(50));
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::StreamInterrupted);
    assert_eq!(without(), 4, "too late");
    local.fault(Fault::throttling().times(1)).unwrap();
    model.converse_stream("Hello").await.unwrap_err();
    assert_eq!((ledger.snapshot().calls(), ledger.total()), (5, usage(7, 3)), "refused");
}

#[tokio::test]
async fn a_reply_that_cannot_be_read_is_charged_and_a_failure_of_the_server_is_not() {
    let server = FakeServer::start([
        FakeResponse::new(200, "not json").header("content-type", "application/json"),
        FakeResponse::error(500, "InternalServerException", "It broke."),
    ])
    .await;
    let session = Session::builder().local(server.url()).max_attempts(1).build().await.unwrap();
    let (model, ledger) = (model(&session, MODEL), session.ledger());
    let counted = || (ledger.snapshot().calls(), ledger.snapshot().calls_without_usage());
    let unreadable = model.converse("Hello").await.unwrap_err();
    assert_eq!((unreadable.kind(), counted()), (ErrorKind::InvalidResponse, (1, 1)));
    let failed = model.converse("Hello").await.unwrap_err();
    assert_eq!((failed.kind(), counted()), (ErrorKind::InternalServer, (1, 1)));
    drop(server);
    let unsent = model.converse("Hello").await.unwrap_err();
    assert_eq!((unsent.kind(), counted()), (ErrorKind::Transport, (1, 1)));
}

#[tokio::test]
async fn tags_of_the_session_and_of_the_call_name_the_row() {
    let (_local, session) = local().await;
    let ledger = session.ledger();
    let acme = model(&session.tagged("tenant", "acme"), MODEL);
    acme.converse("Hello").tag("feature", "search").await.unwrap();
    acme.converse_stream("Hello").tag("tenant", "globex").await.unwrap().collect().await.unwrap();
    acme.invoke_model(nova("Hello")).tag("feature", "search").await.unwrap();
    let missing = model(&session.tagged("tenant", "initech"), "acme.oracle-v9:0");
    missing.converse("Hello").tag("feature", "fallback").or(&model(&session, MODEL)).await.unwrap();
    let rows = ledger.snapshot().rows;
    let named: Vec<_> =
        rows.iter().map(|row| (serde_json::to_string(&row.tags).unwrap(), row.calls)).collect();
    let expected = [
        (r#"{"feature":"fallback"}"#, 1),
        (r#"{"feature":"search","tenant":"acme"}"#, 2),
        (r#"{"tenant":"globex"}"#, 1),
    ];
    assert_eq!(named, expected.map(|(tags, calls)| (tags.to_owned(), calls)));
}

#[tokio::test]
async fn cached_tokens_are_counted_and_priced_by_their_time() {
    let reported = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        "stopReason": "end_turn",
        "usage": {
            "inputTokens": 10, "outputTokens": 20, "totalTokens": 3030,
            "cacheReadInputTokens": 2000, "cacheWriteInputTokens": 1000,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 600}, {"ttl": "5m", "inputTokens": 400}],
        },
        "metrics": {"latencyMs": 1},
    });
    let server = FakeServer::start([FakeResponse::json(&reported)]).await;
    let session = session(server.url()).await;
    let ledger = session.ledger();
    let reply = model(&session, MODEL).converse("Hello").await.unwrap();
    assert_eq!(ledger.total(), reply.tokens());
    assert_eq!(ledger.total().total_tokens(), 3030);
    let price = Price::new("1", "5").unwrap().cache_read("0.1").unwrap();
    let price = price.cache_write(CacheTtl::FiveMinutes, "1.25").unwrap();
    let cost = ledger.cost(&Prices::new("USD").model(MODEL, price.clone()));
    assert!(cost.unwrap_err().message().contains("cache writes for 1h"));
    let price = price.cache_write(CacheTtl::OneHour, "2").unwrap();
    let cost = ledger.cost(&Prices::new("USD").model("*nova*", price)).unwrap();
    // 10·1 + 20·5 + 2000·0.1 + 400·1.25 + 600·2 millionths
    assert_eq!(cost.to_string(), "0.00201 USD");
}

#[tokio::test]
async fn a_response_without_token_counts_says_so() {
    let server = FakeServer::start([FakeResponse::json(&json!({}))]).await;
    let session = session(server.url()).await;
    let ledger = session.ledger();
    model(&session, MODEL).invoke_model(nova("Hello")).await.unwrap();
    assert_eq!((ledger.snapshot().calls(), ledger.snapshot().calls_without_usage()), (1, 1));
    assert!(ledger.total().is_zero());
}
