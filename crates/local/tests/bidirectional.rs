//! `InvokeModelWithBidirectionalStream` over HTTP/1.1 and HTTP/2: events in both directions while both sides are
//! open.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{At, Fault, LocalBedrock, RecordedEvent, Reply};
use bytes::{BufMut as _, Bytes};
use common::signer::{ID, SECRET, Signer, hex};
use common::{Frame, MODEL, frames, get};
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame as BodyFrame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::sleep;

const SONIC: &str = "amazon.nova-2-sonic-v1:0";
/// The time between two looks at the server.
const MOMENT: Duration = Duration::from_millis(10);

/// An open bidirectional stream.
struct BidirectionalStream {
    sender: Option<mpsc::UnboundedSender<Bytes>>,
    status: u16,
    responses: Incoming,
    unread: Vec<u8>,
}

impl BidirectionalStream {
    async fn start(local: &LocalBedrock, model: &str, http2: bool) -> Self {
        Self::with(local, model, http2, &[]).await
    }

    async fn with(local: &LocalBedrock, model: &str, http2: bool, headers: &[(String, String)]) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel::<Bytes>();
        let body = stream::unfold(receiver, |mut receiver| async move {
            let frame = receiver.recv().await?;
            Some((Ok::<_, Infallible>(BodyFrame::data(frame)), receiver))
        });
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let uri = format!("{}/model/{model}/invoke-with-bidirectional-stream", local.url());
        let request = headers.iter().fold(hyper::Request::post(uri), |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let request = request.body(StreamBody::new(Box::pin(body))).unwrap();
        let response = with_timeout(client.request(request)).await.unwrap();
        let status = response.status().as_u16();
        Self { sender: Some(sender), status, responses: response.into_body(), unread: Vec::new() }
    }

    fn send_frame(&self, frame: Vec<u8>) {
        self.sender.as_ref().unwrap().send(frame.into()).unwrap();
    }

    fn send_event(&self, event: &Value) {
        self.send_frame(encode_frame(CHUNK, chunk(event).as_bytes()));
    }

    /// Returns the next frame, or `None` at the end.
    async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            let length =
                self.unread.get(..4).map(|length| u32::from_be_bytes(length.try_into().unwrap()) as usize);
            if let Some(length) = length.filter(|length| self.unread.len() >= *length) {
                let rest = self.unread.split_off(length);
                return frames(&std::mem::replace(&mut self.unread, rest)).pop();
            }
            let frame = with_timeout(self.responses.frame()).await?;
            self.unread.extend(frame.unwrap().into_data().unwrap());
        }
    }

    /// Returns the name and the members of the next event.
    async fn event(&mut self) -> (String, Value) {
        let frame = self.next_frame().await.unwrap();
        assert_eq!(frame.name(), "chunk", "{frame:?}");
        assert!(frame.payload["p"].is_string(), "padded as on AWS");
        let bytes = BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap();
        let output: Value = serde_json::from_slice(&bytes).unwrap();
        output["event"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .map(|(name, event)| (name.clone(), event.clone()))
            .unwrap()
    }
}

async fn with_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), future).await.unwrap()
}

const CHUNK: &[u8] = b"\x0b:event-type\x07\0\x05chunk\x0d:content-type\x07\0\x10application/json\x0d:message-type\x07\0\x05event";
const SIGNED: &[u8] =
    b"\x05:date\x08\0\0\x01\x8c\0\0\0\0\x10:chunk-signature\x06\0\x20abcdefghijklmnopqrstuvwxyzabcdef";

/// Encodes a frame from encoded headers and a payload.
fn encode_frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
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
async fn every_event_is_answered_immediately() {
    let local = LocalBedrock::start().await.unwrap();
    for http2 in [false, true] {
        let mut stream = BidirectionalStream::start(&local, SONIC, http2).await;
        assert_eq!(stream.status, 200);
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
            stream.send_event(&event);
            let (name, event) = stream.event().await;
            assert_eq!(name, answer, "HTTP/2: {http2}");
            if name == "textOutput" {
                assert_eq!(event["content"], "You said: “Hello”");
            }
        }
        stream.sender = None;
        assert_eq!(stream.next_frame().await, None);
    }
    let request = &local.requests()[0];
    assert_eq!(
        (request.operation.as_deref(), request.status),
        (Some("InvokeModelWithBidirectionalStream"), 200)
    );
}

