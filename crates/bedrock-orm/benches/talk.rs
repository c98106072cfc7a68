//! Calls and streams through the ORM, through the raw SDK, and through a bare HTTP client. `cargo xtask bench` compares
//! them.
//!
//! `talk <sdk|orm|bare> <what> <url|canned> <times>` prints the time of `times` calls, or of streams with `times` events in
//! all. With `canned` the calls use no network, so that valgrind's counts do not depend on it.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::time::Instant;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types as sdk;
use bedrock_orm::extensions::{ConverseExt as _, UsingExt as _};
use bedrock_orm::models::ContentBlockDelta;
use bedrock_orm::prelude::{Bound, ConverseStreamOutput, FoundationModel, Session};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use support::{MODEL, PROMPT, SYSTEM, Stopwatch, arguments, config};

/// The number of events of a stream: as many as a long reply has.
const EVENTS: usize = 2000;

/// The number of calls that run at once in `concurrent`.
const IN_FLIGHT: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = arguments();
    let [side, what, url, times] = arguments.as_slice() else {
        panic!("talk <sdk|orm|bare> <converse|concurrent|stream|collect|first-event> <url|canned> <times>")
    };
    let times: usize = times.parse().unwrap();
    match side.as_str() {
        "sdk" => measure(Sdk::new(url), what, times).await,
        "orm" => measure(Orm::new(url), what, times).await,
        "bare" => measure(Bare::new(url), what, times).await,
        _ => panic!("no such side: {side}"),
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

async fn measure<S: Side>(side: S, what: &str, times: usize) {
    match what {
        "first" => {
            // The program's whole time is measured from outside.
            side.converse().await;
        }
        "converse" => {
            warm_up(&side).await;
            let watch = Stopwatch::start();
            let mut read = 0;
            for _ in 0..times {
                read += side.converse().await;
            }
            watch.print(read);
        }
        "concurrent" => {
            let calls = |times: usize| {
                let calls = futures_util::stream::iter(0..times).map(|_| side.converse());
                calls.buffer_unordered(IN_FLIGHT).fold(0, async |sum, read| sum + read)
            };
            calls(2 * IN_FLIGHT).await;
            let watch = Stopwatch::start();
            watch.print(calls(times).await);
        }
        "streams" => {
            let mut read = 0;
            let watch = Stopwatch::start();
            for _ in 0..times {
                read += side.echo().await;
            }
            watch.print(read);
        }
        "stream" | "collect" => {
            warm_up(&side).await;
            side.stream(EVENTS).await;
            let watch = Stopwatch::start();
            let mut read = 0;
            for _ in 0..times / EVENTS {
                read += if what == "stream" { side.stream(EVENTS).await } else { side.collect(EVENTS).await };
            }
            watch.print(read);
        }
        "first-event" => {
            warm_up(&side).await;
            let mut waits = Vec::new();
            for _ in 0..times {
                let start = Instant::now();
                side.first_event().await;
                waits.push(start.elapsed());
            }
            waits.sort();
            println!("{}", json!({"wall_ns": waits[times / 2].as_nanos() as u64}));
        }
        _ => panic!("no such measurement: {what}"),
    }
}

/// Opens the connection, and lets all code run once.
async fn warm_up(side: &impl Side) {
    for _ in 0..5 {
        side.converse().await;
    }
}

struct Sdk {
    client: Client,
}

impl Sdk {
    fn new(url: &str) -> Self {
        Self { client: Client::new(&config(url, EVENTS)) }
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
