//! What each model accepts and refuses: the rules in `data/model_rules.json`, in Converse and in Anthropic's format.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::LocalBedrock;
use common::{MODEL, NOVA, converse, get, post, user};
use serde_json::{Value, json};

const MICRO: &str = "amazon.nova-micro-v1:0";
const OPUS: &str = "us.anthropic.claude-opus-4-8";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn turn(blocks: &Value) -> Value {
    json!({ "messages": [{ "role": "user", "content": blocks }] })
}

fn media(kind: &str, format: &str, bytes: &[u8]) -> Value {
    json!({ kind: { "format": format, "source": { "bytes": BASE64.encode(bytes) } } })
}

fn document(name: &str, format: &str, bytes: &[u8]) -> Value {
    let mut block = media("document", format, bytes);
    block["document"]["name"] = json!(name);
    block
}

fn tool_config() -> Value {
    json!({ "tools": [{ "toolSpec": { "name": "weather", "inputSchema": { "json": { "type": "object" } } } }] })
}

/// The turns of a tool call and its result.
fn tool_turns(tool_use: &Value, result: &Value) -> Value {
    json!({
        "messages": [
            user("Weather?"),
            { "role": "assistant", "content": [{ "toolUse": tool_use }] },
            { "role": "user", "content": [{ "toolResult": result }] },
        ],
        "toolConfig": tool_config(),
    })
}

#[tokio::test]
async fn requests_that_a_model_accepts_are_accepted() {
    let local = LocalBedrock::start().await.unwrap();
    let tool_use = json!({ "toolUseId": "t", "name": "weather", "input": {}, "type": "tool_use" });
    let number = json!({ "toolUseId": "t", "content": [{ "json": 40 }] });
    let object = json!({ "toolUseId": "t", "content": [{ "json": { "degrees": 40 } }] });
    let plain_use = json!({ "toolUseId": "t", "name": "weather", "input": {} });
    let assistant_first =
        json!({ "messages": [{ "role": "assistant", "content": [{ "text": "Hello." }] }, user("Hi")] });
    let prefilled =
        json!({ "messages": [user("Hi"), { "role": "assistant", "content": [{ "text": "So" }] }] });
    for (model, body) in [
        (MICRO, turn(&json!([{ "text": "Hi" }, { "text": " " }]))),
        (MODEL, turn(&json!([{ "text": "Hi" }, { "text": "\n" }]))),
        (MODEL, assistant_first),
        (MODEL, prefilled),
        (NOVA, tool_turns(&plain_use, &number)),
        (MODEL, tool_turns(&tool_use, &object)),
        (NOVA, turn(&json!([{ "text": "What?" }, media("video", "video/mp4", b"film")]))),
        (MODEL, turn(&json!([{ "text": "What?" }, media("image", "png", PNG)]))),
        (MODEL, turn(&json!([{ "text": "What?" }, document("A report (1)", "pdf", b"%PDF-1.7")]))),
    ] {
        let response = converse(&local, model, body.clone()).await;
        assert_eq!(response.status, 200, "{model} {body}: {:?}", response.body);
    }
}