#[tokio::test]
async fn signed_events_are_unwrapped() {
    let local = LocalBedrock::start().await.unwrap();
    local.queue_reply(Reply::text("Paris."));
    let mut stream = BidirectionalStream::start(&local, SONIC, true).await;
    let signed = |event: &Value| encode_frame(SIGNED, &encode_frame(CHUNK, chunk(event).as_bytes()));
    stream.send_frame(signed(&json!({ "promptStart": { "promptName": "p" } })));
    assert_eq!(stream.event().await.0, "completionStart");
    stream.send_frame(signed(&json!({ "textInput": { "content": "The capital of France?" } })));
    assert_eq!(stream.event().await.1["content"], "Paris.");
    stream.send_frame(encode_frame(SIGNED, b""));
    assert_eq!(stream.event().await.0, "completionEnd", "open content is closed");
    assert_eq!(stream.next_frame().await, None, "an empty signed frame ends the input");
}

/// Returns a signed event, and its signature in hexadecimal for the next event.
fn envelope(last: &str, inside: &[u8]) -> (Vec<u8>, String) {
    let (date, signature) = Signer::default().sign_event(last, inside);
    let mut headers = b"\x05:date\x08".to_vec();
    headers.put_i64(date);
    headers.put_slice(b"\x10:chunk-signature\x06\0\x20");
    headers.put_slice(&signature);
    (encode_frame(&headers, inside), hex(&signature))
}

#[tokio::test]
async fn with_keys_every_event_signature_is_checked() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let host = local.url().strip_prefix("http://").unwrap();
    let path = format!("/model/{SONIC}/invoke-with-bidirectional-stream");
    let signer = Signer { payload: Some("STREAMING-AWS4-HMAC-SHA256-EVENTS"), ..Signer::default() };
    let start = async || {
        let headers = signer.sign("POST", host, &path, b"");
        let (_, seed) = headers.last().unwrap().1.rsplit_once("Signature=").unwrap();
        let seed = seed.to_owned();
        (BidirectionalStream::with(&local, SONIC, true, &headers).await, seed)
    };
    let inside = |event: Value| encode_frame(CHUNK, chunk(&event).as_bytes());
    let (mut stream, seed) = start().await;
    assert_eq!(stream.status, 200);
    let (first, next) = envelope(&seed, &inside(json!({ "sessionStart": {} })));
    stream.send_frame(first);
    assert_eq!(stream.event().await.0, "usageEvent");
    let (second, next) = envelope(&next, &inside(json!({ "promptStart": { "promptName": "p" } })));
    stream.send_frame(second);
    assert_eq!(stream.event().await.0, "completionStart");
    stream.send_frame(envelope(&next, b"").0);
    assert_eq!(stream.event().await.0, "completionEnd");
    assert_eq!(stream.next_frame().await, None);

    let event = inside(json!({ "sessionStart": {} }));
    for wrong in [envelope("not the seed", &event).0, event] {
        let (mut stream, _) = start().await;
        stream.send_frame(wrong);
        let (frame, rest) =
            (with_timeout(stream.responses.frame()).await.unwrap().unwrap(), stream.next_frame().await);
        let frame = String::from_utf8_lossy(frame.data_ref().unwrap()).into_owned();
        assert!(frame.contains(":error-code\u{7}\0\u{19}InvalidSignatureException"), "{frame:?}");
        assert_eq!(rest, None);
    }
    assert_eq!(BidirectionalStream::start(&local, SONIC, true).await.status, 403);
}

#[tokio::test]
async fn an_input_stream_that_ends_early_ends_the_output_normally() {
    let local = LocalBedrock::start().await.unwrap();
    let mut stream = BidirectionalStream::start(&local, SONIC, true).await;
    stream.send_event(&json!({ "promptStart": { "promptName": "p" } }));
    stream.sender = None;
    assert_eq!(stream.event().await.0, "completionStart");
    assert_eq!(stream.event().await.0, "completionEnd");
    assert_eq!(stream.next_frame().await, None);
}

#[tokio::test]
async fn an_invalid_event_ends_the_stream_with_an_exception() {
    let local = LocalBedrock::start().await.unwrap();
    let mut broken = encode_frame(CHUNK, b"{}");
    *broken.last_mut().unwrap() ^= 1;
    for frame in [
        encode_frame(CHUNK, b"no json"),
        encode_frame(CHUNK, json!({ "bytes": BASE64.encode("no json") }).to_string().as_bytes()),
        encode_frame(CHUNK, chunk(&json!({ "dance": {} })).as_bytes()),
        encode_frame(SIGNED, b"no frame"),
        broken,
        b"no frame at all, and long enough for one".to_vec(),
    ] {
        let mut stream = BidirectionalStream::start(&local, SONIC, true).await;
        stream.send_frame(frame);
        let exception = stream.next_frame().await.unwrap();
        assert_eq!(exception.name(), "validationException");
        assert!(exception.payload["message"].is_string());
        assert_eq!(stream.next_frame().await, None);
    }
}

