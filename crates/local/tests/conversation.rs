//! Converse and ConverseStream over raw HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, Reply};
use common::{HttpResponse, MODEL, NOVA, converse, converse_stream, frames, user};
use serde_json::{Value, json};

const PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn text(answer: &Value) -> &str {
    answer["output"]["message"]["content"][0]["text"].as_str().unwrap()
}

fn weather() -> Value {
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    json!({ "tools": [{ "toolSpec": { "name": "get_weather", "inputSchema": { "json": schema } } }] })
}

#[tokio::test]
async fn a_model_echoes_the_prompt() {
    let local = LocalBedrock::start().await.unwrap();
    let answer = converse(&local, NOVA, json!({ "messages": [user("Good morning!")] })).await;
    let raw = String::from_utf8(answer.body.to_vec()).unwrap();
    assert_eq!(raw, answer.ok().to_string(), "compact, sorted, and not escaped");
    assert!(raw.starts_with("{\"metrics\":{\"latencyMs\":"), "{raw}");
    let answer = answer.ok();
    assert!(text(&answer).starts_with("You said: “Good morning!”"));
    assert_eq!(answer["stopReason"], "end_turn");
    assert_eq!(answer["usage"]["inputTokens"], 4, "Good, mornin, g, !");
    assert_eq!(answer["usage"]["serverToolUsage"], json!({}));
    assert!(answer["metrics"]["latencyMs"].is_u64());
}

#[tokio::test]
async fn responses_repeat_the_service_tier_and_performance_config() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({
        "messages": [user("Hi")],
        "performanceConfig": { "latency": "optimized" },
        "serviceTier": { "type": "priority" },
        "requestMetadata": { "team": "tests" },
        "promptVariables": { "name": { "text": "you" } },
    });
    let answer = converse(&local, MODEL, body.clone()).await.ok();
    assert_eq!(answer["performanceConfig"], body["performanceConfig"]);
    assert_eq!(answer["serviceTier"], body["serviceTier"]);
    let frames = converse_stream(&local, MODEL, body.clone()).await.frames();
    assert_eq!(frames.last().unwrap().payload["serviceTier"], body["serviceTier"]);
}

#[tokio::test]
async fn a_stream_has_the_frames_of_aws() {
    let local = LocalBedrock::start().await.unwrap();
    let answer =
        converse_stream(&local, PROFILE, json!({ "messages": [user("Good morning, stream!")] })).await;
    assert_eq!(answer.header("content-type"), Some("application/vnd.amazon.eventstream"));
    let frames = answer.frames();
    for frame in &frames {
        let names: Vec<_> = frame.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [":event-type", ":content-type", ":message-type"]);
        let padding = frame.payload["p"].as_str().unwrap();
        assert!((2..=61).contains(&padding.len()));
        assert!("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".starts_with(padding));
    }
    let order: Vec<_> = frames.iter().map(common::Frame::name).collect();
    assert_eq!(order.first(), Some(&"messageStart"));
    assert_eq!(order[order.len() - 3..], ["contentBlockStop", "messageStop", "metadata"]);
    assert!(!order.contains(&"contentBlockStart"), "text blocks have no start event");
    let deltas: Vec<_> = frames.iter().filter_map(|frame| frame.payload["delta"]["text"].as_str()).collect();
    assert!(deltas.len() > 5);
    assert!(deltas.concat().contains("Good morning, stream!"));
    let usage = &frames.last().unwrap().payload["usage"];
    assert_eq!(
        usage["totalTokens"],
        usage["inputTokens"].as_u64().unwrap() + usage["outputTokens"].as_u64().unwrap()
    );
}

