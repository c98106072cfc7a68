//! Fuzz tests of streams: whatever bytes AWS's response has, a stream ends or fails, and keeps what arrived before.
//!
//! `PROPTEST_CASES` sets the number of cases of each test.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as Frame};
use bedrock_orm_core::{Error, Partial, Session};
use bedrock_orm_models::{Blob, ContentBlockDelta, ConverseStreamOutput};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::ConversationManager;

const MODEL: &str = "amazon.nova-pro-v1:0";

/// AWS, as one body for each response.
#[derive(Clone, Debug, Default)]
struct Canned(Arc<Mutex<Vec<u8>>>);

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = self.0.lock().unwrap().clone();
        let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/vnd.amazon.eventstream");
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Canned {
    fn session(&self) -> Session {
        let connector = SharedHttpConnector::new(self.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "a", "b", None, None, "test",
            )))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Session::from_sdk_config(&config.build()).unwrap()
    }
}

fn frame(message_type: &str, kind: &str, payload: impl Into<Vec<u8>>) -> Vec<u8> {
    let header =
        |name: &'static str, value: &str| Header::new(name, HeaderValue::String(value.to_owned().into()));
    let name = if message_type == "exception" { ":exception-type" } else { ":event-type" };
    let frame = Frame::new(payload.into())
        .add_header(header(name, kind))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", message_type));
    let mut bytes = Vec::new();
    write_message_to(&frame, &mut bytes).unwrap();
    bytes
}

/// What happens to a stream on its way.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    /// All bytes from here on are others.
    Replace(Index, Vec<u8>),
    /// A frame with valid checksums, between two others.
    Frame(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let message_type = select(&["event", "exception", "error", ""]);
    let kind = select(&[
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "messageStop",
        "metadata",
        "chunk",
        "hologram",
        "",
        "throttlingException",
        "modelStreamErrorException",
        "initial-response",
    ]);
    let payload = prop_oneof![
        vec(any::<u8>(), 0..20),
        select(&[
            "",
            "{}",
            "[]",
            "null",
            "{\"role\":",
            "{\"contentBlockIndex\":-1,\"delta\":{\"text\":\"x\"}}",
            "{\"bytes\":\"?\"}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        select(&[
            "{\"contentBlockIndex\":2147483647,\"start\":{\"toolUse\":{\"toolUseId\":\"1\",\"name\":\"n\"}}}",
            "{\"stopReason\":7}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let odd = (message_type, kind, payload)
        .prop_map(|(message_type, kind, payload)| frame(message_type, kind, payload));
    let bytes = || vec(any::<u8>(), 1..60);
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), 1..=255_u8).prop_map(|(at, flip)| Damage::Flip(at, flip)),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Damage::Replace(at, bytes)),
        (any::<Index>(), odd).prop_map(|(at, frame)| Damage::Frame(at, frame)),
    ]
}

/// Returns the damaged stream, and how many of its frames arrive before the damage.
fn damaged(frames: &[Vec<u8>], damage: &Damage) -> (Vec<u8>, usize) {
    let mut body = frames.concat();
    let at = match damage {
        Damage::Frame(at, _) => frames[..at.index(frames.len() + 1)].concat().len(),
        Damage::Cut(at) | Damage::Flip(at, _) | Damage::Insert(at, _) | Damage::Replace(at, _) => {
            at.index(body.len())
        }
    };
    match damage {
        Damage::Cut(_) => body.truncate(at),
        Damage::Flip(_, flip) => body[at] ^= flip,
        Damage::Insert(_, bytes) | Damage::Frame(_, bytes) => {
            body = [&body[..at], bytes, &body[at..]].concat();
        }
        Damage::Replace(_, bytes) => body = [&body[..at], bytes].concat(),
    }
    let ends = frames.iter().scan(0, |end, frame| {
        *end += frame.len();
        Some(*end)
    });
    (body, ends.take_while(|end| *end <= at).count())
}

const TEXTS: Range<usize> = 0..5;

fn text(index: usize) -> String {
    format!("text {index}, ")
}

/// The frames of a whole reply of `ConverseStream`.
fn turn() -> Vec<Vec<u8>> {
    let event = |kind: &str, payload: Value| frame("event", kind, payload.to_string());
    let delta =
        |index| event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": text(index)}}));
    let mut frames = vec![event("messageStart", json!({"role": "assistant"}))];
    frames.extend(TEXTS.map(delta));
    frames.push(event("contentBlockStop", json!({"contentBlockIndex": 0})));
    frames.push(event("messageStop", json!({"stopReason": "end_turn"})));
    let usage = json!({"inputTokens": 2, "outputTokens": 3, "totalTokens": 5});
    frames.push(event("metadata", json!({"metrics": {"latencyMs": 4}, "usage": usage})));
    frames
}

