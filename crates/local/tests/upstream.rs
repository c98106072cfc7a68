//! A model behind an OpenAI-compatible server, with a small such server in the tests.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Script, Upstream, When};
use bytes::Bytes;
use common::upstream::{FakeUpstream, ResponseWriter};
use common::{BASE, Frame, MODEL, NOVA, converse, converse_stream, frames, post, text, user};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Starts a server with an upstream.
async fn start_with_upstream() -> (LocalBedrock, FakeUpstream) {
    let fake = FakeUpstream::start().await;
    let upstream = Upstream::new(&fake.url).unwrap().model("anthropic.*", "llama3.2");
    (LocalBedrock::builder().keep_retired_models().replier(upstream).start().await.unwrap(), fake)
}

fn prompt(text: &str) -> Value {
    json!({ "messages": [user(text)] })
}

fn invoke_body(text: &str) -> Value {
    json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{ "role": "user", "content": text }] })
}

fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(Frame::name).collect()
}

/// A stream that is read as it arrives.
struct StreamReader {
    body: hyper::body::Incoming,
    received: Vec<u8>,
}

impl StreamReader {
    async fn start(local: &LocalBedrock, path: &str, body: Value) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = hyper::Request::post(format!("{}{path}", local.url())).body(body.to_string().into());
        let response = client.request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), received: Vec::new() }
    }

    /// Waits until `number` frames have arrived, and returns them.
    async fn frames(&mut self, number: usize) -> Vec<Frame> {
        let complete_frames = |received: &[u8]| {
            let (mut at, mut count) = (0, 0);
            while let Some(length) = received.get(at..at + 4) {
                at += u32::from_be_bytes(length.try_into().unwrap()) as usize;
                count += usize::from(at <= received.len());
            }
            count
        };
        while complete_frames(&self.received) < number {
            let frame = tokio::time::timeout(Duration::from_secs(5), self.body.frame()).await;
            self.received.extend(frame.unwrap().unwrap().unwrap().into_data().unwrap());
        }
        frames(&self.received)
    }
}

