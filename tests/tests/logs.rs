//! The log events of calls. The whole process has one subscriber; it records the events of each test's own thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::cell::RefCell;
use std::io;

use bedrock_orm::prelude::*;
use bedrock_orm::{Limiter, TokenQuota};
use bedrock_orm_local::Reply;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::behaviours::tokens::COUNTING;
use bedrock_orm_tests::support::{MODEL, local, model};

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of this test's thread, limited to the library's target.
struct Log;

impl Log {
    fn start() -> Self {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("bedrock_orm=debug,bedrock_orm_local=off")
            .with_ansi(false)
            .without_time()
            .with_writer(|| Self);
        // Another test may have installed the subscriber already.
        let _ = tracing::subscriber::set_global_default(subscriber.finish());
        Self.take();
        Self
    }

    fn take(&self) -> Vec<String> {
        let bytes = LOG.take();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    /// Asserts that one event was logged since the last call, and that it contains all of `parts`.
    fn assert_one(&self, parts: &[&str]) {
        let lines = self.take();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        for part in parts {
            assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
        }
        for secret in ["pr0mpt", "r3ply", "syst3m", "Signature", "test/"] {
            assert!(!lines[0].contains(secret), "{secret} is in {}", lines[0]);
        }
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const IN_EVERY_EVENT: [&str; 4] = ["bedrock_orm", "region=\"us-east-1\"", "latency_ms=", "request_id="];

#[tokio::test]
async fn a_successful_call_is_one_event_with_its_usage() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let log = Log::start();
    local.queue_reply(Reply::text("r3ply"));
    let reply = model.converse("pr0mpt").system("syst3m").await.unwrap();
    let read = format!(" input_tokens={} ", reply.usage.input_tokens);
    let written = format!(" output_tokens={} ", reply.usage.output_tokens);
    let which = format!("model_id=\"{MODEL}\"");
    log.assert_one(&["succeeded", "operation=\"Converse\"", &which, &read, &written]);
    model.converse("pr0mpt").await.unwrap();
    log.assert_one(&IN_EVERY_EVENT);

    let counting = bedrock_orm_tests::support::model(&session, COUNTING);
    let counted = counting.count_tokens("pr0mpt").await.unwrap();
    log.assert_one(&["operation=\"CountTokens\"", &format!("input_tokens={}", counted.input_tokens)]);
    model.invoke_model(nova("pr0mpt")).await.unwrap();
    log.assert_one(&["operation=\"InvokeModel\"", MODEL, "request_id="]);
    model.start_async_invoke(nova("pr0mpt"), "s3://bucket/prefix/").await.unwrap_err();
    log.assert_one(&["failed", "operation=\"StartAsyncInvoke\"", "kind=", "code=\"ValidationException\""]);
}

#[tokio::test]
async fn a_limiter_warns_once_of_calls_without_max_tokens() {
    let (_local, session) = local().await;
    let model = model(&session, MODEL);
    let log = Log::start();
    let warnings = async |quota: TokenQuota, max_tokens: Option<i32>| {
        let limiter = Limiter::new(quota);
        for _ in 0..2 {
            let call = model.converse("pr0mpt").limiter(&limiter);
            match max_tokens {
                Some(max_tokens) => call.max_tokens(max_tokens).await.unwrap(),
                None => call.await.unwrap(),
            };
        }
        log.take().iter().filter(|line| line.contains("WARN") && line.contains("has no max_tokens")).count()
    };
    let quota = TokenQuota::per_minute(1_000_000);
    assert_eq!(warnings(quota, None).await, 1);
    assert_eq!(warnings(quota, Some(9)).await, 0);
    assert_eq!(warnings(quota.model_max_tokens(9), None).await, 0);
}

#[tokio::test]
async fn a_query_is_one_event_for_each_request() {
    let (_local, session) = local().await;
    let log = Log::start();
    FoundationModel::objects().using(&session).list().await.unwrap();
    log.assert_one(&IN_EVERY_EVENT);
    FoundationModel::objects().using(&session).get(MODEL).await.unwrap();
    log.assert_one(&["succeeded", "operation=\"GetFoundationModel\""]);
    Guardrail::objects().using(&session).get("abcdef123456").await.unwrap_err();
    log.assert_one(&["failed", "operation=\"GetGuardrail\"", "kind=DoesNotExist", "http_status=404"]);
}

#[tokio::test]
async fn a_stream_is_one_event_when_it_ends() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let log = Log::start();
    local.queue_reply(Reply::text("r3ply and more"));
    let mut stream = model.converse_stream("pr0mpt").await.unwrap();
    assert_eq!(log.take(), Vec::<String>::new(), "it has only begun");
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    assert!(stream.next().await.is_none());
    log.assert_one(&IN_EVERY_EVENT);
    local.queue_reply(Reply::text("r3ply and more"));
    let reply = model.converse_stream("pr0mpt").await.unwrap().collect().await.unwrap();
    log.assert_one(&["succeeded", "ConverseStream", &format!("output_tokens={}", reply.usage.output_tokens)]);

    let mut chunks = model.invoke_model_with_response_stream(nova("pr0mpt")).await.unwrap();
    while let Some(chunk) = chunks.next().await {
        chunk.unwrap();
    }
    log.assert_one(&["succeeded", "InvokeModelWithResponseStream", " input_tokens=", " output_tokens="]);
    model.invoke_model(nova("pr0mpt")).await.unwrap();
    log.assert_one(&["succeeded", "operation=\"InvokeModel\"", " input_tokens=", " output_tokens="]);

    local.queue_reply(Reply::text("r3ply and more").cut_after(3));
    model.converse_stream("pr0mpt").await.unwrap().collect().await.unwrap_err();
    log.assert_one(&["failed", "ConverseStream", "kind=StreamInterrupted", "request_id="]);
}

#[tokio::test]
async fn a_model_near_its_end_of_life_is_reported_once_for_a_session() {
    let local = bedrock_orm_local::LocalBedrock::builder().keep_retired_models().start().await.unwrap();
    let ending = "anthropic.claude-3-haiku-20240307-v1:0"; // on 2026-09-10
    let first = bedrock_orm_tests::support::session(local.url()).await;
    let second = first.in_region("us-west-2").unwrap();
    let log = Log::start();
    let warnings = |log: &Log| {
        let lines = log.take();
        lines.into_iter().filter(|line| line.contains("WARN")).collect::<Vec<_>>()
    };
    for session in [first, second] {
        let fetched = FoundationModel::objects().using(&session).get(ending).await.unwrap();
        assert_eq!(warnings(&log), [""; 0], "getting a model is not using it");
        let fresh = FoundationModel::objects().using(&session).get(MODEL).await.unwrap();
        fresh.converse("Hello").await.unwrap();
        fresh.resolve().await.unwrap();
        fetched.converse("Hello").await.unwrap();
        fetched.converse("Hello").await.unwrap();
        fetched.invocable().await.unwrap();
        ConversationManager::new(&session).resolve(ending).await.unwrap();
        let warned = warnings(&log);
        assert_eq!(warned.len(), 1, "{warned:#?}");
        let region = format!("region=\"{}\"", session.region());
        for part in ["bedrock_orm:", ending, region.as_str(), "end_of_life=2026-09-10"] {
            assert!(warned[0].contains(part), "{part} is not in {}", warned[0]);
        }
    }
}
