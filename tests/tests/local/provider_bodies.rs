//! Typed bodies of the providers, on the local Bedrock: whole and streamed, as its journal has them.

use bedrock_orm::models::providers::*;
use bedrock_orm::models::{ModelBody, StreamedBody};
use bedrock_orm::prelude::*;
use bedrock_orm::{Partial, TypedResponse};
use bedrock_orm_local::{LocalBedrock, Reply};
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::frames::Frame;
use bedrock_orm_tests::support::{CLAUDE_PROFILE, MODEL, local, model, only_request, session};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Starts a local Bedrock that also has the models that AWS has retired.
async fn with_retired_models() -> (LocalBedrock, Session) {
    let local = LocalBedrock::builder().keep_retired_models().start().await.unwrap();
    let session = session(local.url()).await;
    (local, session)
}

/// Invokes the model whole and streamed, and returns the whole response and the collected one. The journal has the same
/// body for both.
async fn both<B>(id: &str, body: &B, sent: Value) -> (TypedResponse<B>, TypedResponse<B>)
where
    B: StreamedBody,
{
    let (local, session) = with_retired_models().await;
    let model = model(&session, id);
    let whole = model.invoke(body).await.unwrap_or_else(|error| panic!("{id}: {error}"));
    let request = only_request(&local);
    assert_eq!(request.json(), sent, "{id}");
    assert_eq!(request.operation.as_deref(), Some("InvokeModel"));
    assert!(whole.request_id().is_some());
    let usage = whole.usage();
    assert!(usage.input_tokens.unwrap() > 0 && usage.output_tokens.unwrap() > 0, "{id}: {usage:?}");

    let stream = model.invoke(body).stream().await.unwrap_or_else(|error| panic!("{id}: {error}"));
    let request = local.requests().remove(1);
    assert_eq!(request.json(), sent, "{id}");
    assert_eq!(request.operation.as_deref(), Some("InvokeModelWithResponseStream"));
    let collected = stream.collect().await.unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(collected.usage().input_tokens, usage.input_tokens, "{id}");
    assert_eq!(collected.usage().output_tokens, usage.output_tokens, "{id}");
    assert!(collected.request_id().is_some());

    let mut events = model.invoke(body).stream().await.unwrap();
    let first = events.next().await.unwrap().unwrap();
    let is_whole = events.next().await.is_none();
    assert_eq!(B::is_last(&first), is_whole, "{id}: a stream that is cut after its first event is not whole");

    let mut text = model.invoke(body).stream().await.unwrap().text();
    let mut pieces = 0;
    while let Some(piece) = text.next().await {
        assert!(!piece.unwrap().is_empty());
        pieces += 1;
    }
    assert!(pieces > 0, "{id}");
    (whole, collected)
}

#[tokio::test]
async fn claude_is_invoked_whole_and_streamed() {
    let request = ClaudeMessages::new(["What is machine learning?"], 1024)
        .system("Be brief.")
        .temperature(0.7)
        .top_k(50)
        .stop_sequences(["END"])
        .additional("anthropic_internal", json!(1));
    let sent = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "What is machine learning?"}],
        "system": "Be brief.",
        "temperature": 0.7,
        "top_k": 50,
        "stop_sequences": ["END"],
        "anthropic_internal": 1,
    });
    let (whole, collected) = both(CLAUDE_PROFILE, &request, sent).await;
    assert!(whole.text().contains("machine learning"), "{}", whole.text());
    assert_eq!(whole.stop_reason, Some(ClaudeStopReason::EndTurn));
    assert_eq!((collected.text(), &collected.content), (whole.text(), &whole.content));
    assert_eq!(collected.stop_reason, whole.stop_reason);
}

