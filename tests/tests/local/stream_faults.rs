//! Streams that are cut, stall, or fail. None of them is returned as a complete reply.

use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

use bedrock_orm::SessionBuilder;
use bedrock_orm::models::{ContentBlock, ReasoningContentBlock};
use bedrock_orm::prelude::*;
use bedrock_orm::{ConverseStream, Partial};
use bedrock_orm_local::{LocalBedrock, Reply};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::description::Service;
use bedrock_orm_tests::support::fake_server::{Ending, FakeResponse, FakeServer};
use bedrock_orm_tests::support::frames::Frame;
use bedrock_orm_tests::support::{MODEL, local, model, session};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use crate::converse_stream::{every_event, frames, stream_of};

/// The number of events before the first text is complete.
const BEFORE_SECOND_TEXT: usize = 6;

/// Returns the error that ends a stream, and asserts that nothing follows it.
async fn final_error(stream: &mut ConverseStream) -> Error {
    let error = loop {
        match stream.next().await.expect("an error before the end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(stream.next().await.is_none(), "an error is the last item");
    error
}

/// Asserts that the error contains the content of the first `BEFORE_SECOND_TEXT` events: the reasoning and the first
/// text.
fn assert_partial(error: &Error) {
    let message = error.partial_message().expect("a partial message");
    let content = serde_json::to_value(&message.content).unwrap();
    assert_eq!(
        content,
        json!([
            {"reasoningContent": {"reasoningText": {"text": "Let me think.", "signature": "c2ln"}}},
            {"text": "Hello"},
        ])
    );
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("Hello") && !shown.contains("think") && !shown.contains("prompt"), "{shown}");
}

#[tokio::test]
async fn a_stream_that_ends_before_its_message_stops_is_interrupted() {
    for events in 0..every_event().len() - 2 {
        let (_server, mut stream) = stream_of(FakeResponse::stream(frames(&every_event()[..events]))).await;
        let error = final_error(&mut stream).await;
        assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "after {events}: {error}");
        assert!(error.is_stream_interrupted() && error.is_retryable());
        assert_eq!(error.operation(), Some("ConverseStream"));
        assert_eq!(error.request_id(), Some("11111111-2222-3333-4444-555555555555"));
        assert!(error.partial_message().is_some());
        if events == BEFORE_SECOND_TEXT {
            assert_partial(&error);
        }
    }
}

#[tokio::test]
async fn text_and_collect_of_an_interrupted_stream_are_errors() {
    let response = || FakeResponse::stream(frames(&every_event()[..BEFORE_SECOND_TEXT]));
    let (_server, stream) = stream_of(response()).await;
    let error = stream.collect().await.unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    assert_partial(&error);

    let (_server, stream) = stream_of(response()).await;
    let mut text = stream.text();
    assert_eq!(text.next().await.unwrap().unwrap(), "Hello");
    let error = text.next().await.unwrap().unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    assert_partial(&error);
    assert!(text.next().await.is_none());
}

#[tokio::test]
async fn a_cut_stream_from_the_local_bedrock_is_interrupted() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    local.queue_reply(Reply::text("one two three four").cut_after(3));
    let error = model.converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    let text = error.partial_message().unwrap().text();
    assert!("one two three four".starts_with(&text) && !text.is_empty() && text.len() < 18, "{text}");
}

#[tokio::test]
async fn a_stream_without_metadata_is_complete_but_cannot_be_collected() {
    let events = every_event();
    let response = || FakeResponse::stream(frames(&events[..events.len() - 1]));
    let (_server, mut stream) = stream_of(response()).await;
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    let (_server, stream) = stream_of(response()).await;
    let error = stream.collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{error}");
    assert!(error.message().contains("usage"), "{error}");
    assert_eq!(error.partial_message().unwrap().text(), "Hello you.");
    assert_eq!(error.request_id(), Some("11111111-2222-3333-4444-555555555555"));
}

#[tokio::test]
async fn a_stalled_stream_is_interrupted_after_its_silence_timeout() {
    let response = FakeResponse::stream(frames(&every_event()[..BEFORE_SECOND_TEXT])).ending(Ending::Stalled);
    let (server, mut stream) = stream_of(response).await;
    let before = Instant::now();
    let error = final_error(&mut stream).await;
    assert!(before.elapsed() >= Duration::from_millis(100), "{:?}", before.elapsed());
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{error}");
    assert!(error.message().contains("silent") && error.message().contains("100ms"), "{error}");
    assert_partial(&error);
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("the client closes the connection");
}