#[tokio::test]
async fn requests_that_a_model_refuses_are_refused() {
    let local = LocalBedrock::start().await.unwrap();
    let with_question = |block: Value| turn(&json!([{ "text": "What?" }, block]));
    let s3 = |kind: &str, format: &str| json!({ kind: { "format": format, "source": { "s3Location": { "uri": "s3://bucket/key" } } } });
    let limit = |most: u64| json!({ "messages": [user("Hi")], "inferenceConfig": { "maxTokens": most } });
    let fields = |fields: Value| json!({ "messages": [user("Hi")], "additionalModelRequestFields": fields });
    let adaptive = fields(json!({ "thinking": { "type": "adaptive" } }));
    let budget = fields(json!({ "thinking": { "type": "enabled", "budget_tokens": 1023 } }));
    let repeated = |block: Value, times: usize| {
        let blocks = std::iter::repeat_n(block, times);
        turn(&std::iter::once(json!({ "text": "What?" })).chain(blocks).collect())
    };
    let uses: Value =
        ["a", "a"].map(|id| json!({ "toolUse": { "toolUseId": id, "name": "weather", "input": {} } })).into();
    let twice = json!({
        "messages": [user("Hi"), { "role": "assistant", "content": uses }, user("And?")], "toolConfig": tool_config(),
    });
    let large = vec![b'x'; 5 << 20];
    let number = json!({ "toolUseId": "t", "content": [{ "json": 40 }] });
    let tool_use = json!({ "toolUseId": "t", "name": "weather", "input": {} });
    let assistant_first = json!({ "messages": [{ "role": "assistant", "content": [{ "text": "Hello." }] }] });
    for (model, body, message) in [
        (NOVA, assistant_first, "A conversation must start with a user message."),
        (
            NOVA,
            turn(&json!([{ "text": " " }])),
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        (
            MODEL,
            turn(&json!([{ "text": "\n" }])),
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        (
            MODEL,
            tool_turns(&tool_use, &number),
            "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid.",
        ),
        (
            MODEL,
            turn(&json!([document("report", "pdf", b"%PDF-1.7")])),
            "A text block must be included when using documents. Add a text block and retry your request.",
        ),
        (
            MODEL,
            with_question(media("video", "mp4", b"film")),
            "This model doesn't support the video content block that you provided.",
        ),
        (
            MODEL,
            with_question(s3("image", "png")),
            "This model doesn't support the s3Uri field. Remove s3Uri and try again.",
        ),
        (
            MICRO,
            with_question(media("image", "png", PNG)),
            "This model doesn't support the image content block that you provided.",
        ),
        (
            MODEL,
            with_question(media("image", "png", b"no picture")),
            "The model returned the following errors: messages.0.content.1.image.source.bytes: Could not process image",
        ),
        (
            MODEL,
            with_question(media("image", "jpeg", PNG)),
            "The model returned the following errors: messages.0.content.1.image.source.bytes: Image does not match the provided media type image/jpeg",
        ),
        (
            MODEL,
            with_question(media("image", "png", &[PNG, &large].concat())),
            "The model returned the following errors: messages.0.content.1.image.source.bytes: image exceeds 5 MB maximum",
        ),
        (
            MODEL,
            with_question(document("report", "pdf", b"no pdf")),
            "The model returned the following errors: messages.0.content.1.document.source.bytes: The PDF specified was not valid.",
        ),
        (
            MODEL,
            with_question(document("report.pdf", "pdf", b"%PDF-1.7")),
            "The document file name can only contain alphanumeric characters",
        ),
        (
            NOVA,
            repeated(media("image", "png", PNG), 21),
            "The model returned the following errors: too many images and documents",
        ),
        (NOVA, repeated(document("report", "txt", b"text"), 6), "A request can include up to 5 documents"),
        (MODEL, limit(64_001), "The maximum tokens you requested exceeds the model limit of 64000."),
        (NOVA, limit(10_001), "The maximum tokens you requested exceeds the model limit of 10000."),
        (
            MODEL,
            turn(&json!([{ "text": "word ".repeat(1_100_000) }])),
            "The model returned the following errors: Input is too long for requested model.",
        ),
        (
            MODEL,
            adaptive,
            "The model returned the following errors: adaptive thinking is not supported on this model",
        ),
        (
            MODEL,
            budget.clone(),
            "The model returned the following errors: thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        (
            OPUS,
            budget,
            "The model returned the following errors: \"thinking.type.enabled\" is not supported for this model.",
        ),
        (
            NOVA,
            fields(json!({ "reasoningConfig": { "type": "enabled" } })),
            "The model returned the following errors: Malformed input request",
        ),
        (
            MODEL,
            twice,
            "The model returned the following errors: messages.1.content.1: `tool_use` ids must be unique",
        ),
    ] {
        let refused = converse(&local, model, body.clone()).await.refusal();
        assert!(refused.starts_with(message), "{model} {message}\n  {refused}");
    }
}

/// The same rule in two operations. InvokeModel returns the model's own message.
#[tokio::test]
async fn the_same_rules_apply_to_the_anthropic_format() {
    let local = LocalBedrock::start().await.unwrap();
    let body = |messages: Value, more: Value| {
        let mut body =
            json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 2000, "messages": messages });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let user_message =
        |text: &str| json!([{ "role": "user", "content": [{ "type": "text", "text": text }] }]);
    let tools = json!({ "tools": [{ "name": "weather", "input_schema": { "type": "object" } }] });
    let call = json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "t", "name": "weather", "input": {} }] });
    let result = |id: &str| json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": id, "content": "40" }] });
    let first = json!({ "role": "user", "content": "Weather?" });
    let point = json!({ "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } });
    for (body, message) in [
        (
            body(user_message(" "), json!({})),
            "messages: text content blocks must contain non-whitespace text",
        ),
        (body(user_message("Hi"), json!({ "temperature": 1.5 })), "temperature: range: 0..1"),
        (
            body(user_message("Hi"), json!({ "temperature": 0.5, "top_p": 0.5 })),
            "`temperature` and `top_p` cannot both be specified",
        ),
        (
            body(user_message("Hi"), json!({ "max_tokens": 64_001 })),
            "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens",
        ),
        (
            body(user_message("Hi"), json!({ "thinking": { "type": "enabled", "budget_tokens": 10 } })),
            "thinking.enabled.budget_tokens: Input should be greater",
        ),
        (
            body(user_message("Hi"), json!({ "thinking": { "type": "enabled", "budget_tokens": 2000 } })),
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        ),
        (
            body(json!([first, call]), tools.clone()),
            "Your API request included an `assistant` message in the final position",
        ),
        (
            body(json!([first, call, { "role": "user", "content": "So?" }]), tools.clone()),
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t.",
        ),
        (
            body(json!([first, call, result("other")]), tools.clone()),
            "messages.1: `tool_use` ids were found without `tool_result` blocks",
        ),
        (
            body(json!([first, result("t")]), tools.clone()),
            "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t.",
        ),
        (
            body(json!([first, call, result("t")]), json!({})),
            "Requests which include `tool_use` or `tool_result` blocks must define tools",
        ),
        (
            body(json!([{ "role": "user", "content": vec![point; 5] }]), json!({})),
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
    ] {
        let refused = post(&local, &format!("/model/{MODEL}/invoke"), body.clone()).await.refusal();
        assert!(refused.starts_with(message), "{body}\n  {refused}");
    }
    let whole = body(json!([first, call, result("t")]), tools);
    assert_eq!(post(&local, &format!("/model/{MODEL}/invoke"), whole).await.status, 200);
}

/// Returns a request with one tool of this schema.
fn offering(schema: &Value, strict: bool) -> Value {
    let tool = json!({ "name": "weather", "inputSchema": { "json": schema }, "strict": strict });
    json!({ "messages": [user("Hi")], "toolConfig": { "tools": [{ "toolSpec": tool }] } })
}

/// Returns a schema with this many optional parameters.
fn optional(count: usize) -> Value {
    let properties: Value = (0..count).map(|n| (format!("p{n}"), json!({ "type": "string" }))).collect();
    json!({ "type": "object", "properties": properties })
}

#[tokio::test]
async fn schemas_are_checked() {
    let local = LocalBedrock::start().await.unwrap();
    let union = json!({ "type": "object", "anyOf": [{ "required": ["a"] }] });
    let nested = json!({ "type": "object", "properties": { "a": { "oneOf": [] } }, "required": ["a"] });
    let mut inner = json!({ "type": "object", "required": ["a"], "properties": {} });
    inner["properties"]["a"] = optional(25);
    for (model, body) in [
        (NOVA, offering(&union, false)),
        (MODEL, offering(&nested, false)),
        (MODEL, offering(&optional(24), true)),
        (MODEL, offering(&optional(25), false)),
    ] {
        assert_eq!(converse(&local, model, body.clone()).await.status, 200, "{model} {body}");
    }
    let too_many =
        "The model returned the following errors: Schemas contains too many optional parameters (25)";
    for (model, body, message) in [
        (
            MODEL,
            offering(&union, false),
            "The model returned the following errors: tools.0.custom.input_schema: input_schema does not support oneOf, \
             allOf, or anyOf at the top level",
        ),
        (
            NOVA,
            offering(&nested, true),
            "The model returned the following errors: tools.0.custom: Schema type 'oneOf' is not supported",
        ),
        (NOVA, offering(&optional(25), true), too_many),
        (NOVA, offering(&inner, true), too_many),
    ] {
        let refused = converse(&local, model, body.clone()).await.refusal();
        assert!(refused.starts_with(message), "{model} {message}\n  {refused}");
    }
    let tool = json!({ "name": "weather", "input_schema": optional(25), "strict": true });
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "tools": [tool],
        "messages": [{ "role": "user", "content": "Hi" }],
    });
    let refused = post(&local, &format!("/model/{MODEL}/invoke"), body).await.refusal();
    assert!(refused.starts_with("Schemas contains too many optional parameters (25)"), "{refused}");
}

