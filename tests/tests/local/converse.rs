//! The requests of Converse, and the parts of a reply.

use bedrock_orm::models::{
    Blob, CachePointBlock, ConverseTokensRequest, CountTokensInput, GuardrailTrace, ImageFormat,
    JsonSchemaDefinition, OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType,
    PerformanceConfigLatency, ServiceTierType, Tool, ToolInputSchema,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply;
use bedrock_orm_tests::behaviours::conversations::{get_weather, two_cities};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::behaviours::tokens::COUNTING;
use bedrock_orm_tests::support::description::{Service, differences};
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, operations};
use serde_json::{Value, json};

use crate::guardrails::session_with_guardrail;

/// Sets every setting of a turn except the guardrail.
macro_rules! with_all_settings {
    ($turn:expr) => {
        $turn
            .system("Be brief.")
            .system(SystemContentBlock::cache_point())
            .max_tokens(64)
            .temperature(0.7)
            .top_p(0.9)
            .stop_sequences(["END", "STOP"])
            .tools([Tool::from(get_weather()), Tool::CachePoint(CachePointBlock::new("default"))])
            .tool_choice(ToolChoice::auto())
            .additional_model_request_fields(json!({"top_k": 50, "deep": {"list": [1, 2.5, null, true]}}))
            .additional_model_response_field_paths(["/stop_sequence"])
            .prompt_variables([("city", "Queens")])
            .request_metadata([("team", "orm")])
            .performance_config(PerformanceConfigLatency::Optimized)
            .service_tier(ServiceTierType::Flex)
            .output_config(
                OutputConfig::default().effort("low").text_format(OutputFormat::new(
                    OutputFormatType::JsonSchema,
                    OutputFormatStructure::JsonSchema(
                        JsonSchemaDefinition::new(r#"{"type":"object"}"#).name("answer"),
                    ),
                )),
            )
    };
}

fn all_settings() -> Value {
    json!({
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
        "inferenceConfig": {"maxTokens": 64, "temperature": 0.7, "topP": 0.9, "stopSequences": ["END", "STOP"]},
        "toolConfig": {
            "tools": [
                {"toolSpec": {
                    "name": "get_weather", "description": "Get weather",
                    "inputSchema": {"json": {
                        "type": "object",
                        "properties": {
                            "city": {"type": "string", "description": "City of location"},
                            "state": {"type": "string", "description": "State of location"},
                        },
                        "required": ["city", "state"],
                    }},
                }},
                {"cachePoint": {"type": "default"}},
            ],
            "toolChoice": {"auto": {}},
        },
        "additionalModelRequestFields": {"top_k": 50, "deep": {"list": [1, 2.5, null, true]}},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "promptVariables": {"city": {"text": "Queens"}},
        "requestMetadata": {"team": "orm"},
        "performanceConfig": {"latency": "optimized"},
        "serviceTier": {"type": "flex"},
        "outputConfig": {
            "effort": "low",
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"schema": r#"{"type":"object"}"#, "name": "answer"}},
            },
        },
    })
}

/// Asserts that the body equals `expected`, and that it has every member in the description.
fn assert_body(sent: &Value, expected: &Value, operation: &str) {
    let shape = Service::Runtime.shape_of(operation, "input");
    let members = Service::Runtime.shape(shape)["members"].as_object().unwrap();
    for (name, member) in members {
        let in_body = member["location"].is_null();
        assert!(!in_body || !sent[name].is_null(), "no setter sets {name}, or this test does not call it");
    }
    let described = |body| Service::Runtime.normalized(shape, body);
    assert_eq!(described(sent), described(expected));
    assert_eq!(sent.as_object().unwrap().len(), expected.as_object().unwrap().len());
}

#[tokio::test]
async fn every_setting_of_converse_is_sent() {
    let (local, session, guardrail) = session_with_guardrail().await;
    with_all_settings!(model(&session, MODEL).converse("Hello"))
        .guardrail(&guardrail)
        .guardrail_trace(GuardrailTrace::EnabledFull)
        .await
        .unwrap();
    let sent = only_request(&local);
    assert_eq!(sent.method, "POST");
    assert_eq!(sent.path.replace("%3A", ":"), format!("/model/{MODEL}/converse"));
    let mut expected = all_settings();
    expected["guardrailConfig"] = json!({
        "guardrailIdentifier": guardrail.guardrail_id, "guardrailVersion": "DRAFT", "trace": "enabled_full",
    });
    assert_body(&sent.json(), &expected, "Converse");
}

