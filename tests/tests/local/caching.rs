//! Prompt caching: the cache points that a policy places, what a model refuses, and what the report says.

use std::time::Duration;

use bedrock_orm::models::{CachePointBlock, CacheTtl, GuardrailTrace, Tool};
use bedrock_orm::prelude::*;
use bedrock_orm::{CacheLocation, CacheMiss, CachePolicy};
use bedrock_orm_local::{Fault, LocalBedrock, Reply as LocalReply};
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, operations};
use serde_json::{Value, json};

use crate::guardrails::session_with_guardrail;

/// A text with this number of tokens, by the local Bedrock's count.
fn long(tokens: usize) -> String {
    "word ".repeat(tokens)
}

fn lookup_tool() -> ToolSpecification {
    let schema = json!({"type": "object", "properties": {"page": {"type": "integer"}}, "required": ["page"]});
    ToolSpecification::new("look_up", schema).description(long(1200))
}

fn point() -> Value {
    json!({"cachePoint": {"type": "default"}})
}

/// Returns the cache points of a request's body: those of the tools, of the system prompt, and of each message.
fn points(body: &Value) -> Vec<(String, Value)> {
    let blocks = |path: &str, blocks: &Value| {
        let points = blocks.as_array().into_iter().flatten().filter_map(|block| block.get("cachePoint"));
        points
            .map(|point| (path.to_owned(), point.get("ttl").cloned().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let mut points = blocks("tools", &body["toolConfig"]["tools"]);
    points.extend(blocks("system", &body["system"]));
    for (index, message) in body["messages"].as_array().unwrap().iter().enumerate() {
        points.extend(blocks(&format!("messages[{index}]"), &message["content"]));
    }
    points
}

fn last_body(local: &LocalBedrock) -> Value {
    local.requests().last().unwrap().json()
}

fn at(names: &[&str]) -> Vec<(String, Value)> {
    names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect()
}

#[tokio::test]
async fn points_go_to_tools_system_and_the_ends_of_the_last_two_turns() {
    let (local, session) = local().await;
    let messages = [
        Message::user("One"),
        Message::assistant("1"),
        Message::user("Two"),
        Message::assistant("2"),
        Message::user("Three"),
    ];
    let turn = model(&session, CLAUDE_PROFILE).converse(messages).system("Count.").tools([lookup_tool()]);
    let reply = turn.cache(CachePolicy::auto()).await.unwrap();
    let body = only_request(&local).json();
    assert_eq!(points(&body), at(&["tools", "system", "messages[2]", "messages[4]"]));
    assert_eq!(body["system"], json!([{"text": "Count."}, point()]));
    assert_eq!(body["messages"][4], json!({"role": "user", "content": [{"text": "Three"}, point()]}));
    assert_eq!(body["messages"][0], json!({"role": "user", "content": [{"text": "One"}]}));
    let locations: Vec<_> = reply.cache().points.into_iter().map(|point| point.location).collect();
    let message = CacheLocation::Message;
    assert_eq!(locations, [CacheLocation::Tools, CacheLocation::System, message(2), message(4)]);
}

#[tokio::test]
async fn the_callers_points_stay_and_count_and_ttls_do_not_grow() {
    let (local, session) = local().await;
    let hour = CachePointBlock::kept_for(CacheTtl::OneHour);
    let given = [
        SystemContentBlock::text("Fixed."),
        hour.clone().into(),
        SystemContentBlock::text("Changing."),
        hour.into(),
    ];
    let request = ConverseRequest::from("Hi").system(given);
    let claude = model(&session, CLAUDE_PROFILE);
    let reply = claude.converse(request).tools([lookup_tool()]).cache(CachePolicy::auto()).await.unwrap();
    let body = only_request(&local).json();
    let expected = [
        ("tools".to_owned(), json!("1h")),
        ("system".to_owned(), json!("1h")),
        ("system".to_owned(), json!("1h")),
        ("messages[0]".to_owned(), Value::Null),
    ];
    assert_eq!(points(&body), expected);
    let is_placed: Vec<_> = reply.cache().points.into_iter().map(|point| point.is_placed).collect();
    assert_eq!(is_placed, [true, false, false, true]);

    let policy = CachePolicy::auto().ttl(CacheTtl::OneHour).messages_ttl(CacheTtl::FiveMinutes);
    claude.converse("Hi").system("Be brief.").cache(policy).await.unwrap();
    let expected = [("system".to_owned(), json!("1h")), ("messages[0]".to_owned(), Value::Null)];
    assert_eq!(points(&last_body(&local)), expected);
}

#[tokio::test]
async fn a_message_with_reasoning_gets_no_point() {
    let (local, session) = local().await;
    local.queue_reply(LocalReply::text("2").reasoning("One and one."));
    let claude = model(&session, CLAUDE_PROFILE);
    let mut messages = vec![Message::user("1 + 1?")];
    messages.extend(claude.converse(&messages).await.unwrap().into_message());
    messages.push(Message::user("And 2 + 2?"));
    claude.converse(&messages).cache(CachePolicy::auto()).await.unwrap();
    let body = last_body(&local);
    assert!(body["messages"][1]["content"][0]["reasoningContent"].is_object(), "{body}");
    assert_eq!(points(&body), at(&["messages[0]", "messages[2]"]));
}

/// Talks for this number of turns with a tool call in each, and returns the share of the input that was read from the cache.
async fn tool_conversation(id: &str, turns: usize) -> f64 {
    let local = LocalBedrock::builder()
        .reply_with(|conversation| match conversation.messages().len() % 4 {
            1 => LocalReply::tool_use("look_up", json!({"page": 7})),
            _ => LocalReply::text("The page says so."),
        })
        .start()
        .await
        .unwrap();
    let session = bedrock_orm_tests::support::session(local.url()).await;
    let model = model(&session, id);
    let (mut read, mut input) = (0, 0);
    let mut messages = Vec::new();
    for turn in 0..turns {
        messages.push(Message::user(format!("Question {turn}: {}", long(30))));
        loop {
            let call = model.converse(&messages).system(long(1100)).tools([lookup_tool()]);
            let reply = call.cache(CachePolicy::auto()).await.unwrap();
            let cache = reply.cache().usage;
            (read, input) = (read + cache.read, input + cache.input());
            let results: Vec<_> = reply.tool_uses().map(|call| call.result(long(60))).collect();
            messages.extend(reply.into_message());
            if results.is_empty() {
                break;
            }
            messages.push(Message::user(results));
        }
    }
    assert_eq!(messages.len(), turns * 4, "each turn calls the tool");
    read as f64 / input as f64
}

#[tokio::test]
async fn a_tool_conversation_of_20_turns_reads_most_of_its_input_from_the_cache() {
    for id in [CLAUDE_PROFILE, "us.amazon.nova-2-lite-v1:0"] {
        let share = tool_conversation(id, 20).await;
        assert!(share >= 0.8, "{id} read {share:.3} of its input");
    }
}

#[tokio::test]
async fn points_that_a_model_refuses_are_left_out_and_remembered() {
    let (local, session) = local().await;
    let refusal = "The model returned the following errors: Malformed input request: #/toolConfig/tools/1: extraneous key \
                   [cachePoint] is not permitted, please reformat your input and try again.";
    local.fault(Fault::error("ValidationException").message(refusal).times(1)).unwrap();
    let nova = model(&session, MODEL);
    for _ in 0..2 {
        let turn = nova.converse("Hi").system("Be brief.").tools([lookup_tool()]);
        turn.cache(CachePolicy::auto()).await.unwrap();
    }
    let sent: Vec<_> = local.requests().iter().map(|request| points(&request.json())).collect();
    let without_tools = at(&["system", "messages[0]"]);
    assert_eq!(sent, [at(&["tools", "system", "messages[0]"]), without_tools.clone(), without_tools]);
}

#[tokio::test]
async fn a_model_that_takes_no_points_replies_without_them() {
    let (local, session) = local().await;
    let refusal = "You invoked an unsupported model or your request did not allow prompt caching.";
    local.fault(Fault::error("AccessDeniedException").message(refusal).times(1)).unwrap();
    let nova = model(&session, MODEL);
    let reply = nova.converse("Hi").system("Be brief.").cache(CachePolicy::auto()).await.unwrap();
    assert_eq!(reply.cache().miss, Some(CacheMiss::Refused));
    assert_eq!(points(&last_body(&local)), []);
    let streamed =
        nova.converse_stream("Hi").cache(CachePolicy::auto()).await.unwrap().collect().await.unwrap();
    assert_eq!(streamed.cache().miss, Some(CacheMiss::Refused));
    assert_eq!(points(&last_body(&local)), []);
    assert_eq!(operations(&local), ["Converse", "Converse", "ConverseStream"]);
}

#[tokio::test]
async fn each_part_of_the_messages_that_is_refused_is_left_out_in_turn() {
    let (local, session) = local().await;
    let refusal =
        "Malformed input request: #/messages/2/content/0: extraneous key [cachePoint] is not permitted";
    local.fault(Fault::error("ValidationException").message(refusal).times(2)).unwrap();
    let call = ToolUseBlock::new("tooluse_1", "look_up", json!({"page": 7}));
    let result = Message::user(call.result("Seven."));
    let messages = [Message::user("Look it up."), Message::assistant(ContentBlock::from(call)), result];
    let turn = model(&session, MODEL).converse(messages).system("Be brief.").tools([lookup_tool()]);
    turn.cache(CachePolicy::auto()).await.unwrap();
    let sent: Vec<_> = local.requests().iter().map(|request| points(&request.json())).collect();
    let expected = [
        at(&["tools", "system", "messages[0]", "messages[2]"]),
        at(&["tools", "system", "messages[0]"]),
        at(&["tools", "system"]),
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_error_that_is_not_about_cache_points_is_returned() {
    let (local, session) = local().await;
    local.fault(Fault::error("ValidationException").message("temperature: range: 0..1")).unwrap();
    let error = model(&session, MODEL).converse("Hi").cache(CachePolicy::auto()).await.unwrap_err();
    assert_eq!((error.kind(), operations(&local).len()), (ErrorKind::Validation, 1));
}

#[tokio::test]
async fn the_report_says_what_was_read_and_why_nothing_was() {
    let (local, session) = local().await;
    let claude = model(&session, CLAUDE_PROFILE);
    let turn = |system: &str| claude.converse("Hi").system(system).cache(CachePolicy::auto());

    let uncached = claude.converse("Hi").system(long(1100)).await.unwrap();
    assert_eq!(uncached.cache().miss, Some(CacheMiss::NoPolicy));
    let short = turn("Be brief.").await.unwrap();
    assert_eq!(short.cache().miss, Some(CacheMiss::TooShort));

    let first = turn(&long(1100)).await.unwrap().cache();
    assert_eq!((first.usage.read, first.usage.written), (0, 1101));
    assert_eq!(first.usage.written_by_ttl, [(CacheTtl::FiveMinutes, 1101)]);
    assert_eq!(first.miss, Some(CacheMiss::Changed(CacheLocation::System)));

    let second = turn(&long(1100)).await.unwrap().cache();
    assert_eq!((second.usage.read, second.usage.written, second.miss), (1101, 0, None));
    assert_eq!(second.to_string(), "read 1101, wrote 0, fresh 0");

    let changed = turn(&format!("New. {}", long(1100))).await.unwrap().cache();
    assert_eq!(changed.miss, Some(CacheMiss::Changed(CacheLocation::System)));
    assert!(
        changed.to_string().ends_with("the system changed, and with it everything after it"),
        "{changed}"
    );

    // Only the server's clock moves, so for the session the prefix is fresh.
    local.advance(Duration::from_secs(301));
    let missing = turn(&long(1100)).await.unwrap().cache();
    assert!(matches!(missing.miss, Some(CacheMiss::NotFound { .. })), "{missing}");
}

#[tokio::test]
async fn the_report_names_a_guardrail_that_blocked_the_prompt() {
    let (_local, session, guardrail) = session_with_guardrail().await;
    let turn = model(&session, CLAUDE_PROFILE).converse("Play the xylophone.").guardrail(&guardrail);
    let reply = turn.guardrail_trace(GuardrailTrace::Enabled).cache(CachePolicy::auto()).await.unwrap();
    assert_eq!(reply.cache().miss, Some(CacheMiss::Blocked), "{:?}", reply.usage);
}

#[tokio::test]
async fn an_application_profile_caches_like_its_model() {
    let (local, session) = local().await;
    let source = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let profile = InferenceProfile::objects().using(&session).create(
        bedrock_orm::models::CreateInferenceProfileRequest::new(
            "costs",
            bedrock_orm::models::InferenceProfileModelSource::CopyFrom(source.to_owned()),
        ),
    );
    let arn = profile.await.unwrap().inference_profile_arn.clone();
    for read in [0, 1101] {
        let turn = model(&session, &arn).converse("Hi").system(long(1100));
        assert_eq!(turn.cache(CachePolicy::auto()).await.unwrap().cache().usage.read, read);
    }
    assert!(points(&last_body(&local)).len() == 2);
}

#[tokio::test]
async fn tools_can_hold_cache_points() {
    let (local, session) = local().await;
    let tools: [Tool; 2] = [lookup_tool().into(), Tool::cache_point()];
    model(&session, CLAUDE_PROFILE).converse("Hi").tools(tools).await.unwrap();
    assert_eq!(points(&only_request(&local).json()), at(&["tools"]));
}
