//! `InvokeModel` in the provider formats, `CountTokens`, the catalogue, and asynchronous invocations.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Reply};
use common::{BASE, HttpResponse, MODEL, NOVA, get, post, send, user};
use serde_json::{Value, json};

async fn invoke(local: &LocalBedrock, model: &str, body: Value) -> HttpResponse {
    post(local, &format!("/model/{model}/invoke"), body).await
}

async fn chunks(local: &LocalBedrock, model: &str, body: Value) -> Vec<Value> {
    let response = post(local, &format!("/model/{model}/invoke-with-response-stream"), body).await;
    assert_eq!(response.header("x-amzn-bedrock-content-type"), Some("application/json"));
    let bytes = |frame: &common::Frame| {
        assert_eq!(frame.name(), "chunk");
        serde_json::from_slice(&BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap()).unwrap()
    };
    response.frames().iter().map(bytes).collect()
}

fn messages(text: &str) -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100,
        "messages": [{ "role": "user", "content": text }],
    })
}

#[tokio::test]
async fn anthropic_messages() {
    let local = common::start_with_retired_models().await;
    let response = invoke(&local, MODEL, messages("Good morning")).await;
    assert_eq!(response.header("x-amzn-bedrock-input-token-count"), Some("3"));
    assert!(response.header("x-amzn-bedrock-invocation-latency").is_some());
    let body = response.ok();
    assert_eq!(
        (&body["type"], &body["role"], &body["model"]),
        (&json!("message"), &json!("assistant"), &json!("claude-sonnet-4-5-20250929"))
    );
    assert!(body["id"].as_str().unwrap().starts_with("msg_bdrk_01"));
    assert!(body["content"][0]["text"].as_str().unwrap().contains("“Good morning”"));
    assert_eq!(body["usage"]["input_tokens"], 3);

    let chunks = chunks(&local, MODEL, messages("Good morning")).await;
    let kinds: Vec<_> = chunks.iter().map(|chunk| chunk["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["message_start", "content_block_start"]);
    assert_eq!(kinds[kinds.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert_eq!(chunks.last().unwrap()["amazon-bedrock-invocationMetrics"]["inputTokenCount"], 3);
}

#[tokio::test]
async fn anthropic_tools() {
    let local = common::start_with_retired_models().await;
    let mut body = messages("Weather in Rome?");
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    body["tools"] = json!([{ "name": "weather", "input_schema": schema }]);
    let response = invoke(&local, MODEL, body.clone()).await.ok();
    assert_eq!(response["stop_reason"], "tool_use");
    assert_eq!(response["content"][0]["input"], json!({ "city": "Rome" }));
    assert!(response["content"][0]["id"].as_str().unwrap().starts_with("toolu_bdrk_01"));
    body["messages"].as_array_mut().unwrap().extend([
        json!({ "role": "assistant", "content": response["content"] }),
        json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": response["content"][0]["id"], "content": "sunny" },
        ] }),
    ]);
    let reply = invoke(&local, MODEL, body.clone()).await.ok();
    assert_eq!(reply["content"][0]["text"], "Here is what I found out. weather (Rome) says sunny.");
    body["messages"].as_array_mut().unwrap().truncate(1);
    let chunks = chunks(&local, MODEL, body).await;
    let json: String = chunks.iter().filter_map(|chunk| chunk["delta"]["partial_json"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({ "city": "Rome" }));
}

#[tokio::test]
async fn every_provider_has_its_format() {
    let local = common::start_with_retired_models().await;
    let chat = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    for (model, body, pointer) in [
        (
            "anthropic.claude-v2",
            json!({ "prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 9 }),
            "/completion",
        ),
        ("meta.llama3-8b-instruct-v1:0", json!({ "prompt": "Hi" }), "/generation"),
        ("mistral.mistral-7b-instruct-v0:2", json!({ "prompt": "<s>[INST] Hi [/INST]" }), "/outputs/0/text"),
        ("mistral.mistral-large-2407-v1:0", chat.clone(), "/choices/0/message/content"),
        ("amazon.titan-text-lite-v1", json!({ "inputText": "Hi" }), "/results/0/outputText"),
        (
            "amazon.nova-micro-v1:0",
            json!({ "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }] }),
            "/output/message/content/0/text",
        ),
        ("cohere.command-r-plus-v1:0", json!({ "message": "Hi" }), "/text"),
        ("cohere.command-light-text-v14", json!({ "prompt": "Hi" }), "/generations/0/text"),
        ("ai21.jamba-1-5-mini-v1:0", chat.clone(), "/choices/0/message/content"),
        ("us.deepseek.r1-v1:0", json!({ "prompt": "Hi" }), "/choices/0/text"),
        ("openai.gpt-oss-20b-1:0", chat.clone(), "/choices/0/message/content"),
        ("qwen.qwen3-32b-v1:0", chat, "/choices/0/message/content"),
    ] {
        let response = invoke(&local, model, body.clone()).await.ok();
        let text = response
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{model}: {response}"));
        let text = text.rsplit("</reasoning>").next().unwrap();
        assert!(text.trim_start().starts_with("You said: “Hi”"), "{model}: {text}");
        let chunks = chunks(&local, model, body).await;
        let metrics = &chunks.last().unwrap()["amazon-bedrock-invocationMetrics"];
        assert!(metrics["inputTokenCount"].as_u64().unwrap() > 0, "{model}");
        local.queue_reply(Reply::error("ThrottlingException", "slow down"));
        assert_eq!(invoke(&local, model, json!({ "prompt": "Hi", "max_tokens_to_sample": 9, "message": "Hi", "inputText": "Hi",
            "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }], "anthropic_version": "x", "max_tokens": 9 })).await.status, 429);
    }
}

#[tokio::test]
async fn malformed_bodies_have_a_specific_error() {
    let local = common::start_with_retired_models().await;
    for (model, body, message) in [
        (MODEL, json!({}), "#: required key [messages] not found"),
        (
            MODEL,
            json!({ "messages": [user("x")], "anthropic_version": "x" }),
            "#: required key [max_tokens] not found",
        ),
        (
            MODEL,
            json!({ "messages": [{ "role": "user", "content": {} }], "anthropic_version": "x", "max_tokens": 1 }),
            "#/messages/0/content: expected type: JSONArray, found: JSONObject",
        ),
        (
            "amazon.nova-lite-v1:0",
            json!({ "messages": [{ "role": "user", "content": [{ "inputText": "x" }] }] }),
            "#/messages/0/content/0: required key [toolUse] not found",
        ),
        ("amazon.titan-text-express-v1", json!([]), "#: expected type: JSONObject, found: JSONArray"),
        (
            "amazon.titan-text-express-v1",
            json!({ "inputText": 7 }),
            "#/inputText: expected type: String, found: Integer",
        ),
    ] {
        let refused = invoke(&local, model, body).await.refusal();
        assert_eq!(
            refused,
            format!("Malformed input request: {message}, please reformat your input and try again.")
        );
    }
    let empty = send(&local, "POST", &format!("/model/{MODEL}/invoke"), &[], b"").await.refusal();
    assert_eq!(empty, "Malformed input request, please reformat your input and try again.");
}

#[tokio::test]
async fn embeddings_have_the_requested_size() {
    let local = common::start_with_retired_models().await;
    let size = |vector: &Value| vector.as_array().unwrap().len();
    let titan =
        invoke(&local, "amazon.titan-embed-text-v2:0", json!({ "inputText": "Hi", "dimensions": 512 })).await;
    assert_eq!(titan.header("x-amzn-bedrock-output-token-count"), None);
    assert_eq!(size(&titan.ok()["embedding"]), 512);
    let older = invoke(&local, "amazon.titan-embed-text-v1", json!({ "inputText": "Hi" })).await.ok();
    assert_eq!(size(&older["embedding"]), 1536);
    let cohere =
        json!({ "texts": ["a", "b"], "input_type": "search_document", "embedding_types": ["float"] });
    let cohere = invoke(&local, "cohere.embed-multilingual-v3", cohere).await.ok();
    assert_eq!(size(&cohere["embeddings"]["float"][1]), 1024);
    let stream = post(
        &local,
        "/model/amazon.titan-embed-text-v2:0/invoke-with-response-stream",
        json!({ "inputText": "Hi" }),
    );
    assert_eq!(stream.await.refusal(), "The model is unsupported for streaming");
}

#[tokio::test]
async fn all_operations_count_tokens_alike() {
    let local = common::start_with_retired_models().await;
    let count = async |model: &str, input: Value| {
        post(&local, &format!("/model/{model}/count-tokens"), json!({ "input": input })).await
    };
    let converse = json!({ "messages": [user("Good morning")], "system": [{ "text": "Be kind." }] });
    assert_eq!(count(BASE, json!({ "converse": converse })).await.ok(), json!({ "inputTokens": 6 }));
    let body = BASE64.encode(messages("Good morning").to_string());
    assert_eq!(
        count(BASE, json!({ "invokeModel": { "body": body } })).await.ok(),
        json!({ "inputTokens": 3 })
    );
    let profile_only = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_eq!(count(profile_only, json!({ "converse": converse })).await.status, 200);
    for model in [&format!("us.{profile_only}"), "amazon.nova-lite-v1:0"] {
        let refused = count(model, json!({ "converse": converse })).await.refusal();
        assert_eq!(refused, "The provided model doesn't support counting tokens.", "{model}");
    }
    let unknown = count("does-not-exist-model-v1:0", json!({ "converse": converse })).await.refusal();
    assert_eq!(unknown, "The provided model identifier is invalid.");
    let both = json!({ "converse": converse, "invokeModel": { "body": "e30=" } });
    assert!(
        count(BASE, both)
            .await
            .refusal()
            .contains("must set one of the following keys: invokeModel, converse.")
    );
}

#[tokio::test]
async fn the_catalogue_can_be_filtered() {
    let local = common::start_with_retired_models().await;
    let list = async |query: &str| {
        get(&local, &format!("/foundation-models{query}")).await.ok()["modelSummaries"]
            .as_array()
            .unwrap()
            .clone()
    };
    let all = list("").await;
    assert!(all.len() > 60);
    assert!(all.iter().all(|model| model["modelLifecycle"]["status"].is_string()));
    let anthropic = list("?byProvider=anthropic").await;
    assert!(!anthropic.is_empty() && anthropic.len() < all.len());
    let images = list("?byOutputModality=IMAGE&byProvider=Amazon").await;
    assert!(images.iter().any(|model| model["modelId"] == "amazon.nova-canvas-v1:0"));
    assert!(images.iter().all(|model| model["providerName"] == "Amazon"));
    let tuned = list("?byCustomizationType=FINE_TUNING&byInferenceType=PROVISIONED").await;
    assert!(!tuned.is_empty());
    assert_eq!(list("?byProvider=Nobody").await, Vec::<Value>::new());
    let arn = format!("arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2F{BASE}");
    let by_arn = get(&local, &format!("/foundation-models/{arn}")).await.ok();
    assert_eq!(by_arn, get(&local, &format!("/foundation-models/{BASE}")).await.ok());
    assert_eq!(get(&local, "/foundation-models/no.such-model").await.error().1, "ResourceNotFoundException");
    assert!(
        get(&local, "/foundation-models/No Model".replace(' ', "%20").as_str())
            .await
            .refusal()
            .contains("pattern")
    );
    let available = get(&local, &format!("/foundation-model-availability/{NOVA}")).await.ok();
    assert_eq!(available["agreementAvailability"], json!({ "status": "AVAILABLE" }));
}

fn reel(token: &str) -> Value {
    json!({
        "clientRequestToken": token,
        "modelId": "amazon.nova-reel-v1:0",
        "modelInput": { "taskType": "TEXT_VIDEO" },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://some-bucket" } },
    })
}

#[tokio::test]
async fn async_invocations_complete_when_the_clock_advances() {
    let local = common::start_with_retired_models().await;
    let started = post(&local, "/async-invoke", reel("one")).await.ok();
    let arn = started["invocationArn"].as_str().unwrap();
    let job = async || get(&local, &format!("/async-invoke/{}", arn.replace('/', "%2F"))).await.ok();
    let running = job().await;
    assert_eq!((&running["status"], running.get("endTime")), (&json!("InProgress"), None));
    assert_eq!(running["modelArn"], "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-reel-v1:0");
    let id = arn.rsplit('/').next().unwrap();
    assert_eq!(running["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"], format!("s3://some-bucket/{id}"));
    local.advance(Duration::from_secs(3));
    let done = job().await;
    assert_eq!(done["status"], "Completed");
    assert!(done["endTime"].as_str().unwrap() > done["submitTime"].as_str().unwrap());
}

#[tokio::test]
async fn a_token_starts_one_job() {
    let local = common::start_with_retired_models().await;
    let first = post(&local, "/async-invoke", reel("one")).await.ok();
    assert_eq!(post(&local, "/async-invoke", reel("one")).await.ok(), first);
    let mut other = reel("one");
    other["modelInput"]["seed"] = json!(7);
    assert_eq!(post(&local, "/async-invoke", other).await.error().1, "ConflictException");
    let mut unfit = reel("two");
    unfit["modelId"] = json!(MODEL);
    assert_eq!(post(&local, "/async-invoke", unfit).await.refusal(), "The provided request is not valid");
    let unknown = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aasync-invoke%2Faaaaaaaaaaaa";
    get(&local, &format!("/async-invoke/{unknown}")).await.refusal();
}

#[tokio::test]
async fn jobs_are_listed_filtered_and_paged() {
    let local = LocalBedrock::builder()
        .keep_retired_models()
        .page_size(2)
        .async_invoke_duration(Duration::from_secs(60))
        .start()
        .await
        .unwrap();
    for token in ["a", "b", "c"] {
        post(&local, "/async-invoke", reel(token)).await.ok();
        local.advance(Duration::from_secs(25));
    }
    let tokens = |page: &Value| -> String {
        let jobs = page["asyncInvokeSummaries"].as_array().unwrap();
        jobs.iter().map(|job| job["clientRequestToken"].as_str().unwrap()).collect()
    };
    let list = async |query: &str| get(&local, &format!("/async-invoke?{query}")).await.ok();
    let newest = list("maxResults=1000").await;
    assert_eq!(tokens(&newest), "cb");
    let next = list(&format!("nextToken={}", newest["nextToken"].as_str().unwrap())).await;
    assert_eq!((tokens(&next).as_str(), next.get("nextToken")), ("a", None));
    assert_eq!(tokens(&list("sortOrder=Ascending&sortBy=SubmissionTime").await), "ab");
    assert_eq!(tokens(&list("statusEquals=Completed").await), "a");
    assert_eq!(tokens(&list("statusEquals=InProgress").await), "cb");
    let second = newest["asyncInvokeSummaries"][1]["submitTime"].as_str().unwrap().to_owned();
    assert_eq!(tokens(&list(&format!("submitTimeAfter={second}")).await), "c");
    assert_eq!(tokens(&list(&format!("submitTimeBefore={second}")).await), "a");
    assert_eq!(get(&local, "/async-invoke?submitTimeAfter=soon").await.status, 400);
    assert_eq!(get(&local, "/async-invoke?maxResults=many").await.status, 400);
    assert!(
        get(&local, "/async-invoke?statusEquals=Done")
            .await
            .refusal()
            .contains("[InProgress, Completed, Failed]")
    );
}

#[tokio::test]
async fn the_payload_size_is_limited() {
    let local = common::start_with_retired_models().await;
    let huge = vec![b' '; 25_000_001];
    let refused = send(&local, "POST", &format!("/model/{MODEL}/invoke"), &[], &huge).await.refusal();
    assert!(refused.ends_with("Member must have length less than or equal to 25000000"), "{refused}");
}

#[tokio::test]
async fn images_are_valid_and_deterministic() {
    let local = common::start_with_retired_models().await;
    let invoke = async |model: &str, body: Value| post(&local, &format!("/model/{model}/invoke"), body).await;
    let png = |image: &Value| BASE64.decode(image.as_str().unwrap()).unwrap();
    let size = |png: &[u8]| {
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
    };
    let amazon = |text: &str, seed: u64| {
        json!({
            "taskType": "TEXT_IMAGE", "textToImageParams": { "text": text },
            "imageGenerationConfig": { "numberOfImages": 2, "width": 640, "height": 320, "seed": seed },
        })
    };
    for model in ["amazon.titan-image-generator-v2:0", "amazon.nova-canvas-v1:0"] {
        let created = invoke(model, amazon("a boat", 7)).await.ok();
        assert_eq!(created["error"], Value::Null);
        assert_eq!(size(&png(&created["images"][1])), [640, 320]);
        assert_ne!(created["images"][0], created["images"][1]);
        assert_eq!(invoke(model, amazon("a boat", 7)).await.ok(), created);
        assert_ne!(invoke(model, amazon("a boat", 9)).await.ok()["images"][0], created["images"][0]);
        assert_ne!(invoke(model, amazon("a car", 7)).await.ok()["images"][0], created["images"][0]);
    }
    let model = "amazon.titan-image-generator-v2:0";
    let first = invoke(model, amazon("a boat", 7)).await.ok()["images"][0].clone();
    let removal = json!({ "taskType": "BACKGROUND_REMOVAL", "backgroundRemovalParams": { "image": first } });
    assert_eq!(
        size(&png(&invoke(model, removal).await.ok()["images"][0])),
        [640, 320],
        "as large as its source"
    );

    let core = json!({ "prompt": "a boat", "aspect_ratio": "16:9", "seed": 5, "output_format": "jpeg" });
    let created = invoke("stability.stable-image-core-v1:1", core).await.ok();
    assert_eq!((&created["seeds"], &created["finish_reasons"]), (&json!([5]), &json!([null])));
    assert_eq!(size(&png(&created["images"][0])), [1344, 768]);
    let xl = json!({ "text_prompts": [{ "text": "a boat" }], "width": 512, "height": 512, "seed": 5 });
    let created = invoke("stability.stable-diffusion-xl-v1", xl).await.ok();
    assert_eq!(
        (&created["result"], &created["artifacts"][0]["finishReason"]),
        (&json!("success"), &json!("SUCCESS"))
    );
    assert_eq!(size(&png(&created["artifacts"][0]["base64"])), [512, 512]);

    for (model, body, expected_message) in [
        (model, json!({}), "required key [taskType] not found"),
        (model, json!({ "taskType": "DANCE" }), "DANCE is not a valid enum value"),
        (model, json!({ "taskType": "TEXT_IMAGE" }), "required key [textToImageParams] not found"),
        (
            model,
            json!({ "taskType": "TEXT_IMAGE", "textToImageParams": {} }),
            "required key [text] not found",
        ),
        (
            model,
            json!({ "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "x" }, "imageGenerationConfig": { "width": 99999 } }),
            "#/width: 99999",
        ),
        ("stability.sd3-5-large-v1:0", json!({ "mode": "text-to-image" }), "required key [prompt] not found"),
        (
            "stability.sd3-5-large-v1:0",
            json!({ "prompt": "x", "aspect_ratio": "7:3" }),
            "7:3 is not a valid enum value",
        ),
    ] {
        let refused = invoke(model, body).await.refusal();
        assert!(refused.contains(expected_message), "{refused}");
    }
}
