//! InvokeModel in each provider format: members, streams, headers, and limits.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Reply};
use common::{HttpResponse, post, user};
use serde_json::{Value, json};

const METRICS: &str = "amazon-bedrock-invocationMetrics";

async fn invoke(local: &LocalBedrock, model: &str, body: Value) -> HttpResponse {
    post(local, &format!("/model/{model}/invoke"), body).await
}

async fn chunks(local: &LocalBedrock, model: &str, body: Value) -> Vec<Value> {
    let response = post(local, &format!("/model/{model}/invoke-with-response-stream"), body).await;
    let bytes = |frame: &common::Frame| BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap();
    response.frames().iter().map(|frame| serde_json::from_slice(&bytes(frame)).unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn chat(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

/// Removes the text that all schema validation messages have in common.
fn violation(refusal: &str) -> &str {
    let inner = refusal.strip_prefix("Malformed input request: ").unwrap();
    inner.strip_suffix(", please reformat your input and try again.").unwrap()
}

#[tokio::test]
async fn nova_always_returns_cache_usage() {
    let local = common::start_with_retired_models().await;
    let response = invoke(&local, "amazon.nova-lite-v1:0", json!({ "messages": [user("Hi")] })).await;
    for header in
        ["x-amzn-bedrock-cache-read-input-token-count", "x-amzn-bedrock-cache-write-input-token-count"]
    {
        assert_eq!(response.header(header), Some("0"));
        let llama = invoke(&local, "meta.llama3-8b-instruct-v1:0", json!({ "prompt": "Hi" })).await;
        assert_eq!(llama.header(header), None);
        let canvas = json!({ "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "x" } });
        assert_eq!(invoke(&local, "amazon.nova-canvas-v1:0", canvas).await.header(header), None);
    }
}

#[tokio::test]
async fn jamba_has_its_own_members() {
    let local = common::start_with_retired_models().await;
    let model = "ai21.jamba-1-5-mini-v1:0";
    let response = invoke(&local, model, chat("Hi")).await.ok();
    assert_eq!(keys(&response), BTreeSet::from(["choices", "id", "meta", "model", "usage"]));
    assert!(response["meta"]["requestDurationMillis"].as_u64().unwrap() > 0);
    assert_eq!(response["choices"][0]["message"].get("tool_calls"), Some(&Value::Null));
    assert_eq!(
        (&response["model"], response["choices"][0].get("logprobs")),
        (&json!("jamba-1.5-mini"), None)
    );

    let chunks = chunks(&local, model, chat("Hi")).await;
    let [first, .., last, metrics] = chunks.as_slice() else { panic!("{chunks:?}") };
    assert_eq!(first["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    assert_eq!(first["usage"]["completion_tokens"], 0);
    assert_eq!(
        (&last["choices"][0]["finish_reason"], &last["choices"][0]["delta"]),
        (&json!("stop"), &json!({ "content": "" }))
    );
    assert_eq!(last["usage"], response["usage"]);
    assert!(last["meta"].is_object());
    assert_eq!(keys(metrics), BTreeSet::from([METRICS]));
}

fn command_r_tools() -> Value {
    json!([{ "name": "get_weather", "description": "d", "parameter_definitions": {
        "city": { "description": "d", "type": "str", "required": true },
        "days": { "description": "d", "type": "int" },
    } }])
}

#[tokio::test]
async fn command_r_calls_tools_and_uses_their_results() {
    let local = common::start_with_retired_models().await;
    let model = "cohere.command-r-plus-v1:0";
    let mut body = json!({ "message": "What is the weather in Rome?", "tools": command_r_tools() });
    let called = invoke(&local, model, body.clone()).await.ok();
    let call = json!({ "name": "get_weather", "parameters": { "city": "Rome" } });
    assert_eq!(called["tool_calls"], json!([call]));
    assert_eq!((&called["text"], &called["finish_reason"]), (&json!(""), &json!("COMPLETE")));
    let streamed = chunks(&local, model, body.clone()).await;
    let [calls, end] = streamed.as_slice() else { panic!("{streamed:?}") };
    assert_eq!(
        (&calls["event_type"], &calls["tool_calls"]),
        (&json!("tool-calls-generation"), &json!([call]))
    );
    assert_eq!(end["response"]["tool_calls"], json!([call]));

    body["tool_results"] = json!([{ "call": call, "outputs": [{ "sky": "clear" }] }]);
    let reply = invoke(&local, model, body).await.ok();
    assert_eq!(reply["text"], "Here is what I found out. get_weather (Rome) says sky clear.");
    let again = json!({ "message": "", "chat_history": reply["chat_history"], "tools": command_r_tools() });
    let refused = invoke(&local, model, again).await.refusal();
    assert_eq!(violation(&refused), "#/message: expected minLength: 1, actual: 0");
    let history = json!({ "message": "Thanks", "chat_history": reply["chat_history"] });
    assert!(invoke(&local, model, history).await.ok()["text"].as_str().unwrap().contains("“Thanks”"));
}

#[tokio::test]
async fn command_r_streams_have_no_start_event() {
    let local = common::start_with_retired_models().await;
    let streamed = chunks(&local, "cohere.command-r-v1:0", json!({ "message": "Hi" })).await;
    assert_eq!(streamed[0]["event_type"], "text-generation");
    assert_eq!(keys(&streamed[0]), BTreeSet::from(["event_type", "is_finished", "text"]));
    let end = streamed.last().unwrap();
    assert_eq!(
        keys(end),
        BTreeSet::from([METRICS, "event_type", "finish_reason", "is_finished", "response"])
    );
    let tokens = json!({ "input_tokens": 1, "output_tokens": end[METRICS]["outputTokenCount"] });
    assert_eq!(
        end["response"]["meta"],
        json!({ "api_version": { "version": "1" }, "billed_units": tokens, "tokens": tokens })
    );
    let whole = invoke(&local, "cohere.command-r-v1:0", json!({ "message": "Hi" })).await.ok();
    assert_eq!(
        keys(&whole),
        BTreeSet::from(["chat_history", "finish_reason", "generation_id", "response_id", "text"])
    );
}

#[tokio::test]
async fn the_older_command_format_streams_if_the_body_requests_it() {
    let local = common::start_with_retired_models().await;
    let model = "cohere.command-light-text-v14";
    let whole = chunks(&local, model, json!({ "prompt": "Hi" })).await;
    assert_eq!((whole.len(), keys(&whole[0])), (1, BTreeSet::from([METRICS, "generations", "id", "prompt"])));
    let streamed = chunks(&local, model, json!({ "prompt": "Hi", "stream": true })).await;
    let (end, texts) = streamed.split_last().unwrap();
    assert_eq!(keys(end), BTreeSet::from([METRICS, "finish_reason", "is_finished"]));
    assert_eq!((&end["is_finished"], &end["finish_reason"]), (&json!(true), &json!("COMPLETE")));
    let streamed_text: String = texts.iter().map(|chunk| chunk["text"].as_str().unwrap()).collect();
    assert_eq!(format!(" {streamed_text}"), whole[0]["generations"][0]["text"]);
}

#[tokio::test]
async fn models_that_reason_by_default_use_tags() {
    let local = common::start_with_retired_models().await;
    let model = "openai.gpt-oss-20b-1:0";
    let response = invoke(&local, model, chat("Hi")).await.ok();
    let content = response["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.starts_with("<reasoning>The user said “Hi”."), "{content}");
    let streamed = chunks(&local, model, chat("Hi")).await;
    let thoughts = streamed.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    let thoughts: Vec<_> = thoughts.filter(|content| content.contains("reasoning>")).collect();
    assert!(thoughts.len() > 1);
    assert!(
        thoughts
            .iter()
            .all(|content| content.starts_with("<reasoning>") && content.ends_with("</reasoning>"))
    );
    let last = streamed.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last[METRICS].is_object());
    for model in ["minimax.minimax-m2", "moonshot.kimi-k2-thinking"] {
        let response = invoke(&local, model, chat("Hi")).await.ok();
        let content = response["choices"][0]["message"]["content"].as_str().unwrap();
        assert!(content.starts_with("<reasoning>"), "{model}: {content}");
    }
}

#[tokio::test]
async fn reasoning_effort_is_a_string() {
    let local = common::start_with_retired_models().await;
    for model in ["qwen.qwen3-32b-v1:0", "deepseek.v3.2", "moonshotai.kimi-k2.5"] {
        let content = async |body: Value| {
            let response = invoke(&local, model, body).await.ok();
            response["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
        };
        let mut body = chat("Hi");
        assert!(content(body.clone()).await.starts_with("You said"));
        body["reasoning_effort"] = json!("none");
        assert!(content(body.clone()).await.starts_with("You said"));
        body["reasoning_effort"] = json!("high");
        assert!(content(body.clone()).await.starts_with("<reasoning>"));
        body["reasoning_effort"] = json!({ "effort": "high" });
        let refused = invoke(&local, model, body).await.refusal();
        assert_eq!(violation(&refused), "#/reasoning_effort: expected type: String, found: JSONObject");
    }
}

#[tokio::test]
async fn chat_completions_call_tools() {
    let local = common::start_with_retired_models().await;
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let tools = json!([{ "type": "function", "function": { "name": "get_weather", "parameters": schema } }]);
    for (model, reason) in [
        ("openai.gpt-oss-20b-1:0", "finish_reason"),
        ("qwen.qwen3-32b-v1:0", "finish_reason"),
        ("mistral.mistral-large-2407-v1:0", "stop_reason"),
        ("us.mistral.pixtral-large-2502-v1:0", "finish_reason"),
        ("ai21.jamba-1-5-large-v1:0", "finish_reason"),
    ] {
        let mut body = chat("What is the weather in Rome?");
        body["tools"] = tools.clone();
        let response = invoke(&local, model, body.clone()).await.ok();
        let choice = &response["choices"][0];
        assert_eq!(choice[reason], "tool_calls", "{model}");
        let call = &choice["message"]["tool_calls"][0];
        assert_eq!(call["function"], json!({ "name": "get_weather", "arguments": "{\"city\":\"Rome\"}" }));
        let streamed = chunks(&local, model, body.clone()).await;
        let deltas = streamed.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]);
        let arguments: String = deltas.filter_map(|call| call["function"]["arguments"].as_str()).collect();
        assert_eq!(arguments, "{\"city\":\"Rome\"}", "{model}");
        assert!(streamed.iter().any(|chunk| chunk["choices"][0][reason] == "tool_calls"), "{model}");
        assert!(streamed.last().unwrap()[METRICS].is_object());

        body["tool_choice"] = json!("none");
        assert_eq!(invoke(&local, model, body.clone()).await.ok()["choices"][0][reason], "stop");
        body["tool_choice"] = json!("auto");
        body["messages"].as_array_mut().unwrap().extend([
            choice["message"].clone(),
            json!({ "role": "tool", "tool_call_id": call["id"], "content": "sunny" }),
        ]);
        let reply = invoke(&local, model, body).await.ok();
        let content = reply["choices"][0]["message"]["content"].as_str().unwrap();
        assert!(content.ends_with("get_weather (Rome) says sunny."), "{model}: {content}");
    }
}

#[tokio::test]
async fn deepseek_r1_reasons_if_its_prompt_requests_it() {
    let local = common::start_with_retired_models().await;
    let model = "us.deepseek.r1-v1:0";
    let prompt =
        |end: &str| json!({ "prompt": format!("<｜begin▁of▁sentence｜><｜User｜>Hi<｜Assistant｜>{end}") });
    let plain = invoke(&local, model, prompt("")).await.ok();
    assert!(plain["choices"][0]["text"].as_str().unwrap().starts_with("You said: “Hi”"));
    let response = invoke(&local, model, prompt("<think>\n")).await.ok();
    let text = response["choices"][0]["text"].as_str().unwrap();
    let (thought, output) = text.split_once("</think>").unwrap();
    assert!(thought.contains("I say it back"), "{text}");
    assert!(output.trim_start().starts_with("You said: “Hi”"), "{text}");
    let streamed = chunks(&local, model, prompt("<think>\n")).await;
    let streamed_text: String =
        streamed.iter().map(|chunk| chunk["choices"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(streamed_text, text);
    let last = streamed.last().unwrap();
    assert_eq!((&last["choices"][0]["stop_reason"], last[METRICS].is_object()), (&json!("stop"), true));
}

#[tokio::test]
async fn other_providers_have_their_formats() {
    let local = common::start_with_retired_models().await;
    let writer = json!({ "messages": [{ "role": "user", "content": { "text": "Hi" } }] });
    let response = invoke(&local, "us.writer.palmyra-x4-v1:0", writer).await.ok();
    assert!(response["choices"][0]["message"]["content"].as_str().unwrap().starts_with("You said: “Hi”"));

    let pegasus = "us.twelvelabs.pegasus-1-2-v1:0";
    let question = json!({ "inputPrompt": "What happens?", "mediaSource": { "base64String": "AAAA" } });
    let response = invoke(&local, pegasus, question.clone()).await.ok();
    assert!(response["message"].as_str().unwrap().contains("a video"));
    assert_eq!(
        (keys(&response), &response["finishReason"]),
        (BTreeSet::from(["finishReason", "message"]), &json!("stop"))
    );
    let streamed = chunks(&local, pegasus, question).await;
    assert_eq!(streamed.last().unwrap()["finishReason"], "stop");
    let without_media = invoke(&local, pegasus, json!({ "inputPrompt": "What happens?" })).await.refusal();
    assert_eq!(violation(&without_media), "#: required key [mediaSource] not found");

    let llama = json!({ "prompt": "<|begin_of_text|><|header_start|>user<|header_end|>\n\nHi<|eot|>", "images": ["AAAA"] });
    let response = invoke(&local, "us.meta.llama4-scout-17b-instruct-v1:0", llama).await.ok();
    let text = response["generation"].as_str().unwrap();
    assert!(text.starts_with("You said: “Hi”\nWith it came an image."), "{text}");
}

#[tokio::test]
async fn documents_are_ranked_by_words_in_common() {
    let local = common::start_with_retired_models().await;
    let documents =
        ["Carson City is in Nevada.", "Washington is the capital of the United States.", "Capital letters."];
    let body = json!({ "query": "What is the capital of the United States?", "documents": documents });
    let (amazon, cohere) = ("amazon.rerank-v1:0", "cohere.rerank-v3-5:0");
    let with = |more: Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let response = invoke(&local, amazon, body.clone()).await;
    assert_eq!(response.header("x-amzn-bedrock-input-token-count"), None);
    assert!(response.header("x-amzn-bedrock-invocation-latency").is_some());
    let ranking = response.ok();
    let indices: Vec<_> =
        ranking["results"].as_array().unwrap().iter().map(|result| &result["index"]).collect();
    assert_eq!(indices, [1, 2, 0]);
    let scores = ranking["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["relevance_score"].as_f64().unwrap());
    assert!(
        scores.clone().is_sorted_by(|one, other| one >= other)
            && scores.clone().all(|score| (0.0..=1.0).contains(&score))
    );
    let best = invoke(&local, cohere, with(json!({ "api_version": 2, "top_n": 1 }))).await.ok();
    assert_eq!(best["results"].as_array().unwrap().len(), 1);
    assert_eq!(best["results"][0], ranking["results"][0]);

    for (model, body, expected_message) in [
        (cohere, body.clone(), "#: required key [api_version] not found"),
        (cohere, with(json!({ "api_version": 1 })), "#/api_version: 1 is not greater or equal to 2"),
        (
            cohere,
            json!({ "prompt": "x", "stream": false }),
            "#: required key [query] not found#: required key [documents] not found\
             #: required key [api_version] not found#: extraneous key [prompt] is not permitted\
             #: extraneous key [stream] is not permitted",
        ),
        (amazon, with(json!({ "api_version": 2 })), "extraneous key [api_version] is not permitted"),
        (amazon, with(json!({ "top_n": 0 })), "#/top_n: 0 is not greater or equal to 1"),
        (amazon, with(json!({ "top_n": "2" })), "#/top_n: expected type: Integer, found: String"),
        (amazon, with(json!({ "documents": [] })), "#/documents: expected minimum item count: 1, found: 0"),
        (amazon, with(json!({ "documents": [7] })), "#/documents/0: expected type: String, found: Integer"),
        (
            amazon,
            with(json!({ "documents": vec!["x"; 1001] })),
            "#/documents: expected maximum item count: 1000, found: 1001",
        ),
        (amazon, json!({ "documents": ["x"] }), "required key [query] not found"),
        (amazon, json!({ "api_version": 2 }), "3 schema violations found"),
    ] {
        assert_eq!(violation(&invoke(&local, model, body).await.refusal()), expected_message);
    }
}

/// Returns an image generated by the server, as a data URI.
async fn picture(local: &LocalBedrock) -> String {
    let body = json!({ "prompt": "a boat", "aspect_ratio": "16:9" });
    let created = invoke(local, "stability.stable-image-core-v1:1", body).await.ok();
    format!("data:image/png;base64,{}", created["images"][0].as_str().unwrap())
}

#[tokio::test]
async fn cohere_embeds_images_and_mixed_input() {
    let local = common::start_with_retired_models().await;
    let uri = picture(&local).await;
    let (v3, v4) = ("cohere.embed-english-v3", "us.cohere.embed-v4:0");
    let response = invoke(&local, v3, json!({ "images": [uri], "input_type": "image" })).await.ok();
    assert_eq!((&response["response_type"], &response["texts"]), (&json!("embeddings_floats"), &json!([])));
    assert_eq!(response["embeddings"][0].as_array().unwrap().len(), 1024);
    assert_eq!(
        response["images"],
        json!([{ "format": "png", "width": 1344, "height": 768, "bit_depth": 1 }])
    );

    let mixed = |text: &str, image: Value| json!({ "content": [{ "type": "text", "text": text }, { "type": "image_url", "image_url": image }] });
    let inputs = json!([mixed("a boat", json!(uri)), mixed("a car", json!({ "url": uri }))]);
    let body = json!({ "inputs": inputs, "input_type": "search_document", "embedding_types": ["float", "ubinary"], "output_dimension": 256 });
    let response = invoke(&local, v4, body).await;
    assert!(response.header("x-amzn-bedrock-input-token-count").unwrap().parse::<u64>().unwrap() > 2000);
    let response = response.ok();
    let (floats, bits) = (&response["embeddings"]["float"], &response["embeddings"]["ubinary"]);
    assert_eq!((floats[1].as_array().unwrap().len(), bits[1].as_array().unwrap().len()), (256, 32));
    assert_ne!(floats[0], floats[1]);

    for (model, body, expected_message) in [
        (
            v3,
            json!({ "inputText": "x" }),
            "#: required key [texts] not found#: required key [input_type] not found\
             #: extraneous key [inputText] is not permitted",
        ),
        (
            v3,
            json!({ "texts": ["x"], "input_type": "query" }),
            "#/input_type: query is not a valid enum value",
        ),
        (
            v3,
            json!({ "texts": vec!["x"; 97], "input_type": "search_query" }),
            "#/texts: expected maximum item count: 96, found: 97",
        ),
        (
            v3,
            json!({ "texts": ["x", "x".repeat(2049)], "input_type": "search_query" }),
            "#/texts/1: expected maxLength: 2048, actual: 2049",
        ),
        (
            v3,
            json!({ "images": [uri, uri], "input_type": "image" }),
            "#/images: expected maximum item count: 1, found: 2",
        ),
        (
            v3,
            json!({ "images": ["AAAA"], "input_type": "image" }),
            "#/images/0: expected a data URI of an image, data:image/png;base64,…",
        ),
        (
            v4,
            json!({ "texts": ["x"], "images": [uri], "input_type": "search_query" }),
            "#: only one of the keys [texts], [images] and [inputs] is permitted",
        ),
        (
            v4,
            json!({ "texts": ["x"], "input_type": "search_query", "output_dimension": 300 }),
            "#/output_dimension: 300 is not a valid enum value",
        ),
        (
            v4,
            json!({ "texts": ["x"], "input_type": "search_query", "embedding_types": ["float", "int4"] }),
            "#/embedding_types/1: int4 is not a valid enum value",
        ),
    ] {
        assert_eq!(violation(&invoke(&local, model, body).await.refusal()), expected_message);
    }
    let long = json!({ "texts": ["x".repeat(2049)], "input_type": "search_query" });
    assert_eq!(invoke(&local, v4, long).await.status, 200, "only version 3 has a limit in characters");
}

#[tokio::test]
async fn given_vectors_are_returned_in_the_requested_types() {
    struct Fixed;
    impl std::fmt::Debug for Fixed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Fixed")
        }
    }
    #[bedrock_orm_local::async_trait]
    impl bedrock_orm_local::Replier for Fixed {
        async fn reply(&self, _: &bedrock_orm_local::Conversation) -> Reply {
            Reply::default()
        }
        async fn embed(&self, embedding: &bedrock_orm_local::Embedding) -> Reply {
            Reply::vectors(embedding.texts().iter().map(|_| vec![1.0, -0.5, 0.25, -1.0]).collect())
        }
    }
    let local = LocalBedrock::builder().replier(Fixed).start().await.unwrap();
    let types = ["float", "int8", "uint8", "binary", "ubinary"];
    let body = json!({ "texts": ["x"], "input_type": "clustering", "embedding_types": types });
    let response = invoke(&local, "cohere.embed-english-v3", body).await.ok();
    let expected = json!({
        "float": [[1.0, -0.5, 0.25, -1.0]], "int8": [[127, -64, 32, -127]], "uint8": [[255, 64, 160, 1]],
        "binary": [[32]], "ubinary": [[160]],
    });
    assert_eq!(
        (&response["embeddings"], &response["response_type"]),
        (&expected, &json!("embeddings_by_type"))
    );
    let binary = json!({ "inputText": "x", "embeddingTypes": ["binary"] });
    let response = invoke(&local, "amazon.titan-embed-text-v2:0", binary).await.ok();
    assert_eq!(response, json!({ "embeddingsByType": { "binary": [1, 0, 1, 0] }, "inputTextTokenCount": 1 }));
}

#[tokio::test]
async fn titan_embeddings_have_limits() {
    let local = common::start_with_retired_models().await;
    let (v1, v2, image) =
        ("amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0", "amazon.titan-embed-image-v1");
    for (model, body, expected_message) in [
        (v2, json!({ "inputText": "" }), "expected minLength: 1, actual: 0"),
        (v2, json!({ "inputText": "x".repeat(50_001) }), "expected maxLength: 50000, actual: 50001"),
        (v2, json!({ "inputText": "x", "dimensions": 300 }), "#/dimensions: 300 is not a valid enum value"),
        (v1, json!({ "inputText": "x", "dimensions": 256 }), "extraneous key [dimensions] is not permitted"),
        (v2, json!({}), "required key [inputText] not found"),
        (v2, json!({ "texts": ["x"], "input_type": "search_query" }), "3 schema violations found"),
        (image, json!({}), "#: required key [inputText] not found"),
        (
            image,
            json!({ "inputText": "x", "embeddingConfig": { "outputEmbeddingLength": 512 } }),
            "#/embeddingConfig/outputEmbeddingLength: 512 is not a valid enum value",
        ),
    ] {
        assert_eq!(violation(&invoke(&local, model, body).await.refusal()), expected_message);
    }
    let many = invoke(&local, v2, json!({ "inputText": "x ".repeat(8193) })).await.refusal();
    assert_eq!(
        many,
        "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 8193 "
    );

    let vector = async |body: Value| {
        let response = invoke(&local, image, body).await.ok();
        assert_eq!(keys(&response), BTreeSet::from(["embedding", "inputTextTokenCount", "message"]));
        assert_eq!(response["message"], Value::Null);
        let vector = response["embedding"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap());
        vector.collect::<Vec<_>>()
    };
    let of_text = vector(json!({ "inputText": "a boat" })).await;
    let of_image = vector(json!({ "inputImage": "AAAA" })).await;
    let of_both = vector(json!({ "inputText": "a boat", "inputImage": "AAAA" })).await;
    let cosine =
        |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
    assert_eq!(of_text.len(), 1024);
    assert!(cosine(&of_text, &of_both) > cosine(&of_text, &of_image) + 0.2);
    assert!(cosine(&of_image, &of_both) > cosine(&of_text, &of_image) + 0.2);
}

#[tokio::test]
async fn nova_embeds_all_media_types() {
    let local = common::start_with_retired_models().await;
    let model = "amazon.nova-2-multimodal-embeddings-v1:0";
    let request = |more: Value| {
        let mut params = json!({ "embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 256 });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": params })
    };
    let source = json!({ "bytes": "AAAA" });
    let video = |mode: &str| json!({ "video": { "format": "mp4", "source": source, "embeddingMode": mode } });
    for (input, types) in [
        (json!({ "text": { "truncationMode": "END", "value": "Hi" } }), vec!["TEXT"]),
        (json!({ "image": { "format": "png", "source": source } }), vec!["IMAGE"]),
        (json!({ "audio": { "format": "mp3", "source": source } }), vec!["AUDIO"]),
        (video("AUDIO_VIDEO_COMBINED"), vec!["AUDIO_VIDEO_COMBINED"]),
        (video("AUDIO_VIDEO_SEPARATE"), vec!["VIDEO", "AUDIO"]),
    ] {
        let response = invoke(&local, model, request(input)).await;
        assert_eq!(response.header("x-amzn-bedrock-cache-read-input-token-count"), None);
        let response = response.ok();
        let embeddings = response["embeddings"].as_array().unwrap();
        let embedding_types: Vec<_> =
            embeddings.iter().map(|embedding| embedding["embeddingType"].as_str().unwrap()).collect();
        assert_eq!(embedding_types, types);
        assert!(embeddings.iter().all(|embedding| embedding["embedding"].as_array().unwrap().len() == 256));
    }
    let long =
        |mode: &str| request(json!({ "text": { "truncationMode": mode, "value": "x ".repeat(9000) } }));
    let cut = invoke(&local, model, long("END")).await.ok();
    assert_eq!(cut["embeddings"][0]["truncatedCharLength"], 2 * 8192 - 1);
    let params = "#/singleEmbeddingParams";
    for (body, expected_message) in [
        (json!({ "inputText": "x", "dimensions": 256 }), "#: required key [messages] not found".to_owned()),
        (
            json!({ "taskType": "SEGMENTED_EMBEDDING" }),
            "#/taskType: SEGMENTED_EMBEDDING is not a valid enum value".to_owned(),
        ),
        (
            json!({ "taskType": "SINGLE_EMBEDDING" }),
            "#: required key [singleEmbeddingParams] not found".to_owned(),
        ),
        (
            request(json!({ "embeddingDimension": 512 })),
            format!("{params}/embeddingDimension: 512 is not a valid enum value"),
        ),
        (
            request(json!({})),
            format!("{params}: exactly one of the keys [text], [image], [audio] and [video] is required"),
        ),
        (
            request(json!({ "image": { "source": source } })),
            format!("{params}/image: required key [format] not found"),
        ),
        (
            long("NONE"),
            format!("{params}/text/value: 9000 tokens are more than 8192, and truncationMode is NONE"),
        ),
    ] {
        assert_eq!(violation(&invoke(&local, model, body).await.refusal()), expected_message);
    }
}

#[tokio::test]
async fn models_that_edit_an_image_require_one() {
    let local = common::start_with_retired_models().await;
    let uri = picture(&local).await;
    let image = uri.split_once(',').unwrap().1;
    for (model, body, missing) in [
        ("stable-image-remove-background-v1:0", json!({ "image": image }), "image"),
        ("stable-outpaint-v1:0", json!({ "image": image, "left": 10 }), "image"),
        (
            "stable-image-search-replace-v1:0",
            json!({ "image": image, "prompt": "a car", "search_prompt": "boat" }),
            "search_prompt",
        ),
        ("stable-style-transfer-v1:0", json!({ "init_image": image, "style_image": image }), "style_image"),
    ] {
        let model = format!("us.stability.{model}");
        let created = invoke(&local, &model, body.clone()).await.ok();
        assert_eq!(keys(&created), BTreeSet::from(["finish_reasons", "images", "seeds"]));
        let mut incomplete = body;
        incomplete.as_object_mut().unwrap().remove(missing);
        let refused = invoke(&local, &model, incomplete).await.refusal();
        assert_eq!(violation(&refused), format!("#: required key [{missing}] not found"));
    }
}

#[tokio::test]
async fn imported_models_support_openai_completions() {
    let local = common::start_with_retired_models().await;
    let arn = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdef123456";
    let row = json!({ "modelArn": arn, "modelName": "mine", "creationTime": "2025-01-01T00:00:00Z" });
    local.seed("ListImportedModels", [row]).unwrap();
    let model = arn.replace('/', "%2F");
    let response = invoke(&local, &model, json!({ "prompt": "Hi" })).await.ok();
    assert_eq!(
        (&response["object"], &response["choices"][0]["finish_reason"]),
        (&json!("text_completion"), &json!("stop"))
    );
    assert!(response["choices"][0]["text"].as_str().unwrap().starts_with("You said: “Hi”"));
    assert!(response["usage"]["total_tokens"].as_u64().unwrap() > 1);
    let reply = invoke(&local, &model, chat("Hi")).await.ok();
    assert!(reply["choices"][0]["message"]["content"].as_str().unwrap().starts_with("You said"));
}

#[tokio::test]
async fn marengo_embeds_short_input_synchronously() {
    let local = common::start_with_retired_models().await;
    let size = async |model: &str, body: Value| {
        let response = invoke(&local, model, body).await.ok();
        response["data"][0]["embedding"].as_array().unwrap().len()
    };
    let flat = json!({ "inputType": "text", "inputText": "Hi" });
    assert_eq!(size("twelvelabs.marengo-embed-2-7-v1:0", flat).await, 1024);
    let nested = json!({ "inputType": "text_image", "text_image": {
        "inputText": "Hi", "mediaSource": { "base64String": "AAAA" },
    } });
    assert_eq!(size("us.twelvelabs.marengo-embed-3-0-v1:0", nested).await, 512);
    let film = json!({ "inputType": "video", "mediaSource": {} });
    let refused = invoke(&local, "twelvelabs.marengo-embed-2-7-v1:0", film).await.refusal();
    assert_eq!(violation(&refused), "#/inputType: video is not a valid enum value");
}

#[tokio::test]
async fn a_guardrail_adds_its_action_to_text_chunks_and_the_last_chunk() {
    let local = common::start_with_retired_models().await;
    let guardrail = json!({
        "name": "g", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "forbidden" }] },
    });
    let id = common::text(&post(&local, "/guardrails", guardrail).await.ok(), "guardrailId").to_owned();
    let headers =
        [("x-amzn-bedrock-guardrailidentifier", id.as_str()), ("x-amzn-bedrock-guardrailversion", "DRAFT")];
    let body = json!({ "messages": [user("Hi")] }).to_string();
    let path = "/model/amazon.nova-lite-v1:0/invoke-with-response-stream";
    let response = common::send(&local, "POST", path, &headers, body.as_bytes()).await;
    let chunks = response
        .frames()
        .into_iter()
        .map(|frame| BASE64.decode(common::text(&frame.payload, "bytes")).unwrap());
    for chunk in chunks.map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap()) {
        let has_content = chunk["contentBlockDelta"].is_object() || chunk["metadata"].is_object();
        assert_eq!(chunk["amazon-bedrock-guardrailAction"] == "NONE", has_content, "{chunk}");
    }
}