#[tokio::test]
async fn a_call_can_override_the_silence_timeout_of_the_session() {
    let response = FakeResponse::stream(frames(&every_event()[..2])).ending(Ending::Stalled);
    let server = FakeServer::start([response]).await;
    let session = Session::builder()
        .local(server.url())
        .max_attempts(1)
        .stream_silence_timeout(Duration::from_millis(50))
        .build()
        .await
        .unwrap();
    let model = model(&session, MODEL);
    let error = model.converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert!(error.message().contains("50ms"), "{error}");
    let mut stream = model.invoke_model_with_response_stream("{}").await.unwrap();
    assert!(stream.next().await.unwrap().unwrap_err().message().contains("50ms"));

    let patient = model.converse_stream("Hello").silence_timeout(None).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(150), patient.collect()).await;
    assert!(waited.is_err(), "without a deadline it waits");
}

#[tokio::test]
async fn the_silence_timeout_starts_when_the_request_is_sent() {
    // The system accepts the connections, and nobody reads from them.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let session = Session::builder()
        .local(format!("http://{}", listener.local_addr().unwrap()))
        .stream_silence_timeout(Duration::from_millis(100))
        .build()
        .await
        .unwrap();
    let model = model(&session, MODEL);
    let both_ways = async {
        let mut stream = model.invoke_model_with_bidirectional_stream().await.unwrap();
        stream.send("{}").await.unwrap();
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(stream.next().await.is_none(), "an error is the last item");
        error
    };
    let before = Instant::now();
    let errors = [
        model.converse_stream("Hello").await.unwrap_err(),
        model.invoke_model_with_response_stream(nova("Hello")).await.unwrap_err(),
        both_ways.await,
    ];
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{error}");
        assert!(error.message().contains("100ms") && error.message().contains("silent"), "{error}");
        assert!(error.hint().unwrap().contains("silence_timeout"), "{error}");
        assert!(error.is_retryable() && error.operation().is_some(), "{error}");
    }
    let patient = model.converse_stream("Hello").silence_timeout(None);
    let waited = tokio::time::timeout(Duration::from_millis(300), patient.into_future()).await;
    assert!(waited.is_err(), "without a deadline it waits");
}

#[tokio::test]
async fn the_default_session_settings_have_a_silence_timeout() {
    let session = session("http://127.0.0.1:1").await;
    assert_eq!(session.stream_silence_timeout(), Some(SessionBuilder::STREAM_SILENCE_TIMEOUT));
}

#[tokio::test]
async fn a_slow_reader_does_not_trigger_the_silence_timeout() {
    let response = FakeResponse::stream(frames(&every_event()));
    let (_server, mut stream) = stream_of(response).await;
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
}

#[tokio::test]
async fn a_slow_stream_does_not_trigger_the_silence_timeout() {
    let local = LocalBedrock::builder().stream_pace(Duration::from_millis(20)).start().await.unwrap();
    let model = model(&session(local.url()).await, MODEL);
    local.queue_reply(Reply::text("one two three four five six seven eight"));
    let stream = model.converse_stream("Hello").silence_timeout(Duration::from_millis(190)).await.unwrap();
    assert_eq!(stream.collect().await.unwrap().text(), "one two three four five six seven eight");
}

/// The kinds of all stream exceptions.
fn stream_exceptions() -> Vec<(&'static str, ErrorKind)> {
    vec![
        ("internalServerException", ErrorKind::InternalServer),
        ("modelStreamErrorException", ErrorKind::ModelStreamError),
        ("modelTimeoutException", ErrorKind::ModelTimeout),
        ("serviceUnavailableException", ErrorKind::ServiceUnavailable),
        ("throttlingException", ErrorKind::Throttled),
        ("validationException", ErrorKind::Validation),
    ]
}

fn described_exceptions(stream: &str) -> Vec<&'static str> {
    let members = Service::Runtime.shape(stream)["members"].as_object().unwrap();
    members.keys().map(String::as_str).filter(|name| name.ends_with("Exception")).collect()
}

fn capital(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

fn assert_exception(error: &Error, name: &str, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.code(), Some(capital(name).as_str()));
    assert_eq!(error.message(), format!("AWS says {name}."));
    assert_eq!(error.request_id(), Some("11111111-2222-3333-4444-555555555555"));
    assert!(error.to_string().contains(&format!("AWS says {name}.")), "{error}");
}

