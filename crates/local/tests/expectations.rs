//! Expectations on the journal, and the errors of unmet expectations.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use bedrock_orm_local::{Fault, LocalBedrock, Unmet};
use common::{MODEL, converse, get, post, send, user};
use serde_json::{Value, json};

async fn guarded() -> LocalBedrock {
    let local = LocalBedrock::start().await.unwrap();
    let guardrail = json!({ "name": "g", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "x" }] } });
    let created = post(&local, "/guardrails", guardrail).await.ok();
    let body = json!({
        "messages": [user("What is the weather in Paris?")],
        "guardrailConfig": { "guardrailIdentifier": created["guardrailArn"], "guardrailVersion": "DRAFT" },
        "toolConfig": { "tools": [{ "toolSpec": { "name": "get_weather", "inputSchema": { "json": { "type": "object" } } } }] },
    });
    converse(&local, MODEL, body).await.ok();
    local
}

#[tokio::test]
async fn the_last_converse_request_can_be_checked_in_one_line() -> Result<(), Unmet> {
    let local = guarded().await;
    let id = local.last("CreateGuardrail")?.response.json()["guardrailId"].as_str().unwrap().to_owned();
    local.last("Converse")?.has_guardrail(&id)?.has_text("weather in Paris")?.has_tool("get_weather")?;
    local
        .last("Converse")?
        .has_model(MODEL)?
        .was_answered(200)?
        .has("guardrailConfig.guardrailVersion", "DRAFT")?;
    local
        .last("Converse")?
        .has("messages.0.content", json!([{ "text": "What is the weather in Paris?" }]))?;
    assert_eq!(local.count("Converse"), 1);
    Ok(())
}

#[tokio::test]
async fn an_unmet_expectation_describes_the_request() {
    let local = guarded().await;
    let request = local.last("Converse").unwrap();
    let message_of = |unmet: Result<_, Unmet>| {
        let unmet = unmet.map(|_: &_| ()).unwrap_err();
        assert_eq!(format!("{unmet:?}"), unmet.to_string(), "a failed test shows the message");
        unmet.to_string()
    };
    let arn = request.input()["guardrailConfig"]["guardrailIdentifier"].as_str().unwrap().to_owned();
    for (unmet, expected) in [
        (request.has_guardrail("gr-2"), format!("has the guardrail {arn}, not gr-2")),
        (request.has_model("amazon.x"), format!("is for the model {MODEL}, not amazon.x")),
        (request.has_tool("clock"), "has the tools get_weather, not clock".to_owned()),
        (request.was_answered(429), "was answered 200, not 429".to_owned()),
        (request.was_refused("X"), "was answered 200, not X".to_owned()),
        (
            request.has("guardrailConfig.guardrailVersion", 1),
            "has \"DRAFT\" as guardrailConfig.guardrailVersion, not 1".to_owned(),
        ),
        (
            request.has("guardrailConfig.trace", "enabled"),
            "has no guardrailConfig.trace: guardrailConfig has guardrailIdentifier, guardrailVersion"
                .to_owned(),
        ),
        (request.has("messages.1.role", "user"), "has no messages.1.role: messages has 1 items".to_owned()),
    ] {
        assert_eq!(message_of(unmet), format!("Converse (request 2) {expected}"));
    }
    let unmet = message_of(request.has_text("London"));
    assert!(
        unmet.contains("does not have the text \"London\"; its texts: [")
            && unmet.contains("weather in Paris?"),
        "{unmet}"
    );
    assert!(
        local.last("ListGuardrails").unwrap_err().to_string().contains("requests: CreateGuardrail, Converse")
    );
    local.clear_requests();
    assert_eq!(
        local.last("Converse").unwrap_err().to_string(),
        "no Converse request was received; requests: none"
    );
}

#[tokio::test]
async fn unmet_expectations_have_the_error_message() -> Result<(), Unmet> {
    let local = LocalBedrock::start().await.unwrap();
    local.fault(Fault::throttling()).unwrap();
    get(&local, "/foundation-models").await;
    let request = local.last("ListFoundationModels")?;
    request.was_refused("ThrottlingException")?.was_answered(429)?;
    let unmet = request.was_answered(200).unwrap_err().to_string();
    assert!(unmet.ends_with(
        "was answered 429, not 200: ThrottlingException, Too many requests, please wait before trying again."
    ));
    Ok(())
}

#[tokio::test]
async fn members_are_found_in_path_query_and_body() -> Result<(), Unmet> {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [user("Hello")],
        "tools": [{ "name": "clock", "input_schema": {} }] });
    let headers =
        [("x-amzn-bedrock-guardrailidentifier", "abc123"), ("x-amzn-bedrock-guardrailversion", "1")];
    send(&local, "POST", &format!("/model/us.{MODEL}/invoke"), &headers, body.to_string().as_bytes()).await;
    let request = local.last("InvokeModel")?;
    request
        .has_guardrail("abc123")?
        .has("guardrailVersion", "1")?
        .has("body.max_tokens", 9)?
        .has_tool("clock")?;
    request.has_model(MODEL)?.has_text("Hello")?;
    get(&local, "/foundation-models?byProvider=amazon").await;
    local.last("ListFoundationModels")?.has("byProvider", "amazon")?;
    // Expectations also work for requests that the server refused.
    converse(&local, MODEL, json!({ "messages": 7 })).await;
    assert_eq!(local.last("Converse")?.input(), json!({ "messages": 7, "modelId": MODEL }));
    send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], b"{").await;
    assert_eq!(local.last("Converse")?.input(), Value::Null);
    Ok(())
}