#[tokio::test]
async fn every_setting_of_converse_stream_is_sent() {
    let (local, session, guardrail) = session_with_guardrail().await;
    with_all_settings!(model(&session, MODEL).converse_stream("Hello"))
        .guardrail(&guardrail)
        .guardrail_trace(GuardrailTrace::Enabled)
        .guardrail_stream_processing_mode("async".into())
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let sent = only_request(&local);
    assert_eq!(sent.path.replace("%3A", ":"), format!("/model/{MODEL}/converse-stream"));
    let mut expected = all_settings();
    expected["guardrailConfig"] = json!({
        "guardrailIdentifier": guardrail.guardrail_id, "guardrailVersion": "DRAFT", "trace": "enabled",
        "streamProcessingMode": "async",
    });
    assert_body(&sent.json(), &expected, "ConverseStream");
}

#[tokio::test]
async fn configurations_can_be_set_as_a_whole() {
    let (local, session) = local().await;
    model(&session, MODEL)
        .converse("Hello")
        .inference_config(InferenceConfiguration::default().max_tokens(5))
        .temperature(0.5)
        .tool_config(ToolConfiguration::new([get_weather()]).tool_choice(ToolChoice::any()))
        .tool_choice(ToolChoice::tool("get_weather"))
        .await
        .unwrap();
    let sent = only_request(&local).json();
    assert_eq!(sent["inferenceConfig"], json!({"maxTokens": 5, "temperature": 0.5}));
    assert_eq!(sent["toolConfig"]["toolChoice"], json!({"tool": {"name": "get_weather"}}));
    assert_eq!(sent["toolConfig"]["tools"][0]["toolSpec"]["name"], "get_weather");
}

#[tokio::test]
async fn repeated_setters_replace_values_and_extend_lists() {
    let (local, session) = local().await;
    let other = ToolSpecification::new("other", ToolInputSchema::Json(json!({"type": "object"})));
    model(&session, MODEL)
        .converse(ConverseRequest::from("Hello").system(["One."]))
        .system("Two.")
        .max_tokens(5)
        .temperature(0.25)
        .stop_sequences(["A"])
        .inference_config(InferenceConfiguration::default().temperature(0.5).stop_sequences(["B"]))
        .tools([get_weather()])
        .tool_choice(ToolChoice::any())
        .tool_config(ToolConfiguration::new([other]))
        .additional_model_request_fields(json!({"a": 1, "b": 1}))
        .additional_model_request_fields(json!({"b": 2}))
        .additional_model_response_field_paths(["/a"])
        .additional_model_response_field_paths(["/b"])
        .prompt_variables([("a", "1"), ("b", "1")])
        .prompt_variables([("b", "2")])
        .request_metadata([("a", "1"), ("b", "1")])
        .request_metadata([("b", "2")])
        .output_config(OutputConfig::default().effort("low"))
        .output_config(OutputConfig::default())
        .service_tier(ServiceTierType::Flex)
        .service_tier(ServiceTierType::Default)
        .await
        .unwrap();
    let sent = only_request(&local).json();
    assert_eq!(sent["system"], json!([{"text": "One."}, {"text": "Two."}]));
    assert_eq!(
        sent["inferenceConfig"],
        json!({"maxTokens": 5, "temperature": 0.5, "stopSequences": ["A", "B"]})
    );
    let tools = sent["toolConfig"]["tools"].as_array().unwrap().iter();
    let tools: Vec<_> = tools.map(|tool| &tool["toolSpec"]["name"]).collect();
    assert_eq!(tools, ["get_weather", "other"]);
    assert_eq!(sent["toolConfig"]["toolChoice"], json!({"any": {}}));
    assert_eq!(sent["additionalModelRequestFields"], json!({"a": 1, "b": 2}));
    assert_eq!(sent["additionalModelResponseFieldPaths"], json!(["/a", "/b"]));
    assert_eq!(sent["promptVariables"], json!({"a": {"text": "1"}, "b": {"text": "2"}}));
    assert_eq!(sent["requestMetadata"], json!({"a": "1", "b": "2"}));
    assert_eq!(sent["outputConfig"], json!({"effort": "low"}));
    assert_eq!(sent["serviceTier"], json!({"type": "default"}));
}

