//! InvokeModelWithBidirectionalStream, over HTTP/1.1 and HTTP/2: a word and its answer while both sides are open.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{At, Fault, LocalBedrock, RecordedEvent, Reply};
use bytes::{BufMut as _, Bytes};
use common::signer::{ID, SECRET, Signer, hex};
use common::{Frame, MODEL, frames};
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame as BodyFrame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::mpsc;

const SONIC: &str = "amazon.nova-2-sonic-v1:0";

/// A conversation under way.
struct Talk {
    words: Option<mpsc::UnboundedSender<Bytes>>,
    status: u16,
    answers: Incoming,
    unread: Vec<u8>,
}

impl Talk {
    async fn start(local: &LocalBedrock, model: &str, http2: bool) -> Self {
        Self::with(local, model, http2, &[]).await
    }

    async fn with(local: &LocalBedrock, model: &str, http2: bool, headers: &[(String, String)]) -> Self {
        let (words, heard) = mpsc::unbounded_channel::<Bytes>();
        let body = stream::unfold(heard, |mut heard| async move {
            let word = heard.recv().await?;
            Some((Ok::<_, Infallible>(BodyFrame::data(word)), heard))
        });
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let uri = format!("{}/model/{model}/invoke-with-bidirectional-stream", local.url());
        let request = headers.iter().fold(hyper::Request::post(uri), |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let request = request.body(StreamBody::new(Box::pin(body))).unwrap();
        let response = soon(client.request(request)).await.unwrap();
        let status = response.status().as_u16();
        Self { words: Some(words), status, answers: response.into_body(), unread: Vec::new() }
    }

    fn say(&self, frame: Vec<u8>) {
        self.words.as_ref().unwrap().send(frame.into()).unwrap();
    }

    fn tell(&self, event: &Value) {
        self.say(sealed(CHUNK, chunk(event).as_bytes()));
    }

    /// The next frame; `None` at the end.
    async fn hear(&mut self) -> Option<Frame> {
        loop {
            let length =
                self.unread.get(..4).map(|length| u32::from_be_bytes(length.try_into().unwrap()) as usize);
            if let Some(length) = length.filter(|length| self.unread.len() >= *length) {
                let rest = self.unread.split_off(length);
                return frames(&std::mem::replace(&mut self.unread, rest)).pop();
            }
            let frame = soon(self.answers.frame()).await?;
            self.unread.extend(frame.unwrap().into_data().unwrap());
        }
    }

    /// The next event, by its name and its members.
    async fn event(&mut self) -> (String, Value) {
        let frame = self.hear().await.unwrap();
        assert_eq!(frame.name(), "chunk", "{frame:?}");
        assert!(frame.payload["p"].is_string(), "padded as AWS pads");
        let bytes = BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap();
        let said: Value = serde_json::from_slice(&bytes).unwrap();
        said["event"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .map(|(name, event)| (name.clone(), event.clone()))
            .unwrap()
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), future).await.unwrap()
}

const CHUNK: &[u8] = b"\x0b:event-type\x07\0\x05chunk\x0d:content-type\x07\0\x10application/json\x0d:message-type\x07\0\x05event";
const SIGNED: &[u8] =
    b"\x05:date\x08\0\0\x01\x8c\0\0\0\0\x10:chunk-signature\x06\0\x20abcdefghijklmnopqrstuvwxyzabcdef";

/// A frame of encoded headers and a payload.
fn sealed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.put_u32((headers.len() + payload.len() + 16) as u32);
    frame.put_u32(headers.len() as u32);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(headers);
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame
}

fn chunk(event: &Value) -> String {
    json!({ "bytes": BASE64.encode(json!({ "event": event }).to_string()) }).to_string()
}

