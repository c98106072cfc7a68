//! Chats: the history after each outcome of a turn, tools, streams, other models, and trimming.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bedrock_orm::models::{ConversationRole, Tool as ToolSetting};
use bedrock_orm::preflight::Preflight;
use bedrock_orm::prelude::*;
use bedrock_orm::{Approval, ChatEvent, RetryPolicy, ToolFunction, Toolset, TrimPolicy};
use bedrock_orm_local::{Fault, LocalBedrock, RecordedRequest, Reply as Queued};
use bedrock_orm_tests::support::{CLAUDE, CLAUDE_PROFILE, MODEL, local, model, operations};
use futures_util::FutureExt;
use proptest::prelude::{Strategy, prop};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::sync::Notify;

const OTHER_MODEL: &str = "amazon.nova-pro-v1:0";
const TWO_CITIES: &str = "What is the weather in Queens and in Austin?";

fn city_schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

#[derive(serde::Deserialize)]
struct City {
    city: String,
}

fn weather() -> Tool {
    Tool::with_schema(
        "get_weather",
        "Returns the weather.",
        city_schema(),
        async |input: City| json!({"city": input.city, "degrees": 40}),
    )
}

/// Returns the body of the last request.
fn sent(local: &LocalBedrock) -> Value {
    local.requests().last().unwrap().json()
}

/// Returns the tool results of the last request: the text or JSON, and the status.
fn sent_results(local: &LocalBedrock) -> Vec<(Value, Value)> {
    let body = sent(local);
    let message = body["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(message["role"], "user");
    let results = message["content"].as_array().unwrap().iter().map(|block| {
        let result = &block["toolResult"];
        (result["content"][0].clone(), result["status"].clone())
    });
    results.collect()
}

fn roles(chat: &Chat) -> Vec<&str> {
    chat.history().iter().map(|message| message.role.as_str()).collect()
}

/// Sends another turn, and asserts that AWS receives only the history and its message.
async fn assert_goes_on(local: &LocalBedrock, chat: &mut Chat) {
    let mut expected = serde_json::to_value(chat.history()).unwrap();
    expected.as_array_mut().unwrap().push(json!({"role": "user", "content": [{"text": "Go on."}]}));
    chat.send("Go on.").await.unwrap();
    assert_eq!(sent(local)["messages"], expected);
}

#[tokio::test]
async fn each_turn_sends_the_history() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().system("Be brief.").max_tokens(99).temperature(0.5);
    let first = chat.send("Hello").await.unwrap();
    chat.send("And again").await.unwrap();
    assert_eq!(
        sent(&local),
        json!({
            "messages": [
                {"role": "user", "content": [{"text": "Hello"}]},
                {"role": "assistant", "content": [{"text": first.text()}]},
                {"role": "user", "content": [{"text": "And again"}]},
            ],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 99, "temperature": 0.5},
        })
    );
    assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant"]);
}

#[tokio::test]
async fn a_turn_that_fails_leaves_the_history_as_it_was() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat();
    chat.send("Hello").await.unwrap();
    let before = chat.request().clone();

    local.fault(Fault::throttling().times(1)).unwrap();
    assert!(chat.send("Refused").await.unwrap_err().is_throttled());
    assert_eq!(*chat.request(), before);

    local.queue_reply(Queued::text("Cut short in the middle").cut_after(3));
    let error = chat.stream("Interrupted").await.unwrap().collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted);
    assert!(error.partial_message().is_some());
    assert_eq!(*chat.request(), before);

    assert!(chat.send("Dropped").now_or_never().is_none());
    assert_eq!(*chat.request(), before);

    let mut stream = chat.stream("Dropped").await.unwrap();
    assert!(matches!(stream.next().await, Some(Ok(ChatEvent::Text(_)))));
    drop(stream);
    assert_eq!(*chat.request(), before);

    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn an_empty_reply_leaves_the_history_as_it_was() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat();
    local.queue_reply(Queued::text(" \n"));
    chat.send("Say nothing.").await.unwrap();
    assert!(chat.history().is_empty());
    local.queue_reply(Queued::content(json!([])).stop_reason("guardrail_intervened"));
    chat.send("Say nothing again.").await.unwrap();
    assert!(chat.history().is_empty());
    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn an_empty_reply_after_tools_keeps_their_results() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().tools([weather()]);
    local.queue_reply(Queued::tool_use("get_weather", json!({"city": "Queens"})));
    local.queue_reply(Queued::text(""));
    chat.send("Weather?").await.unwrap();
    assert_eq!(roles(&chat), ["user", "assistant", "user"]);
    chat.send("Go on.").await.unwrap();
    assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant"]);
    let content = &sent(&local)["messages"][2]["content"];
    assert!(content[0]["toolResult"].is_object() && content[1]["text"] == "Go on.", "{content}");
}

