//! Models round-trip through self-describing serde formats with member names, other than JSON.
#![allow(clippy::unwrap_used, clippy::panic)] // tests

use std::fmt::Debug;

use bedrock_orm_models::{ConverseResponse, Guardrail, Message, TokenUsage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Deserialises a model from AWS's JSON, and asserts that it round-trips through CBOR and MessagePack.
fn assert_round_trip<M: Serialize + DeserializeOwned + PartialEq + Debug>(wire: &Value) {
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
fn a_message_with_a_tool_call_a_document_and_an_unknown_member_round_trips() {
    assert_round_trip::<Message>(&json!({
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
fn a_reply_with_usage_round_trips() {
    assert_round_trip::<ConverseResponse>(&json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "bored",
        "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheReadInputTokens": 0},
        "metrics": {"latencyMs": 412},
    }));
}

#[test]
fn a_guardrail_with_times_and_numbers_round_trips() {
    assert_round_trip::<Guardrail>(&json!({
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

/// Without names, the members after an absent member shift. Therefore the documentation advises against such formats.
#[test]
fn messagepack_without_names_does_not_round_trip() {
    let usage: TokenUsage = serde_json::from_value(
        json!({"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheDetails": []}),
    )
    .unwrap();
    let positional = rmp_serde::to_vec(&usage).unwrap();
    assert!(!rmp_serde::from_slice::<TokenUsage>(&positional).is_ok_and(|back| back == usage));
}