#[tokio::test]
async fn every_event_is_answered_before_the_next_is_sent() {
    let local = LocalBedrock::start().await.unwrap();
    for http2 in [false, true] {
        let mut talk = Talk::start(&local, SONIC, http2).await;
        assert_eq!(talk.status, 200);
        let content = json!({ "promptName": "p", "contentName": "c", "type": "TEXT", "role": "USER" });
        for (event, answer) in [
            (json!({ "sessionStart": { "inferenceConfiguration": { "maxTokens": 9 } } }), "usageEvent"),
            (json!({ "promptStart": { "promptName": "p" } }), "completionStart"),
            (json!({ "contentStart": content }), "contentStart"),
            (
                json!({ "textInput": { "promptName": "p", "contentName": "c", "content": "Hello" } }),
                "textOutput",
            ),
            (
                json!({ "audioInput": { "promptName": "p", "contentName": "c", "content": "AAAA" } }),
                "audioOutput",
            ),
            (json!({ "contentEnd": { "promptName": "p", "contentName": "c" } }), "contentEnd"),
            (json!({ "promptEnd": { "promptName": "p" } }), "completionEnd"),
            (json!({ "sessionEnd": {} }), "usageEvent"),
        ] {
            talk.tell(&event);
            let (name, told) = talk.event().await;
            assert_eq!(name, answer, "HTTP/2: {http2}");
            if name == "textOutput" {
                assert_eq!(told["content"], "You said: “Hello”");
            }
        }
        talk.words = None;
        assert_eq!(talk.hear().await, None);
    }
    let request = &local.requests()[0];
    assert_eq!(
        (request.operation.as_deref(), request.status),
        (Some("InvokeModelWithBidirectionalStream"), 200)
    );
}

#[tokio::test]
async fn signed_events_are_taken_out_of_their_envelopes() {
    let local = LocalBedrock::start().await.unwrap();
    local.queue_reply(Reply::text("Paris."));
    let mut talk = Talk::start(&local, SONIC, true).await;
    let signed = |event: &Value| sealed(SIGNED, &sealed(CHUNK, chunk(event).as_bytes()));
    talk.say(signed(&json!({ "promptStart": { "promptName": "p" } })));
    assert_eq!(talk.event().await.0, "completionStart");
    talk.say(signed(&json!({ "textInput": { "content": "The capital of France?" } })));
    assert_eq!(talk.event().await.1["content"], "Paris.");
    talk.say(sealed(SIGNED, b""));
    assert_eq!(talk.event().await.0, "completionEnd", "what was open is closed");
    assert_eq!(talk.hear().await, None, "an empty signed frame is the end");
}

/// A signed event, and its signature in hexadecimal for the next one.
fn envelope(last: &str, inside: &[u8]) -> (Vec<u8>, String) {
    let (date, signature) = Signer::default().sign_event(last, inside);
    let mut headers = b"\x05:date\x08".to_vec();
    headers.put_i64(date);
    headers.put_slice(b"\x10:chunk-signature\x06\0\x20");
    headers.put_slice(&signature);
    (sealed(&headers, inside), hex(&signature))
}

#[tokio::test]
async fn with_keys_every_event_is_held_to_its_signature() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let host = local.url().strip_prefix("http://").unwrap();
    let path = format!("/model/{SONIC}/invoke-with-bidirectional-stream");
    let signer = Signer { payload: Some("STREAMING-AWS4-HMAC-SHA256-EVENTS"), ..Signer::default() };
    let start = async || {
        let headers = signer.sign("POST", host, &path, b"");
        let (_, seed) = headers.last().unwrap().1.rsplit_once("Signature=").unwrap();
        let seed = seed.to_owned();
        (Talk::with(&local, SONIC, true, &headers).await, seed)
    };
    let inside = |event: Value| sealed(CHUNK, chunk(&event).as_bytes());
    let (mut talk, seed) = start().await;
    assert_eq!(talk.status, 200);
    let (first, next) = envelope(&seed, &inside(json!({ "sessionStart": {} })));
    talk.say(first);
    assert_eq!(talk.event().await.0, "usageEvent");
    let (second, next) = envelope(&next, &inside(json!({ "promptStart": { "promptName": "p" } })));
    talk.say(second);
    assert_eq!(talk.event().await.0, "completionStart");
    talk.say(envelope(&next, b"").0);
    assert_eq!(talk.event().await.0, "completionEnd");
    assert_eq!(talk.hear().await, None);

    let event = inside(json!({ "sessionStart": {} }));
    for wrong in [envelope("not the seed", &event).0, event] {
        let (mut talk, _) = start().await;
        talk.say(wrong);
        let (told, rest) = (soon(talk.answers.frame()).await.unwrap().unwrap(), talk.hear().await);
        let told = String::from_utf8_lossy(told.data_ref().unwrap()).into_owned();
        assert!(told.contains(":error-code\u{7}\0\u{19}InvalidSignatureException"), "{told:?}");
        assert_eq!(rest, None);
    }
    assert_eq!(Talk::start(&local, SONIC, true).await.status, 403);
}

