//! Fuzz tests of the models' JSON: any JSON is read or refused without a panic, and what is read is written without loss.
//!
//! `PROPTEST_CASES` sets the number of cases of each test.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use serde_json::{Value, json};

/// A change of a JSON document, at one of its values.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    /// Replaces the value by another one of the document.
    Copy(Index),
    /// Adds a member to an object, or an element to a list.
    Add(String, Value),
    Remove(Index),
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(&["", "text", "user", "2026-01-02T03:04:05Z", "AAEC", "\0", "é"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names of members, which occur in many types, and others.
fn name() -> impl Strategy<Value = String> {
    let known =
        select(&["text", "content", "role", "type", "name", "status", "json", "bytes", "source", "index"]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    let change = prop_oneof![
        3 => json().prop_map(Change::Replace),
        1 => any::<Index>().prop_map(Change::Copy),
        1 => (name(), json()).prop_map(|(name, value)| Change::Add(name, value)),
        1 => any::<Index>().prop_map(Change::Remove),
    ];
    vec((any::<Index>(), change), 0..4)
}

/// Flips of bytes in a document's text.
fn flips() -> impl Strategy<Value = Vec<(Index, u8)>> {
    vec((any::<Index>(), any::<u8>()), 0..3)
}

/// Returns the value at this position, and counts down the position. The document itself is the first.
fn at<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| at(item, left)),
        Value::Object(members) => members.values_mut().find_map(|member| at(member, left)),
        _ => None,
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

fn changed(mut document: Value, changes: &[(Index, Change)]) -> Value {
    for (place, change) in changes {
        let values = count(&document);
        let copied = match change {
            Change::Copy(from) => at(&mut document, &mut from.index(values)).cloned(),
            _ => None,
        };
        let Some(value) = at(&mut document, &mut place.index(values)) else { continue };
        match (change, value) {
            (Change::Replace(other), value) => *value = other.clone(),
            (Change::Copy(_), value) => *value = copied.unwrap_or_default(),
            (Change::Add(name, added), Value::Object(members)) => {
                members.insert(name.clone(), added.clone());
            }
            (Change::Add(_, added), Value::Array(items)) => items.push(added.clone()),
            (Change::Remove(member), Value::Object(members)) if !members.is_empty() => {
                let name = members.keys().nth(member.index(members.len())).cloned().unwrap_or_default();
                members.remove(&name);
            }
            (Change::Remove(item), Value::Array(items)) if !items.is_empty() => {
                items.remove(item.index(items.len()));
            }
            _ => {}
        }
    }
    document
}

/// Reads a changed document, and its text with flipped bytes.
fn check<T>(document: Value, changes: &[(Index, Change)], flips: &[(Index, u8)])
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let document = changed(document, changes);
    let mut text = document.to_string().into_bytes();
    let read = serde_json::from_value::<T>(document);
    let from_text = serde_json::from_slice::<T>(&text);
    assert_eq!(read.as_ref().ok(), from_text.as_ref().ok(), "{}", String::from_utf8_lossy(&text));
    for (place, flip) in flips {
        let place = place.index(text.len());
        text[place] ^= flip;
    }
    for value in read.into_iter().chain(serde_json::from_slice(&text)) {
        let written = serde_json::to_value(&value).unwrap_or_else(|error| panic!("{error}: {value:?}"));
        let back: T = serde_json::from_value(written.clone())
            .unwrap_or_else(|error| panic!("{error}: {value:?} was written as {written}"));
        assert_eq!(back, value, "{written}");
        assert_eq!(serde_json::to_value(&back).unwrap(), written);
    }
}

/// One test per line: random JSON, and changed JSON of random values.
macro_rules! generated {
    ($($test:ident: $type:ty,)*) => {
        proptest! {
            $(
                #[test]
                fn $test(bytes in vec(any::<u8>(), 0..512), json in json(), changes in changes(), flips in flips()) {
                    check::<$type>(json, &changes, &flips);
                    if let Ok(value) = <$type>::arbitrary(&mut Unstructured::new(&bytes)) {
                        check::<$type>(serde_json::to_value(value).unwrap(), &changes, &flips);
                    }
                }
            )*
        }
    };
}

generated! {
    any_apply_guardrail_request: crate::ApplyGuardrailRequest,
    any_apply_guardrail_response: crate::ApplyGuardrailResponse,
    any_automated_reasoning_policy: crate::AutomatedReasoningPolicy,
    any_content_block: crate::ContentBlock,
    any_converse_request: crate::ConverseRequest,
    any_converse_response: crate::ConverseResponse,
    any_count_tokens_request: crate::CountTokensRequest,
    any_create_guardrail_request: crate::CreateGuardrailRequest,
    any_evaluation_job: crate::EvaluationJob,
    any_foundation_model: crate::FoundationModel,
    any_guardrail: crate::Guardrail,
    any_inference_configuration: crate::InferenceConfiguration,
    any_invoke_guardrail_checks_response: crate::InvokeGuardrailChecksResponse,
    any_message: crate::Message,
    any_model_customization_job: crate::ModelCustomizationJob,
    any_model_invocation_job: crate::ModelInvocationJob,
    any_start_async_invoke_request: crate::StartAsyncInvokeRequest,
    any_stream_event: crate::ConverseStreamOutput,
    any_tool_configuration: crate::ToolConfiguration,
}

#[cfg(feature = "providers")]
mod providers {
    use super::*;
    use crate::providers::*;
    use crate::{ModelBody, StreamedBody};

    /// One test per line: random JSON, and a changed document.
    macro_rules! documents {
        ($($test:ident: $type:ty = $document:tt,)*) => {
            proptest! {
                $(
                    #[test]
                    fn $test(json in json(), changes in changes(), flips in flips()) {
                        check::<$type>(json, &changes, &flips);
                        let document = json!($document);
                        serde_json::from_value::<$type>(document.clone()).unwrap();
                        check::<$type>(document, &changes, &flips);
                    }
                )*
            }
        };
    }

    documents! {
        any_claude_request: ClaudeMessages = {
            "anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "temperature": 0.2, "system": [{"type": "text", "text": "s"}],
            "messages": [
                {"role": "user", "content": "Hello"},
                {"role": "user", "content": [
                    {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
                    {"type": "document", "citations": {"enabled": true}, "source": {"type": "text", "media_type": "text/plain", "data": "w"}},
                    {"type": "tool_result", "tool_use_id": "1", "is_error": true, "content": [{"type": "text", "text": "no"}]},
                    {"type": "hologram", "depth": 3},
                ]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "tool_use", "id": "1", "name": "n", "input": {"a": [1, 2.5, null]}},
                ]},
            ],
            "tool_choice": {"type": "tool", "name": "n"}, "thinking": {"type": "enabled", "budget_tokens": 1024},
            "tools": [{"name": "n", "input_schema": {"type": "object"}}], "fresh": 1,
        },
        any_claude_response: ClaudeResponse = {
            "id": "m", "type": "message", "role": "assistant", "model": "c", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "Hello"}, {"type": "tool_use", "id": "1", "name": "n", "input": {}}],
            "usage": {"input_tokens": 3, "output_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 0}},
        },
        any_nova_request: NovaMessages = {
            "schemaVersion": "messages-v1", "system": [{"text": "s"}],
            "messages": [{"role": "user", "content": [
                {"text": "a"}, {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
                {"toolUse": {"toolUseId": "1", "name": "n", "input": {}}},
            ]}],
            "inferenceConfig": {"temperature": 0.5, "maxTokens": 64, "stopSequences": ["|"]},
            "toolConfig": {"tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": {"type": "object"}}}}]},
        },
        any_nova_response: NovaResponse = {
            "output": {"message": {"role": "assistant", "content": [{"text": "On"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 9, "totalTokens": 12},
        },
        any_chat_request: ChatCompletions = {
            "messages": [{"role": "user", "content": [
                {"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "detail": "low"}},
                {"type": "input_audio", "input_audio": {}},
            ]}],
            "tool_choice": "required", "reasoning_effort": "low", "stream": false, "temperature": 0.5, "seed": 42,
        },
        any_chat_response: ChatResponse = {
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "Hello",
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "n", "arguments": "{}"}}],
            }}],
            "created": 1, "id": "i", "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        },
        any_titan_response: TitanTextResponse = {
            "inputTextTokenCount": 28.0, "results": [{"tokenCount": 197.0, "outputText": "a", "completionReason": "FINISH"}],
        },
        any_titan_embedding_response: TitanEmbeddingResponse = {
            "embedding": [0.5, 1.0], "inputTextTokenCount": 2, "embeddingsByType": {"binary": [1, 0], "float": [0.5, 1.0]},
        },
        any_cohere_embedding_response: CohereEmbeddingResponse = {
            "embeddings": {"float": [[0.5]], "int8": [[-128]], "uint8": [[255]], "binary": [[-1]], "ubinary": [[127]]}, "id": "i",
        },
        any_image_request: AmazonImages = {
            "taskType": "INPAINTING", "inPaintingParams": {"text": "a", "image": "iVBORw==", "maskPrompt": "sky"},
            "imageGenerationConfig": {"cfgScale": 6.5, "numberOfImages": 1, "quality": "standard"},
        },
        any_stability_response: StabilityImageResponse = {
            "images": ["iVBORw=="], "seeds": [7], "finish_reasons": [null, "Filter reason: prompt"],
        },
        any_sonic_event: SonicOutput = {
            "event": {"textOutput": {
                "sessionId": "s", "promptName": "p", "completionId": "c", "contentId": "t", "content": "Hello.", "role": "ASSISTANT",
            }},
        },
    }

    /// Adds changed events to a response. A stream has no event twice.
    fn add<B: StreamedBody>(events: &[Value], changes: &[Vec<(Index, Change)>]) {
        let mut response = <B as ModelBody>::Response::default();
        for (event, changes) in events.iter().zip(changes) {
            if let Ok(event) = serde_json::from_value::<B::Event>(changed(event.clone(), changes)) {
                B::add(&mut response, &event);
                let _ = (B::is_last(&event), B::text(&event));
            }
        }
        let _ = B::usage(&response);
    }

    proptest! {
        #[test]
        fn any_events_are_collected(changes in vec(changes(), 8)) {
            add::<ClaudeMessages>(&[
                json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": {"input_tokens": 3}}}),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}),
                json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "1", "name": "n", "input": {}}}),
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
                json!({"type": "content_block_stop", "index": 1}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
                json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}}),
            ], &changes);
            add::<NovaMessages>(&[
                json!({"messageStart": {"role": "assistant"}}),
                json!({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "h"}}, "contentBlockIndex": 0}}),
                json!({"contentBlockDelta": {"delta": {"text": "O"}, "contentBlockIndex": 1}}),
                json!({"contentBlockStart": {"start": {"toolUse": {"toolUseId": "1", "name": "n"}}, "contentBlockIndex": 2}}),
                json!({"contentBlockDelta": {"delta": {"toolUse": {"input": "{}"}}, "contentBlockIndex": 2}}),
                json!({"contentBlockStop": {"contentBlockIndex": 2}}),
                json!({"messageStop": {"stopReason": "tool_use"}}),
                json!({"metadata": {"usage": {"inputTokens": 3, "outputTokens": 9}, "metrics": {}}}),
            ], &changes);
            let chunk = |delta: Value| json!({"id": "i", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
            add::<ChatCompletions>(&[
                chunk(json!({"role": "assistant", "content": "a"})),
                chunk(json!({"reasoning_content": "h"})),
                chunk(json!({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "n", "arguments": ""}}]})),
                chunk(json!({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]})),
                json!({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
            ], &changes);
            add::<CohereChat>(&[
                json!({"event_type": "text-generation", "text": "a", "is_finished": false}),
                json!({"event_type": "stream-end", "is_finished": true, "finish_reason": "COMPLETE", "response": {"text": "a"}}),
            ], &changes);
            add::<LlamaText>(&[json!({"generation": "a", "prompt_token_count": 1, "generation_token_count": 1, "stop_reason": null})], &changes);
            add::<MistralText>(&[json!({"outputs": [{"text": "a", "stop_reason": null}]})], &changes);
            add::<TitanText>(&[json!({"outputText": "a", "index": 0, "totalOutputTextTokenCount": null, "completionReason": null})], &changes);
        }
    }
}
