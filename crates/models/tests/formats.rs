//! The serde formats that models go through unchanged, beside JSON: those that describe themselves and keep names.
#![allow(clippy::unwrap_used, clippy::panic)] // tests

use std::fmt::Debug;

use bedrock_orm_models::{ConverseResponse, Guardrail, Message, TokenUsage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads a model out of AWS's JSON and takes it through CBOR and MessagePack.
fn goes_through<M: Serialize + DeserializeOwned + PartialEq + Debug>(wire: &Value) {
    let model: M = serde_json::from_value(wire.clone()).unwrap();

    let mut cbor = Vec::new();
    ciborium::into_writer(&model, &mut cbor).unwrap();
    let back: M = ciborium::from_reader(cbor.as_slice()).unwrap();
    assert_eq!(back, model, "by CBOR");

    let named = rmp_serde::to_vec_named(&model).unwrap();
    let back: M = rmp_serde::from_slice(&named).unwrap();
    assert_eq!(back, model, "by MessagePack with names");
    assert_eq!(serde_json::to_value(back).unwrap(), *wire);
}

#[test]
fn a_message_with_a_tool_call_a_document_and_what_is_not_known_yet() {
    goes_through::<Message>(&json!({
        "role": "assistant",
        "content": [
            {"text": "Grüße"},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"days": [1, 2.5, null, true]}}},
            {"document": {"format": "pdf", "name": "report", "source": {"bytes": "JVBERi0="}}},
            {"hologram": {"depth": 3}},
        ],
    }));
}

#[test]
fn a_reply_with_its_usage() {
    goes_through::<ConverseResponse>(&json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "bored",
        "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheReadInputTokens": 0},
        "metrics": {"latencyMs": 412},
    }));
}

#[test]
fn a_guardrail_with_times_and_numbers() {
    goes_through::<Guardrail>(&json!({
        "name": "no-secrets",
        "guardrailId": "abc123",
        "guardrailArn": "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123",
        "version": "1",
        "status": "READY",
        "contextualGroundingPolicy": {"filters": [{"type": "GROUNDING", "threshold": 0.7, "action": "BLOCK"}]},
        "createdAt": "2026-03-01T12:00:00.123456789Z",
        "updatedAt": "2026-03-01T12:00:00Z",
        "blockedInputMessaging": "no",
        "blockedOutputsMessaging": "no",
    }));
}

/// A format that writes no names shifts each member behind one that is left out: the documentation says not to use them.
#[test]
fn messagepack_without_names_is_not_read_back() {
    let usage: TokenUsage = serde_json::from_value(
        json!({"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheDetails": []}),
    )
    .unwrap();
    let positional = rmp_serde::to_vec(&usage).unwrap();
    assert!(!rmp_serde::from_slice::<TokenUsage>(&positional).is_ok_and(|back| back == usage));
}