#[tokio::test]
async fn claude_calls_tools_and_gets_their_results() {
    let (local, session) = local().await;
    let model = model(&session, CLAUDE_PROFILE);
    let tool =
        ClaudeTool::new("get_weather", json!({"type": "object", "properties": {"city": {"type": "string"}}}))
            .description("Returns the weather");
    for streamed in [false, true] {
        local.clear_requests();
        local.queue_reply(Reply::tool_use("get_weather", json!({"city": "Queens"})));
        let mut messages = vec![ClaudeMessage::user("What's the weather in Queens?")];
        let request = ClaudeMessages::new(messages.clone(), 256)
            .tools([tool.clone()])
            .tool_choice(ClaudeToolChoice::any());
        let response = match streamed {
            false => model.invoke(&request).await.unwrap(),
            true => model.invoke(&request).stream().await.unwrap().collect().await.unwrap(),
        };
        assert_eq!(response.stop_reason, Some(ClaudeStopReason::ToolUse));
        let calls: Vec<_> = response.tool_uses().cloned().collect();
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].name.as_str(), &calls[0].input), ("get_weather", &json!({"city": "Queens"})));

        messages.push(response.into_body().into());
        messages.push(ClaudeMessage::user([calls[0].result("40 degrees")]));
        model.invoke(&ClaudeMessages::new(messages, 256).tools([tool.clone()])).await.unwrap();
        let sent = local.requests().remove(1).json();
        assert_eq!(sent["messages"][1]["content"][0]["type"], "tool_use");
        assert_eq!(sent["messages"][1]["content"][0]["input"], json!({"city": "Queens"}));
        assert_eq!(
            sent["messages"][2]["content"][0],
            json!({"type": "tool_result", "tool_use_id": calls[0].id, "content": "40 degrees"})
        );
    }
}

#[tokio::test]
async fn claude_thinks_before_it_replies() {
    let (local, session) = local().await;
    let request = ClaudeMessages::new(["Hard?"], 4096).thinking(ClaudeThinking::enabled(1024));
    for streamed in [false, true] {
        local.clear_requests();
        local.queue_reply(Reply::text("Yes.").reasoning("Let me see."));
        let call = model(&session, CLAUDE_PROFILE).invoke(&request);
        let response = match streamed {
            false => call.await.unwrap(),
            true => call.stream().await.unwrap().collect().await.unwrap(),
        };
        assert_eq!(
            only_request(&local).json()["thinking"],
            json!({"type": "enabled", "budget_tokens": 1024})
        );
        let ClaudeContentBlock::Thinking(thinking) = &response.content[0] else {
            panic!("{:?}", response.content)
        };
        assert_eq!(thinking.thinking, "Let me see.");
        assert!(!thinking.signature.is_empty());
        assert_eq!(response.text(), "Yes.");
    }
}

#[tokio::test]
async fn a_body_that_json_cannot_express_is_refused_before_it_is_sent() {
    let (local, session) = local().await;
    let request = ClaudeMessages::new(["Hello"], 64).temperature(f64::NAN);
    let call = model(&session, CLAUDE_PROFILE).invoke(&request);
    for error in [call.clone().await.unwrap_err(), call.stream().await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("must be a finite number"), "{error}");
    }
    assert_eq!(local.requests().len(), 0);
}

/// A body of a user's own, for a model of another format.
#[derive(Serialize)]
struct Own {
    prompt: String,
}

#[derive(Debug, Default, Deserialize)]
struct OwnResponse {
    generation: String,
    stop_reason: Option<String>,
}

impl ModelBody for Own {
    type Response = OwnResponse;
}

impl StreamedBody for Own {
    type Event = OwnResponse;

    fn add(response: &mut OwnResponse, event: &OwnResponse) {
        response.generation.push_str(&event.generation);
        response.stop_reason.clone_from(&event.stop_reason);
    }

    fn is_last(event: &OwnResponse) -> bool {
        event.stop_reason.is_some()
    }

    fn text(event: &OwnResponse) -> Option<&str> {
        Some(&event.generation)
    }
}

#[tokio::test]
async fn a_body_of_the_user_s_own_type_is_invoked() {
    let body = Own { prompt: "Hello".to_owned() };
    let (whole, collected) = both("meta.llama3-8b-instruct-v1:0", &body, json!({"prompt": "Hello"})).await;
    assert_eq!(whole.generation, collected.generation);
    assert_eq!(collected.stop_reason.as_deref(), Some("stop"));
}