/// The chunks of a whole response of `InvokeModelWithResponseStream`.
fn chunks() -> Vec<Blob> {
    let last = json!({"amazon-bedrock-invocationMetrics": {"inputTokenCount": 2, "outputTokenCount": 3}});
    TEXTS
        .map(|index| json!({"text": text(index)}))
        .chain([last])
        .map(|chunk| Blob::from(chunk.to_string()))
        .collect()
}

/// What a stream had, and how it ended.
struct Outcome<T> {
    arrived: Vec<T>,
    error: Option<Error>,
}

/// Reads a stream to its end, and once more. No stream is still open after some seconds.
async fn read<T>(mut next: impl AsyncFnMut() -> Option<Result<T, Error>>) -> Outcome<T> {
    let mut outcome = Outcome { arrived: Vec::new(), error: None };
    let reading = async {
        while let Some(event) = next().await {
            assert!(outcome.error.is_none(), "an error is the last item");
            match event {
                Ok(event) => outcome.arrived.push(event),
                Err(error) => outcome.error = Some(error),
            }
        }
        assert!(next().await.is_none(), "an end is the end");
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the stream hangs");
    outcome
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #[test]
    fn any_stream_of_a_turn_keeps_what_arrived(damages in vec(damage(), 2)) {
        let (canned, frames) = (Canned::default(), turn());
        let session = canned.session();
        let model = ConversationManager::new(&session);
        for damage in damages {
            let (body, intact) = damaged(&frames, &damage);
            *canned.0.lock().unwrap() = body;
            let outcome = runtime().block_on(async {
                let mut stream = match model.converse_stream(MODEL, "Hello").await {
                    Ok(stream) => stream,
                    Err(error) => return Outcome { arrived: Vec::new(), error: Some(error) },
                };
                read(async || stream.next().await).await
            });
            let Outcome { arrived, error } = outcome;
            prop_assert!(arrived.len() >= intact, "{} of {intact} events and {error:?}", arrived.len());
            let is_complete = arrived.iter().any(|event| matches!(event, ConverseStreamOutput::MessageStop(_)));
            prop_assert!(error.is_some() || is_complete, "a cut stream is an error");
            let before: String = TEXTS.take(intact.saturating_sub(1)).map(text).collect();
            let texts = arrived.iter().filter_map(|event| match event {
                ConverseStreamOutput::ContentBlockDelta(delta) => match &delta.delta {
                    ContentBlockDelta::Text(text) => Some(text.as_str()),
                    _ => None,
                },
                _ => None,
            });
            prop_assert!(texts.collect::<String>().contains(&before));
            if let Some(error) = error && intact > 0 {
                let partial = error.partial_message().expect("a partial message");
                prop_assert!(partial.text().contains(&before), "{before:?} is not in {partial:?}");
            }
        }
    }

    #[test]
    fn any_stream_of_chunks_keeps_what_arrived(damages in vec(damage(), 2)) {
        let (canned, chunks) = (Canned::default(), chunks());
        let frames: Vec<_> = chunks
            .iter()
            .map(|chunk| frame("event", "chunk", json!({"bytes": chunk}).to_string()))
            .collect();
        let session = canned.session();
        let model = ConversationManager::new(&session);
        for damage in damages {
            let (body, intact) = damaged(&frames, &damage);
            *canned.0.lock().unwrap() = body;
            let outcome = runtime().block_on(async {
                let mut stream = match model.invoke_model_with_response_stream(MODEL, json!({})).await {
                    Ok(stream) => stream,
                    Err(error) => return Outcome { arrived: Vec::new(), error: Some(error) },
                };
                read(async || stream.next().await).await
            });
            let Outcome { arrived, error } = outcome;
            prop_assert!(arrived.starts_with(&chunks[..intact]), "{arrived:?} and {error:?}");
            match error {
                None => prop_assert!(arrived.contains(&chunks[chunks.len() - 1]), "a cut stream is an error"),
                Some(error) if intact > 0 => {
                    let Some(Partial::Body(body)) = error.partial() else { panic!("no chunks in {error:?}") };
                    prop_assert_eq!(&**body, &arrived.iter().flat_map(|chunk| chunk.to_vec()).collect::<Vec<_>>());
                }
                Some(_) => {}
            }
        }
    }
}
