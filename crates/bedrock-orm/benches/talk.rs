//! Calls and streams through the ORM, through the raw SDK, and through a bare HTTP client. `cargo xtask bench` compares
//! them.
//!
//! `talk <sides> <what> <url|canned> <times> <blocks>` prints the times of blocks of `times` calls, or of streams with `times`
//! events in all, through each of the sides in turns. `sides` is a list, such as `orm,sdk,bare`. With `canned` the calls use
//! no network, so that valgrind's counts do not depend on it.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use aws_sdk_bedrockruntime::types as sdk;
use bedrock_orm::extensions::{ConverseExt as _, UsingExt as _};
use bedrock_orm::models::ContentBlockDelta;
use bedrock_orm::prelude::{Bound, ConverseStreamOutput, FoundationModel, Session};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use support::{MODEL, PROMPT, SYSTEM, arguments, config, in_turns};

/// The number of events of a stream: as many as a long reply has.
const EVENTS: usize = 2000;

/// The number of calls that run at once in `concurrent`.
const IN_FLIGHT: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = arguments();
    let [sides, what, url, times, blocks] = arguments.as_slice() else {
        panic!(
            "talk <sides> <converse|concurrent|stream|collect|streams|first-event|first> <url|canned> <times> <blocks>"
        )
    };
    let (times, blocks): (usize, usize) = (times.parse().unwrap(), blocks.parse().unwrap());
    let sides: Vec<_> = sides.split(',').map(|name| (name, Client::new(name, url))).collect();
    if what == "first" {
        // The program's whole time is measured from outside.
        sides[0].1.block("converse", 1).await;
        return;
    }
    // Opens the connections, and lets all code run once.
    let first = match what.as_str() {
        "converse" | "first-event" => 5,
        "concurrent" => 2 * IN_FLIGHT,
        "stream" | "collect" => EVENTS,
        _ => 0,
    };
    for (_, side) in &sides {
        side.block(what, first).await;
    }
    in_turns(&sides, blocks, async |side| side.block(what, times).await).await;
}

/// The client of a side.
enum Client {
    Orm(Orm),
    Sdk(Sdk),
    Bare(Bare),
}

impl Client {
    fn new(name: &str, url: &str) -> Self {
        match name {
            "orm" => Self::Orm(Orm::new(url)),
            "sdk" => Self::Sdk(Sdk::new(url)),
            "bare" => Self::Bare(Bare::new(url)),
            _ => panic!("no such side: {name}"),
        }
    }

    async fn block(&self, what: &str, times: usize) -> usize {
        match self {
            Self::Orm(side) => block(side, what, times).await,
            Self::Sdk(side) => block(side, what, times).await,
            Self::Bare(side) => block(side, what, times).await,
        }
    }
}

/// A client. Each method returns the length of the text that it read.
trait Side {
    async fn converse(&self) -> usize;
    /// Reads a stream event by event.
    async fn stream(&self, events: usize) -> usize;
    /// Reads a stream to its whole text.
    async fn collect(&self, events: usize) -> usize;
    /// Opens a stream, and reads its first event.
    async fn first_event(&self);
    /// Reads the stream of a reply to a hundred words, and returns the number of its events.
    async fn echo(&self) -> usize;
}

/// Does something this many times, and returns how much was read.
async fn block(side: &impl Side, what: &str, times: usize) -> usize {
    let mut read = 0;
    match what {
        "converse" => {
            for _ in 0..times {
                read += side.converse().await;
            }
        }
        "concurrent" => {
            let calls = futures_util::stream::iter(0..times).map(|_| side.converse());
            read = calls.buffer_unordered(IN_FLIGHT).fold(0, async |sum, read| sum + read).await;
        }
        "stream" => {
            for _ in 0..times / EVENTS {
                read += side.stream(EVENTS).await;
            }
        }
        "collect" => {
            for _ in 0..times / EVENTS {
                read += side.collect(EVENTS).await;
            }
        }
        "streams" => {
            for _ in 0..times {
                read += side.echo().await;
            }
        }
        "first-event" => {
            for _ in 0..times {
                side.first_event().await;
            }
        }
        _ => panic!("no such measurement: {what}"),
    }
    read
}

struct Sdk {
    client: aws_sdk_bedrockruntime::Client,
}

impl Sdk {
    fn new(url: &str) -> Self {
        Self { client: aws_sdk_bedrockruntime::Client::new(&config(url, EVENTS)) }
    }

    fn message() -> sdk::Message {
        sdk::Message::builder()
            .role(sdk::ConversationRole::User)
            .content(sdk::ContentBlock::Text(PROMPT.to_owned()))
            .build()
            .unwrap()
    }

    async fn open(
        &self,
        events: usize,
    ) -> aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput {
        let model = format!("events-{events}");
        self.client.converse_stream().model_id(model).messages(Self::message()).send().await.unwrap()
    }
}