#[tokio::test]
async fn limits_are_enforced() {
    let local = LocalBedrock::start().await.unwrap();
    let inference = |config: Value| json!({ "messages": [user("one two three")], "inferenceConfig": config });
    let short = converse(&local, MODEL, inference(json!({ "maxTokens": 4 }))).await.ok();
    assert_eq!(
        (short["stopReason"].as_str(), short["usage"]["outputTokens"].as_u64()),
        (Some("max_tokens"), Some(4))
    );
    let mut body = inference(json!({ "stopSequences": ["three", "two"] }));
    body["additionalModelResponseFieldPaths"] = json!(["/stop_sequence", "/nothing"]);
    let stopped = converse(&local, MODEL, body.clone()).await.ok();
    assert_eq!(stopped["stopReason"], "stop_sequence");
    assert!(text(&stopped).ends_with("one "));
    assert_eq!(stopped["additionalModelResponseFields"], json!({ "stop_sequence": "two" }));
    let frames = converse_stream(&local, MODEL, body).await.frames();
    let stop = frames.iter().find(|frame| frame.name() == "messageStop").unwrap();
    assert_eq!(stop.payload["additionalModelResponseFields"], json!({ "stop_sequence": "two" }));
}

#[tokio::test]
async fn parallel_tool_results_may_be_in_any_order() {
    let local = LocalBedrock::start().await.unwrap();
    let mut messages = vec![user("What is the weather in Seattle and San Francisco today?")];
    let first_reply =
        converse(&local, MODEL, json!({ "messages": messages, "toolConfig": weather() })).await.ok();
    assert_eq!(first_reply["stopReason"], "tool_use");
    let uses: Vec<_> = first_reply["output"]["message"]["content"].as_array().unwrap().clone();
    let input = |index: usize| &uses[index]["toolUse"]["input"]["city"];
    assert_eq!((input(0), input(1)), (&json!("Seattle"), &json!("San Francisco")));
    let id = |index: usize| uses[index]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(id(0).starts_with("tooluse_") && id(0).len() == 30 && id(0) != id(1));

    let result = |index: usize, degrees: u64| json!({ "toolResult": { "toolUseId": id(index), "content": [{ "json": { "degrees": degrees } }] } });
    messages.push(first_reply["output"]["message"].clone());
    messages.push(json!({ "role": "user", "content": [result(1, 70), result(0, 50)] }));
    let second_reply =
        converse(&local, MODEL, json!({ "messages": messages, "toolConfig": weather() })).await.ok();
    let output = text(&second_reply);
    assert!(
        output.contains("(San Francisco) says degrees 70") && output.contains("(Seattle) says degrees 50"),
        "{output}"
    );

    messages[2] = json!({ "role": "user", "content": [result(1, 70)] });
    let half = converse(&local, MODEL, json!({ "messages": messages, "toolConfig": weather() })).await;
    assert_eq!(
        half.refusal(),
        format!("Expected toolResult blocks at messages.2.content for the following Ids: {}", id(0))
    );
    messages[2] = json!({ "role": "user", "content": [result(1, 1), result(0, 2), result(0, 3)] });
    let many = converse(&local, MODEL, json!({ "messages": messages, "toolConfig": weather() })).await;
    assert!(many.refusal().starts_with("The number of toolResult blocks at messages.2.content exceeds"));
    messages[2] = json!({ "role": "user", "content": [result(1, 1), result(0, 2)] });
    let without = converse(&local, MODEL, json!({ "messages": messages })).await;
    assert_eq!(
        without.refusal(),
        "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    );
}

#[tokio::test]
async fn a_tool_input_is_streamed_in_fragments() {
    let local = LocalBedrock::start().await.unwrap();
    let mut config = weather();
    config["toolChoice"] = json!({ "tool": { "name": "get_weather" } });
    let frames =
        converse_stream(&local, MODEL, json!({ "messages": [user("In Rome")], "toolConfig": config }))
            .await
            .frames();
    assert_eq!(frames[1].name(), "contentBlockStart");
    assert_eq!(frames[1].payload["start"]["toolUse"]["name"], "get_weather");
    let input: String =
        frames.iter().filter_map(|frame| frame.payload["delta"]["toolUse"]["input"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), json!({ "city": "Rome" }));

    let bare = json!({ "tools": [{ "toolSpec": { "name": "clock", "inputSchema": { "json": { "type": "object" } } } }] });
    let frames = converse_stream(&local, MODEL, json!({ "messages": [user("clock?")], "toolConfig": bare }))
        .await
        .frames();
    let order: Vec<_> = frames.iter().map(common::Frame::name).collect();
    assert_eq!(order, ["messageStart", "contentBlockStart", "contentBlockStop", "messageStop", "metadata"]);
}

#[tokio::test]
async fn structured_output_follows_its_schema() {
    let local = LocalBedrock::start().await.unwrap();
    let schema = json!({ "type": "object", "properties": { "p": { "type": "integer" } }, "required": ["p"] });
    let format =
        json!({ "type": "json_schema", "structure": { "jsonSchema": { "schema": schema.to_string() } } });
    let body = json!({ "messages": [user("How likely?")], "outputConfig": { "textFormat": format } });
    let answer = converse(&local, "deepseek.v3.2", body).await.ok();
    assert_eq!(serde_json::from_str::<Value>(text(&answer)).unwrap(), json!({ "p": 1 }));
}

#[tokio::test]
async fn reasoning_has_a_signature() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({
        "messages": [user("Think")],
        "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 1024 } },
    });
    let answer = converse(&local, PROFILE, body).await.ok();
    let thought = &answer["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"];
    assert!(thought["text"].is_string() && thought["signature"].is_string());
}