#[tokio::test]
async fn a_response_of_another_format_is_an_error_with_its_bytes_and_without_its_words() {
    let server = FakeServer::start([FakeResponse::json(&json!({"content": "a secret reply"}))
        .header("x-amzn-requestid", "11111111-2222-3333-4444-555555555555")])
    .await;
    let model = model(&session(server.url()).await, CLAUDE_PROFILE);
    let error = model.invoke(&ClaudeMessages::new(["a secret prompt"], 64)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(error.operation(), Some("InvokeModel"));
    assert_eq!(error.request_id(), Some("11111111-2222-3333-4444-555555555555"));
    let Some(Partial::Body(body)) = error.partial() else { panic!("{error:#?}") };
    assert_eq!(body.json::<Value>().unwrap(), json!({"content": "a secret reply"}));
    let shown = format!("{error} {error:#?}");
    assert!(shown.contains("ClaudeMessages") && !shown.contains("secret"), "{shown}");
}

/// A frame with a chunk.
pub(crate) fn chunk(event: &Value) -> Frame {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.encode(event.to_string());
    Frame::event("chunk", &json!({"bytes": bytes}))
}

/// The events of a streamed reply of Claude.
fn claude_events() -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 1},
        }}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a secret reply"}}),
        json!({"type": "hologram", "depth": 3}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": 3, "outputTokenCount": 5, "invocationLatency": 9, "firstByteLatency": 4,
        }}),
    ]
}