#[tokio::test]
async fn calls_of_a_reply_that_was_cut_short_do_not_run() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().tools([weather()]);
    let cut = json!([{"text": "Let me look."}, {"toolUse": {"name": "get_weather", "input": {}}}]);
    local.queue_reply(Queued::content(cut).stop_reason("max_tokens"));
    let reply = chat.send("Weather?").await.unwrap();
    assert_eq!((reply.tool_uses().count(), operations(&local).len()), (1, 1));
    assert_eq!(chat.history()[1], Message::assistant("Let me look."));
    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn calls_that_aws_runs_are_left_to_aws() {
    let (local, session) = local().await;
    let call = |id: &str, name: &str, server: bool| {
        let call = json!({"toolUseId": id, "name": name, "input": {"city": "Queens"}});
        let mut block = json!({ "toolUse": call });
        if server {
            block["toolUse"]["type"] = json!("server_tool_use");
        }
        block
    };
    let blocks = json!([call("1", "nova_grounding", true), call("2", "get_weather", false)]);
    local.queue_reply(Queued::content(blocks));
    let mut chat = model(&session, MODEL).chat().tools([weather()]).preflight(Preflight::Off);
    let calls: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = calls.clone();
    chat = chat.on_event(move |event| {
        if let ChatEvent::ToolCall(call) = event {
            seen.lock().unwrap().push(call.name.clone());
        }
    });
    let _ = chat.send("Weather?").await;
    assert_eq!(*calls.lock().unwrap(), ["get_weather"]);
}