#[tokio::test]
async fn only_settings_that_were_set_are_sent() {
    let (local, session) = local().await;
    model(&session, MODEL).converse("Hello").await.unwrap();
    let sent = only_request(&local).json();
    assert_eq!(sent, json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}));
}

#[tokio::test]
async fn converse_accepts_text_a_message_messages_or_a_request() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let message = Message::user("Hello");
    let request = ConverseRequest::from("Hello");
    let turns: [ConverseRequest; 9] = [
        "Hello".into(),
        "Hello".to_owned().into(),
        (&"Hello".to_owned()).into(),
        message.clone().into(),
        vec![message.clone()].into(),
        (&vec![message.clone()]).into(),
        [message.clone()].into(),
        [message.clone()].as_slice().into(),
        request,
    ];
    for turn in turns {
        model.converse(turn).await.unwrap();
    }
    model.converse("Hello").await.unwrap();
    model.converse("Hello".to_owned()).await.unwrap();
    model.converse(message.clone()).await.unwrap();
    model.converse(vec![message.clone()]).await.unwrap();
    model.converse([message]).await.unwrap();
    let sent = local.requests();
    assert_eq!(sent.len(), 14);
    for request in sent {
        assert_eq!(request.json(), json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}));
    }
}

#[tokio::test]
async fn a_prepared_request_is_sent_unchanged() {
    let (local, session) = local().await;
    let request: ConverseRequest = serde_json::from_value(all_settings()).unwrap();
    model(&session, MODEL).converse(request).await.unwrap();
    let described = |body| Service::Runtime.normalized("ConverseRequest", body);
    assert_eq!(described(&only_request(&local).json()), described(&all_settings()));
}

