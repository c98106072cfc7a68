//! The content of responses by model, compared with recorded AWS responses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{LocalBedrock, Reply};
use common::{Frame, MODEL, NOVA, converse, converse_stream, post, user};
use serde_json::{Value, json};

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const OPUS: &str = "us.anthropic.claude-opus-4-8";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";

async fn content(local: &LocalBedrock, model: &str, body: Value) -> Vec<Value> {
    let response = converse(local, model, body).await.ok();
    response["output"]["message"]["content"].as_array().unwrap().clone()
}

fn deltas<'a>(frames: &'a [Frame], member: &str) -> Vec<&'a Value> {
    let deltas = frames.iter().map(|frame| &frame.payload["delta"][member]);
    deltas.filter(|delta| !delta.is_null()).collect()
}

fn kinds(content: &[Value]) -> Vec<&str> {
    content.iter().flat_map(|block| block.as_object().unwrap().keys().map(String::as_str)).collect()
}

fn tool(name: &str, properties: &Value) -> Value {
    let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!({ "toolSpec": { "name": name, "inputSchema": { "json": schema } } })
}

fn weather() -> Value {
    json!({ "tools": [tool("get_weather", &json!({ "city": { "type": "string" } }))] })
}

#[tokio::test]
async fn newer_claude_models_mark_their_tool_calls() {
    const OLDER: &str = "anthropic.claude-3-haiku-20240307-v1:0";
    let local = common::start_with_retired_models().await;
    let body = json!({ "messages": [user("Weather in Rome?")], "toolConfig": weather() });
    for (model, mark) in [(SONNET, json!("tool_use")), (OLDER, Value::Null), (NOVA, Value::Null)] {
        assert_eq!(content(&local, model, body.clone()).await[0]["toolUse"]["type"], mark, "{model}");
        let frames = converse_stream(&local, model, body.clone()).await.frames();
        assert!(frames[1].payload["start"]["toolUse"].get("type").is_none(), "{model}: not in a stream");
    }
    let marked = json!([{ "toolUse": { "toolUseId": "t", "name": "n", "input": {}, "type": "tool_use" } }]);
    local.queue_reply(Reply::content(marked.clone()));
    assert_eq!(json!(content(&local, OLDER, body).await), marked);
}

#[tokio::test]
async fn nova_streams_a_tool_input_in_one_event() {
    let local = LocalBedrock::start().await.unwrap();
    let inputs = async |model: &str, properties: Value| {
        let body = json!({
            "messages": [user("Weather in San Francisco?")],
            "toolConfig": { "tools": [tool("get_weather", &properties)] },
        });
        let frames = converse_stream(&local, model, body).await.frames();
        deltas(&frames, "toolUse")
            .iter()
            .map(|delta| delta["input"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let city = json!({ "city": { "type": "string" } });
    assert_eq!(inputs(NOVA, json!({})).await, ["{}"]);
    assert_eq!(inputs(NOVA, city.clone()).await, ["{\"city\":\"San Francisco\"}"]);
    assert!(inputs(MODEL, json!({})).await.is_empty());
    assert!(inputs(MODEL, city).await.len() > 1);
}

#[tokio::test]
async fn models_reason_by_default_or_on_request() {
    let local = LocalBedrock::start().await.unwrap();
    let plain = json!({ "messages": [user("Hi")] });
    let with_fields =
        |fields: Value| json!({ "messages": [user("Hi")], "additionalModelRequestFields": fields });
    let qwen = "qwen.qwen3-32b-v1:0";
    for (model, body, expected) in [
        ("openai.gpt-oss-120b-1:0", plain.clone(), vec!["reasoningContent", "text"]),
        (
            "openai.gpt-oss-120b-1:0",
            with_fields(json!({ "reasoning_effort": "low" })),
            vec!["reasoningContent", "text"],
        ),
        ("moonshot.kimi-k2-thinking", plain.clone(), vec!["reasoningContent", "text"]),
        ("minimax.minimax-m2", plain.clone(), vec!["reasoningContent", "text"]),
        ("us.deepseek.r1-v1:0", plain.clone(), vec!["text", "reasoningContent"]),
        ("deepseek.v3.2", plain.clone(), vec!["text"]),
        (qwen, plain.clone(), vec!["text"]),
        (qwen, with_fields(json!({ "reasoning_config": "high" })), vec!["reasoningContent", "text"]),
        (
            NOVA_2,
            with_fields(json!({ "reasoningConfig": { "type": "enabled" } })),
            vec!["reasoningContent", "text"],
        ),
        (SONNET, plain, vec!["text"]),
        (
            SONNET,
            with_fields(json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } })),
            vec!["reasoningContent", "text"],
        ),
        (OPUS, with_fields(json!({ "thinking": { "type": "adaptive" } })), vec!["reasoningContent", "text"]),
    ] {
        let content = content(&local, model, body).await;
        assert_eq!(kinds(&content), expected, "{model}");
        let thought = content.iter().find(|block| block["reasoningContent"].is_object());
        let signed = thought.map(|block| block["reasoningContent"]["reasoningText"]["signature"].is_string());
        assert!(signed.is_none_or(|signed| signed == [SONNET, OPUS].contains(&model)), "{model}");
    }
}