#[tokio::test]
async fn a_typed_stream_that_is_cut_is_interrupted_and_keeps_what_arrived() {
    let events = claude_events();
    for kept in 0..events.len() {
        let server = FakeServer::start([FakeResponse::stream(events[..kept].iter().map(chunk))]).await;
        let model = model(&session(server.url()).await, CLAUDE_PROFILE);
        let mut stream = model.invoke(&ClaudeMessages::new(["a secret prompt"], 64)).stream().await.unwrap();
        for _ in 0..kept {
            stream.next().await.unwrap().unwrap();
        }
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.is_stream_interrupted(), "after {kept}: {error}");
        let all: String = events[..kept].iter().map(Value::to_string).collect();
        assert_eq!(error.partial(), Some(&Partial::Body(all.into())), "after {kept}");
        assert_eq!(stream.response().text(), if kept > 2 { "a secret reply" } else { "" });
        assert!(stream.next().await.is_none(), "an error is the last item");
        let shown = format!("{error} {error:#?} {stream:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test]
async fn a_stream_without_the_provider_s_last_event_is_interrupted_though_aws_ended_it() {
    let mut events = claude_events();
    events[5]["amazon-bedrock-invocationMetrics"] = events[6]["amazon-bedrock-invocationMetrics"].clone();
    let server = FakeServer::start([FakeResponse::stream(events[..6].iter().map(chunk))]).await;
    let model = model(&session(server.url()).await, CLAUDE_PROFILE);
    let stream = model.invoke(&ClaudeMessages::new(["Hello"], 64)).stream().await.unwrap();
    let error = stream.collect().await.unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    assert!(matches!(error.partial(), Some(Partial::Body(body)) if !body.is_empty()), "{error:#?}");
}

#[tokio::test]
async fn an_unknown_event_is_kept_and_an_event_of_another_format_is_an_error() {
    let events = claude_events();
    let server = FakeServer::start([
        FakeResponse::stream(events.iter().map(chunk)),
        FakeResponse::stream([chunk(&events[0]), chunk(&json!(["a secret reply"]))]),
    ])
    .await;
    let model = model(&session(server.url()).await, CLAUDE_PROFILE);
    let request = ClaudeMessages::new(["Hello"], 64);
    let mut stream = model.invoke(&request).stream().await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(event.unwrap());
    }
    assert_eq!(seen[3], ClaudeEvent::Unknown(json!({"type": "hologram", "depth": 3})));
    assert_eq!(stream.collect().await.unwrap().usage().output_tokens, Some(5));

    let mut stream = model.invoke(&Own { prompt: "Hello".to_owned() }).stream().await.unwrap();
    let error = loop {
        match stream.next().await.expect("an error before the end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert_eq!(error.operation(), Some("InvokeModelWithResponseStream"));
    assert!(matches!(error.partial(), Some(Partial::Body(body)) if !body.is_empty()), "{error:#?}");
    assert!(!format!("{error} {error:#?}").contains("secret"));
    assert!(stream.next().await.is_none(), "an error is the last item");
}

#[tokio::test]
async fn a_conversation_manager_invokes_with_a_model_id() {
    let (local, session) = local().await;
    let manager = ConversationManager::new(&session);
    let response = manager.invoke(CLAUDE_PROFILE, &ClaudeMessages::new(["Hello"], 64)).await.unwrap();
    assert!(response.text().contains("Hello"));
    assert_eq!(only_request(&local).path.replace("%3A", ":"), format!("/model/{CLAUDE_PROFILE}/invoke"));
}

#[tokio::test]
async fn a_raw_response_has_its_request_id_and_its_tokens() {
    let (local, session) = local().await;
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
    let response = model(&session, MODEL).invoke_model(body).await.unwrap();
    assert!(response.request_id.is_some());
    assert!(response.usage.input_tokens.unwrap() > 0 && response.usage.output_tokens.unwrap() > 0);
    assert_eq!(response.usage.cache_read_input_tokens, Some(0), "Nova's header");
    drop(local);
}

#[tokio::test]
async fn claude_2_is_invoked_whole_and_streamed() {
    let request = ClaudeCompletion::new("\n\nHuman: Hello\n\nAssistant:", 64).temperature(0.5);
    let sent = json!({
        "prompt": "\n\nHuman: Hello\n\nAssistant:", "max_tokens_to_sample": 64, "temperature": 0.5,
    });
    let (whole, collected) = both("anthropic.claude-v2", &request, sent).await;
    assert!(whole.text().contains("Hello"), "{}", whole.text());
    assert_eq!(collected.text(), whole.text());
    assert!(collected.stop_reason.is_some());
}

#[tokio::test]
async fn nova_is_invoked_whole_and_streamed() {
    let request = NovaMessages::new(["Hello"])
        .system(["Be brief."])
        .inference_config(NovaInferenceConfig::default().max_tokens(64).top_k(20).temperature(0.1));
    let sent = json!({
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 64, "topK": 20, "temperature": 0.1},
    });
    let (whole, collected) = both(MODEL, &request, sent).await;
    assert!(whole.text().contains("Hello"), "{}", whole.text());
    assert_eq!(collected.text(), whole.text());
    assert_eq!(collected.output.message, whole.output.message, "the pieces are one block of text");
    assert_eq!(collected.stop_reason, Some(StopReason::EndTurn));
    assert_eq!(collected.usage().cache_read_input_tokens, Some(0));
}

#[tokio::test]
async fn nova_calls_tools() {
    let (local, session) = local().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = ToolConfiguration::new([ToolSpecification::new("get_weather", schema)]);
    let request = NovaMessages::new(["Weather in Queens?"]).tool_config(tools);
    for streamed in [false, true] {
        local.queue_reply(Reply::tool_use("get_weather", json!({"city": "Queens"})));
        let call = model(&session, MODEL).invoke(&request);
        let response = match streamed {
            false => call.await.unwrap(),
            true => call.stream().await.unwrap().collect().await.unwrap(),
        };
        let calls: Vec<_> = response.tool_uses().collect();
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].name.as_str(), &calls[0].input), ("get_weather", &json!({"city": "Queens"})));
        assert_eq!(response.stop_reason, Some(StopReason::ToolUse));
    }
}

#[tokio::test]
async fn titan_text_is_invoked_whole_and_streamed() {
    let config = TitanTextConfig::default().max_token_count(512).temperature(0.7).top_p(0.9);
    let request = TitanText::new("Summarize AWS").text_generation_config(config);
    let sent = json!({
        "inputText": "Summarize AWS",
        "textGenerationConfig": {"maxTokenCount": 512, "temperature": 0.7, "topP": 0.9},
    });
    let (whole, collected) = both("amazon.titan-text-express-v1", &request, sent).await;
    assert!(whole.text().contains("AWS"), "{}", whole.text());
    assert_eq!(*collected, *whole);
}