#[tokio::test]
async fn a_conversation_is_translated_to_openai_s_form_and_back() {
    let (local, fake) = start_with_upstream().await;
    fake.message(&json!({ "role": "assistant", "content": "Hello, Ada." }), "stop");
    let body = json!({
        "system": [{ "text": "Be kind." }, { "cachePoint": { "type": "default" } }, { "text": "Be brief." }],
        "messages": [
            { "role": "user", "content": [{ "text": "What is" }, { "text": "in it?" },
                { "image": { "format": "png", "source": { "bytes": "AAAA" } } },
                { "document": { "format": "txt", "name": "note", "source": { "bytes": BASE64.encode("Ahoy") } } }] },
            { "role": "assistant", "content": [{ "text": "A dot." }] },
            { "role": "user", "content": [{ "text": "I am" }, { "text": "Ada." }] },
        ],
        "inferenceConfig": { "maxTokens": 50, "temperature": 0.25, "topP": 0.5, "stopSequences": ["END"] },
    });
    let answer = converse(&local, NOVA, body).await.ok();
    assert_eq!(answer["output"]["message"]["content"], json!([{ "text": "Hello, Ada." }]));
    assert_eq!(answer["stopReason"], "end_turn");
    assert_eq!(
        (&answer["usage"]["inputTokens"], &answer["usage"]["outputTokens"], &answer["usage"]["totalTokens"]),
        (&json!(12), &json!(5), &json!(17))
    );
    let sent = fake.received().pop().unwrap();
    assert_eq!((sent.path.as_str(), sent.authorization), ("/v1/chat/completions", None));
    assert_eq!(
        sent.body,
        json!({
            "model": NOVA, "stream": false, "max_tokens": 50, "temperature": 0.25, "top_p": 0.5, "stop": ["END"],
            "messages": [
                { "role": "system", "content": "Be kind.\n\nBe brief." },
                { "role": "user", "content": [
                    { "type": "text", "text": "What is" }, { "type": "text", "text": "in it?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
                    { "type": "text", "text": "note:\nAhoy" },
                ] },
                { "role": "assistant", "content": "A dot." },
                { "role": "user", "content": "I am\nAda." },
            ],
        })
    );
}

#[tokio::test]
async fn tools_are_passed_to_the_upstream_with_calls_and_results() {
    let (local, fake) = start_with_upstream().await;
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let spec = json!({ "name": "weather", "description": "Tells it.", "inputSchema": { "json": schema } });
    let config = json!({ "tools": [{ "toolSpec": spec }], "toolChoice": { "any": {} } });
    fake.message(
        &json!({ "role": "assistant", "content": null, "reasoning_content": "Two cities.", "tool_calls": [
            { "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Rome\"}" } },
            { "id": "a b", "type": "function", "function": { "name": "weather", "arguments": "" } },
        ] }),
        "tool_calls",
    );
    let mut body = json!({ "messages": [user("Weather?")], "toolConfig": config });
    let called = converse(&local, MODEL, body.clone()).await.ok();
    let content = &called["output"]["message"]["content"];
    assert_eq!(content[0]["reasoningContent"]["reasoningText"]["text"], "Two cities.");
    assert_eq!(
        content[1],
        json!({ "toolUse": {
            "toolUseId": "call_1", "name": "weather", "input": { "city": "Rome" }, "type": "tool_use",
        } })
    );
    assert_eq!(content[2]["toolUse"]["toolUseId"], "tooluse_upstream_0", "not an ID in AWS's form");
    assert_eq!(content[2]["toolUse"]["input"], json!({}));
    assert_eq!(called["stopReason"], "tool_use");
    let sent = fake.last();
    let function = json!({ "name": "weather", "description": "Tells it.", "parameters": schema });
    assert_eq!(sent["tools"], json!([{ "type": "function", "function": function }]));
    assert_eq!(sent["tool_choice"], "required");

    let call =
        |id: &str| json!({ "toolUse": { "toolUseId": id, "name": "weather", "input": { "city": id } } });
    let result = |id: &str, content: Value, status: &str| json!({ "toolResult": { "toolUseId": id, "content": [content], "status": status } });
    body["messages"] = json!([
        user("Weather?"),
        { "role": "assistant", "content": [content[0], call("a"), call("b")] },
        { "role": "user", "content": [
            result("b", json!({ "json": { "degrees": 18 } }), "success"),
            result("a", json!({ "text": "no such city" }), "error"), { "text": "And?" },
        ] },
    ]);
    body["toolConfig"]["toolChoice"] = json!({ "tool": { "name": "weather" } });
    fake.message(&json!({ "role": "assistant", "content": "18 degrees" }), "length");
    assert_eq!(converse(&local, MODEL, body).await.ok()["stopReason"], "max_tokens");
    let call = |id: &str| {
        let arguments = format!("{{\"city\":\"{id}\"}}");
        json!({ "id": id, "type": "function", "function": { "name": "weather", "arguments": arguments } })
    };
    assert_eq!(
        fake.last()["messages"],
        json!([
            { "role": "user", "content": "Weather?" },
            { "role": "assistant", "content": null, "tool_calls": [call("a"), call("b")] },
            { "role": "tool", "tool_call_id": "b", "content": "{\"degrees\":18}" },
            { "role": "tool", "tool_call_id": "a", "content": "Error:\nno such city" },
            { "role": "user", "content": "And?" },
        ])
    );
    let named = json!({ "type": "function", "function": { "name": "weather" } });
    assert_eq!(fake.last()["tool_choice"], named);
}