fn person() -> Value {
    json!({ "type": "object", "properties": { "age": { "type": "integer", "minimum": 7 } }, "required": ["age"] })
}

#[tokio::test]
async fn a_schema_is_followed_in_every_form() {
    let local = LocalBedrock::start().await.unwrap();
    let follows = |text: &str| assert_eq!(serde_json::from_str::<Value>(text).unwrap(), json!({ "age": 7 }));
    let structure = json!({ "jsonSchema": { "schema": person().to_string() } });
    let format = json!({ "type": "json_schema", "schema": person() });
    let fields = [
        json!({ "outputConfig": { "textFormat": { "type": "json_schema", "structure": structure } } }),
        json!({ "additionalModelRequestFields": { "output_config": { "format": format } } }),
        json!({ "additionalModelRequestFields": { "output_format": format } }),
    ];
    for mut body in fields {
        body["messages"] = json!([user("Who?")]);
        follows(content(&local, SONNET, body).await[0]["text"].as_str().unwrap());
    }
    let chat = json!({ "response_format": { "json_schema": { "schema": person() } } });
    let body = json!({ "messages": [user("Who?")], "additionalModelRequestFields": chat });
    follows(content(&local, "openai.gpt-oss-20b-1:0", body).await[1]["text"].as_str().unwrap());
    for member in [json!({ "output_config": { "format": format } }), json!({ "output_format": format })] {
        let mut body = member;
        body["anthropic_version"] = json!("bedrock-2023-05-31");
        body["max_tokens"] = json!(100);
        body["messages"] = json!([{ "role": "user", "content": "Who?" }]);
        let response = post(&local, &format!("/model/{SONNET}/invoke"), body).await.ok();
        follows(response["content"][0]["text"].as_str().unwrap());
    }
}

#[tokio::test]
async fn tools_defined_by_anthropic_are_called_with_objects() {
    let local = LocalBedrock::start().await.unwrap();
    for (kind, name, input) in [
        ("bash_20250124", "bash", json!({ "command": "ls" })),
        ("text_editor_20250728", "str_replace_based_edit_tool", json!({ "command": "view", "path": "." })),
        ("computer_20250124", "computer", json!({ "action": "screenshot" })),
        ("something_20270101", "something", json!({})),
    ] {
        let tools = json!([{ "type": kind, "name": name }]);
        let choice = json!({ "type": "tool", "name": name });
        let body = json!({
            "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "tools": tools, "tool_choice": choice,
            "messages": [{ "role": "user", "content": "Go" }],
        });
        let response = post(&local, &format!("/model/{SONNET}/invoke"), body).await.ok();
        assert_eq!(response["content"][0]["input"], input, "{kind}");
        let fields = json!({ "tools": tools, "tool_choice": choice });
        let body = json!({ "messages": [user("Go")], "additionalModelRequestFields": fields });
        let called = &content(&local, SONNET, body).await[0]["toolUse"];
        assert_eq!((&called["name"], &called["input"]), (&json!(name), &input));
    }
    let invalid_input = json!({ "messages": [user("Hi")] });
    local.queue_reply(Reply::tool_use("n", json!("{\"a\":1}")));
    assert_eq!(content(&local, MODEL, invalid_input.clone()).await[0]["toolUse"]["input"], json!({ "a": 1 }));
    local.queue_reply(Reply::tool_use("n", json!([1])));
    assert_eq!(converse(&local, MODEL, invalid_input).await.error().1, "ModelErrorException");
}

