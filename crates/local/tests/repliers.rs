//! The sources of replies: repliers, scripts, and recorded exchanges.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{
    Conversation, Embedding, LocalBedrock, LocalBedrockBuilder, Playback, Replier, Reply, Script, When,
    async_trait,
};
use common::{Frame, MODEL, NOVA, converse, converse_stream, post, send, text, user};
use serde_json::{Value, json};

fn reply_text(answer: &Value) -> &str {
    answer["output"]["message"]["content"][0]["text"].as_str().unwrap()
}

fn prompt(text: &str) -> Value {
    json!({ "messages": [user(text)] })
}

async fn start(builder: LocalBedrockBuilder) -> LocalBedrock {
    builder.start().await.unwrap()
}

#[tokio::test]
async fn a_function_replies_to_a_prompt() {
    let local = start(LocalBedrock::builder().reply_with(|prompt| {
        Reply::text(json!({
            "operation": prompt.operation(), "model": prompt.model_id(), "foundation": prompt.foundation_model(),
            "streams": prompt.is_streaming(), "system": prompt.system(), "messages": prompt.messages(),
            "inference": prompt.inference(), "tools": prompt.tools().len(), "choice": prompt.tool_choice(),
            "text": prompt.text(), "turn": prompt.turn(),
        }).to_string())
    }))
    .await;
    let body = json!({
        "messages": [user("One"), { "role": "assistant", "content": [{ "text": "1" }] }, user("Two")],
        "system": [{ "text": "Count." }],
        "inferenceConfig": { "maxTokens": 9, "temperature": 0.5, "topP": 0.25, "stopSequences": ["!"] },
        "toolConfig": { "tools": [{ "toolSpec": { "name": "t", "inputSchema": { "json": { "type": "object" } } } }],
            "toolChoice": { "tool": { "name": "t" } } },
    });
    let answer = converse(&local, NOVA, body.clone()).await.ok();
    let seen: Value = serde_json::from_str(reply_text(&answer)).unwrap();
    assert_eq!(
        seen,
        json!({
            "operation": "Converse", "model": NOVA, "foundation": NOVA, "streams": false,
            "system": body["system"], "messages": body["messages"], "tools": 1, "text": "Two", "turn": 2,
            "inference": body["inferenceConfig"], "choice": body["toolConfig"]["toolChoice"],
        })
    );

    let messages = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 7, "temperature": 0.5, "system": "Count.",
        "messages": [{ "role": "user", "content": "One" }],
    });
    let invoked = post(&local, &format!("/model/{MODEL}/invoke"), messages).await.ok();
    let seen: Value = serde_json::from_str(text(&invoked["content"][0], "text")).unwrap();
    assert_eq!((&seen["operation"], &seen["text"]), (&json!("InvokeModel"), &json!("One")));
    assert_eq!(seen["inference"], json!({ "maxTokens": 7, "temperature": 0.5 }));
    assert_eq!((&seen["system"], &seen["turn"]), (&json!([{ "text": "Count." }]), &json!(1)));
}

#[tokio::test]
async fn a_replier_without_a_reply_falls_through_to_the_next() {
    let local = start(
        LocalBedrock::builder()
            .reply_with(|prompt| match prompt.text().as_str() {
                "first" => Reply::text("1"),
                "cut" => Reply::default().cut_after(2),
                _ => Reply::default(),
            })
            .reply_with(|prompt| match prompt.text().as_str() {
                "echo" => Reply::default(),
                _ => Reply::text("2 two"),
            }),
    )
    .await;
    let reply = async |text: &str| reply_text(&converse(&local, NOVA, prompt(text)).await.ok()).to_owned();
    assert_eq!(reply("first").await, "1");
    assert_eq!(reply("second").await, "2 two");
    assert!(reply("echo").await.starts_with("You said: “echo”"));
    assert_eq!(
        converse_stream(&local, NOVA, prompt("cut")).await.frames().len(),
        2,
        "the first replier's `cut_after` applies"
    );
    local.queue_reply(Reply::text("queued"));
    assert_eq!(reply("first").await, "queued");
    assert_eq!(reply("first").await, "1");
}

