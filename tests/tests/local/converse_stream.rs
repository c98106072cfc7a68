//! The events of a stream, and the reply that they form.

use std::future::poll_fn;
use std::time::Duration;

use bedrock_orm::models::{
    ContentBlockDelta, ContentBlockStart, ConversationRole, ConverseStreamOutput, ReasoningContentBlockDelta,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply;
use bedrock_orm_tests::support::description::Service;
use bedrock_orm_tests::support::fake_server::{Ending, FakeResponse, FakeServer};
use bedrock_orm_tests::support::frames::Frame;
use bedrock_orm_tests::support::{MODEL, local, model, session};
use futures_util::{Stream as _, TryStreamExt as _};
use serde_json::{Value, json};

/// Every event except the exceptions, with every member in the description.
pub(crate) fn every_event() -> Vec<(&'static str, Value)> {
    let delta =
        |index: u32, delta: Value| ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}));
    let stop = |index: u32| ("contentBlockStop", json!({ "contentBlockIndex": index }));
    let start =
        |index: u32, start: Value| ("contentBlockStart", json!({"contentBlockIndex": index, "start": start}));
    vec![
        ("messageStart", json!({"role": "assistant"})),
        delta(0, json!({"reasoningContent": {"text": "Let me "}})),
        delta(0, json!({"reasoningContent": {"text": "think."}})),
        delta(0, json!({"reasoningContent": {"signature": "c2ln"}})),
        stop(0),
        delta(1, json!({"text": "Hello"})),
        delta(1, json!({"text": ""})),
        delta(1, json!({"text": " you."})),
        stop(1),
        start(2, json!({"toolUse": {"toolUseId": "t1", "name": "get_weather", "type": "server_tool_use"}})),
        delta(2, json!({"toolUse": {"input": "{\"city\":"}})),
        delta(2, json!({"toolUse": {"input": " \"Queens\"}"}})),
        stop(2),
        start(3, json!({"toolResult": {"toolUseId": "t1", "status": "success", "type": "x"}})),
        delta(3, json!({"toolResult": [{"text": "warm"}, {"json": {"degrees": 25}}]})),
        stop(3),
        start(4, json!({"image": {"format": "png"}})),
        delta(4, json!({"image": {"source": {"bytes": "aGk="}}})),
        stop(4),
        delta(
            5,
            json!({"citation": {
                "title": "T", "source": "S", "sourceContent": [{"text": "c"}],
                "location": {"web": {"url": "https://example.com/", "domain": "example.com"}},
            }}),
        ),
        delta(5, json!({"text": "cited"})),
        stop(5),
        delta(6, json!({"reasoningContent": {"redactedContent": "aGlkZGVu"}})),
        stop(6),
        ("messageStop", json!({"stopReason": "end_turn", "additionalModelResponseFields": {"a": [1]}})),
        (
            "metadata",
            json!({
                "usage": {
                    "inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": 4,
                    "cacheWriteInputTokens": 5, "cacheDetails": [{"ttl": "5m", "inputTokens": 5}],
                },
                "metrics": {"latencyMs": 7},
                "trace": {"promptRouter": {"invokedModelId": "a.b"}},
                "performanceConfig": {"latency": "optimized"},
                "serviceTier": {"type": "flex"},
            }),
        ),
    ]
}

pub(crate) fn frames(events: &[(&str, Value)]) -> Vec<Frame> {
    let padded = |(name, payload): &(&str, Value)| {
        let mut payload = payload.clone();
        payload["p"] = json!("abcdefgh");
        Frame::event(name, &payload)
    };
    events.iter().map(padded).collect()
}

/// Returns the stream of a response.
pub(crate) async fn stream_of(response: FakeResponse) -> (FakeServer, bedrock_orm::ConverseStream) {
    let server = FakeServer::start([response]).await;
    let model = model(&session(server.url()).await, MODEL);
    let stream = model.converse_stream("prompt").silence_timeout(Duration::from_millis(100)).await.unwrap();
    (server, stream)
}