/// The input of a tool is an object, or the part of one before a limit. Anything else is a model error.
#[tokio::test]
async fn tool_arguments_that_are_not_an_object_are_a_model_error() {
    let (local, fake) = start_with_upstream().await;
    let call = json!({ "index": 0, "id": "c", "type": "function", "function": { "name": "weather", "arguments": "{\"cit" } });
    let message = json!({ "role": "assistant", "tool_calls": [call] });
    for (reason, status) in [("tool_calls", 424), ("length", 200)] {
        fake.message(&message, reason);
        let answer = converse(&local, MODEL, json!({ "messages": [user("Weather?")] })).await;
        assert_eq!(answer.status, status, "{:?}", answer.body);
        if status == 200 {
            assert_eq!(answer.json()["output"]["message"]["content"][0]["toolUse"]["input"], json!({}));
        } else {
            assert_eq!(answer.error().1, "ModelErrorException");
        }

        let writer = fake.stream();
        writer.delta(&message);
        writer.finish(reason);
        writer.write("data: [DONE]\n\n");
        let frames = converse_stream(&local, MODEL, json!({ "messages": [user("Weather?")] })).await.frames();
        assert_eq!(
            frames[2].payload["delta"]["toolUse"]["input"], "{\"cit",
            "the received part is forwarded"
        );
        let last = if status == 200 { "metadata" } else { "modelStreamErrorException" };
        assert_eq!(frames.last().unwrap().name(), last);
    }
}

#[tokio::test]
async fn a_stream_is_forwarded_as_it_arrives() {
    let (local, fake) = start_with_upstream().await;
    let writer = fake.stream();
    writer.write(": a comment\n\n");
    writer.delta(&json!({ "role": "assistant", "content": "" }));
    let mut reading =
        StreamReader::start(&local, &format!("/model/{MODEL}/converse-stream"), prompt("Hi")).await;
    assert_eq!(names(&reading.frames(1).await), ["messageStart"]);

    writer.delta(&json!({ "reasoning": "Hm" }));
    assert_eq!(
        reading.frames(2).await[1].payload["delta"],
        json!({ "reasoningContent": { "text": "Hm" } }),
        "it arrived before all other events"
    );
    // A chunk in two parts, split inside a character.
    let chunk = format!("data: {}\r\n\r\n", json!({ "choices": [{ "delta": { "content": "Olá!" } }] }));
    let (one, other) = chunk.as_bytes().split_at(chunk.find('á').unwrap() + 1);
    writer.write(Bytes::copy_from_slice(one));
    writer.write(Bytes::copy_from_slice(other));
    let so_far = reading.frames(5).await;
    assert!(so_far[2].payload["delta"]["reasoningContent"]["signature"].is_string());
    assert_eq!(names(&so_far[3..]), ["contentBlockStop", "contentBlockDelta"]);
    assert_eq!(
        (&so_far[4].payload["delta"], &so_far[4].payload["contentBlockIndex"]),
        (&json!({ "text": "Olá!" }), &json!(1))
    );

    let call = |call: Value| json!({ "tool_calls": [call] });
    writer.delta(&call(json!({ "index": 0, "id": "c1", "function": { "name": "clock", "arguments": "" } })));
    let so_far = reading.frames(7).await;
    assert_eq!(so_far[6].payload["start"], json!({ "toolUse": { "name": "clock", "toolUseId": "c1" } }));
    for fragment in ["{\"zone\":", "\"UTC\"}"] {
        writer.delta(&call(json!({ "index": 0, "function": { "arguments": fragment } })));
    }
    writer.delta(&call(json!({ "index": 1, "id": "c2", "function": { "name": "sun", "arguments": "{}" } })));
    writer.finish("tool_calls");
    writer.chunk(&json!({ "choices": [], "usage": { "prompt_tokens": 30, "completion_tokens": 4 } }));
    writer.write("data: [DONE]\n\n");
    let all = reading.frames(15).await;
    let inputs: Vec<_> =
        all.iter().filter_map(|frame| frame.payload["delta"]["toolUse"]["input"].as_str()).collect();
    assert_eq!(inputs, ["{\"zone\":", "\"UTC\"}", "{}"]);
    assert_eq!(
        names(&all[7..]),
        [
            "contentBlockDelta",
            "contentBlockDelta",
            "contentBlockStop",
            "contentBlockStart",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata"
        ]
    );
    assert_eq!(all[13].payload["stopReason"], "tool_use");
    assert_eq!(all[14].payload["usage"]["inputTokens"], 30);
    assert_eq!(all[14].payload["usage"]["outputTokens"], 4);
    let sent = fake.last();
    assert_eq!((&sent["stream"], &sent["stream_options"]), (&json!(true), &json!({ "include_usage": true })));
}

