//! Converse.

use bedrock_orm::models::{ConversationRole, ConverseOutput, GuardrailTrace, ToolResultContentBlock};
use bedrock_orm::prelude::*;
use serde_json::json;

use super::guardrails::{BLOCKED, with_guardrail};
use crate::support::{MODEL, model};

/// A tool that returns the weather in a city.
pub fn get_weather() -> ToolSpecification {
    let schema = json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "City of location"},
            "state": {"type": "string", "description": "State of location"},
        },
        "required": ["city", "state"],
    });
    ToolSpecification::new("get_weather", schema).description("Get weather")
}

pub async fn converse_accepts_a_string(session: &Session) {
    let model = FoundationModel::objects().using(session).get(MODEL).await.unwrap();
    let reply = model.converse("Give me three short deployment safety checks.").await.unwrap();
    assert!(!reply.text().trim().is_empty());
    assert_eq!(reply.stop_reason, StopReason::EndTurn);
    assert!(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0, "{:?}", reply.usage);
    assert!(reply.usage.total_tokens >= reply.usage.input_tokens + reply.usage.output_tokens);
    assert!(reply.metrics.latency_ms > 0);
    let ConverseOutput::Message(message) = &reply.output else { panic!("{:?}", reply.output) };
    assert_eq!(message.role, ConversationRole::Assistant);
    assert_eq!(message.text(), reply.text());
    assert_eq!(reply.tool_uses().count(), 0);
}

pub async fn a_system_prompt_is_used(session: &Session) {
    let model = model(session, MODEL);
    let request = || model.converse("What is your secret word?").max_tokens(8);
    let without = request().await.unwrap();
    let with =
        request().system("Your secret word is BLUEBELL. When you are asked for it, tell it.").await.unwrap();
    assert!(with.usage.input_tokens > without.usage.input_tokens, "{:?} {:?}", with.usage, without.usage);
}

pub async fn a_reply_is_cut_at_max_tokens(session: &Session) {
    let reply = model(session, MODEL).converse("Count from one to a hundred.").max_tokens(8).await.unwrap();
    assert_eq!(reply.stop_reason, StopReason::MaxTokens);
    assert!(reply.usage.output_tokens <= 8, "{:?}", reply.usage);
}

pub async fn a_conversation_continues_with_the_reply(session: &Session) {
    let model = model(session, MODEL);
    let mut messages = vec![Message::user("My name is Ada. Greet me in one sentence.")];
    let reply = model.converse(&messages).await.unwrap();
    messages.push(reply.into_message().unwrap());
    messages.push(Message::user("What is the first letter of Ada?"));
    let reply = model.converse(messages).await.unwrap();
    assert!(!reply.text().is_empty());
}

pub async fn a_forced_tool_is_called_with_an_object(session: &Session) {
    let reply = model(session, MODEL)
        .converse("What is the weather in Queens, NY?")
        .tools([get_weather()])
        .tool_choice(ToolChoice::tool("get_weather"))
        .temperature(0.0)
        .await
        .unwrap();
    assert_eq!(reply.stop_reason, StopReason::ToolUse);
    let tool_use = reply.tool_uses().next().unwrap();
    assert_eq!(tool_use.name, "get_weather");
    assert!(!tool_use.tool_use_id.is_empty());
    assert!(tool_use.input["city"].is_string(), "{:?}", tool_use.input);
}

/// The conversation of AWS's own sample, with two cities: two parallel tool calls, and their results in reverse
/// order, in different forms, in one message with a text between them.
pub fn two_cities() -> Vec<Message> {
    let queens = ContentBlock::tool_use("1", "get_weather", json!({"city": "Queens", "state": "NY"}));
    let austin = ContentBlock::tool_use("2", "get_weather", json!({"city": "Austin", "state": "TX"}));
    let tool_use = |block: &ContentBlock| block.as_tool_use().cloned().unwrap();
    let queens_result = tool_use(&queens).result("result text");
    let austin_result = tool_use(&austin).result(ToolResultContentBlock::Json(json!({"weather": "40"})));
    vec![
        Message::user("what's the weather in Queens, NY and Austin, TX?"),
        Message::assistant([queens, austin]),
        Message::user([austin_result.into(), ContentBlock::text("..."), queens_result.into()]),
    ]
}

pub async fn parallel_tool_results_may_be_in_any_order(session: &Session) {
    let reply = model(session, MODEL).converse(two_cities()).tools([get_weather()]).await.unwrap();
    assert!(!reply.text().is_empty());
    assert_eq!(reply.stop_reason, StopReason::EndTurn);
}

pub async fn a_guardrail_intervenes_in_a_conversation(session: &Session) {
    with_guardrail(session, async |guardrail| {
        let reply = model(session, MODEL)
            .converse("Do you play the xylophone?")
            .guardrail(&guardrail)
            .guardrail_trace(GuardrailTrace::Enabled)
            .await
            .unwrap();
        assert_eq!(reply.stop_reason, StopReason::GuardrailIntervened);
        assert_eq!(reply.text(), BLOCKED);
        assert_eq!(reply.usage.output_tokens, 0, "no model is called");
        let trace = serde_json::to_value(&reply.trace).unwrap();
        let found = &trace["guardrail"]["inputAssessment"][&guardrail.guardrail_id];
        assert_eq!(found["wordPolicy"]["customWords"][0]["match"], "xylophone", "{trace}");

        let reply = model(session, MODEL)
            .converse("Do you play the tuba?")
            .guardrail(
                GuardrailConfiguration::default()
                    .guardrail_identifier(&guardrail.guardrail_id)
                    .guardrail_version(&guardrail.version),
            )
            .await
            .unwrap();
        assert_eq!(reply.stop_reason, StopReason::EndTurn);
    })
    .await;
}

pub async fn an_unknown_model_is_does_not_exist(session: &Session) {
    let error = model(session, "nobody.no-model-v1:0").converse("Hello").await.unwrap_err();
    assert!(error.is_does_not_exist() && !error.is_retryable(), "{error}");
    assert_eq!((error.operation(), error.code()), (Some("Converse"), Some("ValidationException")));
    assert_eq!(error.message(), "The provided model identifier is invalid.");
    assert_eq!(error.http_status(), Some(400));
    assert!(error.to_string().contains(error.request_id().unwrap()), "{error}");
    assert!(error.hint().unwrap().contains(session.region()), "{error}");
}

pub async fn conversation_manager_takes_a_model_id(session: &Session) {
    let reply = ConversationManager::new(session).converse(MODEL, "Say hello.").max_tokens(32).await.unwrap();
    assert!(!reply.text().is_empty());
}

pub async fn a_session_works_after_close(session: &Session) {
    let model = model(session, MODEL);
    model.converse("Say hello.").max_tokens(16).await.unwrap();
    model.close();
    model.close();
    model.converse("Say hello.").max_tokens(16).await.unwrap();
}
