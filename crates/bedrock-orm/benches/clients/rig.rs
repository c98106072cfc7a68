//! Calls and streams through rig-bedrock, for `cargo xtask bench`, which builds this program as a package of its own.
//!
//! `rig <converse|stream> <url> <times>` prints the time of `times` calls, or of a stream of `times` events.

use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Config, Credentials, Region};
use futures_util::StreamExt as _;
use rig_bedrock::client::BedrockRuntime;
use rig_core::completion::message::AssistantContent;
use rig_core::completion::CompletionRequest;
use rig_core::streaming::{Item, StreamEvent};
use rustix::time::{ClockId, clock_gettime};

const PROMPT: &str = "Give me three short deployment safety checks.";
const SYSTEM: &str = "Answer with concise bullet points.";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, url, times] = arguments.as_slice() else { panic!("rig <converse|stream> <url> <times>") };
    let times: usize = times.parse().unwrap();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(url)
        .build();
    let runtime = BedrockRuntime::from(Client::from_conf(config));
    for _ in 0..5 {
        converse(&runtime).await;
    }
    let mut read = 0;
    if what == "stream" {
        stream(&runtime, times).await;
    }
    let (cpu_before, start) = (cpu(), Instant::now());
    match what.as_str() {
        "converse" => {
            for _ in 0..times {
                read += converse(&runtime).await;
            }
        }
        "stream" => read = stream(&runtime, times).await,
        _ => panic!("no such measurement: {what}"),
    }
    let (cpu, wall) = ((cpu() - cpu_before).as_nanos(), start.elapsed().as_nanos());
    println!("{{\"cpu_ns\": {cpu}, \"wall_ns\": {wall}, \"read\": {read}}}");
}

/// Returns the length of the text of a reply.
async fn converse(runtime: &BedrockRuntime) -> usize {
    let model = runtime.completion("amazon.nova-pro-v1:0");
    let reply = model.call(CompletionRequest::new(PROMPT).preamble(SYSTEM)).await.unwrap();
    let text = |content: &AssistantContent| match content {
        AssistantContent::Text(text) => text.text.len(),
        _ => 0,
    };
    reply.choice.iter().map(text).sum()
}

/// Returns the length of the text of a stream.
async fn stream(runtime: &BedrockRuntime, events: usize) -> usize {
    let model = runtime.completion(format!("events-{events}"));
    let mut stream = model.stream(CompletionRequest::new(PROMPT)).unwrap();
    let mut read = 0;
    while let Some(item) = stream.next().await {
        if let Item::Event(StreamEvent::Text { text, .. }) = item.unwrap() {
            read += text.len();
        }
    }
    read
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