#[tokio::test]
async fn closing_the_connection_stops_the_upstream() {
    let (local, fake) = start_with_upstream().await;
    let writer = fake.stream();
    writer.delta(&json!({ "content": "For" }));
    let mut reading =
        StreamReader::start(&local, &format!("/model/{MODEL}/converse-stream"), prompt("Hi")).await;
    reading.frames(2).await;
    assert!(!writer.is_closed());
    drop(reading);
    let closed = async {
        // The server notices when it writes.
        while !writer.is_closed() {
            writer.delta(&json!({ "content": " ever" }));
            let _ = tokio::time::timeout(Duration::from_millis(5), writer.wait_until_closed()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
}

#[tokio::test]
async fn an_interrupted_upstream_stream_ends_in_an_exception() {
    let (local, fake) = start_with_upstream().await;
    let broken = async |write: &dyn Fn(ResponseWriter)| {
        let writer = fake.stream();
        writer.delta(&json!({ "content": "So" }));
        write(writer);
        let frames = converse_stream(&local, MODEL, prompt("Hi")).await.frames();
        assert_eq!(frames[1].payload["delta"]["text"], "So");
        let last = frames.last().unwrap();
        assert_eq!(last.name(), "modelStreamErrorException");
        text(&last.payload, "message").to_owned()
    };
    let message = broken(&|writer| drop(writer)).await;
    assert_eq!(message, format!("The upstream {} ended its stream before the reply was complete.", fake.url));
    let message = broken(&|writer| writer.chunk(&json!({ "error": { "message": "out of memory" } }))).await;
    assert!(message.ends_with("returned an error: out of memory."), "{message}");
    let message = broken(&|writer| writer.write("data: {oops\n\n")).await;
    assert!(message.contains("not JSON") && message.contains("{oops"), "{message}");
    let orphan = json!({ "tool_calls": [{ "index": 3, "function": { "arguments": "{}" } }] });
    assert!(broken(&|writer| writer.delta(&orphan)).await.contains("of a tool call that is not open"));

    let writer = fake.stream();
    writer.delta(&json!({ "content": "So" }));
    let mut reading =
        StreamReader::start(&local, &format!("/model/{MODEL}/converse-stream"), prompt("Hi")).await;
    reading.frames(2).await;
    writer.break_connection();
    let exception = reading.frames(3).await.pop().unwrap();
    assert_eq!(exception.name(), "modelStreamErrorException");
    assert!(text(&exception.payload, "message").contains(" interrupted its stream: "), "{exception:?}");

    let writer = fake.stream();
    writer.delta(&json!({ "content": "All" }));
    writer.finish("stop");
    drop(writer);
    let whole = converse_stream(&local, MODEL, prompt("Hi")).await.frames();
    assert_eq!(whole.last().unwrap().name(), "metadata", "not every server sends `[DONE]`");
    assert!(
        whole.last().unwrap().payload["usage"]["inputTokens"].as_u64().unwrap() > 0,
        "the local Bedrock counts the tokens"
    );
}

#[tokio::test]
async fn upstream_errors_become_errors_of_aws() {
    let (local, fake) = start_with_upstream().await;
    let error = json!({ "error": { "message": "model 'llama3.2' not found", "type": "x" } });
    for (status, body, expected, code) in [
        (400, json!({ "error": "too long" }), 400, "ValidationException"),
        (401, json!({ "message": "no key" }), 403, "AccessDeniedException"),
        (404, error, 404, "ResourceNotFoundException"),
        (429, json!({ "detail": "busy" }), 429, "ThrottlingException"),
        (503, json!({ "error": { "message": "Loading model" } }), 429, "ModelNotReadyException"),
        (500, json!("what?"), 424, "ModelErrorException"),
        (200, json!({ "choices": [] }), 424, "ModelErrorException"),
    ] {
        for path in ["converse", "converse-stream"] {
            fake.json(status, &body);
            let answer = post(&local, &format!("/model/{MODEL}/{path}"), prompt("Hi")).await;
            let (answered, name, message) = answer.error();
            assert_eq!((answered, name.as_str()), (expected, code), "{message}");
            assert!(message.starts_with(&format!("The upstream {} ", fake.url)), "{message}");
        }
    }
    fake.json(404, &json!({ "error": { "message": "model 'llama3.2' not found" } }));
    let message = converse(&local, MODEL, prompt("Hi")).await.error().2;
    assert!(message.ends_with("returned 404: model 'llama3.2' not found"), "{message}");
    fake.respond(200, "text/html").write("<html>");
    let (status, code, message) = converse(&local, MODEL, prompt("Hi")).await.error();
    assert_eq!((status, code.as_str()), (424, "ModelErrorException"));
    assert!(message.contains("<html>"), "{message}");
    let video = json!({ "messages": [{ "role": "user", "content": [
        { "text": "See" }, { "video": { "format": "mp4", "source": { "bytes": "AAAA" } } },
    ] }] });
    assert!(converse(&local, NOVA, video).await.refusal().contains("video"));
}

#[tokio::test]
async fn an_unreachable_upstream_is_named_in_the_error() {
    let (local, fake) = start_with_upstream().await;
    let url = fake.url.clone();
    drop(fake);
    let gone = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let (status, code, message) = converse(&local, MODEL, prompt("Hi")).await.error();
            assert_eq!((status, code.as_str()), (503, "ServiceUnavailableException"), "{message}");
            if message.contains("refused") {
                return message;
            }
        }
    });
    let message = gone.await.unwrap();
    assert!(message.starts_with(&format!("The upstream {url} could not be reached: ")), "{message}");
    assert_eq!(converse_stream(&local, MODEL, prompt("Hi")).await.error().0, 503);
    let embedding =
        post(&local, "/model/amazon.titan-embed-text-v2:0/invoke", json!({ "inputText": "a" })).await;
    assert_eq!(embedding.error().1, "ServiceUnavailableException");
}