#[tokio::test]
async fn images_and_documents_are_sent_as_base64() {
    let (local, session) = local().await;
    let message = Message::user([
        ContentBlock::text("Describe these."),
        ContentBlock::image(ImageFormat::Png, b"\x89PNG"),
        ContentBlock::document("txt".into(), "notes", "plain"),
    ]);
    model(&session, MODEL).converse(message).await.unwrap();
    assert_eq!(
        only_request(&local).json()["messages"][0]["content"],
        json!([
            {"text": "Describe these."},
            {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
            {"document": {"format": "txt", "name": "notes", "source": {"bytes": "cGxhaW4="}}},
        ])
    );
}

#[tokio::test]
async fn a_model_bound_call_is_one_request() {
    let (local, session) = local().await;
    let model = FoundationModel::objects().using(&session).get(MODEL).await.unwrap();
    local.clear_requests();
    model.converse("Hello").await.unwrap();
    model.converse_stream("Hello").await.unwrap().collect().await.unwrap();
    model.invoke_model(bedrock_orm_tests::behaviours::raw_invocations::nova("Hello")).await.unwrap();
    assert_eq!(operations(&local), ["Converse", "ConverseStream", "InvokeModel"]);
}

#[tokio::test]
async fn a_reply_has_text_tool_uses_and_all_members_of_the_response() {
    let (local, session) = local().await;
    local.queue_reply(
        Reply::content(json!([
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"text": "Two "},
            {"text": "calls."},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Queens"}}},
            {"toolUse": {"toolUseId": "tooluse_2", "name": "clock", "input": {}}},
        ]))
        .stop_reason("tool_use"),
    );
    let reply = model(&session, MODEL)
        .converse("Hello there")
        .additional_model_response_field_paths(["/stop_reason"])
        .performance_config(PerformanceConfigLatency::Optimized)
        .service_tier(ServiceTierType::Priority)
        .await
        .unwrap();
    assert_eq!(reply.text(), "Two calls.");
    let tools: Vec<_> = reply.tool_uses().map(|tool| (tool.tool_use_id.as_str(), &tool.input)).collect();
    assert_eq!(tools, [("tooluse_1", &json!({"city": "Queens"})), ("tooluse_2", &json!({}))]);
    assert_eq!(reply.stop_reason, StopReason::ToolUse);
    assert_eq!(reply.usage.input_tokens, 2);
    assert!(reply.usage.output_tokens > 0 && reply.metrics.latency_ms > 0);
    assert_eq!(reply.additional_model_response_fields, Some(json!({"stop_reason": "tool_use"})));
    assert_eq!(reply.performance_config.as_ref().unwrap().latency, Some(PerformanceConfigLatency::Optimized));
    assert_eq!(reply.service_tier.as_ref().unwrap().r#type, ServiceTierType::Priority);
    let thought = reply.content()[0].as_reasoning().unwrap();
    assert_eq!(
        serde_json::to_value(thought).unwrap(),
        json!({"reasoningText": {"text": "Hm.", "signature": "c2ln"}})
    );
    assert_eq!(reply.message().unwrap().content.len(), 5);
}

#[tokio::test]
async fn parallel_tool_results_are_used_in_the_order_of_the_message() {
    let (local, session) = local().await;
    let model = model(&session, CLAUDE_PROFILE);
    let turn = || model.converse(two_cities()).tools([get_weather()]);
    local.queue_reply(Reply::content(json!([
        {"toolUse": {"toolUseId": "1", "name": "get_weather", "input": {"city": "Queens", "state": "NY"}}},
        {"toolUse": {"toolUseId": "2", "name": "get_weather", "input": {"city": "Austin", "state": "TX"}}},
    ])));
    let mut messages = vec![Message::user("what's the weather in Queens, NY and Austin, TX?")];
    let reply = model.converse(&messages).tools([get_weather()]).await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::ToolUse);
    let results = |reply: &ConverseResponse| -> Vec<ContentBlock> {
        let tool_uses: Vec<_> = reply.tool_uses().collect();
        let [queens, austin] = tool_uses.as_slice() else { panic!("{tool_uses:?}") };
        assert_eq!((&queens.input["city"], &austin.input["city"]), (&json!("Queens"), &json!("Austin")));
        let of_austin = austin.result(json!({"weather": "40"}));
        let of_queens = queens.result("result text");
        vec![of_austin.into(), "...".into(), of_queens.into()]
    };
    let results = results(&reply);
    let mut assistant_message = reply.into_message().unwrap();
    for block in &mut assistant_message.content {
        let ContentBlock::ToolUse(call) = block else { panic!("{block:?}") };
        assert_eq!(call.r#type.take(), Some("tool_use".into()), "Claude's mark");
    }
    messages.push(assistant_message);
    messages.push(Message::user(results));
    assert_eq!(messages, two_cities());
    let reply = model.converse(&messages).tools([get_weather()]).await.unwrap();
    let text = reply.text();
    let (austin, queens) = (text.find("Austin").expect("Austin"), text.find("Queens").expect("Queens"));
    assert!(austin < queens && text.contains("40") && text.contains("result text"), "{text}");

    let streamed = model.converse_stream(two_cities()).tools([get_weather()]).await.unwrap();
    assert_eq!(streamed.collect().await.unwrap().text(), text);
    turn().await.unwrap();
    let requests = local.requests();
    let content = &requests[1].json()["messages"][2]["content"];
    assert_eq!(
        content,
        &json!([
            {"toolResult": {"toolUseId": "2", "content": [{"json": {"weather": "40"}}]}},
            {"text": "..."},
            {"toolResult": {"toolUseId": "1", "content": [{"text": "result text"}]}},
        ])
    );
    assert_eq!(requests[1].json(), requests[3].json());
}

#[tokio::test]
async fn a_tool_failure_is_sent_as_an_error_result() {
    let call = ContentBlock::tool_use("1", "get_weather", json!({}));
    let failed = call.as_tool_use().unwrap().error("no such city");
    assert_eq!(
        serde_json::to_value(failed).unwrap(),
        json!({"toolUseId": "1", "content": [{"text": "no such city"}], "status": "error"})
    );
}

fn configuration(id: &str, version: &str) -> GuardrailConfiguration {
    GuardrailConfiguration::default().guardrail_identifier(id).guardrail_version(version)
}

#[tokio::test]
async fn a_guardrail_and_its_configuration_send_the_same_request() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let id = guardrail.guardrail_id.as_str();
    let model = model(&session, MODEL);
    model.converse("Hello").guardrail(&guardrail).await.unwrap();
    model.converse("Hello").guardrail(configuration(id, "DRAFT")).await.unwrap();
    let in_request = ConverseRequest::from("Hello").guardrail_config(configuration(id, "DRAFT"));
    model.converse(in_request.clone()).await.unwrap();
    model.converse_stream(in_request).await.unwrap().collect().await.unwrap();
    for request in local.requests() {
        let mut sent = request.json()["guardrailConfig"].take();
        // AWS's SDK adds AWS's defaults.
        sent.as_object_mut().unwrap().retain(|_, value| value != "disabled" && value != "sync");
        assert_eq!(sent, json!({"guardrailIdentifier": id, "guardrailVersion": "DRAFT"}));
    }
    assert_eq!(local.requests().len(), 4);
}

