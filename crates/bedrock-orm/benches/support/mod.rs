//! What the benchmarks share: AWS's responses as fixed bytes, and measuring.

#![allow(dead_code, unreachable_pub)] // each program uses a part

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bedrock_orm_local::LocalBedrock;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

pub const MODEL: &str = "amazon.nova-pro-v1:0";
pub const PROMPT: &str = "Give me three short deployment safety checks.";
pub const SYSTEM: &str = "Answer with concise bullet points.";

pub const REPLY: &str = r#"{"metrics":{"latencyMs":412},"output":{"message":{"content":[{"text":"- Watch the error rate before and after.\n- Keep the old version warm.\n- Roll back by one command."}],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":21,"outputTokens":28,"totalTokens":49}}"#;

/// The arguments of the program, without the one that cargo adds.
pub fn arguments() -> Vec<String> {
    env::args().skip(1).filter(|argument| argument != "--bench").collect()
}

/// Returns a configuration of the SDK for the server at this URL. For `canned`, an HTTP client without a network returns
/// the responses.
pub fn config(url: &str, events: usize) -> SdkConfig {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()));
    match url {
        "canned" => config.http_client(canned(self::events(events).into())).build(),
        url => config.endpoint_url(url).build(),
    }
}

fn canned(events: bytes::Bytes) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Canned { events });
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Canned {
    events: bytes::Bytes,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (content_type, body) = if request.uri().ends_with("/converse-stream") {
            ("application/vnd.amazon.eventstream", SdkBody::from(self.events.clone()))
        } else {
            ("application/json", SdkBody::from(REPLY))
        };
        let mut response = HttpResponse::new(200.try_into().unwrap(), body);
        response.headers_mut().insert("content-type", content_type);
        response.headers_mut().insert("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// Returns a complete stream with this number of text deltas.
pub fn events(deltas: usize) -> Vec<u8> {
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
    for _ in 0..deltas {
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

/// This program, running as a server in another process.
pub struct ServerProcess {
    child: Child,
    pub url: String,
}

impl ServerProcess {
    /// Starts this program with `serve` and an argument. It has to call [`serve`].
    pub fn start(argument: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let command = command.args(["serve", argument]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// Prints the URL, and serves until the standard input is closed.
pub async fn serve(local: LocalBedrock) {
    println!("{}", local.url());
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
    local.shutdown().await;
}

/// Returns a size of this process in KiB: `VmRSS`, which it has now, or `VmHWM`, the largest that it had.
pub fn size(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Runs blocks of the same work through each side, in turns, and prints the times of each block in nanoseconds, and what was
/// read, by side. A machine that is slow for a while is slow for all sides.
pub async fn in_turns<S>(sides: &[(&str, S)], blocks: usize, block: impl AsyncFn(&S) -> usize) {
    let mut times: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for _ in 0..blocks {
        for (name, side) in sides {
            let (cpu_before, start) = (cpu(), Instant::now());
            let read = block(side).await;
            let (cpu, wall) = (cpu() - cpu_before, start.elapsed());
            times.entry(name).or_default().push(
                json!({"cpu_ns": cpu.as_nanos() as u64, "wall_ns": wall.as_nanos() as u64, "read": read}),
            );
        }
    }
    println!("{}", json!(times));
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