#[tokio::test]
async fn every_provider_format_is_translated() {
    let (local, fake) = start_with_upstream().await;
    let chat = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    for (model, body, pointer, delta) in [
        (MODEL, invoke_body("Hi"), "/content/0/text", "/delta/text"),
        (
            "anthropic.claude-v2",
            json!({ "prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 9 }),
            "/completion",
            "/completion",
        ),
        (
            "meta.llama3-8b-instruct-v1:0",
            json!({ "prompt": "Hi", "temperature": 0.5 }),
            "/generation",
            "/generation",
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            json!({ "prompt": "<s>[INST] Hi [/INST]" }),
            "/outputs/0/text",
            "/outputs/0/text",
        ),
        (
            "amazon.titan-text-lite-v1",
            json!({ "inputText": "Hi", "textGenerationConfig": { "temperature": 0.5 } }),
            "/results/0/outputText",
            "/outputText",
        ),
        (
            NOVA,
            json!({ "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }] }),
            "/output/message/content/0/text",
            "/contentBlockDelta/delta/text",
        ),
        ("cohere.command-r-plus-v1:0", json!({ "message": "Hi" }), "/text", "/text"),
        (
            "cohere.command-light-text-v14",
            json!({ "prompt": "Hi" }),
            "/generations/0/text",
            "/generations/0/text",
        ),
        ("us.deepseek.r1-v1:0", json!({ "prompt": "Hi" }), "/choices/0/text", "/choices/0/text"),
        ("openai.gpt-oss-20b-1:0", chat, "/choices/0/message/content", "/choices/0/delta/content"),
    ] {
        fake.message(&json!({ "content": "One two three" }), "stop");
        let answer = post(&local, &format!("/model/{model}/invoke"), body.clone()).await;
        assert_eq!(answer.header("x-amzn-bedrock-output-token-count"), Some("5"), "{model}");
        let answer = answer.ok();
        assert_eq!(
            answer.pointer(pointer).unwrap().as_str().unwrap().trim(),
            "One two three",
            "{model}: {answer}"
        );
        let sent = fake.last();
        assert_eq!(
            sent["messages"].as_array().unwrap().last().unwrap(),
            &json!({ "role": "user", "content": "Hi" })
        );
        let name = if model.contains("anthropic") { "llama3.2" } else { model.trim_start_matches("us.") };
        assert_eq!(sent["model"], name);
        let temperature =
            body["temperature"].as_f64().or(body["textGenerationConfig"]["temperature"].as_f64());
        assert_eq!(sent["temperature"].as_f64(), temperature, "{model}");

        let writer = fake.stream();
        ["One", " two", " three"].into_iter().for_each(|word| writer.delta(&json!({ "content": word })));
        writer.finish("stop");
        writer.chunk(&json!({ "choices": [], "usage": { "prompt_tokens": 30, "completion_tokens": 4 } }));
        drop(writer);
        let stream =
            post(&local, &format!("/model/{model}/invoke-with-response-stream"), body).await.frames();
        let chunk = |frame: &Frame| -> Value {
            serde_json::from_slice(&BASE64.decode(text(&frame.payload, "bytes")).unwrap()).unwrap()
        };
        let chunks: Vec<_> = stream.iter().map(chunk).collect();
        let words: Vec<_> = chunks.iter().filter_map(|chunk| chunk.pointer(delta)?.as_str()).collect();
        assert_eq!(words.concat().trim(), "One two three", "{model}: {chunks:?}");
        let metrics = &chunks.last().unwrap()["amazon-bedrock-invocationMetrics"];
        assert_eq!(
            (&metrics["inputTokenCount"], &metrics["outputTokenCount"]),
            (&json!(30), &json!(4)),
            "{model}"
        );
        assert_eq!(fake.last()["stream"], true);
    }
}

#[tokio::test]
async fn tool_calls_are_streamed_in_the_provider_formats() {
    let (local, fake) = start_with_upstream().await;
    let call = || {
        let writer = fake.stream();
        writer.delta(&json!({ "tool_calls": [{ "index": 0, "id": "tooluse_abc", "function": { "name": "clock", "arguments": "{\"z\":" } }] }));
        writer.delta(&json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "1}" } }] }));
        writer.finish("tool_calls");
        writer.write("data: [DONE]\n\n");
    };
    let stream = async |model: &str, body: Value| -> Vec<Value> {
        let frames =
            post(&local, &format!("/model/{model}/invoke-with-response-stream"), body).await.frames();
        let chunk = |frame: &Frame| {
            serde_json::from_slice(&BASE64.decode(text(&frame.payload, "bytes")).unwrap()).unwrap()
        };
        frames.iter().map(chunk).collect()
    };
    call();
    let chunks = stream(MODEL, invoke_body("Time?")).await;
    let block = json!({ "type": "tool_use", "id": "toolu_bdrk_01abc", "name": "clock", "input": {} });
    assert_eq!(chunks[1]["content_block"], block);
    let input: String = chunks.iter().filter_map(|chunk| chunk["delta"]["partial_json"].as_str()).collect();
    assert_eq!(input, "{\"z\":1}");
    assert_eq!(chunks[chunks.len() - 2]["delta"]["stop_reason"], "tool_use");
    call();
    let tools =
        json!([{ "type": "function", "function": { "name": "clock", "description": "Tells the time." } }]);
    let chat = json!({ "messages": [{ "role": "user", "content": "Time?" }], "tools": tools });
    let chunks = stream("openai.gpt-oss-20b-1:0", chat).await;
    assert_eq!(fake.last()["tools"], tools);
    let calls: Vec<_> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]).collect();
    let function = json!({ "name": "clock", "arguments": "" });
    assert_eq!(
        calls[1],
        &json!({ "index": 0, "id": "tooluse_abc", "type": "function", "function": function })
    );
    let input: String = calls.iter().filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert_eq!(input, "{\"z\":1}");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
    call();
    let chunks =
        stream(NOVA, json!({ "messages": [{ "role": "user", "content": [{ "text": "Time?" }] }] })).await;
    assert_eq!(
        chunks[2]["contentBlockDelta"]["delta"],
        json!({ "toolUse": { "input": "{\"z\":1}" } }),
        "in one event, as from Nova"
    );
}

