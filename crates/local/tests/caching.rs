//! Prompt caching: cache writes, cache reads, and usage.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::LocalBedrock;
use common::{NOVA, converse, converse_stream, user};
use serde_json::{Value, json};

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const SONNET_4: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";

/// A text with this number of tokens.
fn long(tokens: usize) -> Value {
    json!({ "text": "word ".repeat(tokens) })
}

fn point() -> Value {
    json!({ "cachePoint": { "type": "default" } })
}

fn point_for(ttl: &str) -> Value {
    json!({ "cachePoint": { "type": "default", "ttl": ttl } })
}

async fn usage(local: &LocalBedrock, model: &str, body: &Value) -> Value {
    converse(local, model, body.clone()).await.ok()["usage"].clone()
}

/// Returns the numbers of tokens read from and written to the cache.
async fn cached(local: &LocalBedrock, model: &str, body: &Value) -> (u64, u64) {
    let usage = usage(local, model, body).await;
    (usage["cacheReadInputTokens"].as_u64().unwrap(), usage["cacheWriteInputTokens"].as_u64().unwrap())
}

#[tokio::test]
async fn a_prefix_is_written_read_and_expires() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({ "system": [long(1100), point()], "messages": [user("Hi")] });
    let first = usage(&local, SONNET, &body).await;
    assert_eq!(first["cacheWriteInputTokens"], 1100);
    assert_eq!(first["cacheWriteInputTokenCount"], 1100);
    assert_eq!(first["cacheDetails"], json!([{ "inputTokens": 1100, "ttl": "5m" }]));
    assert_eq!(first["inputTokens"], 1);
    assert_eq!(first["totalTokens"].as_u64().unwrap(), 1101 + first["outputTokens"].as_u64().unwrap());
    let second = usage(&local, SONNET, &body).await;
    assert_eq!(second["cacheReadInputTokens"], 1100);
    assert!(second.get("cacheDetails").is_none(), "the cache was not written");
    for _ in 0..3 {
        local.advance(Duration::from_secs(200));
        assert_eq!(cached(&local, SONNET, &body).await, (1100, 0), "each read extends the lifetime");
    }
    local.advance(Duration::from_secs(301));
    assert_eq!(cached(&local, SONNET, &body).await, (0, 1100), "expired after five minutes");
}

#[tokio::test]
async fn each_model_has_a_minimum_prefix_size() {
    let local = LocalBedrock::start().await.unwrap();
    for (model, minimum) in [(SONNET, 1024), (HAIKU, 4096), (NOVA, 1000), (NOVA_2, 1000)] {
        for (tokens, written) in [(minimum - 1, 0), (minimum, minimum as u64)] {
            let body = json!({ "system": [long(tokens), point()], "messages": [user("Hi")] });
            assert_eq!(cached(&local, model, &body).await, (0, written), "{model}");
        }
    }
}

#[tokio::test]
async fn cache_usage_depends_on_the_model() {
    let local = common::start_with_retired_models().await;
    let plain = json!({ "messages": [user("Hi")] });
    let marked = json!({ "system": [long(1100), point()], "messages": [user("Hi")] });
    let cache_members =
        |usage: &Value| (usage.get("cacheReadInputTokens").is_some(), usage.get("cacheDetails").is_some());
    for (model, body, whole, streamed) in [
        (SONNET, &plain, (true, false), (false, false)),
        (SONNET, &marked, (true, true), (true, false)),
        (SONNET_4, &marked, (true, false), (true, false)),
        (NOVA, &plain, (false, false), (false, false)),
        (NOVA, &marked, (true, false), (true, false)),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", &plain, (false, false), (false, false)),
    ] {
        assert_eq!(cache_members(&usage(&local, model, body).await), whole, "{model}");
        let frames = converse_stream(&local, model, body.clone()).await.frames();
        assert_eq!(cache_members(&frames.last().unwrap().payload["usage"]), streamed, "{model}");
    }
}

#[tokio::test]
async fn prefixes_expire_after_the_ttl_of_their_cache_point() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({
        "system": [long(1100), point_for("1h")],
        "messages": [{ "role": "user", "content": [long(2000), point_for("5m"), { "text": "Hi" }] }],
    });
    let written = usage(&local, SONNET, &body).await;
    let details = json!([{ "inputTokens": 1100, "ttl": "1h" }, { "inputTokens": 2000, "ttl": "5m" }]);
    assert_eq!(written["cacheDetails"], details);
    local.advance(Duration::from_secs(600));
    assert_eq!(cached(&local, SONNET, &body).await, (1100, 2000));
    local.advance(Duration::from_secs(3601));
    assert_eq!(cached(&local, SONNET, &body).await, (0, 3100));
}

#[tokio::test]
async fn claude_reads_earlier_prefixes_than_its_cache_point() {
    let local = LocalBedrock::start().await.unwrap();
    let turn = |role: &str, text: Value| json!({ "role": role, "content": [text] });
    let mut messages = vec![json!({ "role": "user", "content": [long(1100), point()] })];
    for (model, found) in [(SONNET, 1100), (NOVA, 0)] {
        messages.truncate(1);
        cached(&local, model, &json!({ "messages": messages })).await;
        messages[0] = turn("user", long(1100));
        messages.push(turn("assistant", long(10)));
        messages.push(json!({ "role": "user", "content": [long(10), point()] }));
        let written = 1120 - found;
        assert_eq!(
            cached(&local, model, &json!({ "messages": messages })).await,
            (found, written),
            "{model}"
        );
        messages[0] = json!({ "role": "user", "content": [long(1100), point()] });
    }
    let mut content = vec![long(1200), point()];
    cached(&local, SONNET, &json!({ "messages": [{ "role": "user", "content": content }] })).await;
    content.pop();
    content.extend((0..21).map(|_| long(1)));
    content.push(point());
    let body = json!({ "messages": [{ "role": "user", "content": content }] });
    assert_eq!(
        cached(&local, SONNET, &body).await,
        (0, 1221),
        "at most twenty blocks before the cache point"
    );
}