#[tokio::test]
async fn queued_replies_are_returned_in_order() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({ "messages": [user("Hi")] });
    local.queue_reply(Reply::text("First."));
    local.queue_reply(Reply::content(json!([
        { "reasoningContent": { "redactedContent": "AAAA" } },
        { "citationsContent": {
            "content": [{ "text": "Ruby." }],
            "citations": [{ "title": "facts", "location": { "documentChar": { "documentIndex": 0, "start": 0, "end": 4 } } }],
        } },
        { "toolUse": { "toolUseId": "t1", "name": "clock", "input": {} } },
    ])));
    local.queue_reply(Reply::text("No.").stop_reason("content_filtered"));
    assert_eq!(text(&converse(&local, MODEL, body.clone()).await.ok()), "First.");
    let frames = converse_stream(&local, MODEL, body.clone()).await.frames();
    let deltas: Vec<_> =
        frames.iter().map(|frame| &frame.payload["delta"]).filter(|delta| delta.is_object()).collect();
    assert_eq!(deltas[0], &json!({ "reasoningContent": { "redactedContent": "AAAA" } }));
    assert_eq!(deltas[1]["citation"]["title"], "facts");
    assert_eq!(deltas[2], &json!({ "text": "Ruby." }));
    assert_eq!(frames[frames.len() - 2].payload["stopReason"], "tool_use");
    assert_eq!(converse(&local, MODEL, body.clone()).await.ok()["stopReason"], "content_filtered");
    assert!(text(&converse(&local, MODEL, body).await.ok()).starts_with("You said"));
}

#[tokio::test]
async fn errors_have_the_statuses_of_aws() {
    let local = LocalBedrock::start().await.unwrap();
    for (code, status) in [
        ("ThrottlingException", 429),
        ("ModelNotReadyException", 429),
        ("AccessDeniedException", 403),
        ("ModelTimeoutException", 408),
        ("ModelErrorException", 424),
        ("ServiceQuotaExceededException", 400),
        ("ConflictException", 400),
        ("InternalServerException", 500),
        ("ServiceUnavailableException", 503),
        ("ExpiredTokenException", 403),
        ("NeverHeardOfException", 400),
    ] {
        local.queue_reply(Reply::error(code, "as you wish"));
        let (answered, name, message) =
            converse(&local, MODEL, json!({ "messages": [user("Hi")] })).await.error();
        assert_eq!((answered, name.as_str(), message.as_str()), (status, code, "as you wish"));
    }
}

