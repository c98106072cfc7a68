//! Many concurrent requests, and long streams.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, Reply};
use common::{NOVA, converse, converse_stream, get, user};
use serde_json::json;
use tokio::time::Instant;

const CONNECTIONS: usize = 64;
const EVENTS: usize = 10_000;

/// Returns the duration of the load: `BEDROCK_LOCAL_LOAD_SECONDS`, or two seconds.
fn duration() -> Duration {
    let seconds = std::env::var("BEDROCK_LOCAL_LOAD_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Each request uses its own connection; `CONNECTIONS` of them are open at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_many_connections_has_a_complete_response() {
    let local = Arc::new(LocalBedrock::start().await.unwrap());
    let (end, answered) = (Instant::now() + duration(), Arc::new(AtomicUsize::new(0)));
    let client = |number: usize| {
        let (local, answered) = (Arc::clone(&local), Arc::clone(&answered));
        async move {
            let mut round = number;
            while Instant::now() < end {
                let output = format!("This is number {number} in round {round}.");
                let body = json!({ "messages": [user(&output)] });
                match round % 3 {
                    0 => {
                        let reply = converse(&local, NOVA, body).await.ok();
                        let text = reply["output"]["message"]["content"][0]["text"].as_str().unwrap();
                        assert!(text.contains(&output), "{text}");
                    }
                    1 => {
                        let frames = converse_stream(&local, NOVA, body).await.frames();
                        assert_eq!(frames.last().unwrap().name(), "metadata");
                        let pieces = frames.iter().filter_map(|it| it.payload["delta"]["text"].as_str());
                        let text: String = pieces.collect();
                        assert!(text.contains(&output), "{text}");
                    }
                    _ => {
                        let models = get(&local, "/foundation-models?byProvider=amazon").await.ok();
                        assert!(!models["modelSummaries"].as_array().unwrap().is_empty());
                    }
                }
                answered.fetch_add(1, Ordering::Relaxed);
                round += 1;
            }
        }
    };
    let clients: Vec<_> = (0..CONNECTIONS).map(|number| tokio::spawn(client(number))).collect();
    for client in clients {
        client.await.unwrap();
    }
    let answered = answered.load(Ordering::Relaxed);
    println!("{answered} requests in {:?} by {CONNECTIONS} connections", duration());
    assert!(answered >= CONNECTIONS);
}

#[tokio::test]
async fn a_stream_of_ten_thousand_events_is_complete() {
    let local = LocalBedrock::start().await.unwrap();
    let words: Vec<String> = (0..EVENTS).map(|number| format!("word{number} ")).collect();
    let text = words.concat();
    local.queue_reply(Reply::text(text.clone()));
    let frames = converse_stream(&local, NOVA, json!({ "messages": [user("Go on.")] })).await.frames();
    let pieces: Vec<&str> =
        frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
    assert!(pieces.len() >= EVENTS, "{} events", pieces.len());
    assert_eq!(pieces.concat(), text);
    assert_eq!(frames.last().unwrap().name(), "metadata");
}
