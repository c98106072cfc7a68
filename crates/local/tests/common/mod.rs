//! A small HTTP client. The tests read raw responses and do not depend on an SDK.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    clippy::unwrap_used,
    reason = "every test file uses a part of this, and a helper may fail a test"
)]

pub mod description;
pub mod signer;
pub mod upstream;

use bedrock_orm_local::LocalBedrock;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

pub const MODEL: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub const NOVA: &str = "amazon.nova-lite-v1:0";

/// The foundation model behind [`MODEL`].
pub const BASE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Starts a server that keeps retired models, to test provider formats that only retired models use.
pub async fn start_with_retired_models() -> LocalBedrock {
    LocalBedrock::builder().keep_retired_models().start().await.unwrap()
}

pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// A frame of an event stream with valid checksums.
#[derive(Debug, PartialEq)]
pub struct Frame {
    pub headers: Vec<(String, String)>,
    pub payload: Value,
}

impl Frame {
    /// Returns the name of the event or the exception.
    pub fn name(&self) -> &str {
        &self.headers[0].1
    }
}

pub async fn send(
    local: &LocalBedrock,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HttpResponse {
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(format!("{}{path}", local.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response =
        client.request(request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    HttpResponse {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().map(header).collect(),
        body: body.collect().await.unwrap().to_bytes(),
    }
}

pub async fn get(local: &LocalBedrock, path: &str) -> HttpResponse {
    send(local, "GET", path, &[], b"").await
}

pub async fn post(local: &LocalBedrock, path: &str, body: Value) -> HttpResponse {
    send(local, "POST", path, &[("content-type", "application/json")], body.to_string().as_bytes()).await
}

pub async fn converse(local: &LocalBedrock, model: &str, body: Value) -> HttpResponse {
    post(local, &format!("/model/{model}/converse"), body).await
}

pub async fn converse_stream(local: &LocalBedrock, model: &str, body: Value) -> HttpResponse {
    post(local, &format!("/model/{model}/converse-stream"), body).await
}

pub fn user(text: &str) -> Value {
    json!({ "role": "user", "content": [{ "text": text }] })
}

/// Returns a string member, which must be present.
pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the JSON of a successful response.
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {:?}", self.status, self.body);
        self.json()
    }

    /// Returns the status, code, and message of an error.
    pub fn error(&self) -> (u16, String, String) {
        let code = self.header("x-amzn-errortype").unwrap_or_default().split(':').next().unwrap();
        (self.status, code.to_owned(), self.json()["message"].as_str().unwrap().to_owned())
    }

    /// Returns the message of a validation error.
    pub fn refusal(&self) -> String {
        let (status, code, message) = self.error();
        assert_eq!((status, code.as_str()), (400, "ValidationException"), "{message}");
        message
    }

    pub fn frames(&self) -> Vec<Frame> {
        assert_eq!(self.status, 200, "{:?}", self.body);
        frames(&self.body)
    }
}

/// Decodes an event stream and asserts every checksum.
pub fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (frame, rest) = bytes.split_at(number(bytes) as usize);
        bytes = rest;
        let (headers_end, end) = (12 + number(&frame[4..]) as usize, frame.len() - 4);
        assert_eq!(number(&frame[8..]), crc32fast::hash(&frame[..8]));
        assert_eq!(number(&frame[end..]), crc32fast::hash(&frame[..end]));
        let payload = serde_json::from_slice(&frame[headers_end..end]).unwrap();
        frames.push(Frame { headers: headers(&frame[12..headers_end]), payload });
    }
    frames
}

fn headers(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let (name, rest) = bytes[1..].split_at(bytes[0] as usize);
        assert_eq!(rest[0], 7, "a string");
        let length = u16::from_be_bytes([rest[1], rest[2]]) as usize;
        let (value, rest) = rest[3..].split_at(length);
        bytes = rest;
        headers.push((String::from_utf8(name.to_vec()).unwrap(), String::from_utf8(value.to_vec()).unwrap()));
    }
    headers
}