#[tokio::test]
async fn streams_can_be_cut_or_stalled() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({ "messages": [user("Hi")] });
    local.queue_reply(Reply::stream_error("throttlingException", "slow down", 2));
    let broken = converse_stream(&local, MODEL, body.clone()).await.frames();
    assert_eq!(broken.len(), 3);
    assert_eq!(
        broken[2].headers,
        [
            (":exception-type".to_owned(), "throttlingException".to_owned()),
            (":content-type".to_owned(), "application/json".to_owned()),
            (":message-type".to_owned(), "exception".to_owned()),
        ]
    );
    assert_eq!(broken[2].payload, json!({ "message": "slow down" }));
    local.queue_reply(Reply::stream_error("throttlingException", "slow down", 2));
    assert_eq!(converse(&local, MODEL, body.clone()).await.error().1, "ThrottlingException");
    local.queue_reply(Reply::text("one two three").cut_after(3));
    let cut = converse_stream(&local, MODEL, body.clone()).await.frames();
    assert_eq!(
        cut.iter().map(common::Frame::name).collect::<Vec<_>>(),
        ["messageStart", "contentBlockDelta", "contentBlockDelta"]
    );
    local.queue_reply(Reply::text("one").stall_after(1));
    let stalled = converse_stream(&local, MODEL, body);
    assert!(tokio::time::timeout(Duration::from_millis(300), stalled).await.is_err());
}

#[tokio::test]
async fn invalid_replies_are_errors() {
    let local = LocalBedrock::start().await.unwrap();
    local.queue_reply(Reply::content(json!([{ "text": "x", "mood": "good" }])));
    let (status, code, message) = converse(&local, MODEL, json!({ "messages": [user("Hi")] })).await.error();
    assert_eq!((status, code.as_str()), (500, "InternalServerException"));
    assert!(message.contains("ContentBlock at 'output.message.content.0' has no member mood"), "{message}");
}

async fn refusal(body: Value) -> String {
    let local = LocalBedrock::start().await.unwrap();
    let answer: HttpResponse = converse(&local, MODEL, body).await;
    answer.refusal()
}

#[tokio::test]
async fn conversations_that_aws_refuses_are_refused() {
    let content = |role: &str, block: Value| json!({ "messages": [{ "role": role, "content": [block] }] });
    for (body, message) in [
        (json!({ "messages": [] }), "A conversation must start with a user message."),
        (
            content("user", json!({ "text": " \n" })),
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [] }] }),
            "The content field in the Message object at messages.0 is empty.",
        ),
        (
            content(
                "user",
                json!({ "document": { "format": "txt", "name": "d", "source": { "bytes": "aGk=" } } }),
            ),
            "A text block must be included when using documents.",
        ),
        (
            content("user", json!({})),
            "ContentBlock object at messages.0.content.0 must set one of the following keys",
        ),
        (
            content(
                "user",
                json!({ "text": "a", "image": { "format": "png", "source": { "bytes": "aGk=" } } }),
            ),
            "ContentBlock object at messages.0.content.0 must set one of the following keys",
        ),
        (
            content("user", json!({ "image": { "format": "tiff", "source": { "bytes": "aGk=" } } })),
            "1 validation error detected: Value 'tiff' at 'messages.1.member.content.1.member.image.format' failed",
        ),
        (
            content("user", json!({ "toolResult": { "toolUseId": "x", "content": [{ "json": [1] }] } })),
            "The format of the value at messages.0.content.0.toolResult.content.0.json is invalid.",
        ),
        (
            content("user", json!({ "toolUse": { "toolUseId": "x", "name": "y" } })),
            "1 validation error detected: Value null at 'messages.1.member.content.1.member.toolUse.input' failed to \
             satisfy constraint: Member must not be null",
        ),
        (
            json!({ "messages": [user("Hi")], "inferenceConfig": { "topP": 2, "stopSequences": [""] } }),
            "2 validation errors detected: ",
        ),
        (
            json!({ "messages": [user("Hi")], "toolConfig": { "tools": [] } }),
            "1 validation error detected: Value '[]' at 'toolConfig.tools' failed to satisfy constraint: Member must \
             have length greater than or equal to 1",
        ),
        (
            json!({ "messages": [user("Hi")], "toolConfig": {
                "tools": [{ "toolSpec": { "name": "t", "inputSchema": { "json": { "type": "array" } } } }],
            } }),
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
        ),
        (
            json!({ "messages": [user("Hi"), { "role": "assistant", "content": [{ "text": "So" }] }], "toolConfig": weather() }),
            "The model returned the following errors: Your API request included an `assistant` message in the final",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [
                { "text": "Hi" },
                { "cachePoint": { "type": "default" } }, { "cachePoint": { "type": "default" } },
                { "cachePoint": { "type": "default" } }, { "cachePoint": { "type": "default" } },
                { "cachePoint": { "type": "default" } },
            ] }] }),
            "The model returned the following errors: A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            json!({ "messages": [user("Hi")], "guardrailConfig": { "guardrailIdentifier": "abc", "guardrailVersion": "1" } }),
            "The guardrail identifier or version provided in the request does not exist.",
        ),
    ] {
        let refused = refusal(body.clone()).await;
        assert!(refused.starts_with(message), "{body}\n  {refused}");
    }
}

