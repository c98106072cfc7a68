//! Many tasks under a quota of tokens, with a limiter and without, for `cargo xtask bench`.
//!
//! `quota <limiter|retries>` starts 500 tasks at once against a local Bedrock that admits as many tokens in a minute as AWS
//! would, in real time. It prints four numbers: the tasks whose reply was lost, the requests that were throttled, the
//! seconds until the last task ended, and the seconds that the quota demands. `limiter` is a session with a limiter;
//! `retries` is one without, which has only the SDK's retries.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::time::{Duration, Instant};

use bedrock_orm::prelude::*;
use bedrock_orm::{Limiter, TokenQuota};
use bedrock_orm_local::{Fault, LocalBedrock, Reply};

const MODEL: &str = "amazon.nova-lite-v1:0";
const TASKS: u64 = 500;
/// What AWS takes for a token of a reply, as for Claude 4.
const BURNDOWN: u64 = 5;
/// More than any reply has, as callers set it. At the end of a call, the quota gets the difference back.
const MAX_TOKENS: i32 = 600;
/// How long the model takes for a reply.
const LATENCY: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let arguments = support::arguments();
    let [side] = arguments.as_slice() else { panic!("quota <limiter|retries>") };
    let is_limited = match side.as_str() {
        "limiter" => true,
        "retries" => false,
        _ => panic!("no such measurement: {side}"),
    };

    // Two and a half quotas: a part at once, a part after a minute, and the rest after two.
    let tokens: u64 = (0..TASKS).map(|task| prompt_tokens(task) + BURNDOWN * reply_tokens(task)).sum();
    let per_minute = tokens * 2 / 5;
    let ideal = Duration::from_secs(60) * u32::try_from((tokens - 1) / per_minute).unwrap() + LATENCY;

    let local = LocalBedrock::builder()
        .max_connections(2_000)
        .reply_with(|conversation| {
            let task = conversation.text().split_whitespace().count() as u64;
            Reply::text(words(reply_tokens(task - PROMPT_TOKENS)))
        })
        .start()
        .await
        .unwrap();
    local.fault(Fault::tokens_per_minute(per_minute).burndown(BURNDOWN)).unwrap();
    local.fault(Fault::latency(LATENCY)).unwrap();
    let session = Session::local(local.url()).unwrap();
    if is_limited {
        session.limit(MODEL, &Limiter::new(TokenQuota::per_minute(per_minute).burndown(BURNDOWN)));
    }
    let model = FoundationModel::with_id(MODEL).using(&session);

    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let call = model.converse(words(prompt_tokens(task))).max_tokens(MAX_TOKENS);
            tokio::spawn(async move { (task, call.await) })
        })
        .collect();
    let mut lost = 0;
    for task in tasks {
        match task.await.unwrap() {
            (task, Ok(reply)) => {
                let used = (reply.tokens().input_tokens(), reply.tokens().output_tokens);
                assert_eq!(used, (prompt_tokens(task), reply_tokens(task)), "the arithmetic is the server's");
            }
            (_, Err(error)) if error.is_throttled() => lost += 1,
            (_, Err(error)) => panic!("{error}"),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let throttled = local.faults()[0].applied;
    println!("{lost} {throttled} {seconds:.1} {:.1}", ideal.as_secs_f64());
}

const PROMPT_TOKENS: u64 = 50;

/// Every task has a prompt of another length.
fn prompt_tokens(task: u64) -> u64 {
    PROMPT_TOKENS + task
}

/// From 20 tokens to 60.
fn reply_tokens(task: u64) -> u64 {
    20 + task * 13 % 41
}

/// A text of this many words, of which each is one token of the local Bedrock.
fn words(count: u64) -> String {
    const WORDS: [&str; 7] = ["the", "deploy", "was", "a", "quiet", "affair", "again"];
    let word = |number: u64| WORDS[number as usize % WORDS.len()];
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}