#[tokio::test]
async fn cache_points_are_checked() {
    let local = LocalBedrock::start().await.unwrap();
    let point = |ttl: &str| json!({ "cachePoint": { "type": "default", "ttl": ttl } });
    let with = |tools: &str, system: &str, message: &str| {
        let mut body = offering(&json!({ "type": "object" }), false);
        body["toolConfig"]["tools"].as_array_mut().unwrap().push(point(tools));
        body["system"] = json!([{ "text": "Be brief." }, point(system)]);
        body["messages"][0]["content"] = json!([{ "text": "Hi" }, point(message)]);
        body
    };
    for (tools, system, message) in
        [("1h", "1h", "1h"), ("1h", "1h", "5m"), ("1h", "5m", "5m"), ("5m", "5m", "5m")]
    {
        let body = with(tools, system, message);
        assert_eq!(converse(&local, MODEL, body).await.status, 200, "{tools} {system} {message}");
    }
    for (tools, system, message, path) in [
        ("5m", "1h", "1h", "system.0"),
        ("5m", "5m", "1h", "messages.0.content.0"),
        ("1h", "5m", "1h", "messages.0.content.0"),
    ] {
        let refused = converse(&local, MODEL, with(tools, system, message)).await.refusal();
        let expected = format!(
            "The model returned the following errors: {path}.cache_control.ttl: a ttl='1h' cache_control block must not come \
             after a ttl='5m' cache_control block."
        );
        assert!(refused.starts_with(&expected), "{expected}\n  {refused}");
    }

    let reasoning = json!({ "reasoningContent": { "reasoningText": { "text": "t", "signature": "s" } } });
    let history = |reply: Value| json!({ "messages": [user("Hi"), { "role": "assistant", "content": reply }, user("And?")] });
    let apart = history(json!([reasoning, { "text": "So." }, point("5m")]));
    assert_eq!(converse(&local, MODEL, apart).await.status, 200);
    let refused =
        converse(&local, MODEL, history(json!([reasoning, point("5m"), { "text": "So." }]))).await.refusal();
    assert!(refused.starts_with("Cache point cannot be inserted after reasoning block."), "{refused}");
}