#[tokio::test]
async fn llama_is_invoked_whole_and_streamed() {
    let request = LlamaText::new("What is AI?").max_gen_len(512).temperature(0.7).top_p(0.9);
    let sent = json!({"prompt": "What is AI?", "max_gen_len": 512, "temperature": 0.7, "top_p": 0.9});
    let (whole, collected) = both("meta.llama3-8b-instruct-v1:0", &request, sent).await;
    assert!(whole.text().contains("AI"), "{}", whole.text());
    assert_eq!(*collected, *whole);
    assert_eq!(whole.stop_reason, Some(LlamaStopReason::Stop));
}

#[tokio::test]
async fn mistral_is_invoked_whole_and_streamed() {
    let request = MistralText::new("<s>[INST] Hello [/INST]").max_tokens(512).temperature(0.7).stop(["|"]);
    let sent =
        json!({"prompt": "<s>[INST] Hello [/INST]", "max_tokens": 512, "temperature": 0.7, "stop": ["|"]});
    let (whole, collected) = both("mistral.mistral-7b-instruct-v0:2", &request, sent).await;
    assert!(whole.text().contains("Hello"), "{}", whole.text());
    assert_eq!(*collected, *whole);
}

#[tokio::test]
async fn deepseek_r1_is_invoked_whole_and_streamed() {
    let request = DeepSeekText::new("Hello").max_tokens(512).temperature(0.7);
    let sent = json!({"prompt": "Hello", "max_tokens": 512, "temperature": 0.7});
    let (whole, collected) = both("us.deepseek.r1-v1:0", &request, sent).await;
    assert!(whole.text().contains("Hello"), "{}", whole.text());
    assert_eq!(*collected, *whole);
}