#[tokio::test]
async fn every_exception_in_a_converse_stream_has_its_kind_and_the_received_content() {
    let described = described_exceptions("ConverseStreamOutput");
    assert_eq!(described.len(), 5);
    for name in described {
        let (_, kind) = *stream_exceptions().iter().find(|(known, _)| *known == name).expect(name);
        let exception = Frame::exception(name, &json!({"message": format!("AWS says {name}.")}));
        let mut sent = frames(&every_event()[..BEFORE_SECOND_TEXT]);
        sent.push(exception.clone());
        let (_server, mut stream) = stream_of(FakeResponse::stream(sent)).await;
        let error = final_error(&mut stream).await;
        assert_exception(&error, name, kind);
        assert_partial(&error);
        assert_eq!(error.operation(), Some("ConverseStream"));

        // A stream with status 200 can consist of an exception only.
        let (_server, stream) = stream_of(FakeResponse::stream([exception])).await;
        assert_exception(&stream.collect().await.unwrap_err(), name, kind);
    }
}

#[tokio::test]
async fn every_exception_in_a_chunk_stream_has_its_kind_and_the_received_bytes() {
    let described = described_exceptions("ResponseStream");
    assert_eq!(described.len(), 6);
    for name in described {
        let (_, kind) = *stream_exceptions().iter().find(|(known, _)| *known == name).expect(name);
        let exception = Frame::exception(name, &json!({"message": format!("AWS says {name}.")}));
        let server = FakeServer::start([FakeResponse::stream([chunk("{\"a\":1}"), exception])]).await;
        let model = model(&session(server.url()).await, MODEL);
        let mut stream = model.invoke_model_with_response_stream(nova("Hello")).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().json::<Value>().unwrap(), json!({"a": 1}));
        let error = stream.next().await.unwrap().unwrap_err();
        assert_exception(&error, name, kind);
        assert_eq!(error.operation(), Some("InvokeModelWithResponseStream"));
        assert!(matches!(error.partial(), Some(Partial::Body(body)) if &**body == b"{\"a\":1}"));
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn an_exception_from_the_local_bedrock_has_its_kind() {
    let (local, session) = local().await;
    local.queue_reply(Reply::stream_error("throttlingException", "Too many tokens, please wait.", 2));
    let stream = model(&session, MODEL).converse_stream("Hello").await.unwrap();
    let error = stream.collect().await.unwrap_err();
    assert!(error.is_throttled(), "{error}");
    assert_eq!(error.message(), "Too many tokens, please wait.");
    assert!(error.hint().unwrap().contains("quota"), "{error}");
}

#[tokio::test]
async fn an_unknown_exception_keeps_its_name_and_its_message() {
    let exception = Frame::exception("teapotException", &json!({"message": "I am a teapot."}));
    let (_server, stream) = stream_of(FakeResponse::stream([exception])).await;
    let error = stream.collect().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unmodelled, Some("TeapotException")), "{error}");
    assert!(error.message().contains("I am a teapot."), "{error}");
}

#[tokio::test]
async fn an_error_frame_keeps_its_code_and_its_message() {
    let frame = Frame::error("InternalFailure", "The stream broke inside.");
    let (_server, stream) = stream_of(FakeResponse::stream([frame])).await;
    let error = stream.collect().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InternalServer, Some("InternalFailure")), "{error}");
    assert!(error.message().contains("The stream broke inside."), "{error}");
}

#[tokio::test]
async fn a_model_error_in_a_stream_keeps_the_message_of_aws() {
    let exception = Frame::exception(
        "modelStreamErrorException",
        &json!({"message": "The model failed.", "originalStatusCode": 500, "originalMessage": "out of memory"}),
    );
    let (_server, stream) = stream_of(FakeResponse::stream([exception])).await;
    let error = stream.collect().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::ModelStreamError, "The model failed."),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_checksum_interrupts_the_stream() {
    let good = frames(&every_event()[..BEFORE_SECOND_TEXT]);
    let mut damaged = frames(&every_event()[6..7])[0].bytes();
    let middle = damaged.len() - 10;
    damaged[middle] ^= 1;
    let (_server, mut stream) = stream_of(FakeResponse::stream(good).then(damaged)).await;
    let error = final_error(&mut stream).await;
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{error}");
    assert_partial(&error);
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_is_interrupted() {
    for ending in [Ending::Whole, Ending::Reset] {
        let good = frames(&every_event()[..BEFORE_SECOND_TEXT]);
        let half = frames(&every_event()[6..7])[0].bytes()[..20].to_vec();
        let (_server, mut stream) = stream_of(FakeResponse::stream(good).then(half).ending(ending)).await;
        let error = final_error(&mut stream).await;
        assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{ending:?}: {error}");
        // A reset can discard data that was sent before it.
        if ending == Ending::Whole {
            assert_partial(&error);
        }
    }
}

#[tokio::test]
async fn an_incomplete_tool_input_is_kept_as_a_string() {
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event()[..11]))).await;
    let error = stream.collect().await.unwrap_err();
    let tool_use = error.partial_message().unwrap().tool_uses().next().unwrap().clone();
    assert_eq!(tool_use.input, json!("{\"city\":"));
}