#[tokio::test]
async fn a_stream_that_ends_early_is_ended_well() {
    let local = LocalBedrock::start().await.unwrap();
    let mut talk = Talk::start(&local, SONIC, true).await;
    talk.tell(&json!({ "promptStart": { "promptName": "p" } }));
    talk.words = None;
    assert_eq!(talk.event().await.0, "completionStart");
    assert_eq!(talk.event().await.0, "completionEnd");
    assert_eq!(talk.hear().await, None);
}

#[tokio::test]
async fn what_cannot_be_understood_ends_the_stream_with_an_exception() {
    let local = LocalBedrock::start().await.unwrap();
    let mut broken = sealed(CHUNK, b"{}");
    *broken.last_mut().unwrap() ^= 1;
    for words in [
        sealed(CHUNK, b"no json"),
        sealed(CHUNK, json!({ "bytes": BASE64.encode("no json") }).to_string().as_bytes()),
        sealed(CHUNK, chunk(&json!({ "dance": {} })).as_bytes()),
        sealed(SIGNED, b"no frame"),
        broken,
        b"no frame at all, and long enough for one".to_vec(),
    ] {
        let mut talk = Talk::start(&local, SONIC, true).await;
        talk.say(words);
        let told = talk.hear().await.unwrap();
        assert_eq!(told.name(), "validationException");
        assert!(told.payload["message"].is_string());
        assert_eq!(talk.hear().await, None);
    }
}

#[tokio::test]
async fn replies_break_it_as_they_break_other_streams() {
    let local = LocalBedrock::start().await.unwrap();
    let start = json!({ "sessionStart": {} });
    local.queue_reply(Reply::stream_error("modelStreamErrorException", "It broke.", 1));
    let mut talk = Talk::start(&local, SONIC, true).await;
    talk.tell(&start);
    assert_eq!(talk.event().await.0, "usageEvent");
    let told = talk.hear().await.unwrap();
    assert_eq!((told.name(), &told.payload["message"]), ("modelStreamErrorException", &json!("It broke.")));
    assert_eq!(talk.hear().await, None);

    local.queue_reply(Reply::default().cut_after(0));
    assert_eq!(Talk::start(&local, SONIC, true).await.hear().await, None);

    local.queue_reply(Reply::default().stall_after(0));
    let mut talk = Talk::start(&local, SONIC, true).await;
    talk.tell(&start);
    assert!(tokio::time::timeout(Duration::from_millis(100), talk.hear()).await.is_err(), "silence");

    local.queue_reply(Reply::error("ThrottlingException", "Slowly."));
    assert_eq!(Talk::start(&local, SONIC, true).await.status, 429);
}

#[tokio::test]
async fn other_models_refuse_at_once() {
    let local = LocalBedrock::start().await.unwrap();
    for http2 in [false, true] {
        assert_eq!(Talk::start(&local, MODEL, http2).await.status, 400);
        assert_eq!(Talk::start(&local, "does-not-exist", http2).await.status, 400);
    }
}

#[tokio::test]
async fn faults_strike_while_both_sides_are_open() {
    let local = LocalBedrock::start().await.unwrap();
    let start = json!({ "sessionStart": {} });
    for http2 in [false, true] {
        local.clear_faults();
        local.fault(Fault::exception("modelTimeoutException", 1).times(1)).unwrap();
        local.fault(Fault::reset(At::AfterEvents(1)).times(1)).unwrap();
        local.fault(Fault::reset(At::BeforeHeaders)).unwrap();

        let mut talk = Talk::start(&local, SONIC, http2).await;
        talk.tell(&start);
        assert_eq!(talk.event().await.0, "usageEvent");
        assert_eq!(talk.hear().await.unwrap().name(), "modelTimeoutException");
        assert_eq!(talk.hear().await, None);
        let events = local.requests().pop().unwrap().answer.events();
        assert!(
            matches!(&events[0], RecordedEvent::Event { payload, .. } if payload["event"]["usageEvent"].is_object()),
            "{events:?}"
        );
        assert!(matches!(&events[1], RecordedEvent::Error { code, .. } if code == "modelTimeoutException"));

        let mut talk = Talk::start(&local, SONIC, http2).await;
        talk.tell(&start);
        assert_eq!(talk.event().await.0, "usageEvent");
        assert!(soon(talk.answers.frame()).await.unwrap().is_err(), "HTTP/2: {http2}");

        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let uri = format!("{}/model/{SONIC}/invoke-with-bidirectional-stream", local.url());
        let request = hyper::Request::post(uri).body(http_body_util::Full::<Bytes>::default()).unwrap();
        assert!(soon(client.request(request)).await.is_err(), "HTTP/2: {http2}");
    }
}