#[tokio::test]
async fn cohere_is_invoked_whole_and_streamed() {
    let request =
        CohereChat::new("Hello").chat_history([CohereTurn::user("Hi"), CohereTurn::chatbot("Yes?")]).p(0.9);
    let sent = json!({
        "message": "Hello",
        "p": 0.9,
        "chat_history": [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Yes?"}],
    });
    let (whole, collected) = both("cohere.command-r-v1:0", &request, sent).await;
    assert!(whole.text().contains("Hello"), "{}", whole.text());
    assert_eq!(collected.text(), whole.text());
    assert_eq!(collected.finish_reason, Some(CohereFinishReason::Complete));
    assert_eq!(collected.chat_history, whole.chat_history);

    for stream in [None, Some(true)] {
        let mut request = CohereText::new("Hello").max_tokens(64);
        let mut sent = json!({"prompt": "Hello", "max_tokens": 64});
        if let Some(stream) = stream {
            request = request.stream(stream);
            sent["stream"] = stream.into();
        }
        let (whole, collected) = both("cohere.command-text-v14", &request, sent).await;
        assert!(whole.text().contains("Hello"), "{}", whole.text());
        assert_eq!(collected.text().trim(), whole.text().trim(), "{stream:?}");
        assert_eq!(collected.generations[0].finish_reason, Some(CohereFinishReason::Complete));
    }
}

#[tokio::test]
async fn cohere_calls_tools_and_gets_their_results() {
    let (local, session) = with_retired_models().await;
    let model = model(&session, "cohere.command-r-v1:0");
    let city = CohereParameter::new("str").required(true).description("The city");
    let tool = CohereTool::new("get_weather", "Returns the weather", [("city", city)]);
    for streamed in [false, true] {
        local.clear_requests();
        local.queue_reply(Reply::tool_use("get_weather", json!({"city": "Queens"})));
        let call = model.invoke(&CohereChat::new("Weather in Queens?").tools([tool.clone()]));
        let response = match streamed {
            false => call.await.unwrap(),
            true => call.stream().await.unwrap().collect().await.unwrap(),
        };
        let calls = response.tool_calls.clone().unwrap();
        assert_eq!(
            (calls[0].name.as_str(), &calls[0].parameters),
            ("get_weather", &json!({"city": "Queens"}))
        );
        let next = CohereChat::new("Weather in Queens?")
            .tools([tool.clone()])
            .tool_results([calls[0].result([json!({"degrees": 40})])]);
        model.invoke(&next).await.unwrap();
        let sent = local.requests().remove(1).json();
        assert_eq!(
            sent["tool_results"],
            json!([{"call": {"name": "get_weather", "parameters": {"city": "Queens"}}, "outputs": [{"degrees": 40}]}])
        );
        assert_eq!(
            sent["tools"][0]["parameter_definitions"],
            json!({"city": {"type": "str", "required": true, "description": "The city"}})
        );
    }
}

#[tokio::test]
async fn chat_completions_are_invoked_whole_and_streamed() {
    for id in [
        "openai.gpt-oss-20b-1:0",
        "qwen.qwen3-32b-v1:0",
        "deepseek.v3-v1:0",
        "mistral.mistral-large-3-675b-instruct",
        "mistral.mistral-large-2402-v1:0",
        "ai21.jamba-1-5-mini-v1:0",
    ] {
        let request = ChatCompletions::new([ChatMessage::system("Be brief."), "Hello".into()])
            .max_tokens(256)
            .temperature(0.9)
            .stop(["|"]);
        let sent = json!({
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
            "max_tokens": 256,
            "temperature": 0.9,
            "stop": ["|"],
        });
        let (whole, collected) = both(id, &request, sent).await;
        assert!(whole.text().contains("Hello"), "{id}: {}", whole.text());
        assert!(!whole.text().contains("<reasoning>"), "{id}: {}", whole.text());
        assert_eq!(collected.text(), whole.text(), "{id}");
        let reasoning = |response: &ChatResponse| response.message().unwrap().reasoning();
        assert_eq!(reasoning(&collected), reasoning(&whole), "{id}");
        assert_eq!(collected.choices[0].finish_reason, whole.choices[0].finish_reason, "{id}");
        assert_eq!(collected.choices[0].stop_reason, whole.choices[0].stop_reason, "{id}");
        assert_eq!(collected.message().unwrap().role, ChatRole::Assistant);
    }
}

#[tokio::test]
async fn chats_call_tools_and_get_their_results() {
    let (local, session) = local().await;
    let model = model(&session, "openai.gpt-oss-20b-1:0");
    let tool =
        ChatTool::new("get_weather", json!({"type": "object", "properties": {"city": {"type": "string"}}}))
            .description("Returns the weather");
    for streamed in [false, true] {
        local.clear_requests();
        local.queue_reply(Reply::tool_use("get_weather", json!({"city": "Queens"})));
        let mut messages = vec![ChatMessage::user("Weather in Queens?")];
        let call = model.invoke(&ChatCompletions::new(messages.clone()).tools([tool.clone()]));
        let response = match streamed {
            false => call.await.unwrap(),
            true => call.stream().await.unwrap().collect().await.unwrap(),
        };
        let calls: Vec<_> = response.tool_calls().cloned().collect();
        assert_eq!(calls[0].function.name.as_deref(), Some("get_weather"));
        assert_eq!(calls[0].arguments().unwrap(), json!({"city": "Queens"}));
        messages.push(response.message().unwrap().clone());
        messages.push(calls[0].result("40 degrees"));
        model.invoke(&ChatCompletions::new(messages).tools([tool.clone()])).await.unwrap();
        let sent = local.requests().remove(1).json();
        let arguments = sent["messages"][1]["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), json!({"city": "Queens"}));
        assert_eq!(
            sent["messages"][2],
            json!({"role": "tool", "content": "40 degrees", "tool_call_id": calls[0].id.clone().unwrap()})
        );
        assert_eq!(sent["tools"][0]["function"]["description"], "Returns the weather");
    }
}

#[tokio::test]
async fn images_are_generated() {
    let (local, session) = with_retired_models().await;
    let config = AmazonImageConfig::default().number_of_images(2).width(64).height(64).seed(7);
    let request = AmazonImages::from_text("A lighthouse").image_generation_config(config);
    for id in ["amazon.nova-canvas-v1:0", "amazon.titan-image-generator-v1"] {
        local.clear_requests();
        let response = model(&session, id).invoke(&request).await.unwrap();
        assert_eq!(
            only_request(&local).json(),
            json!({
                "taskType": "TEXT_IMAGE",
                "textToImageParams": {"text": "A lighthouse"},
                "imageGenerationConfig": {"numberOfImages": 2, "width": 64, "height": 64, "seed": 7},
            })
        );
        assert_eq!(response.images.len(), 2);
        assert!(response.images.iter().all(|image| image.starts_with(b"\x89PNG")), "{id}");
    }

    local.clear_requests();
    let request = StabilityImage::new("A lighthouse").aspect_ratio("16:9").seed(7);
    let response = model(&session, "stability.stable-image-core-v1:1").invoke(&request).await.unwrap();
    assert_eq!(
        only_request(&local).json(),
        json!({"prompt": "A lighthouse", "aspect_ratio": "16:9", "seed": 7})
    );
    assert!(response.images[0].starts_with(b"\x89PNG"));
    assert_eq!(
        (response.seeds.as_slice(), response.finish_reasons.as_slice()),
        ([7].as_slice(), [None].as_slice())
    );
}

#[tokio::test]
async fn documents_are_ranked() {
    let documents = ["a quarterly tax report", "the red fox jumps", "a fox"];
    for (id, request, version) in [
        ("amazon.rerank-v1:0", Rerank::amazon("red fox", documents), None),
        ("cohere.rerank-v3-5:0", Rerank::cohere("red fox", documents), Some(2)),
    ] {
        let (local, session) = local().await;
        let response = model(&session, id).invoke(&request.top_n(2)).await.unwrap();
        let mut sent = json!({"query": "red fox", "documents": documents, "top_n": 2});
        if let Some(version) = version {
            sent["api_version"] = version.into();
        }
        assert_eq!(only_request(&local).json(), sent);
        assert_eq!(response.results.len(), 2);
        assert_eq!(response.results[0].index, 1);
        assert!(response.results[0].relevance_score > response.results[1].relevance_score);
    }
}

#[tokio::test]
async fn pegasus_is_invoked_whole_and_streamed() {
    let video = TwelveLabsMedia::s3("s3://my-bucket/a.mp4", "123456789012");
    let request = Pegasus::new("What happens?", video).temperature(0.2).max_output_tokens(200);
    let sent = json!({
        "inputPrompt": "What happens?",
        "mediaSource": {"s3Location": {"uri": "s3://my-bucket/a.mp4", "bucketOwner": "123456789012"}},
        "temperature": 0.2,
        "maxOutputTokens": 200,
    });
    let (whole, collected) = both("us.twelvelabs.pegasus-1-2-v1:0", &request, sent).await;
    assert_eq!(whole.finish_reason, Some(PegasusFinishReason::Stop));
    assert!(whole.message.contains("What happens?"), "{}", whole.message);
    assert_eq!((&collected.message, &collected.finish_reason), (&whole.message, &whole.finish_reason));
}

#[tokio::test]
async fn marengo_returns_the_vectors_of_texts_and_images() {
    let (local, session) = local().await;
    let model = model(&session, "us.twelvelabs.marengo-embed-3-0-v1:0");
    let image = || TwelveLabsMedia::bytes(b"\x89PNG");
    for (request, sent) in [
        (Marengo::of_text("A fox."), json!({"inputType": "text", "text": {"inputText": "A fox."}})),
        (
            Marengo::of_image(image()),
            json!({"inputType": "image", "image": {"mediaSource": {"base64String": "iVBORw=="}}}),
        ),
        (
            Marengo::of_text_image("A fox.", image()),
            json!({"inputType": "text_image", "text_image": {
                "inputText": "A fox.", "mediaSource": {"base64String": "iVBORw=="},
            }}),
        ),
    ] {
        local.clear_requests();
        let response = model.invoke(&request).await.unwrap();
        assert_eq!(only_request(&local).json(), sent);
        assert_eq!(response.data.len(), 1);
        assert_eq!(response.data[0].embedding.len(), 512);
    }
}