#[tokio::test]
async fn an_empty_tool_result_is_refused_by_some_models() {
    let local = LocalBedrock::start().await.unwrap();
    let tool_use = json!({ "toolUseId": "t", "name": "weather", "input": {} });
    let body = tool_turns(&tool_use, &json!({ "toolUseId": "t", "content": [] }));
    assert_eq!(converse(&local, MODEL, body.clone()).await.status, 200);
    let refused = converse(&local, "nvidia.nemotron-nano-9b-v2", body).await.refusal();
    assert!(
        refused.starts_with("The content field at messages.2.content.0.toolResult is empty."),
        "{refused}"
    );
}

#[tokio::test]
async fn a_model_is_only_available_in_its_regions() {
    let local = LocalBedrock::start().await.unwrap();
    let arn = |region: &str| {
        format!("/foundation-models/arn%3Aaws%3Abedrock%3A{region}%3A%3Afoundation-model%2F{NOVA}")
    };
    assert_eq!(get(&local, &arn("us-east-1")).await.status, 200);
    assert_eq!(get(&local, &arn("us-west-2")).await.status, 404);
}

#[tokio::test]
async fn a_retired_model_is_refused_unless_it_is_kept() {
    let id = "anthropic.claude-3-5-sonnet-20240620-v1:0";
    let body = json!({ "messages": [user("Hi")] });
    let local = LocalBedrock::start().await.unwrap();
    let (status, code, message) = converse(&local, id, body.clone()).await.error();
    assert_eq!((status, code.as_str()), (404, "ResourceNotFoundException"));
    assert!(message.contains("reached the end of its life"), "{message}");
    assert_eq!(converse(&common::start_with_retired_models().await, id, body).await.status, 200);
}