#[tokio::test]
async fn queued_replies_can_cut_and_fail_bidirectional_streams() {
    let local = LocalBedrock::start().await.unwrap();
    let start = json!({ "sessionStart": {} });
    local.queue_reply(Reply::stream_error("modelStreamErrorException", "It broke.", 1));
    let mut stream = BidirectionalStream::start(&local, SONIC, true).await;
    stream.send_event(&start);
    assert_eq!(stream.event().await.0, "usageEvent");
    let exception = stream.next_frame().await.unwrap();
    assert_eq!(
        (exception.name(), &exception.payload["message"]),
        ("modelStreamErrorException", &json!("It broke."))
    );
    assert_eq!(stream.next_frame().await, None);

    local.queue_reply(Reply::default().cut_after(0));
    assert_eq!(BidirectionalStream::start(&local, SONIC, true).await.next_frame().await, None);

    local.queue_reply(Reply::default().stall_after(0));
    let mut stream = BidirectionalStream::start(&local, SONIC, true).await;
    stream.send_event(&start);
    assert!(tokio::time::timeout(Duration::from_millis(100), stream.next_frame()).await.is_err(), "silence");

    local.queue_reply(Reply::error("ThrottlingException", "Slowly."));
    assert_eq!(BidirectionalStream::start(&local, SONIC, true).await.status, 429);
}

#[tokio::test]
async fn other_models_refuse_bidirectional_streams() {
    let local = LocalBedrock::start().await.unwrap();
    for http2 in [false, true] {
        assert_eq!(BidirectionalStream::start(&local, MODEL, http2).await.status, 400);
        assert_eq!(BidirectionalStream::start(&local, "does-not-exist", http2).await.status, 400);
    }
}

#[tokio::test]
async fn faults_apply_to_bidirectional_streams() {
    let local = LocalBedrock::start().await.unwrap();
    let start = json!({ "sessionStart": {} });
    for http2 in [false, true] {
        local.clear_faults();
        local.fault(Fault::exception("modelTimeoutException", 1).times(1)).unwrap();
        local.fault(Fault::reset(At::AfterEvents(1)).times(1)).unwrap();
        local.fault(Fault::reset(At::BeforeHeaders)).unwrap();

        let mut stream = BidirectionalStream::start(&local, SONIC, http2).await;
        stream.send_event(&start);
        assert_eq!(stream.event().await.0, "usageEvent");
        assert_eq!(stream.next_frame().await.unwrap().name(), "modelTimeoutException");
        assert_eq!(stream.next_frame().await, None);
        let events = local.requests().pop().unwrap().response.events();
        assert!(
            matches!(&events[0], RecordedEvent::Event { payload, .. } if payload["event"]["usageEvent"].is_object()),
            "{events:?}"
        );
        assert!(matches!(&events[1], RecordedEvent::Error { code, .. } if code == "modelTimeoutException"));

        let mut stream = BidirectionalStream::start(&local, SONIC, http2).await;
        stream.send_event(&start);
        assert_eq!(stream.event().await.0, "usageEvent");
        assert!(with_timeout(stream.responses.frame()).await.unwrap().is_err(), "HTTP/2: {http2}");

        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let uri = format!("{}/model/{SONIC}/invoke-with-bidirectional-stream", local.url());
        let request = hyper::Request::post(uri).body(http_body_util::Full::<Bytes>::default()).unwrap();
        assert!(with_timeout(client.request(request)).await.is_err(), "HTTP/2: {http2}");
    }
}

#[tokio::test]
async fn a_stalled_stream_ends_when_its_client_leaves() {
    let first = encode_frame(CHUNK, chunk(&json!({ "sessionStart": {} })).as_bytes());
    for stalled in ["before its headers", "in its body", "by its reply"] {
        let local = LocalBedrock::builder().max_connections(1).start().await.unwrap();
        match stalled {
            "before its headers" => drop(local.fault(Fault::stall(At::BeforeHeaders).times(1)).unwrap()),
            "in its body" => drop(local.fault(Fault::stall(At::AfterEvents(1)).times(1)).unwrap()),
            _ => local.queue_reply(Reply::default().stall_after(1)),
        }
        let mut socket = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "POST /model/{SONIC}/invoke-with-bidirectional-stream HTTP/1.1\r\nHost: localhost\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            first.len()
        );
        socket.write_all(&[head.as_bytes(), &first, b"\r\n"].concat()).await.unwrap();
        let is_stalled = || {
            let sent = local.requests().first().map(|request| request.response.bytes_sent);
            sent.is_some_and(|bytes| bytes > 0 || stalled == "before its headers")
        };
        with_timeout(async {
            while !is_stalled() {
                sleep(MOMENT).await;
            }
        })
        .await;
        let models = async || get(&local, "/foundation-models").await.status;
        sleep(MOMENT).await;
        assert_eq!(models().await, 503, "the connection of a stream that is stalled {stalled} is open");
        drop(socket);
        with_timeout(async {
            while models().await != 200 {
                sleep(MOMENT).await;
            }
        })
        .await;
    }
}