#[tokio::test]
async fn nova_calls_its_system_tools() {
    let local = LocalBedrock::start().await.unwrap();
    let system_tool = |name: &str| json!({ "systemTool": { "name": name } });
    let body = json!({
        "messages": [user("Latest stable version?")],
        "toolConfig": { "tools": [system_tool("nova_grounding")] },
    });
    let response = converse(&local, NOVA_2, body.clone()).await.ok();
    assert_eq!(response["stopReason"], "end_turn");
    let output = response["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(kinds(output), ["toolUse", "toolResult", "text", "citationsContent"]);
    assert_eq!(
        (&output[0]["toolUse"]["type"], &output[0]["toolUse"]["input"]),
        (&json!("server_tool_use"), &json!({ "query": "Latest stable version?" }))
    );
    assert_eq!(output[1]["toolResult"]["toolUseId"], output[0]["toolUse"]["toolUseId"]);
    assert_eq!(output[1]["toolResult"]["type"], "nova_grounding_result");
    assert!(output[3]["citationsContent"]["citations"][0]["location"]["web"]["url"].is_string());
    let frames = converse_stream(&local, NOVA_2, body).await.frames();
    let starts: Vec<_> = frames.iter().filter(|frame| frame.name() == "contentBlockStart").collect();
    assert_eq!(starts[0].payload["start"]["toolUse"]["type"], "server_tool_use");
    assert_eq!(starts[1].payload["start"]["toolResult"]["status"], "success");
    assert_eq!(*deltas(&frames, "toolResult")[0], json!([{ "text": "[HIDDEN]" }]));
    assert_eq!(deltas(&frames, "citation").len(), 1);

    let body = json!({
        "messages": [user("What is the result of 2 + 2?")],
        "toolConfig": {
            "tools": [tool("final_result", &json!({ "result": { "type": "number" } })), system_tool("nova_code_interpreter")],
            "toolChoice": { "any": {} },
        },
    });
    let response = converse(&local, NOVA_2, body).await.ok();
    assert_eq!(response["stopReason"], "tool_use");
    let output = response["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(kinds(output), ["toolUse", "toolResult", "toolUse"]);
    assert_eq!(output[1]["toolResult"]["content"][0]["json"]["exitCode"], 0);
    assert_eq!(output[2]["toolUse"]["type"], "tool_use", "if the request has a client tool too");

    let history = json!([
        user("What is the result of 2 + 2?"), response["output"]["message"],
        { "role": "user", "content": [{ "toolResult": {
            "toolUseId": output[2]["toolUse"]["toolUseId"], "content": [{ "text": "taken" }],
        } }] },
    ]);
    let body =
        json!({ "messages": history, "toolConfig": { "tools": [system_tool("nova_code_interpreter")] } });
    assert_eq!(
        kinds(&content(&local, NOVA_2, body).await),
        ["text"],
        "a tool result is repeated, and no tool is called"
    );
}

#[tokio::test]
async fn documents_are_cited_if_citations_are_enabled() {
    let local = LocalBedrock::start().await.unwrap();
    let document = |name: &str, format: &str, source: Value, enabled: bool| json!({ "document": { "name": name, "format": format, "source": source, "citations": { "enabled": enabled } } });
    let bytes = BASE64.encode("Größe zählt. More.");
    let search = json!({ "searchResult": {
        "source": "https://example.com/a", "title": "A", "content": [{ "text": "Found. It." }], "citations": { "enabled": true },
    } });
    let blocks = json!([
        { "text": "Who?" },
        document("off", "txt", json!({ "text": "Nothing." }), false),
        document("facts", "txt", json!({ "text": "Ruby was created in 1993. It is red." }), true),
        document("bytes", "md", json!({ "bytes": bytes }), true),
        document("pages", "pdf", json!({ "bytes": BASE64.encode("%PDF-1.7") }), true),
        document("chunks", "txt", json!({ "content": [{ "text": "One." }] }), true),
        search,
    ]);
    let body = json!({ "messages": [{ "role": "user", "content": blocks }] });
    let output = content(&local, SONNET, body.clone()).await;
    let expected = ["text"].into_iter().chain(["citationsContent"; 5]).collect::<Vec<_>>();
    assert_eq!(kinds(&output), expected);
    assert_eq!(
        output[1]["citationsContent"],
        json!({
            "citations": [{
                "title": "facts", "sourceContent": [{ "text": "Ruby was created in 1993. " }],
                "location": { "documentChar": { "documentIndex": 1, "start": 0, "end": 26 } },
            }],
            "content": [{ "text": "Ruby was created in 1993." }],
        })
    );
    let location = |index: usize| output[index]["citationsContent"]["citations"][0]["location"].clone();
    assert_eq!(location(2), json!({ "documentChar": { "documentIndex": 2, "start": 0, "end": 13 } }));
    assert_eq!(location(3), json!({ "documentPage": { "documentIndex": 3, "start": 1, "end": 2 } }));
    assert_eq!(location(4), json!({ "documentChunk": { "documentIndex": 4, "start": 0, "end": 1 } }));
    assert_eq!(
        location(5),
        json!({ "searchResultLocation": { "searchResultIndex": 0, "start": 0, "end": 1 } })
    );
    let frames = converse_stream(&local, SONNET, body).await.frames();
    let citations = deltas(&frames, "citation");
    assert_eq!((citations.len(), &citations[0]["title"]), (5, &json!("facts")));
    let after = frames.iter().position(|frame| !frame.payload["delta"]["citation"].is_null()).unwrap() + 1;
    assert_eq!(frames[after].payload["delta"]["text"], "Ruby", "the citation comes before its text");
}

#[tokio::test]
async fn messages_are_cited_in_the_anthropic_format() {
    let local = LocalBedrock::start().await.unwrap();
    let source = json!({ "type": "text", "media_type": "text/plain", "data": "One. Two." });
    let document =
        json!({ "type": "document", "title": "d", "source": source, "citations": { "enabled": true } });
    let result = json!({
        "type": "search_result", "source": "s", "title": "t", "content": [{ "type": "text", "text": "Found." }],
        "citations": { "enabled": true },
    });
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100,
        "messages": [{ "role": "user", "content": [document, result, { "type": "text", "text": "Who?" }] }],
    });
    let response = post(&local, &format!("/model/{SONNET}/invoke"), body.clone()).await.ok();
    let cited = json!({
        "type": "char_location", "cited_text": "One. ", "document_index": 0, "document_title": "d",
        "start_char_index": 0, "end_char_index": 5,
    });
    assert_eq!(response["content"][1], json!({ "type": "text", "text": "One.", "citations": [cited] }));
    let found = json!({
        "type": "search_result_location", "cited_text": "Found.", "search_result_index": 0, "source": "s", "title": "t",
        "start_block_index": 0, "end_block_index": 1,
    });
    assert_eq!(response["content"][2]["citations"], json!([found]));
    let path = format!("/model/{SONNET}/invoke-with-response-stream");
    let frames = post(&local, &path, body).await.frames();
    let chunks = frames.iter().map(|frame| BASE64.decode(frame.payload["bytes"].as_str().unwrap()).unwrap());
    let chunks: Vec<Value> = chunks.map(|chunk| serde_json::from_slice(&chunk).unwrap()).collect();
    let starts: Vec<_> = chunks.iter().filter(|chunk| chunk["type"] == "content_block_start").collect();
    assert_eq!(starts[1]["content_block"], json!({ "type": "text", "text": "", "citations": [] }));
    assert!(
        chunks.iter().any(|chunk| chunk["delta"] == json!({ "type": "citations_delta", "citation": cited }))
    );
}