#[tokio::test]
async fn every_event_is_parsed_completely_and_in_order() {
    let events = every_event();
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&events))).await;
    assert_eq!(stream.request_id(), Some("11111111-2222-3333-4444-555555555555"));
    let received: Vec<ConverseStreamOutput> = stream.try_collect().await.unwrap();
    let received_json: Vec<_> = received.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    let expected: Vec<_> = events.iter().map(|(name, payload)| json!({ *name: payload })).collect();
    assert_eq!(received_json, expected);
    assert!(!received.iter().any(|event| matches!(event, ConverseStreamOutput::Unknown(_))));

    let described = Service::Runtime.shape("ConverseStreamOutput")["members"].as_object().unwrap();
    for name in described.keys().filter(|name| !name.ends_with("Exception")) {
        assert!(events.iter().any(|(event, _)| event == name), "no {name} among the events");
    }
    for (union, of) in [("ContentBlockDelta", "delta"), ("ContentBlockStart", "start")] {
        for member in Service::Runtime.shape(union)["members"].as_object().unwrap().keys() {
            let has = |(_, payload): &(&str, Value)| !payload[of][member].is_null();
            assert!(events.iter().any(has), "no {union} with {member} among the events");
        }
    }

    let ConverseStreamOutput::MessageStart(start) = &received[0] else { panic!("{:?}", received[0]) };
    assert_eq!(start.role, ConversationRole::Assistant);
    let ConverseStreamOutput::ContentBlockDelta(delta) = &received[1] else { panic!("{:?}", received[1]) };
    let thought = ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text("Let me ".to_owned()));
    assert_eq!((delta.content_block_index, &delta.delta), (0, &thought));
    let ConverseStreamOutput::ContentBlockStart(start) = &received[9] else { panic!("{:?}", received[9]) };
    assert!(matches!(&start.start, ContentBlockStart::ToolUse(tool) if tool.name == "get_weather"));
}

#[tokio::test]
async fn events_that_arrive_byte_by_byte_are_whole() {
    let (_server, whole) = stream_of(FakeResponse::stream(frames(&every_event()))).await;
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event())).byte_by_byte()).await;
    let (mut stream, mut waits) = (std::pin::pin!(stream), 0);
    let mut received = Vec::new();
    while let Some(event) = poll_fn(|context| {
        let polled = stream.as_mut().poll_next(context);
        waits += usize::from(polled.is_pending());
        polled
    })
    .await
    {
        received.push(event.unwrap());
    }
    assert!(waits > 10 * received.len(), "it waits {waits} times within {} events", received.len());
    assert_eq!(received, whole.try_collect::<Vec<_>>().await.unwrap());
}

#[tokio::test]
async fn collect_combines_the_events_of_a_stream() {
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event()))).await;
    let reply = stream.collect().await.unwrap();
    assert_eq!(
        serde_json::to_value(&reply).unwrap(),
        json!({
            "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "Let me think.", "signature": "c2ln"}}},
                {"text": "Hello you."},
                {"toolUse": {"toolUseId": "t1", "name": "get_weather", "input": {"city": "Queens"}, "type": "server_tool_use"}},
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "warm"}, {"json": {"degrees": 25}}], "status": "success", "type": "x"}},
                {"image": {"format": "png", "source": {"bytes": "aGk="}}},
                {"citationsContent": {
                    "content": [{"text": "cited"}],
                    "citations": [{
                        "title": "T", "source": "S", "sourceContent": [{"text": "c"}],
                        "location": {"web": {"url": "https://example.com/", "domain": "example.com"}},
                    }],
                }},
                {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            ]}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": 4,
                "cacheWriteInputTokens": 5, "cacheDetails": [{"ttl": "5m", "inputTokens": 5}],
            },
            "metrics": {"latencyMs": 7},
            "additionalModelResponseFields": {"a": [1]},
            "trace": {"promptRouter": {"invokedModelId": "a.b"}},
            "performanceConfig": {"latency": "optimized"},
            "serviceTier": {"type": "flex"},
        })
    );
    assert_eq!(reply.text(), "Hello you.");
}

#[tokio::test]
async fn text_returns_only_text_without_empty_pieces() {
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event()))).await;
    let pieces: Vec<String> = stream.text().try_collect().await.unwrap();
    assert_eq!(pieces, ["Hello", " you.", "cited"]);

    let (_server, stream) = stream_of(FakeResponse::stream(frames(&every_event()))).await;
    let mut text = stream.text();
    assert_eq!(text.next().await.unwrap().unwrap(), "Hello");
    assert_eq!(
        text.collect().await.unwrap().text(),
        "Hello you.",
        "the reply contains the text that was already read"
    );
}