#[tokio::test]
async fn tool_calls_run_at_once_and_their_results_are_sent_in_order() {
    let (local, session) = local().await;
    // The first call ends only after the second one.
    let second_ended = Arc::new(Notify::new());
    let weather =
        Tool::with_schema("get_weather", "Returns the weather.", city_schema(), move |input: City| {
            let second_ended = second_ended.clone();
            async move {
                match input.city.as_str() {
                    "Queens" => second_ended.notified().await,
                    _ => second_ended.notify_one(),
                }
                input.city
            }
        });
    let ended: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = ended.clone();
    let mut chat = model(&session, MODEL).chat().tools([weather]).on_event(move |event| {
        if let ChatEvent::ToolResult(result) = event {
            seen.lock()
                .unwrap()
                .push(serde_json::to_value(result).unwrap()["content"][0]["text"].to_string());
        }
    });
    let reply = chat.send(TWO_CITIES).await.unwrap();
    let results: Vec<_> =
        sent_results(&local).into_iter().map(|(content, _)| content["text"].clone()).collect();
    assert_eq!(results, ["Queens", "Austin"]);
    assert_eq!(*ended.lock().unwrap(), ["\"Austin\"", "\"Queens\""], "as they end");
    assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant"]);
    assert_eq!((reply.rounds().len(), reply.rounds()[0].tool_uses().count()), (1, 2));
    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn what_goes_wrong_in_a_tool_is_an_error_result() {
    let (local, session) = local().await;
    let failing = Tool::with_schema("fail", "Fails.", city_schema(), async |_: Value| {
        "x".parse::<u8>().map(|number| json!(number))
    });
    let calls = json!([
        {"toolUse": {"name": "get_weather", "input": {"city": 7}}},
        {"toolUse": {"name": "fail", "input": {}}},
        {"toolUse": {"name": "unknown", "input": {}}},
        {"toolUse": {"name": "get_weather", "input": {"city": "Queens"}}},
    ]);
    local.queue_reply(Queued::content(calls));
    let mut chat = model(&session, MODEL).chat().tools([weather(), failing]);
    chat.send("Try.").await.unwrap();
    let error = |text: &str| (json!({"text": text}), json!("error"));
    assert_eq!(
        sent_results(&local),
        [
            error(
                "the input does not fit the schema of the tool: invalid type: integer `7`, expected a string"
            ),
            error("invalid digit found in string"),
            error("there is no tool `unknown`; the tools are: `get_weather`, `fail`"),
            (json!({"json": {"city": "Queens", "degrees": 40}}), Value::Null),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_does_not_end_is_an_error_result() {
    let endless = || {
        Tool::with_schema("endless", "Waits.", city_schema(), async |_: Value| {
            std::future::pending::<String>().await
        })
    };
    let call = ToolUseBlock::new("1", "endless", json!({}));
    let text = async |tools: Toolset| {
        let started = tokio::time::Instant::now();
        let results = tools.run([&call]).await.unwrap();
        (serde_json::to_value(&results[0]).unwrap(), started.elapsed())
    };
    let (result, elapsed) = text(Toolset::new([endless()])).await;
    assert_eq!(result["content"][0]["text"], "the tool returned nothing within 60s");
    assert_eq!((result["status"].as_str(), elapsed), (Some("error"), Duration::from_secs(60)));
    let own = endless().timeout(Duration::from_secs(5));
    assert_eq!(text(Toolset::new([own]).timeout(None)).await.1, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_at_once_than_allowed() {
    let running: Arc<Mutex<(usize, usize)>> = Arc::default();
    let counter = running.clone();
    let tool = Tool::with_schema("count", "Counts.", city_schema(), move |_: Value| {
        let counter = counter.clone();
        async move {
            let mut now = *counter.lock().unwrap();
            now = (now.0 + 1, now.1.max(now.0 + 1));
            *counter.lock().unwrap() = now;
            tokio::time::sleep(Duration::from_secs(1)).await;
            counter.lock().unwrap().0 -= 1;
        }
    });
    let calls: Vec<_> = (0..7).map(|id: u8| ToolUseBlock::new(id.to_string(), "count", json!({}))).collect();
    let results = Toolset::new([tool]).concurrency(3).run(&calls).await.unwrap();
    assert_eq!(running.lock().unwrap().1, 3);
    assert!(results.iter().zip(&calls).all(|(result, call)| result.tool_use_id == call.tool_use_id));
}

#[tokio::test]
async fn the_rounds_are_bounded_and_nothing_of_them_is_lost() {
    let local = LocalBedrock::builder()
        .reply_with(|_| Queued::tool_use("get_weather", json!({"city": "Queens"})))
        .start()
        .await
        .unwrap();
    let session = Session::local(local.url()).unwrap();
    let mut chat = model(&session, MODEL).chat().tools([weather()]).max_rounds(2);
    let error = chat.send("Weather?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RoundLimit);
    assert_eq!(operations(&local).len(), 3);
    let roles: Vec<_> = error.partial_messages().iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user", "assistant"]);
    assert!(chat.history().is_empty());
    assert!(!format!("{error} {error:#?}").contains("Queens"));
}

#[tokio::test]
async fn a_later_round_that_fails_leaves_the_history_as_it_was() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().tools([weather()]);
    local.queue_reply(Queued::tool_use("get_weather", json!({"city": "Queens"})));
    local.queue_reply(Queued::error("ThrottlingException", "slow down"));
    let error = chat.send("Weather?").await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!((error.partial_messages().len(), chat.history().len()), (3, 0));

    local.queue_reply(Queued::tool_use("get_weather", json!({"city": "Queens"})));
    local.queue_reply(Queued::text("It is raining in Queens").cut_after(3));
    let error = chat.stream("Weather?").await.unwrap().collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted);
    assert_eq!((error.partial_messages().len(), chat.history().len()), (4, 0));
    assert!("It is raining in Queens".starts_with(&error.partial_message().unwrap().text()));
    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn a_turn_dropped_while_a_tool_runs_leaves_the_history_as_it_was() {
    let (local, session) = local().await;
    let started = Arc::new(Notify::new());
    let start = started.clone();
    let endless = Tool::with_schema("get_weather", "Waits.", city_schema(), move |_: Value| {
        start.notify_one();
        std::future::pending::<String>()
    });
    let mut chat = model(&session, MODEL).chat().tools([endless]);
    tokio::select! {
        reply = chat.send("What is the weather in Queens?") => panic!("{reply:?}"),
        () = started.notified() => {}
    }
    assert!(chat.history().is_empty());
    let mut chat = chat.tools([weather()]);
    assert_goes_on(&local, &mut chat).await;
}

#[tokio::test]
async fn a_turn_ends_at_its_time_limit() {
    let (_local, session) = local().await;
    let endless = Tool::with_schema("get_weather", "Waits.", city_schema(), async |_: Value| {
        std::future::pending::<String>().await
    });
    let mut chat = model(&session, MODEL).chat().tools([endless]).tool_timeout(None);
    chat = chat.turn_timeout(Duration::from_millis(50));
    let error = chat.send("What is the weather in Queens?").await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(chat.history().is_empty());
}

#[tokio::test]
async fn a_call_runs_only_if_it_is_approved() {
    let (local, session) = local().await;
    let ran: Arc<Mutex<Vec<String>>> = Arc::default();
    let rans = ran.clone();
    let weather =
        Tool::with_schema("get_weather", "Returns the weather.", city_schema(), move |input: City| {
            rans.lock().unwrap().push(input.city.clone());
            async { input.city }
        });
    let mut chat = model(&session, MODEL).chat().tools([weather.requires_approval()]);
    let error = chat.send(TWO_CITIES).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`get_weather` requires approval"), "{error}");
    assert!(local.requests().is_empty());

    let mut chat = chat.approve_with(async |call| match call.input["city"].as_str() {
        Some("Queens") => Approval::Approved,
        _ => Approval::denied("only Queens is open"),
    });
    chat.send(TWO_CITIES).await.unwrap();
    let denied = (json!({"text": "the call was denied: only Queens is open"}), json!("error"));
    assert_eq!(sent_results(&local), [(json!({"text": "Queens"}), Value::Null), denied]);
    assert_eq!(*ran.lock().unwrap(), ["Queens"]);
}

#[tokio::test]
async fn a_stream_shows_a_call_before_its_approval_is_asked_for() {
    let (_local, session) = local().await;
    let asked: Arc<AtomicUsize> = Arc::default();
    let asks = asked.clone();
    let chat = model(&session, MODEL).chat().tools([weather().requires_approval()]);
    let mut chat = chat.approve_with(move |_| {
        asks.fetch_add(1, Ordering::Relaxed);
        async { Approval::Approved }
    });
    let mut stream = chat.stream(TWO_CITIES).await.unwrap();
    let mut calls = 0;
    while let Some(event) = stream.next().await {
        if let ChatEvent::ToolCall(_) = event.unwrap() {
            calls += 1;
            assert_eq!(asked.load(Ordering::Relaxed), 0);
        }
    }
    assert_eq!((calls, asked.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test]
async fn a_forced_call_is_forced_once_in_a_turn() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL)
        .chat()
        .tools([weather()])
        .configure(|turn| turn.tool_choice(ToolChoice::any()));
    chat.send("Hello Queens").await.unwrap();
    let choices: Vec<_> =
        local.requests().iter().map(|request| request.json()["toolConfig"]["toolChoice"].clone()).collect();
    assert_eq!(choices, [json!({"any": {}}), Value::Null]);
    chat.send("Hello again").await.unwrap();
    assert_eq!(local.requests()[2].json()["toolConfig"]["toolChoice"], json!({"any": {}}));
}

#[tokio::test]
async fn tools_that_cannot_run_or_be_sent_are_an_error_before_anything_is_sent() {
    let (local, session) = local().await;
    let chat = model(&session, MODEL).chat();
    let named = |name: &str, schema: Value| Tool::with_schema(name, "…", schema, async |_: Value| "");
    let setting = ToolSetting::from(&weather());
    let chats = [
        (chat.fork().tools([named("get weather", city_schema())]), "name `get weather` is not allowed"),
        (chat.fork().tools([named("list", json!({"type": "array"}))]), "must have \"type\": \"object\""),
        (chat.fork().configure(|turn| turn.tools([setting])), "no function for it"),
    ];
    for (mut chat, expected) in chats {
        let error = chat.send("Hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn a_tool_with_state_is_a_type() {
    struct Stock(u32);
    impl ToolFunction for Stock {
        type Input = Value;
        type Output = Result<Value, String>;

        fn specification(&self) -> ToolSpecification {
            ToolSpecification::new("get_stock", city_schema())
        }

        async fn call(&self, _: Value) -> Result<Value, String> {
            tokio::task::yield_now().await;
            Ok(json!(self.0))
        }
    }
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().tools([Tool::from_function(Stock(3))]);
    chat.send("How much stock is there in Queens?").await.unwrap();
    assert_eq!(sent_results(&local), [(json!({"json": {"result": 3}}), Value::Null)]);
}

#[tokio::test]
async fn a_stream_shows_all_rounds() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().tools([weather()]);
    local.queue_reply(Queued::content(json!([
        {"text": "Let me look."},
        {"toolUse": {"name": "get_weather", "input": {"city": "Queens"}}},
    ])));
    let mut stream = chat.stream("Weather?").await.unwrap();
    let (mut events, mut texts) = (Vec::new(), vec![String::new()]);
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        let name = match &event {
            ChatEvent::Text(text) => {
                texts.last_mut().unwrap().push_str(text);
                "text"
            }
            ChatEvent::Reply(_) => {
                texts.push(String::new());
                "reply"
            }
            ChatEvent::ToolCall(_) => "call",
            ChatEvent::ToolResult(_) => "result",
            event => panic!("{event:?}"),
        };
        if events.last() != Some(&name) {
            events.push(name);
        }
    }
    assert_eq!(events, ["text", "reply", "call", "result", "text", "reply"]);
    assert_eq!(texts[0], "Let me look.");
    assert!(texts[1].contains("degrees 40"), "{}", texts[1]);
    let reply = stream.collect().await.unwrap();
    assert_eq!((reply.text(), reply.rounds().len()), (texts[1].clone(), 1));
    assert_eq!(operations(&local), ["ConverseStream", "ConverseStream"]);
    assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant"]);
    assert_goes_on(&local, &mut chat).await;

    let mut text = chat.stream("What is the weather in Queens?").await.unwrap().text();
    let mut whole = String::new();
    while let Some(piece) = text.next().await {
        whole.push_str(&piece.unwrap());
    }
    assert_eq!(text.collect().await.unwrap().text(), whole);
}

#[tokio::test]
async fn a_stream_that_does_not_open_is_an_error() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat();
    local.fault(Fault::throttling().times(1)).unwrap();
    assert!(chat.stream("Hello").await.unwrap_err().is_throttled());
}

#[tokio::test]
async fn a_chat_is_a_value_that_forks_and_resumes() {
    let (local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().system("Be brief.").tools([weather()]);
    chat.send("What is the weather in Queens?").await.unwrap();
    let mut fork = chat.fork();
    fork.send("In the fork").await.unwrap();
    assert_eq!((chat.history().len(), fork.history().len()), (4, 6));

    let saved = serde_json::to_value(&chat).unwrap();
    let mut next = saved.clone();
    let message = json!({"role": "user", "content": [{"text": "Go on."}]});
    next["messages"].as_array_mut().unwrap().push(message);
    let resume = |request| model(&session, MODEL).chat().resume(request);
    let request: ConverseRequest = serde_json::from_value(saved).unwrap();
    for mut resumed in [
        resume(request.clone()).tools([weather()]),
        model(&session, MODEL).chat().tools([weather()]).resume(request),
    ] {
        resumed.send("Go on.").await.unwrap();
        assert_eq!(sent(&local), next);
    }
}

#[tokio::test]
async fn a_resumed_history_is_repaired_for_its_requests() {
    let (local, session) = local().await;
    let call = ToolUseBlock::new("1", "get_weather", json!({"city": "Queens"}));
    let history = vec![Message::user("Weather?"), Message::assistant(ContentBlock::from(call))];
    let chat = model(&session, MODEL).chat().tools([weather()]).resume(history.clone());
    let reply = chat.fork().send("Never mind.").await.unwrap();
    assert!(!reply.repairs().is_empty());
    assert_eq!(sent(&local)["messages"][2]["content"][0]["toolResult"]["toolUseId"], "1");

    let mut strict = chat.fork().preflight(Preflight::Strict);
    assert_eq!(strict.send("Never mind.").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(local.requests().len(), 1);
    let mut off = chat.fork().preflight(Preflight::Off);
    assert!(off.send("Never mind.").await.unwrap_err().is_validation());
    assert_eq!(off.history(), history);

    let mut sound = model(&session, MODEL).chat().tools([weather()]);
    let reply = sound.send(TWO_CITIES).await.unwrap();
    assert!(reply.repairs().is_empty() && reply.rounds()[0].repairs().is_empty());
}

#[tokio::test]
async fn another_model_goes_on_without_the_reasoning_of_the_first() {
    let (local, session) = local().await;
    let claude = model(&session, CLAUDE_PROFILE);
    let mut chat = claude.chat().tools([weather()]);
    local.queue_reply(Queued::tool_use("get_weather", json!({"city": "Queens"})).reasoning("I look it up."));
    local.queue_reply(Queued::text("Rain.").reasoning("It is raining."));
    chat.send("Weather?").await.unwrap();
    let has_reasoning = |chat: &Chat| {
        chat.history().iter().flat_map(|message| &message.content).any(|block| block.as_reasoning().is_some())
    };
    assert!(has_reasoning(&chat));
    assert!(has_reasoning(&chat.fork().with_model(&claude)));

    let mut chat = chat.with_model(&model(&session, OTHER_MODEL));
    assert!(!has_reasoning(&chat));
    assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant"]);
    assert_goes_on(&local, &mut chat).await;
    assert_eq!(chat.model_id(), OTHER_MODEL);
    assert!(local.requests().last().unwrap().path.contains("nova-pro"));
}

/// Returns the texts of the reasoning in a request.
fn sent_reasoning(request: &RecordedRequest) -> Vec<String> {
    let body = request.json();
    let blocks = body["messages"].as_array().unwrap().iter().flat_map(|m| m["content"].as_array().unwrap());
    blocks
        .filter_map(|block| block["reasoningContent"]["reasoningText"]["text"].as_str().map(str::to_owned))
        .collect()
}

/// Trap 13: reasoning goes back to the model that wrote it, and to no other one.
#[tokio::test]
async fn a_fallback_gets_no_reasoning_of_the_model_before_it() {
    for is_streamed in [false, true] {
        let local = LocalBedrock::start().await.unwrap();
        let session =
            Session::builder().local(local.url()).retries(RetryPolicy::none()).build().await.unwrap();
        let (claude, other) = (model(&session, CLAUDE_PROFILE), model(&session, OTHER_MODEL));
        let mut chat = claude.chat().tools([weather()]).configure(|turn| turn.or(&other));
        let call = |city: &str| Queued::tool_use("get_weather", json!({"city": city}));
        // The second request of the turn is throttled, and the other model replies with reasoning of its own.
        let fault = if is_streamed { "ConverseStream" } else { "Converse" };
        local.fault(Fault::throttling().model(CLAUDE).on(fault).after(1).times(1)).unwrap();
        local.queue_reply(call("Queens").reasoning("first"));
        local.queue_reply(call("Austin").reasoning("second"));
        local.queue_reply(Queued::text("Rain.").reasoning("third"));
        if is_streamed {
            chat.stream("Weather?").await.unwrap().collect().await.unwrap();
        } else {
            chat.send("Weather?").await.unwrap();
        }
        let requests = local.requests();
        let of = |model: &str| -> Vec<Vec<String>> {
            let is_of = |request: &&RecordedRequest| request.path.contains(model) && request.status == 200;
            requests.iter().filter(is_of).map(sent_reasoning).collect()
        };
        assert_eq!(of("nova-pro"), [[""; 0]], "the first model's reasoning is not sent to the second");
        assert_eq!(of("claude"), [[""; 0], [""; 0]], "nor the second's to the first");
        assert_eq!(roles(&chat), ["user", "assistant", "user", "assistant", "user", "assistant"]);
        assert_goes_on(&local, &mut chat).await;
        assert_eq!(sent_reasoning(local.requests().last().unwrap()), ["third"], "its own goes back to it");
    }
}

#[tokio::test]
async fn the_reasoning_stays_where_the_same_model_replies() {
    const PROFILE: &str = "us.amazon.nova-lite-v1:0";
    let local = LocalBedrock::start().await.unwrap();
    let session = Session::builder().local(local.url()).retries(RetryPolicy::none()).build().await.unwrap();
    let (nova, profile) = (model(&session, MODEL), model(&session, PROFILE));
    let history = async || {
        local.queue_reply(Queued::text("Rain.").reasoning("first"));
        let mut chat = nova.chat().configure(|turn| turn.or(&profile).or_in(&session));
        chat.send("Weather?").await.unwrap();
        chat
    };
    let mut chat = history().await;
    local.fault(Fault::throttling().times(2)).unwrap();
    let reply = chat.send("And tomorrow?").await.unwrap();
    assert_eq!(reply.failed_attempts().len(), 2);
    let last: Vec<_> = local.requests().iter().rev().take(2).map(sent_reasoning).collect();
    assert_eq!(last[0], ["first"], "the same model in another session");
    assert_eq!(last[1], [""; 0], "the profile is not known to be the same model");

    nova.resolve().await.unwrap();
    profile.resolve().await.unwrap();
    let mut chat = history().await;
    local.fault(Fault::throttling().times(1).on("Converse")).unwrap();
    let reply = chat.send("And tomorrow?").await.unwrap();
    assert_eq!((reply.model_id(), reply.failed_attempts().len()), (PROFILE, 1));
    assert_eq!(sent_reasoning(local.requests().last().unwrap()), ["first"], "known to be the same model");
}

#[tokio::test]
async fn a_manager_starts_chats_and_their_turns_can_be_spawned() {
    let (_local, session) = local().await;
    let mut chat = ConversationManager::new(&session).chat(MODEL);
    let chat = tokio::spawn(async move {
        chat.send("Hello").await.unwrap();
        chat.stream("Hello").await.unwrap().collect().await.unwrap();
        chat
    });
    assert_eq!(chat.await.unwrap().history().len(), 4);
}

#[tokio::test]
async fn settings_of_a_turn_are_the_chats() {
    let (local, session) = local().await;
    local.fault(Fault::throttling().model(MODEL)).unwrap();
    let other = model(&session, OTHER_MODEL);
    let chat = model(&session, MODEL).chat().configure(|turn| turn.or(&other).top_p(0.5));
    let mut chat = chat.configure_stream(|turn| turn.restarts(1));
    let reply = chat.send("Hello").await.unwrap();
    assert_eq!((reply.model_id(), reply.failed_attempts().len()), (OTHER_MODEL, 1));
    assert_eq!(sent(&local)["inferenceConfig"]["topP"], 0.5);
}

#[tokio::test]
async fn a_debug_print_shows_no_content() {
    let (_local, session) = local().await;
    let mut chat = model(&session, MODEL).chat().system("secret prompt").tools([weather()]);
    chat.send("secret question").await.unwrap();
    assert!(!format!("{chat:?}").contains("secret"), "{chat:?}");
}

fn turn_of(words: usize, with_tool: bool, with_cache_point: bool) -> Vec<Message> {
    // AWS refuses a history in which two calls have the same ID.
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let mut question = vec![ContentBlock::text("word ".repeat(words).trim())];
    question.extend(with_cache_point.then(ContentBlock::cache_point));
    let mut messages = vec![Message::user(question)];
    if with_tool {
        let calls = ["Queens", "Austin"].map(|city| {
            let id = CALLS.fetch_add(1, Ordering::Relaxed).to_string();
            ToolUseBlock::new(id, "get_weather", json!({"city": city}))
        });
        messages.push(Message::assistant(calls.clone().map(ContentBlock::from)));
        messages.push(Message::user(calls.map(|call| call.result("rain")).to_vec()));
    }
    messages.push(Message::assistant("An answer."));
    messages
}

/// Sends a turn, and returns how many messages of the history before it are left.
async fn kept(chat: &mut Chat, local: &LocalBedrock) -> usize {
    chat.send("Last.").await.unwrap();
    let messages = sent(local)["messages"].as_array().unwrap().clone();
    assert_eq!(chat.history().len(), messages.len() + 1);
    messages.len() - 1
}

#[tokio::test]
async fn the_oldest_turns_are_dropped_and_cache_points_stay() {
    let (local, session) = local().await;
    let turns = [turn_of(9, true, true), turn_of(9, false, false), turn_of(9, false, false)].concat();
    let chat = model(&session, MODEL).chat().resume(turns).tools([weather()]);
    assert_eq!(kept(&mut chat.fork().trim(TrimPolicy::turns(4)), &local).await, 8);
    assert!(sent(&local)["messages"][0]["content"][1]["cachePoint"].is_object());
    let mut trimmed = chat.fork().trim(TrimPolicy::turns(3));
    assert_eq!(kept(&mut trimmed, &local).await, 4);
    assert!(sent(&local)["messages"][0]["content"][1]["cachePoint"].is_object(), "it has moved");
    assert_eq!(trimmed.history()[0].role, ConversationRole::User);
    assert_eq!(kept(&mut chat.fork().trim(TrimPolicy::turns(3).down_to(2)), &local).await, 2);

    let mut failing = chat.fork().trim(TrimPolicy::turns(1));
    local.fault(Fault::throttling().times(1)).unwrap();
    failing.send("Refused").await.unwrap_err();
    assert_eq!(failing.history().len(), 8, "a turn that fails drops nothing");
}

#[tokio::test]
async fn tokens_are_estimated_by_what_aws_has_counted() {
    let (local, session) = local().await;
    let turns = [turn_of(300, false, false), turn_of(300, false, false), turn_of(300, false, false)].concat();
    let chat = model(&session, MODEL).chat().resume(turns);
    // 4,540 characters are estimated as about 1,513 tokens.
    let kept_of = async |limit: usize| kept(&mut chat.fork().trim(TrimPolicy::tokens(limit)), &local).await;
    assert_eq!(kept_of(1600).await, 6);
    assert_eq!(kept_of(1400).await, 4);
    assert_eq!(kept_of(1).await, 0);

    let mut counted = chat.fork().trim(TrimPolicy::tokens(100_000));
    local.queue_reply(Queued::text("Expensive.").usage(200_000, 10));
    assert_eq!(kept(&mut counted, &local).await, 6);
    assert_eq!(kept(&mut counted, &local).await, 4, "AWS counted more than was estimated");
}

#[tokio::test]
async fn tokens_are_counted_if_asked_for() {
    let (local, session) = local().await;
    let turns = [turn_of(300, true, false), turn_of(300, false, false), turn_of(300, true, false)].concat();
    let chat = model(&session, CLAUDE_PROFILE).chat().resume(turns).tools([weather()]);
    let count = async |messages: &[Message]| {
        let request = ConverseRequest::from(messages).tool_config(ToolConfiguration::new([weather()]));
        model(&session, CLAUDE).count_tokens(request).await.unwrap().input_tokens as usize
    };
    let mut with_last = chat.history().to_vec();
    with_last.push(Message::user("Last."));
    let (whole, without_first) = (count(&with_last).await, count(&with_last[4..]).await);
    assert!(whole > without_first);
    for (limit, expected) in [(whole, 10), (whole - 1, 6), (without_first, 6), (without_first - 1, 4), (1, 0)]
    {
        let policy = TrimPolicy::tokens(limit).counted();
        assert_eq!(kept(&mut chat.fork().trim(policy), &local).await, expected, "{limit}");
    }
    let mut uncounted = model(&session, MODEL).chat().trim(TrimPolicy::tokens(9).counted());
    assert!(uncounted.send("Hello").await.unwrap_err().is_validation());
}

/// Every history that the local Bedrock accepts is accepted when it is trimmed.
#[test]
fn a_trimmed_history_is_accepted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_local, session) = runtime.block_on(local());
    let turn = (1usize..60, prop::bool::ANY, prop::bool::weighted(0.2));
    let policy = prop::sample::select(vec![
        TrimPolicy::turns(2),
        TrimPolicy::turns(5).down_to(3),
        TrimPolicy::tokens(60),
        TrimPolicy::tokens(300).down_to(100),
    ]);
    let histories = (prop::collection::vec(turn, 0..8), policy).prop_filter("at most four", |(turns, _)| {
        turns.iter().filter(|(_, _, with_cache_point)| *with_cache_point).count() <= 4
    });
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let result = runner.run(&histories, |(turns, policy)| {
        let history: Vec<Message> = turns
            .into_iter()
            .flat_map(|(words, with_tool, with_cache_point)| turn_of(words, with_tool, with_cache_point))
            .collect();
        let had = history.len();
        let mut chat = model(&session, MODEL).chat().resume(history).tools([weather()]).trim(policy);
        // A repair would hide what is wrong.
        chat = chat.preflight(Preflight::Off);
        runtime
            .block_on(chat.send("Last."))
            .map_err(|error| proptest::test_runner::TestCaseError::fail(error.to_string()))?;
        assert!(chat.history().len() <= had + 2);
        Ok(())
    });
    result.unwrap();
}