#[tokio::test]
async fn a_later_guardrail_replaces_id_and_version_and_keeps_the_trace() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let id = guardrail.guardrail_id.as_str();
    let model = model(&session, MODEL);
    let earlier = configuration("gr-2", "1").trace(GuardrailTrace::Enabled);
    let in_request = ConverseRequest::from("Hello").guardrail_config(earlier.clone());
    model.converse("Hello").guardrail(earlier.clone()).guardrail(&guardrail).await.unwrap();
    model.converse(in_request.clone()).guardrail((id, "DRAFT")).await.unwrap();
    model.converse_stream(in_request).guardrail(&*guardrail).await.unwrap().collect().await.unwrap();
    model.invoke_model(nova("Hello")).guardrail(earlier).guardrail(&guardrail).await.unwrap();
    let requests = local.requests();
    for request in &requests[..3] {
        let sent = &request.json()["guardrailConfig"];
        assert_eq!((&sent["guardrailIdentifier"], &sent["guardrailVersion"]), (&json!(id), &json!("DRAFT")));
        assert_eq!(sent["trace"], "enabled");
    }
    assert_eq!(requests[3].header("x-amzn-bedrock-guardrailidentifier"), Some(id));
    assert_eq!(requests[3].header("x-amzn-bedrock-trace"), Some("ENABLED"));
}

#[tokio::test]
async fn a_guardrail_without_a_version_is_an_error_before_anything_is_sent() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let mut without = guardrail.into_inner();
    without.version = " ".to_owned();
    let model = model(&session, MODEL);
    let no_version = GuardrailConfiguration::default().guardrail_identifier("gr-1");
    let no_id = GuardrailConfiguration::default().guardrail_version("1");
    let errors = [
        model.converse("Hello").guardrail(&without).await.unwrap_err(),
        model.converse("Hello").guardrail(no_version.clone()).await.unwrap_err(),
        model.converse("Hello").guardrail(no_id).await.unwrap_err(),
        model.converse_stream("Hello").guardrail(configuration("gr-1", "")).await.unwrap_err(),
        model.invoke_model("{}").guardrail(no_version.clone()).await.unwrap_err(),
        model.invoke_model_with_response_stream("{}").guardrail(no_version).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.hint().is_some() && error.operation().is_some(), "{error}");
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn a_guardrail_intervenes_in_the_prompt_and_in_the_reply() {
    let (local, session, guardrail) = session_with_guardrail().await;
    let model = model(&session, MODEL);
    let turn = || {
        model
            .converse("Do you play the xylophone?")
            .guardrail(&guardrail)
            .guardrail_trace(GuardrailTrace::Enabled)
    };
    let reply = turn().await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::GuardrailIntervened);
    assert_eq!(reply.text(), guardrail.blocked_input_messaging);
    assert_eq!(reply.usage.total_tokens, 0);
    let mut trace = serde_json::to_value(reply.trace.as_ref().unwrap()).unwrap();
    assert!(trace["guardrail"]["inputAssessment"][&guardrail.guardrail_id].is_object(), "{trace}");

    let streamed = model
        .converse_stream("Do you play the xylophone?")
        .guardrail(&guardrail)
        .guardrail_trace(GuardrailTrace::Enabled);
    let streamed = streamed.await.unwrap().collect().await.unwrap();
    assert_eq!((streamed.text(), &streamed.stop_reason), (reply.text(), &reply.stop_reason));
    // As on AWS: if the model is not called, a full reply has an empty list for it, and a stream has none.
    assert_eq!(
        trace["guardrail"].as_object_mut().unwrap().remove("modelOutput"),
        Some(serde_json::json!([]))
    );
    assert_eq!(serde_json::to_value(&streamed.trace).unwrap(), trace);

    local.queue_reply(Reply::text("Write to jane@example.com."));
    let reply = model.converse("To whom?").guardrail(&guardrail).await.unwrap();
    assert_eq!(reply.text(), "Write to {EMAIL}.");
    assert_eq!(reply.trace, None, "no trace was requested");
}