#[tokio::test]
async fn a_reply_can_have_more_than_text() {
    let local = LocalBedrock::start().await.unwrap();
    let full = || {
        Reply::tool_use("clock", json!({ "zone": "UTC" }))
            .reasoning("They want the time.")
            .usage(11, 22)
            .additional_fields(json!({ "stop_details": null, "mood": "good" }))
    };
    local.queue_reply(full());
    let answer = converse(&local, MODEL, prompt("Hi")).await.ok();
    let content = answer["output"]["message"]["content"].as_array().unwrap();
    let thought = &content[0]["reasoningContent"]["reasoningText"];
    assert_eq!(thought["text"], "They want the time.");
    assert!(thought["signature"].as_str().unwrap().len() > 20);
    assert!(text(&content[1]["toolUse"], "toolUseId").starts_with("tooluse_"));
    assert_eq!(answer["stopReason"], "tool_use");
    let usage = &answer["usage"];
    assert_eq!(
        (&usage["inputTokens"], &usage["outputTokens"], &usage["totalTokens"]),
        (&json!(11), &json!(22), &json!(33))
    );
    assert_eq!(answer["additionalModelResponseFields"]["mood"], "good");

    local.queue_reply(full());
    let frames = converse_stream(&local, MODEL, prompt("Hi")).await.frames();
    assert!(frames.iter().any(|frame| frame.payload["start"]["toolUse"]["name"] == "clock"));
    assert!(frames.iter().any(|frame| frame.payload["delta"]["reasoningContent"]["signature"].is_string()));
    let stop = frames.iter().find(|frame| frame.name() == "messageStop").unwrap();
    assert_eq!(stop.payload["additionalModelResponseFields"]["mood"], "good");
    assert_eq!(frames.last().unwrap().payload["usage"]["outputTokens"], 22);
}

#[tokio::test]
async fn invalid_events_end_a_stream() {
    let local = LocalBedrock::start().await.unwrap();
    local.queue_reply(Reply::content(json!([{ "text": "fine" }, { "image": { "format": "bmp" } }])));
    let frames = converse_stream(&local, MODEL, prompt("Hi")).await.frames();
    let last = frames.last().unwrap();
    assert_eq!(last.name(), "internalServerException");
    assert!(text(&last.payload, "message").contains("against its description"), "{last:?}");
    assert_eq!(frames[1].payload["delta"]["text"], "fine", "events before the error are sent");
}

#[derive(Debug)]
struct Lengths;

#[async_trait]
impl Replier for Lengths {
    async fn reply(&self, _: &Conversation) -> Reply {
        Reply::default()
    }

    async fn embed(&self, embedding: &Embedding) -> Reply {
        if embedding.texts().iter().any(|text| text == "none") {
            return Reply::error("ThrottlingException", "no such text");
        }
        let size = embedding.dimensions().unwrap_or(2);
        Reply::vectors(embedding.texts().iter().map(|text| vec![text.len() as f64; size as usize]).collect())
    }
}

#[tokio::test]
async fn embeddings_can_come_from_a_replier() {
    let local = start(LocalBedrock::builder().replier(Lengths)).await;
    let invoke = async |model: &str, body: Value| post(&local, &format!("/model/{model}/invoke"), body).await;
    let titan =
        invoke("amazon.titan-embed-text-v2:0", json!({ "inputText": "four", "dimensions": 256 })).await;
    assert_eq!(titan.ok()["embedding"], json!(vec![4.0; 256]));
    let cohere = json!({ "texts": ["a", "bc"], "input_type": "search_query" });
    assert_eq!(
        invoke("cohere.embed-english-v3", cohere).await.ok()["embeddings"],
        json!([[1.0, 1.0], [2.0, 2.0]])
    );
    let refused = invoke("amazon.titan-embed-text-v2:0", json!({ "inputText": "none" })).await;
    assert_eq!(refused.error().1, "ThrottlingException");
}

fn weather() -> Value {
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    json!({ "tools": [{ "toolSpec": { "name": "get_weather", "inputSchema": { "json": schema } } }] })
}