#[tokio::test]
async fn embeddings_come_from_the_upstream() {
    let (local, fake) = start_with_upstream().await;
    let vectors =
        json!({ "data": [{ "index": 1, "embedding": [3, 4] }, { "index": 0, "embedding": [1, 2.5] }] });
    fake.json(200, &vectors);
    let body = json!({ "texts": ["a", "b"], "input_type": "search_query" });
    let cohere = post(&local, "/model/cohere.embed-english-v3/invoke", body).await.ok();
    assert_eq!(cohere["embeddings"], json!([[1.0, 2.5], [3.0, 4.0]]));
    let sent = fake.received().pop().unwrap();
    assert_eq!(sent.path, "/v1/embeddings");
    assert_eq!(
        sent.body,
        json!({ "model": "cohere.embed-english-v3", "input": ["a", "b"], "encoding_format": "float" })
    );
    fake.json(200, &vectors);
    let titan = json!({ "inputText": "a", "dimensions": 256 });
    let answer = post(&local, "/model/amazon.titan-embed-text-v2:0/invoke", titan).await;
    assert_eq!(answer.error().1, "ModelErrorException", "two vectors for one text");
    assert_eq!(fake.last()["dimensions"], 256);
}

#[tokio::test]
async fn an_upstream_works_with_keys_scripts_and_guardrails() {
    let fake = FakeUpstream::start().await;
    let upstream = Upstream::new(&fake.url).unwrap().key("s3cret").unwrap();
    assert!(!format!("{upstream:?}").contains("s3cret"));
    let script = Script::new().when(When::text("ping")).reply(bedrock_orm_local::Reply::text("pong"));
    let local = LocalBedrock::builder().script(script).replier(upstream).start().await.unwrap();
    let answer = converse(&local, MODEL, prompt("ping")).await.ok();
    assert_eq!(answer["output"]["message"]["content"][0]["text"], "pong");
    assert!(fake.received().is_empty());

    let guardrail = json!({
        "name": "g", "blockedInputMessaging": "no", "blockedOutputsMessaging": "never said",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "secret" }] },
    });
    let guardrail = post(&local, "/guardrails", guardrail).await.ok();
    let config = json!({ "guardrailIdentifier": guardrail["guardrailId"], "guardrailVersion": "DRAFT" });
    let writer = fake.stream();
    writer.delta(&json!({ "content": "A sec" }));
    writer.delta(&json!({ "content": "ret is out" }));
    writer.finish("stop");
    drop(writer);
    let mut body = prompt("Tell me");
    body["guardrailConfig"] = config;
    let frames = converse_stream(&local, MODEL, body).await.frames();
    let output: String = frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
    assert_eq!(output, "never said", "the guardrail checks the whole text before any of it is sent");
    assert_eq!(fake.received()[0].authorization.as_deref(), Some("Bearer s3cret"));
    assert_eq!(fake.last()["model"], BASE, "the model ID itself if no pattern matches");
}

