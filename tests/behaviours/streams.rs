//! `ConverseStream`.

use bedrock_orm::prelude::*;

use crate::support::{MODEL, model};

const PROMPT: &str = "Stream a one sentence release note.";

pub async fn a_stream_returns_its_events_in_order(session: &Session) {
    let mut stream = model(session, MODEL).converse_stream(PROMPT).await.unwrap();
    assert!(stream.request_id().is_some());
    let (mut kinds, mut text) = (Vec::new(), String::new());
    while let Some(event) = stream.next().await {
        let event = serde_json::to_value(event.unwrap()).unwrap();
        let (kind, event) = event.as_object().unwrap().iter().next().unwrap();
        text += event["delta"]["text"].as_str().unwrap_or_default();
        if kinds.last() != Some(kind) {
            kinds.push(kind.clone());
        }
    }
    assert!(!text.is_empty());
    let expected = ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
    assert_eq!(kinds, expected);
    assert!(stream.next().await.is_none(), "`next` after the end returns `None`");
}

pub async fn a_text_stream_can_be_collected(session: &Session) {
    let mut text = model(session, MODEL).converse_stream(PROMPT).await.unwrap().text();
    let first = text.next().await.unwrap().unwrap();
    assert!(!first.is_empty());
    let reply = text.collect().await.unwrap();
    assert!(reply.text().starts_with(&first), "the reply contains the text that was already read");
    assert!(reply.text().len() > first.len());
}

pub async fn collect_returns_a_reply_like_converse(session: &Session) {
    let stream = model(session, MODEL).converse_stream(PROMPT).max_tokens(64).await.unwrap();
    let reply = stream.collect().await.unwrap();
    assert!(!reply.text().is_empty());
    assert!(reply.stop_reason == StopReason::EndTurn || reply.stop_reason == StopReason::MaxTokens);
    assert!(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0, "{:?}", reply.usage);
    assert!(reply.metrics.latency_ms > 0);
}

pub async fn a_dropped_stream_leaves_the_session_usable(session: &Session) {
    let model = model(session, MODEL);
    let mut stream = model.converse_stream(PROMPT).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    model.converse_stream(PROMPT).await.unwrap().close();
    assert!(!model.converse("Say hello.").await.unwrap().text().is_empty());
}

pub async fn streaming_from_an_unknown_model_is_does_not_exist(session: &Session) {
    let error = model(session, "nobody.no-model-v1:0").converse_stream("Hello").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::DoesNotExist, Some("ConverseStream")),
        "{error}"
    );
    assert_eq!(error.message(), "The provided model identifier is invalid.");
    assert!(error.partial().is_none());
}