#[tokio::test]
async fn a_script_replies_by_rule() {
    let script = Script::new()
        .when(When::model("amazon.*").and(When::text("WEATHER")))
        .reply(Reply::text("Nova says rain."))
        .when(When::text("weather").and(When::no_tool_result()))
        .reply(Reply::tool_use("get_weather", json!({ "city": "Rome" })))
        .when(When::tool_result_of("get_weather"))
        .reply(Reply::text("Sunny."))
        .when(When::tool_result())
        .reply(Reply::text("Another tool."))
        .when(When::regex(r"(?i)order (?<number>\d+) for (\w+)").unwrap())
        .reply(Reply::content(json!([
            { "text": "$2: order ${number}0 costs $$5" },
            { "toolUse": { "name": "ship", "input": { "order": "$number" } } },
        ])))
        .when(When::text("flaky"))
        .times(2)
        .reply(Reply::error("ThrottlingException", "slow down"))
        .when(When::text("flaky"))
        .reply(Reply::text("At last."))
        .when(When::turn(2))
        .reply(Reply::text("The second turn."));
    let local = start(LocalBedrock::builder().script(script)).await;
    let with_tools = |messages: Value| json!({ "messages": messages, "toolConfig": weather() });

    let nova = converse(&local, &format!("us.{NOVA}"), prompt("What weather!")).await.ok();
    assert_eq!(reply_text(&nova), "Nova says rain.");
    let mut messages = vec![user("weather?")];
    let called = converse(&local, MODEL, with_tools(json!(messages))).await.ok();
    let tool_use = &called["output"]["message"]["content"][0]["toolUse"];
    assert_eq!(tool_use["input"], json!({ "city": "Rome" }));
    let result = |id: &Value| json!({ "role": "user", "content": [{ "toolResult": { "toolUseId": id, "content": [{ "text": "18" }] } }] });
    messages.extend([called["output"]["message"].clone(), result(&tool_use["toolUseId"])]);
    let reply = converse(&local, MODEL, with_tools(json!(messages))).await.ok();
    assert_eq!(reply_text(&reply), "Sunny.");
    messages.extend([reply["output"]["message"].clone(), user("And now?")]);
    assert_eq!(
        reply_text(&converse(&local, MODEL, with_tools(json!(messages))).await.ok()),
        "The second turn."
    );
    messages[1]["content"][0]["toolUse"]["name"] = json!("clock");
    messages.truncate(3);
    assert_eq!(reply_text(&converse(&local, MODEL, with_tools(json!(messages))).await.ok()), "Another tool.");

    let order = converse(&local, MODEL, prompt("Is ORDER 17 for Ada there?")).await.ok();
    assert_eq!(reply_text(&order), "Ada: order 170 costs $5");
    let shipped = &order["output"]["message"]["content"][1]["toolUse"];
    assert_eq!(shipped["input"], json!({ "order": "17" }));

    for _ in 0..2 {
        assert_eq!(converse(&local, MODEL, prompt("flaky")).await.status, 429);
    }
    assert_eq!(reply_text(&converse(&local, MODEL, prompt("flaky")).await.ok()), "At last.");
    assert!(reply_text(&converse(&local, MODEL, prompt("Hello")).await.ok()).starts_with("You said"));
    local.reset();
    assert_eq!(converse(&local, MODEL, prompt("flaky")).await.status, 429, "a reset restarts the count");
}

const RULES: &str = r#"{ "rules": [
    { "when": { "regex": "hello (?<who>\\w+)", "model": "anthropic.*" }, "reply": "Hello $who!" },
    { "when": { "tool_result": true }, "reply": { "text": "Thanks.", "reasoning": "A result." } },
    { "when": { "text": "break" }, "reply": { "stream_error": { "code": "throttlingException", "message": "no", "after_events": 1 } } },
    { "when": { "text": "call", "turn": 1, "tool_result": false }, "times": 1,
      "reply": { "text": "So:", "tools": [{ "name": "get_weather", "input": { "city": "Rome" } }] } }
] }"#;

#[tokio::test]
async fn a_script_can_be_read_from_json() {
    let local = start(LocalBedrock::builder().script(Script::from_json(RULES).unwrap())).await;
    let answer = async |text: &str| converse(&local, MODEL, prompt(text)).await.ok();
    assert_eq!(reply_text(&answer("Oh hello Ada").await), "Hello Ada!");
    let called = answer("call").await;
    assert_eq!(called["output"]["message"]["content"][1]["toolUse"]["input"], json!({ "city": "Rome" }));
    assert_eq!(called["stopReason"], "tool_use");
    assert!(reply_text(&answer("call").await).starts_with("You said"), "once only");
    let broken = converse_stream(&local, MODEL, prompt("break")).await.frames();
    assert_eq!(broken.last().unwrap().name(), "throttlingException");
}

