//! Calls through the ORM and through the raw SDK. `cargo xtask bench` counts the instructions of both.
//!
//! `talk <sdk|orm> <converse|stream> <times>`: `converse` makes `times` calls, and `stream` reads one stream of `times`
//! events. The calls use no network: an HTTP client in this file returns the responses.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

use std::env;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types as sdk;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_orm::extensions::{ConverseExt as _, UsingExt as _};
use bedrock_orm::models::ContentBlockDelta;
use bedrock_orm::prelude::{ConverseStreamOutput, FoundationModel, Session};

const MODEL: &str = "amazon.nova-pro-v1:0";
const PROMPT: &str = "Give me three short deployment safety checks.";
const SYSTEM: &str = "Answer with concise bullet points.";

const REPLY: &str = r#"{"metrics":{"latencyMs":412},"output":{"message":{"content":[{"text":"- Watch the error rate before and after.\n- Keep the old version warm.\n- Roll back by one command."}],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":21,"outputTokens":28,"totalTokens":49}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [side, what, times] = arguments.as_slice() else {
        panic!("talk <sdk|orm> <converse|stream> <times>")
    };
    let times: usize = times.parse().unwrap();
    let read = match (side.as_str(), what.as_str()) {
        ("sdk", "converse") => sdk_converse(&config("application/json", REPLY.into()), times).await,
        ("orm", "converse") => orm_converse(&config("application/json", REPLY.into()), times).await,
        ("sdk", "stream") => sdk_stream(&config("application/vnd.amazon.eventstream", events(times))).await,
        ("orm", "stream") => orm_stream(&config("application/vnd.amazon.eventstream", events(times))).await,
        _ => panic!("no such measurement: {side} {what}"),
    };
    println!("{read} bytes of text");
}

async fn sdk_converse(config: &SdkConfig, times: usize) -> usize {
    let client = Client::new(config);
    let mut read = 0;
    for _ in 0..times {
        let message = sdk::Message::builder()
            .role(sdk::ConversationRole::User)
            .content(sdk::ContentBlock::Text(PROMPT.to_owned()))
            .build()
            .unwrap();
        let reply = client
            .converse()
            .model_id(MODEL)
            .messages(message)
            .system(sdk::SystemContentBlock::Text(SYSTEM.to_owned()))
            .send()
            .await
            .unwrap();
        let message = reply.output().unwrap().as_message().unwrap();
        let text: String =
            message.content().iter().filter_map(|block| block.as_text().ok()).map(String::as_str).collect();
        read += text.len();
    }
    read
}

async fn orm_converse(config: &SdkConfig, times: usize) -> usize {
    let model = FoundationModel::with_id(MODEL).using(&Session::from_sdk_config(config).unwrap());
    let mut read = 0;
    for _ in 0..times {
        read += model.converse(PROMPT).system(SYSTEM).await.unwrap().text().len();
    }
    read
}

async fn sdk_stream(config: &SdkConfig) -> usize {
    let message = sdk::Message::builder()
        .role(sdk::ConversationRole::User)
        .content(sdk::ContentBlock::Text(PROMPT.to_owned()))
        .build()
        .unwrap();
    let mut reply =
        Client::new(config).converse_stream().model_id(MODEL).messages(message).send().await.unwrap();
    let mut read = 0;
    while let Some(event) = reply.stream.recv().await.unwrap() {
        if let sdk::ConverseStreamOutput::ContentBlockDelta(event) = event
            && let Some(sdk::ContentBlockDelta::Text(text)) = event.delta
        {
            read += text.len();
        }
    }
    read
}

async fn orm_stream(config: &SdkConfig) -> usize {
    let model = FoundationModel::with_id(MODEL).using(&Session::from_sdk_config(config).unwrap());
    let mut stream = model.converse_stream(PROMPT).await.unwrap();
    let mut read = 0;
    while let Some(event) = stream.next().await {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event.unwrap()
            && let ContentBlockDelta::Text(text) = event.delta
        {
            read += text.len();
        }
    }
    read
}

/// Returns a configuration whose HTTP client always returns this response.
fn config(content_type: &'static str, body: Vec<u8>) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(canned(content_type, body))
        .build()
}

fn canned(content_type: &'static str, body: Vec<u8>) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Canned { content_type, body: body.into() });
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Canned {
    content_type: &'static str,
    body: bytes::Bytes,
}

impl HttpConnector for Canned {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(self.body.clone()));
        response.headers_mut().insert("content-type", self.content_type);
        response.headers_mut().insert("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// Returns a complete stream with this number of text deltas.
fn events(pieces: usize) -> Vec<u8> {
    let mut body = Vec::new();
    let mut event = |kind: &'static str, payload: &'static str| {
        let header =
            |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
        let message = Message::new(payload)
            .add_header(header(":event-type", kind))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        write_message_to(&message, &mut body).unwrap();
    };
    event("messageStart", r#"{"p":"abcdefgh","role":"assistant"}"#);
    for _ in 0..pieces {
        event(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":" the error rate"},"p":"abcdefghijklmnopqr"}"#,
        );
    }
    event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcdefgh"}"#);
    event("messageStop", r#"{"p":"abcdefgh","stopReason":"end_turn"}"#);
    event(
        "metadata",
        r#"{"metrics":{"latencyMs":412},"p":"abc","usage":{"inputTokens":21,"outputTokens":28,"totalTokens":49}}"#,
    );
    body
}