#[tokio::test]
async fn an_unknown_member_in_a_request_is_an_error_that_names_it() {
    let (local, session) = local().await;
    let model = model(&session, MODEL);
    let block: ContentBlock = serde_json::from_value(json!({"hologram": {"secret": "s3cr3t"}})).unwrap();
    let message = Message::user([ContentBlock::text("Hello"), block]);
    let errors = [
        model.converse(message.clone()).await.unwrap_err(),
        model.converse_stream(message.clone()).await.unwrap_err(),
        model.count_tokens(message).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.message().contains("hologram"), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn unknown_enum_values_are_sent_unchanged() {
    let (local, session) = local().await;
    let error = model(&session, MODEL).converse("Hello").service_tier(ServiceTierType::from("turbo")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Validation);
    assert_eq!(only_request(&local).json()["serviceTier"], json!({"type": "turbo"}));
}

#[tokio::test]
async fn count_tokens_sends_converse_requests_and_raw_bodies() {
    let (local, session) = local().await;
    let model = model(&session, COUNTING);
    let request = ConverseRequest::from("Hello")
        .system(["Be brief."])
        .tool_config(ToolConfiguration::new([get_weather()]))
        .additional_model_request_fields(json!({"top_k": 5}))
        .inference_config(InferenceConfiguration::default().max_tokens(5));
    model.count_tokens(request.clone()).await.unwrap();
    model.count_tokens("Hello").await.unwrap();
    model.count_tokens(ConverseTokensRequest::default().messages([Message::user("Hello")])).await.unwrap();
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [{"role": "user", "content": "Hello"}]});
    model.count_tokens(CountTokensInput::invoke_model(body.clone())).await.unwrap();
    let sent: Vec<_> = local.requests().iter().map(|request| request.json()["input"].clone()).collect();
    let mut whole = serde_json::to_value(request).unwrap();
    whole.as_object_mut().unwrap().remove("inferenceConfig");
    assert_eq!(sent[0], json!({ "converse": whole }), "settings that do not affect the count are not sent");
    let hello = json!({"converse": {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}});
    assert_eq!((&sent[1], &sent[2]), (&hello, &hello));
    let Value::String(base64) = &sent[3]["invokeModel"]["body"] else { panic!("{}", sent[3]) };
    let sent_body: Blob = serde_json::from_value(json!(base64)).unwrap();
    assert_eq!(sent_body.json::<Value>().unwrap(), body);
    assert_eq!(local.requests()[0].path.replace("%3A", ":"), format!("/model/{COUNTING}/count-tokens"));
}

#[tokio::test]
async fn a_reply_with_every_described_member_is_read_without_loss() {
    // A reply with every member in the description.
    let response = json!({
        "metrics": {"latencyMs": 12},
        "output": {"message": {"role": "assistant", "content": [
            {"text": "Hello."},
            {"image": {"format": "png", "source": {"bytes": "aGk="}}},
            {"toolUse": {"toolUseId": "t1", "name": "clock", "input": {"deep": [1, 2.5, null, {"a": true}]}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t1", "content": [{"json": {"n": 1}}, {"text": "x"}], "status": "success", "type": "t"}},
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            {"citationsContent": {
                "content": [{"text": "cited"}],
                "citations": [{"title": "T", "source": "S", "sourceContent": [{"text": "c"}], "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}],
            }},
            {"cachePoint": {"type": "default", "ttl": "5m"}},
        ]}},
        "stopReason": "end_turn",
        "usage": {
            "inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 5,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 5}],
        },
        "additionalModelResponseFields": {"stop_sequence": null, "scores": [0.1, 1e300, -3]},
        "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/a.b"}},
        "performanceConfig": {"latency": "standard"},
        "serviceTier": {"type": "default"},
    });
    let server = bedrock_orm_tests::support::fake_server::FakeServer::start([
        bedrock_orm_tests::support::fake_server::FakeResponse::json(&response),
    ])
    .await;
    let session = bedrock_orm_tests::support::session(server.url()).await;
    let reply = model(&session, MODEL).converse("Hello").await.unwrap();
    let described = |body: &Value| Service::Runtime.normalized("ConverseResponse", body);
    assert_eq!(described(&response), described(&described(&response)));
    let ours = described(&serde_json::to_value(&reply).unwrap());
    assert_eq!(differences(&described(&response), &ours), [] as [String; 0]);
    assert_eq!(serde_json::from_value::<ConverseResponse>(response).unwrap(), reply);
}