#[test]
fn invalid_scripts_are_reported_with_their_position() {
    for (json, expected_message) in [
        ("{\n \"rules\": [\n {\"replies\": \"x\"}]}", "unknown field `replies`"),
        ("{\n \"rules\": [\n {\"replies\": \"x\"}]}", "line 3"),
        (r#"{"rules": [{"reply": 7}]}"#, "a text, or a reply with text"),
        (r#"{"rules": [{"reply": {"text": "a", "error": {"code": "b"}}}]}"#, "one of text, content, error"),
        (
            r#"{"rules": [{"reply": ""}, {"when": {"regex": "(?<"}, "reply": ""}]}"#,
            "rule 2: the regular expression",
        ),
        (r#"{"rules": [{"when": {"tool_result": 7}, "reply": ""}]}"#, "the name of a tool"),
        ("{", "line 1"),
    ] {
        let error = Script::from_json(json).unwrap_err().to_string();
        assert!(error.contains(expected_message), "{json}\n{error}");
    }
    assert!(When::regex("(").is_err());
    assert!(Script::load("script.yaml").is_err());
}

#[cfg(feature = "cli")]
#[tokio::test]
async fn a_script_can_be_read_from_toml() {
    let toml = r#"
        [[rules]]
        when = { regex = 'hello (?<who>\w+)' }
        reply = "Hello $who!"

        [[rules]]
        reply = { tools = [{ name = "get_weather", input = { city = "Rome", days = 3 } }] }
    "#;
    let local = start(LocalBedrock::builder().script(Script::from_toml(toml).unwrap())).await;
    assert_eq!(reply_text(&converse(&local, MODEL, prompt("hello Bob")).await.ok()), "Hello Bob!");
    let called = converse(&local, MODEL, prompt("Anything")).await.ok();
    let input = &called["output"]["message"]["content"][0]["toolUse"]["input"];
    assert_eq!(input, &json!({ "city": "Rome", "days": 3 }));

    for (wrong, expected_message) in [
        ("[[rules]]\nreply = \"a\"\n\n[[rules]]\nreply = { txt = \"b\" }", "line 5"),
        ("[[rules]]\nreply = \"a\"\n\n[[rules]]\nreply = { text = \"b\", content = [] }", "line 5"),
        ("[[rules]]\nreply = \"a\"\nwhen = { regex = '[' }", "rule 1"),
    ] {
        let error = Script::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains(expected_message), "{wrong}\n{error}");
    }
}

/// Recorded exchanges with one model: responses in order, and a stream.
fn exchanges(stream: &[u8]) -> String {
    let request =
        |path: &str, body: Value| json!({ "method": "POST", "path": format!("/model/{path}"), "body": body });
    let lines = [
        json!({ "request": request("amazon.nova-lite-v1%3A0/converse", prompt("twice")),
            "response": { "status": 200, "headers": { "Content-Type": "application/json", "X-Amzn-RequestId": "r-1", "Connection": "close" },
                "body": "{ \"as\":\n \"it stands\" }" } }),
        json!({ "request": request("amazon.nova-lite-v1:0/converse", prompt("twice")),
            "response": { "status": 429, "headers": { "x-amzn-ErrorType": "ThrottlingException:http://x/" }, "body": { "message": "slow" } } }),
        json!({ "request": request("amazon.nova-lite-v1:0/converse-stream", prompt("stream")), "source": "ignored",
            "response": { "status": 200, "headers": { "content-type": "application/vnd.amazon.eventstream" }, "body_b64": BASE64.encode(stream) } }),
        json!({ "request": { "method": "GET", "path": "/foundation-models?byProvider=x&byOutputModality=TEXT" },
            "response": { "status": 200, "body": { "modelSummaries": [] } } }),
    ];
    lines.map(|line| format!("{line}\n\n")).concat()
}

#[tokio::test]
async fn recorded_exchanges_are_played_back() {
    let first = LocalBedrock::start().await.unwrap();
    let mut stream = converse_stream(&first, NOVA, prompt("Something")).await.body.to_vec();
    stream.extend([0, 0, 1, 0, 7]);
    let playback = Playback::from_jsonl(&exchanges(&stream)).unwrap();
    let local = start(LocalBedrock::builder().playback(playback)).await;

    let reordered = br#"{ "messages" : [ { "content": [{"text":"twice"}], "role": "user" } ] }"#;
    let path = format!("/model/{NOVA}/converse");
    let answer = send(&local, "POST", &path, &[], reordered).await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{ \"as\":\n \"it stands\" }"[..]));
    assert_eq!(answer.header("x-amzn-requestid"), Some("r-1"));
    assert_eq!(answer.header("connection"), None, "the connection header is not played back");
    for _ in 0..2 {
        let again = converse(&local, NOVA, prompt("twice")).await;
        assert_eq!(again.error(), (429, "ThrottlingException".to_owned(), "slow".to_owned()));
    }
    assert_eq!(converse_stream(&local, NOVA, prompt("stream")).await.body, stream, "broken events too");
    let list = common::get(&local, "/foundation-models?byOutputModality=TEXT&byProvider=x").await;
    assert_eq!(list.ok(), json!({ "modelSummaries": [] }));

    assert!(reply_text(&converse(&local, NOVA, prompt("other")).await.ok()).starts_with("You said"));
    assert!(
        reply_text(&converse(&local, MODEL, prompt("twice")).await.ok()).starts_with("You said"),
        "another model"
    );
    local.queue_reply(Reply::text("queued"));
    assert_eq!(reply_text(&converse(&local, NOVA, prompt("twice")).await.ok()), "queued");
    local.reset();
    assert_eq!(
        converse(&local, NOVA, prompt("twice")).await.status,
        200,
        "after a reset, the first response comes first"
    );
}

#[tokio::test]
async fn unrecorded_requests_can_be_refused() {
    let playback = Playback::from_jsonl(&exchanges(b"")).unwrap().only();
    let local = start(LocalBedrock::builder().playback(playback).reply_with(|_| Reply::text("never"))).await;
    let (status, code, message) = converse(&local, NOVA, prompt("other")).await.error();
    assert_eq!((status, code.as_str()), (404, "ResourceNotFoundException"));
    assert!(message.contains("with other bodies: 1."), "{message}");
    common::get(&local, "/foundation-models").await.ok();
}

#[test]
fn invalid_exchanges_are_reported_with_their_line() {
    let request = json!({ "method": "POST", "path": "/model/m/converse" });
    for (exchange, expected_message) in [
        (json!({ "request": request }), "line 2: missing field `response`"),
        (
            json!({ "request": { "method": "GET", "path": "/x" }, "response": { "status": 1 } }),
            "GET /x is not an operation",
        ),
        (
            json!({ "request": request, "response": { "status": 200, "body_b64": "?" } }),
            "body_b64 is not valid base64",
        ),
        (
            json!({ "request": request, "response": { "status": 200, "body_b64": "", "body": {} } }),
            "not both",
        ),
    ] {
        let error = Playback::from_jsonl(&format!("\n{exchange}")).unwrap_err().to_string();
        assert!(error.contains(expected_message), "{error}");
    }
}

/// AWS's traffic, if recordings are available. Their file is in the format of exchanges.
#[tokio::test]
async fn recorded_traffic_is_played_back_byte_for_byte() {
    let folder = std::env::var("BEDROCK_ORM_RECORDED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recorded").to_owned());
    let Ok(lines) = std::fs::read_to_string(format!("{folder}/exchanges.jsonl")) else {
        println!("skipped: no recorded traffic in {folder}");
        return;
    };
    let local = start(LocalBedrock::builder().playback(Playback::from_jsonl(&lines).unwrap().only())).await;
    let (mut same, mut frames) = (0, 0);
    let mut seen = std::collections::HashSet::new();
    for line in lines.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let (request, response) = (&exchange["request"], &exchange["response"]);
        // Of several equal requests, the first response comes first.
        if !seen.insert((text(request, "path").to_owned(), text(request, "body_b64").to_owned())) {
            continue;
        }
        let body = BASE64.decode(text(request, "body_b64")).unwrap();
        let answer = send(&local, text(request, "method"), text(request, "path"), &[], &body).await;
        assert_eq!(json!(answer.status), response["status"], "{}", exchange["file"]);
        assert_eq!(answer.body, BASE64.decode(text(response, "body_b64")).unwrap(), "{}", exchange["file"]);
        same += 1;
        if answer.header("content-type") == Some("application/vnd.amazon.eventstream") {
            frames += common::frames(&answer.body).iter().map(Frame::name).count();
        }
    }
    println!("{same} recorded responses were played back, with {frames} frames");
    assert!(same > 100 && frames > 100);
}

/// The TOML blocks in the documentation are valid scripts.
#[cfg(feature = "cli")]
#[test]
fn the_documented_scripts_are_accepted() {
    let pages = [include_str!("../../../docs/testing.md"), include_str!("../src/repliers/script/rules.rs")];
    for page in pages {
        let plain = page
            .lines()
            .map(|line| line.trim_start_matches("///").trim_start())
            .collect::<Vec<_>>()
            .join("\n");
        let blocks = plain.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
        let scripts: Vec<&str> = blocks.filter(|block| block.contains("[[rules]]")).collect();
        assert!(!scripts.is_empty());
        for script in scripts {
            let _read = Script::from_toml(script).unwrap();
        }
    }
}