#[tokio::test]
async fn the_echo_hides_the_system_prompt_and_continues_a_prefill() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({ "system": [{ "text": "The secret is swordfish." }], "messages": [user("Hi")] });
    let output = content(&local, MODEL, body).await[0]["text"].as_str().unwrap().to_owned();
    assert!(output.contains("Hi") && !output.contains("swordfish"), "{output}");

    let prefilled = |text: &str| json!([user("Hi"), { "role": "assistant", "content": [{ "text": text }] }]);
    let rest = content(&local, MODEL, json!({ "messages": prefilled("You said:") })).await;
    assert!(rest[0]["text"].as_str().unwrap().starts_with(" “Hi”"), "{rest:?}");
    let structure = json!({ "jsonSchema": { "schema": person().to_string() } });
    let body = json!({
        "messages": prefilled("{"),
        "outputConfig": { "textFormat": { "type": "json_schema", "structure": structure } },
    });
    assert_eq!(content(&local, MODEL, body).await[0]["text"], "\"age\":7}");
}

#[tokio::test]
async fn place_names_in_any_script_become_tool_inputs() {
    let local = LocalBedrock::start().await.unwrap();
    for (prompt, cities) in [
        ("What is the weather in San Francisco, CA?", vec!["San Francisco, CA"]),
        ("Weather in Queens, NY and Austin, TX?", vec!["Queens, NY", "Austin, TX"]),
        ("Weather: какая погода в Москве?", vec!["Москве"]),
        ("weather 「東京」", vec!["東京"]),
        ("weather in paris", vec!["paris"]),
    ] {
        let body = json!({ "messages": [user(prompt)], "toolConfig": weather() });
        let called = content(&local, MODEL, body).await;
        let inputs: Vec<_> =
            called.iter().map(|block| block["toolUse"]["input"]["city"].as_str().unwrap()).collect();
        assert_eq!(inputs, cities, "{prompt}");
    }
}

/// Agents ask for structured output like this: the text is in one turn, and the tool is forced in a later turn.
#[tokio::test]
async fn a_tool_input_can_come_from_an_earlier_text() {
    let local = LocalBedrock::start().await.unwrap();
    let schema = json!({
        "type": "object", "required": ["name", "age"],
        "properties": { "name": { "type": "string" }, "age": { "type": "integer" } },
    });
    let output = content(
        &local,
        SONNET,
        json!({
            "messages": [
                user("Ada is 36 years old."),
                { "role": "assistant", "content": [{ "text": "I see." }] },
                user("You must format the previous response as structured output."),
            ],
            "toolConfig": {
                "tools": [{ "toolSpec": { "name": "person", "inputSchema": { "json": schema } } }],
                "toolChoice": { "tool": { "name": "person" } },
            },
        }),
    )
    .await;
    assert_eq!(output[0]["toolUse"]["input"], json!({ "name": "Ada", "age": 36 }));
}