#[tokio::test]
async fn an_unknown_event_is_ignored() {
    let mut events = every_event();
    events.insert(1, ("weatherReport", json!({"sunny": true})));
    events.insert(6, ("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"smell": "roses"}})));
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&events))).await;
    assert_eq!(stream.collect().await.unwrap().text(), "Hello you.");
}

/// Returns the same queued reply by Converse and by ConverseStream.
async fn both_ways(blocks: Value) -> (ConverseResponse, ConverseResponse) {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    local.queue_reply(Reply::content(blocks.clone()));
    local.queue_reply(Reply::content(blocks));
    let at_once = model.converse("Hello").await.unwrap();
    let by_stream = model.converse_stream("Hello").await.unwrap().collect().await.unwrap();
    (at_once.into(), by_stream.into())
}

#[tokio::test]
async fn collect_and_converse_return_the_same_content_blocks() {
    let replies = [
        json!([{"text": "Several words, and “quotes”: 日本語 🦀."}]),
        json!([{"text": "First."}, {"text": "Second."}]),
        json!([{"toolUse": {"toolUseId": "t", "name": "n", "input": {"city": "São Paulo", "days": [1, 2.5, null]}}}]),
        json!([{"toolUse": {"toolUseId": "t", "name": "clock", "input": {}}}]),
        json!([
            {"text": "Both."},
            {"toolUse": {"toolUseId": "1", "name": "a", "input": {"x": 1}}},
            {"toolUse": {"toolUseId": "2", "name": "b", "input": {}}},
        ]),
        json!([{"reasoningContent": {"reasoningText": {"text": "Let me think.", "signature": "c2ln"}}}, {"text": "So."}]),
        json!([{"reasoningContent": {"redactedContent": "aGlkZGVu"}}, {"text": "So."}]),
        json!([{"citationsContent": {
            "content": [{"text": "It is so."}],
            "citations": [{"title": "T", "sourceContent": [{"text": "c"}], "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}],
        }}]),
        json!([{"image": {"format": "png", "source": {"bytes": "aGk="}}}]),
    ];
    for blocks in replies {
        let (at_once, by_stream) = both_ways(blocks.clone()).await;
        assert_eq!(by_stream, at_once, "{blocks}");
        let content = serde_json::to_value(at_once.content()).unwrap();
        assert_eq!(content, blocks, "the reply has the queued content");
    }
}

#[tokio::test]
async fn a_tool_input_in_one_event_is_collected_like_a_split_one() {
    let events = [
        ("messageStart", json!({"role": "assistant"})),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{\"a\": {\"b\": [1]}}"}}}),
        ),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        (
            "metadata",
            json!({"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}),
        ),
    ];
    let (_server, stream) = stream_of(FakeResponse::stream(frames(&events))).await;
    let reply = stream.collect().await.unwrap();
    assert_eq!(reply.tool_uses().next().unwrap().input, json!({"a": {"b": [1]}}));
}

#[tokio::test]
async fn a_dropped_stream_closes_its_connection() {
    let response = || FakeResponse::stream(frames(&every_event()[..6])).ending(Ending::Stalled);
    let (server, mut stream) = stream_of(response()).await;
    stream.next().await.unwrap().unwrap();
    drop(stream);
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("dropping the stream closes the connection");

    let (server, stream) = stream_of(response()).await;
    stream.close();
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("closing the stream closes the connection");

    let (server, stream) = stream_of(response()).await;
    drop(stream.text());
    tokio::time::timeout(Duration::from_secs(10), server.wait_until_closed(1))
        .await
        .expect("dropping a text stream closes the connection");
}

#[tokio::test]
async fn events_are_returned_as_they_arrive() {
    let (_server, mut stream) =
        stream_of(FakeResponse::stream(frames(&every_event()[..6])).ending(Ending::Stalled)).await;
    for _ in 0..6 {
        stream.next().await.unwrap().unwrap();
    }
    assert!(stream.next().await.unwrap().unwrap_err().is_stream_interrupted());
}

#[tokio::test]
async fn the_debug_form_of_a_stream_has_no_content() {
    let (_server, mut stream) = stream_of(FakeResponse::stream(frames(&every_event()))).await;
    for _ in 0..8 {
        stream.next().await.unwrap().unwrap();
    }
    let shown =
        format!("{stream:?} {:?}", stream_of(FakeResponse::stream(frames(&every_event()))).await.1.text());
    assert!(!shown.contains("Hello") && !shown.contains("think"), "{shown}");
}