#[tokio::test]
async fn consecutive_user_messages_are_accepted_as_on_aws() {
    let local = LocalBedrock::start().await.unwrap();
    let answer =
        converse(&local, NOVA, json!({ "messages": [user("You are kind."), user("Say hello.")] })).await.ok();
    assert!(text(&answer).contains("You are kind.\nSay hello."));
}

#[tokio::test]
async fn models_without_tools_or_system_prompts_refuse_them() {
    let local = common::start_with_retired_models().await;
    let titan = "amazon.titan-text-express-v1";
    let tools = converse(&local, titan, json!({ "messages": [user("Hi")], "toolConfig": weather() })).await;
    assert_eq!(tools.refusal(), "This model doesn't support tool use.");
    let system =
        converse(&local, titan, json!({ "messages": [user("Hi")], "system": [{ "text": "Be kind." }] }))
            .await;
    assert!(system.refusal().starts_with("This model doesn't support system messages."));
    let embeddings =
        converse(&local, "amazon.titan-embed-text-v2:0", json!({ "messages": [user("Hi")] })).await;
    assert!(embeddings.refusal().starts_with("This action doesn't support the model"));
}

#[tokio::test]
async fn http_2_without_tls_is_supported() {
    use http_body_util::BodyExt as _;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;

    let local = LocalBedrock::start().await.unwrap();
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<http_body_util::Full<bytes::Bytes>>();
    let body = json!({ "messages": [user("Hi")] }).to_string();
    let uri = format!("{}/model/{}/converse-stream", local.url(), MODEL.replace(':', "%3A"));
    let request = hyper::Request::post(uri).body(body.into()).unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.version(), hyper::Version::HTTP_2);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(frames(&body).last().unwrap().name(), "metadata");
}

#[tokio::test]
async fn providers_have_their_own_rules() {
    let local = LocalBedrock::start().await.unwrap();
    let mut forced = json!({ "messages": [user("Hi")], "toolConfig": weather() });
    forced["toolConfig"]["toolChoice"] = json!({ "any": {} });
    assert_eq!(
        converse(&local, "meta.llama3-1-70b-instruct-v1:0", forced.clone()).await.refusal(),
        "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again."
    );
    forced["additionalModelRequestFields"] = json!({ "thinking": { "type": "enabled" } });
    assert!(converse(&local, PROFILE, forced).await.refusal().ends_with("when tool_choice forces tool use."));
    let samplers =
        json!({ "messages": [user("Hi")], "inferenceConfig": { "temperature": 0.5, "topP": 0.5 } });
    assert!(converse(&local, PROFILE, samplers.clone()).await.refusal().contains("cannot both be specified"));
    converse(&local, NOVA, samplers).await.ok();
    let thought = json!({ "reasoningContent": { "reasoningText": { "text": "hm" } } });
    let unsigned = json!({ "messages": [
        user("Hi"), { "role": "assistant", "content": [thought, { "text": "Hello" }] }, user("And?"),
    ] });
    assert!(
        converse(&local, PROFILE, unsigned.clone())
            .await
            .refusal()
            .contains("messages.1.content.0.thinking.signature")
    );
    converse(&local, NOVA, unsigned).await.ok();
}

#[tokio::test]
async fn a_stored_prompt_can_be_called_with_variables() {
    let local = LocalBedrock::start().await.unwrap();
    let prompt = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprompt%2FABCDEFGHIJ%3A1";
    let answer =
        converse(&local, prompt, json!({ "promptVariables": { "name": { "text": "Ada" } } })).await.ok();
    assert!(text(&answer).contains("name: Ada"));
}