#[tokio::test]
async fn interrupted_reasoning_is_kept() {
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event()[..2]))).await;
    let error = stream.collect().await.unwrap_err();
    let [ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(thought))] =
        error.partial_message().unwrap().content.as_slice()
    else {
        panic!("{:?}", error.partial_message())
    };
    assert_eq!((thought.text.as_str(), &thought.signature), ("Let me ", &None));
}

fn chunk(json: &str) -> Frame {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.encode(json);
    Frame::event("chunk", &json!({"bytes": bytes, "p": "abc"}))
}

async fn chunks_of(response: FakeResponse) -> (FakeServer, bedrock_orm::InvokeModelStream) {
    let server = FakeServer::start([response]).await;
    let model = model(&session(server.url()).await, MODEL);
    let stream = model
        .invoke_model_with_response_stream(nova("prompt"))
        .silence_timeout(Duration::from_millis(100))
        .await
        .unwrap();
    (server, stream)
}

#[tokio::test]
async fn a_chunk_stream_without_its_last_chunk_is_interrupted_with_the_received_bytes() {
    for ending in [Ending::Whole, Ending::Stalled] {
        let response =
            FakeResponse::stream([chunk("{\"text\":\"one\"}"), chunk("{\"text\":\"two\"}")]).ending(ending);
        let (server, mut stream) = chunks_of(response).await;
        assert_eq!(stream.request_id(), Some("11111111-2222-3333-4444-555555555555"));
        stream.next().await.unwrap().unwrap();
        stream.next().await.unwrap().unwrap();
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{ending:?}: {error}");
        let Some(Partial::Body(body)) = error.partial() else { panic!("{error:?}") };
        assert_eq!(&**body, b"{\"text\":\"one\"}{\"text\":\"two\"}");
        assert!(error.partial_message().is_none());
        let shown = format!("{error} {error:?} {stream:?}");
        assert!(!shown.contains("one") && !shown.contains("prompt"), "{shown}");
        assert!(stream.next().await.is_none());
        tokio::time::timeout(
            Duration::from_secs(10),
            server.wait_until_closed(usize::from(ending == Ending::Stalled)),
        )
        .await
        .expect("the client closes the connection");
    }
}

#[tokio::test]
async fn a_chunk_stream_is_complete_with_metrics_or_a_guardrail_message() {
    let passing = r#"{"text":"a","amazon-bedrock-guardrailAction":"INTERVENED"}"#;
    let whole = [
        vec![r#"{"a":1}"#, r#"{"b":2,"amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}"#],
        vec![passing, passing, r#"{"b":2,"amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}"#],
        vec![passing],
        vec![r#"{"a":1}"#, r#"{"amazon-bedrock-guardrailAction":"INTERVENED","amazon-bedrock-trace":{}}"#],
    ];
    for chunks in whole {
        let (_server, mut stream) =
            chunks_of(FakeResponse::stream(chunks.iter().map(|json| chunk(json)))).await;
        for expected in &chunks {
            assert_eq!(&*stream.next().await.unwrap().unwrap(), expected.as_bytes());
        }
        assert!(stream.next().await.is_none(), "{chunks:?}");
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn a_guardrail_action_in_every_chunk_does_not_make_a_cut_stream_complete() {
    let marked = r#"{"text":"a","amazon-bedrock-guardrailAction":"INTERVENED"}"#;
    let passed = r#"{"text":"a","amazon-bedrock-guardrailAction":"NONE"}"#;
    for chunks in [vec![marked, marked], vec![marked, passed], vec![passed, marked], vec![passed]] {
        let (_server, stream) = chunks_of(FakeResponse::stream(chunks.iter().map(|json| chunk(json)))).await;
        let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
        assert!(error.is_stream_interrupted(), "{chunks:?}: {error}");
    }
}

#[tokio::test]
async fn a_dropped_stream_of_chunks_closes_its_connection() {
    let response = || FakeResponse::stream([chunk("{\"a\":1}")]).ending(Ending::Stalled);
    let (server, mut stream) = chunks_of(response()).await;
    stream.next().await.unwrap().unwrap();
    drop(stream);
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("dropping closes");
    let (server, stream) = chunks_of(response()).await;
    stream.close();
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1)).await.expect("closing closes");
}