#[tokio::test]
async fn an_output_schema_is_passed_to_the_upstream() {
    let (local, fake) = start_with_upstream().await;
    let schema = json!({ "type": "object", "properties": { "p": { "type": "integer" } } });
    let format =
        json!({ "type": "json_schema", "structure": { "jsonSchema": { "schema": schema.to_string() } } });
    fake.message(&json!({ "content": "{\"p\":1}" }), "stop");
    let body = json!({ "messages": [user("How likely?")], "outputConfig": { "textFormat": format } });
    converse(&local, "deepseek.v3.2", body).await.ok();
    assert_eq!(
        fake.last()["response_format"],
        json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema, "strict": true } })
    );
}

#[test]
fn invalid_upstream_addresses_are_errors() {
    for (url, expected_message) in [
        ("https://api.example.com/v1", "https:// is not supported"),
        ("127.0.0.1:11434", "http://"),
        ("ftp://x/", "does not start with http://"),
        ("http:///v1", "http"),
        ("http://x/v1?key=1", "no query"),
        ("", "http"),
    ] {
        let error = Upstream::new(url).unwrap_err().to_string();
        assert!(
            error.contains(expected_message) && error.contains("http://127.0.0.1:11434/v1"),
            "{url}: {error}"
        );
    }
    assert!(Upstream::new("http://localhost:1/v1/").unwrap().key("a\nb").is_err());
}