impl Side for Sdk {
    async fn converse(&self) -> usize {
        let reply = self
            .client
            .converse()
            .model_id(MODEL)
            .messages(Self::message())
            .system(sdk::SystemContentBlock::Text(SYSTEM.to_owned()))
            .send()
            .await
            .unwrap();
        let message = reply.output().unwrap().as_message().unwrap();
        message.content().iter().filter_map(|block| block.as_text().ok()).map(String::len).sum()
    }

    async fn stream(&self, events: usize) -> usize {
        let mut reply = self.open(events).await;
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

    async fn collect(&self, events: usize) -> usize {
        let mut reply = self.open(events).await;
        let mut whole = String::new();
        while let Some(event) = reply.stream.recv().await.unwrap() {
            if let sdk::ConverseStreamOutput::ContentBlockDelta(event) = event
                && let Some(sdk::ContentBlockDelta::Text(text)) = event.delta
            {
                whole.push_str(&text);
            }
        }
        whole.len()
    }

    async fn first_event(&self) {
        self.open(1).await.stream.recv().await.unwrap().unwrap();
    }

    async fn echo(&self) -> usize {
        let message = sdk::Message::builder()
            .role(sdk::ConversationRole::User)
            .content(sdk::ContentBlock::Text("word ".repeat(100)))
            .build()
            .unwrap();
        let reply = self.client.converse_stream().model_id(MODEL).messages(message).send().await;
        let mut stream = reply.unwrap().stream;
        let mut events = 0;
        while stream.recv().await.unwrap().is_some() {
            events += 1;
        }
        events
    }
}

struct Orm {
    session: Session,
    model: Bound<FoundationModel>,
}

impl Orm {
    fn new(url: &str) -> Self {
        let session = Session::from_sdk_config(&config(url, EVENTS)).unwrap();
        Self { model: FoundationModel::with_id(MODEL).using(&session), session }
    }

    fn model(&self, events: usize) -> Bound<FoundationModel> {
        FoundationModel::with_id(format!("events-{events}")).using(&self.session)
    }
}

impl Side for Orm {
    async fn converse(&self) -> usize {
        self.model.converse(PROMPT).system(SYSTEM).await.unwrap().text().len()
    }

    async fn stream(&self, events: usize) -> usize {
        let mut stream = self.model(events).converse_stream(PROMPT).await.unwrap();
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

    async fn collect(&self, events: usize) -> usize {
        let stream = self.model(events).converse_stream(PROMPT).await.unwrap();
        stream.collect().await.unwrap().text().len()
    }

    async fn echo(&self) -> usize {
        let mut stream = self.model.converse_stream("word ".repeat(100)).await.unwrap();
        let mut events = 0;
        while let Some(event) = stream.next().await {
            event.unwrap();
            events += 1;
        }
        events
    }

    async fn first_event(&self) {
        let mut stream = self.model(1).converse_stream(PROMPT).await.unwrap();
        stream.next().await.unwrap().unwrap();
    }
}

/// `hyper` and `serde_json`: no signature, no retries, no types.
struct Bare {
    client: legacy::Client<legacy::connect::HttpConnector, Full<bytes::Bytes>>,
    url: String,
}

impl Bare {
    fn new(url: &str) -> Self {
        Self { client: legacy::Client::builder(TokioExecutor::new()).build_http(), url: url.to_owned() }
    }

    async fn send(&self, path: &str, body: &Value) -> hyper::Response<hyper::body::Incoming> {
        let request = hyper::Request::post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(Full::from(serde_json::to_vec(body).unwrap()))
            .unwrap();
        self.client.request(request).await.unwrap()
    }

    async fn open(&self, events: usize) -> hyper::Response<hyper::body::Incoming> {
        let body = json!({"messages": [{"role": "user", "content": [{"text": PROMPT}]}]});
        self.send(&format!("/model/events-{events}/converse-stream"), &body).await
    }
}

impl Side for Bare {
    async fn converse(&self) -> usize {
        let body = json!({
            "messages": [{"role": "user", "content": [{"text": PROMPT}]}],
            "system": [{"text": SYSTEM}],
        });
        let response = self.send(&format!("/model/{MODEL}/converse"), &body).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let reply: Value = serde_json::from_slice(&body).unwrap();
        reply["output"]["message"]["content"][0]["text"].as_str().unwrap().len()
    }

    /// The bytes only: the frames are not decoded.
    async fn stream(&self, events: usize) -> usize {
        let mut body = self.open(events).await.into_body();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            read += frame.unwrap().into_data().unwrap().len();
        }
        read
    }

    async fn collect(&self, events: usize) -> usize {
        self.stream(events).await
    }

    async fn echo(&self) -> usize {
        panic!("a bare client decodes no events")
    }

    async fn first_event(&self) {
        let mut body = self.open(1).await.into_body();
        body.frame().await.unwrap().unwrap();
    }
}
