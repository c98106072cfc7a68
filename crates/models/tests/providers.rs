//! The providers' bodies: nothing is lost on the way in and out, also of what the types do not know.
#![cfg(feature = "providers")]
#![allow(clippy::unwrap_used, clippy::panic)] // tests

use bedrock_orm_models::providers::*;
use bedrock_orm_models::{EmbeddingBody, ModelBody, StreamedBody};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads JSON as a type, and asserts that the type writes the same JSON.
fn read<T: Serialize + DeserializeOwned>(json: &Value) -> T {
    let typed: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(&serde_json::to_value(&typed).unwrap(), json);
    typed
}

#[test]
fn claude_s_requests_keep_every_block() {
    let request: ClaudeMessages = read(&json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64,
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "user", "content": [
                {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
                {"type": "document", "title": "t", "context": "c", "citations": {"enabled": true},
                 "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "b"}]}},
                {"type": "document", "source": {"type": "file", "file_id": "f1"}},
                {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "b"}]},
                {"type": "tool_result", "tool_use_id": "1", "is_error": true, "content": [{"type": "text", "text": "no"}]},
                {"type": "hologram", "depth": 3},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "tool_use", "id": "1", "name": "n", "input": {"a": [1, 2.5, null]}, "caller": {"type": "direct"}},
            ]},
        ],
        "temperature": 0.2,
        "system": [{"type": "text", "text": "Be brief."}],
        "tool_choice": {"type": "tool", "name": "n", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {"effort": "low"},
        "tools": [
            {"name": "n", "description": "d", "input_schema": {"type": "object"}},
            {"name": "bash", "type": "bash_20250124"},
        ],
        "anthropic_beta": ["b"],
        "speed": "fast",
    }));
    assert_eq!(request.additional["speed"], "fast");
    let ClaudeContent::Blocks(blocks) = &request.messages[1].content else { panic!() };
    assert_eq!(blocks[7], ClaudeContentBlock::Unknown(json!({"type": "hologram", "depth": 3})));
    assert!(matches!(&blocks[1], ClaudeContentBlock::Image(image)
        if matches!(&image.source, ClaudeSource::Base64(bytes) if &*bytes.data == b"\x89PNG")));
    assert!(matches!(&blocks[4], ClaudeContentBlock::Document(document)
        if matches!(&document.source, ClaudeSource::Unknown(_))));
}

#[test]
fn claude_s_events_keep_what_is_unknown() {
    for event in [
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "depth": 3}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "hologram"}}),
        json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}}),
    ] {
        read::<ClaudeEvent>(&event);
    }
    let reason: ClaudeStopReason = read(&json!("bored"));
    assert_eq!(reason, ClaudeStopReason::Unknown("bored".to_owned()));
}

#[test]
fn claude_s_citations_and_calls_are_collected() {
    let mut response = ClaudeResponse::default();
    for event in [
        json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": {"input_tokens": 3, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"cited_text": "x"}}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "1", "name": "n", "input": {}}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{\"a\":"}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "1}"}}),
    ] {
        ClaudeMessages::add(&mut response, &serde_json::from_value(event).unwrap());
    }
    let call = response.tool_uses().next().unwrap();
    assert_eq!(call.input, json!("{\"a\":1}"), "input that is not complete is kept as text");
    for event in [
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
    ] {
        ClaudeMessages::add(&mut response, &serde_json::from_value(event).unwrap());
    }
    assert_eq!(response.tool_uses().next().unwrap().input, json!({"a": 1}));
    assert!(matches!(&response.content[0], ClaudeContentBlock::Text(text)
        if text.text == "Hello" && text.citations == Some(vec![json!({"cited_text": "x"})])));
    let usage = ClaudeMessages::usage(&response);
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(3), Some(9)));
}

#[test]
fn nova_s_bodies_round_trip() {
    read::<NovaMessages>(&json!({
        "messages": [
            {"role": "user", "content": [
                {"text": "a"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
                {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/k"}}}},
            ]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "n", "input": {}}}]},
        ],
        "schemaVersion": "messages-v1",
        "inferenceConfig": {
            "temperature": 0.5, "maxTokens": 64, "topK": 20, "stopSequences": ["|"],
            "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"},
        },
        "toolConfig": {"tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": {"type": "object"}}}}]},
        "system": [{"text": "s"}],
        "fresh": 1,
    }));
    let event: NovaEvent = read(&json!({
        "contentBlockDelta": {"delta": {"text": "On"}, "contentBlockIndex": 0},
        "amazon-bedrock-guardrailAction": "INTERVENED",
    }));
    assert_eq!(NovaMessages::text(&event), Some("On"));
}

#[test]
fn nova_s_reasoning_and_calls_are_collected() {
    let mut response = NovaResponse::default();
    for event in [
        json!({"messageStart": {"role": "assistant"}}),
        json!({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "h"}}, "contentBlockIndex": 0}}),
        json!({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "m"}}, "contentBlockIndex": 0}}),
        json!({"contentBlockDelta": {"delta": {"reasoningContent": {"signature": "s"}}, "contentBlockIndex": 0}}),
        json!({"contentBlockStop": {"contentBlockIndex": 0}}),
        json!({"contentBlockDelta": {"delta": {"text": "O"}, "contentBlockIndex": 1}}),
        json!({"contentBlockStop": {"contentBlockIndex": 1}}),
        json!({"contentBlockDelta": {"delta": {"text": "K"}, "contentBlockIndex": 2}}),
        json!({"contentBlockStop": {"contentBlockIndex": 2}}),
        json!({"contentBlockStart": {"start": {"toolUse": {"toolUseId": "1", "name": "n"}}, "contentBlockIndex": 3}}),
        json!({"contentBlockStop": {"contentBlockIndex": 3}}),
        json!({"messageStop": {"stopReason": "tool_use"}}),
        json!({"metadata": {"usage": {"inputTokens": 3, "outputTokens": 9}, "metrics": {}}}),
    ] {
        let event = serde_json::from_value(event).unwrap();
        NovaMessages::add(&mut response, &event);
        assert_eq!(NovaMessages::is_last(&event), event.metadata.is_some());
    }
    assert_eq!(
        serde_json::to_value(&response.output.message).unwrap(),
        json!({"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"text": "OK"},
            {"toolUse": {"toolUseId": "1", "name": "n", "input": {}}},
        ]})
    );
    assert_eq!(NovaMessages::usage(&response).output_tokens, Some(9));
}

#[test]
fn chats_keep_parts_and_unknown_members() {
    let response: ChatResponse = read(&json!({
        "choices": [{"index": 0, "message": {
            "role": "assistant",
            "content": "<reasoning>a</reasoning><reasoning>b</reasoning>Hello",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "n", "arguments": "{\"a\": 1"}}],
            "annotations": [],
        }, "finish_reason": "tool_calls"}],
        "created": 1, "id": "i", "model": "m", "object": "chat.completion",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "details": {"cached": 0}},
        "meta": {"requestDurationMillis": 5},
    }));
    assert_eq!(response.text(), "Hello");
    assert_eq!(response.message().unwrap().reasoning().as_deref(), Some("ab"));
    assert!(response.tool_calls().next().unwrap().arguments().is_err(), "the model wrote invalid JSON");
    read::<ChatCompletions>(&json!({
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "detail": "low"}},
            {"type": "input_audio", "input_audio": {}},
        ]}],
        "tool_choice": "required", "reasoning_effort": "low", "stream": false, "seed": 42,
    }));
}

#[test]
fn chunks_of_a_chat_add_up_to_its_response() {
    let mut response = ChatResponse::default();
    let chunk = |delta: Value, reason: Value| json!({"id": "i", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let call = |call: Value| json!({ "tool_calls": [call] });
    for event in [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"reasoning_content": "h"}), Value::Null),
        chunk(json!({"reasoning_content": "m"}), Value::Null),
        chunk(
            call(
                json!({"index": 0, "id": "1", "type": "function", "function": {"name": "n", "arguments": ""}}),
            ),
            Value::Null,
        ),
        chunk(call(json!({"index": 0, "function": {"arguments": "{\"a\":"}})), Value::Null),
        chunk(
            call(json!({"index": 1, "id": "2", "function": {"name": "o", "arguments": "{}"}})),
            Value::Null,
        ),
        chunk(call(json!({"index": 0, "function": {"arguments": "1}"}})), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        json!({}),
    ] {
        ChatCompletions::add(&mut response, &serde_json::from_value(event).unwrap());
    }
    let calls: Vec<_> = response.tool_calls().map(|call| call.arguments().unwrap()).collect();
    assert_eq!(calls, [json!({"a": 1}), json!({})]);
    assert!(response.tool_calls().all(|call| call.index.is_none()), "a whole reply has no positions");
    assert_eq!(response.message().unwrap().reasoning().as_deref(), Some("hm"));
    assert_eq!(response.object.as_deref(), Some("chat.completion"));
    assert_eq!(response.choices[0].finish_reason, Some(ChatFinishReason::ToolCalls));
}

#[test]
fn titan_s_counts_are_read_with_a_decimal_point() {
    let response: TitanTextResponse = serde_json::from_value(json!({
        "inputTextTokenCount": 28.0,
        "results": [{"tokenCount": 197.0, "outputText": "a", "completionReason": "FINISH"}],
    }))
    .unwrap();
    let usage = TitanText::usage(&response);
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(28), Some(197)));
    for count in [json!(1.5), json!(-1), json!(1e300)] {
        let body = json!({"inputTextTokenCount": count});
        assert!(serde_json::from_value::<TitanTextResponse>(body).is_err());
    }
}

#[test]
fn numbers_that_json_does_not_have_are_errors() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = serde_json::to_value(LlamaText::new("a").temperature(number)).unwrap_err();
        assert!(error.to_string().contains("must be a finite number"), "{error}");
    }
    // As the infinity of an `f32`, it would be written as `null`.
    for vector in [json!({"embedding": [0.5, -1.3e184]}), json!({"embeddingsByType": {"float": [1e300]}})] {
        let error = serde_json::from_value::<TitanEmbeddingResponse>(vector).unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
    let vectors = json!({"embeddings": [[1e300]], "id": "a", "texts": []});
    assert!(serde_json::from_value::<CohereEmbeddingResponse>(vectors).is_err());
}

#[test]
fn images_and_their_tasks_round_trip() {
    read::<AmazonImages>(&json!({
        "taskType": "INPAINTING",
        "inPaintingParams": {"text": "a", "image": "iVBORw==", "maskPrompt": "sky"},
        "imageGenerationConfig": {"cfgScale": 6.5, "numberOfImages": 1, "quality": "standard"},
    }));
    read::<AmazonImagesResponse>(&json!({"images": ["iVBORw=="], "error": "one was blocked"}));
    read::<StabilityImageResponse>(&json!({
        "images": ["iVBORw=="], "seeds": [7], "finish_reasons": [null, "Filter reason: prompt"],
    }));
}

#[test]
fn vectors_are_read_in_every_form() {
    let embeddings = |json: Value| CohereEmbedding::embeddings(read::<CohereEmbeddingResponse>(&json));
    let floats = embeddings(
        json!({"embeddings": [[0.5, 1.0], [0.25, 2.0]], "id": "i", "response_type": "embeddings_floats"}),
    );
    assert_eq!(floats[1].float, [0.25, 2.0]);
    let forms = embeddings(json!({"embeddings": {
        "float": [[0.5]], "int8": [[-128]], "uint8": [[255]], "binary": [[-1]], "ubinary": [[127]],
    }}));
    assert_eq!(forms.len(), 1);
    assert_eq!(
        (forms[0].int8[0], forms[0].uint8[0], forms[0].binary[0], forms[0].ubinary[0]),
        (-128, 255, -1, 127)
    );

    let titan: TitanEmbeddingResponse = read(&json!({
        "inputTextTokenCount": 2, "embeddingsByType": {"binary": [1, 0, 0, 0, 0, 0, 0, 1, 1]},
    }));
    assert_eq!(TitanEmbedding::embeddings(titan)[0].ubinary, [0b1000_0001, 0b1000_0000]);
}

#[test]
fn settings_keep_their_members_for_each_text() {
    let texts = || vec!["a".to_owned()];
    let titan = TitanEmbedding::default().dimensions(256).with_texts(texts());
    assert_eq!(serde_json::to_value(titan).unwrap(), json!({"inputText": "a", "dimensions": 256}));
    let mut nova = NovaEmbedding::new(NovaEmbeddingPurpose::Clustering).text("");
    if let Some(text) = &mut nova.single_embedding_params.text {
        text.truncation_mode = "END".to_owned();
    }
    let nova = serde_json::to_value(nova.with_texts(texts())).unwrap();
    assert_eq!(nova["singleEmbeddingParams"]["text"], json!({"truncationMode": "END", "value": "a"}));
}

#[test]
fn sonic_s_events_round_trip() {
    let ids = |members: Value| {
        let mut event = json!({"sessionId": "s", "promptName": "p", "completionId": "c", "contentId": "t"});
        event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        event
    };
    let counts = json!({"input": {"speechTokens": 1, "textTokens": 2}, "output": {"speechTokens": 3, "textTokens": 4}});
    for (name, event) in [
        ("completionStart", json!({"sessionId": "s", "promptName": "p", "completionId": "c"})),
        (
            "contentStart",
            ids(json!({
                "type": "AUDIO", "role": "ASSISTANT",
                "audioOutputConfiguration": {
                    "mediaType": "audio/lpcm", "sampleRateHertz": 24000, "sampleSizeBits": 16,
                    "encoding": "base64", "channelCount": 1,
                },
            })),
        ),
        ("textOutput", ids(json!({"content": "Hello.", "role": "ASSISTANT"}))),
        ("audioOutput", ids(json!({"content": "AAEC"}))),
        ("toolUse", ids(json!({"content": "{}", "toolName": "n", "toolUseId": "u"}))),
        ("contentEnd", ids(json!({"stopReason": "INTERRUPTED", "type": "TEXT"}))),
        (
            "completionEnd",
            json!({"sessionId": "s", "promptName": "p", "completionId": "c", "stopReason": "bored"}),
        ),
        (
            "usageEvent",
            json!({
                "sessionId": "s", "promptName": "p", "completionId": "c",
                "totalInputTokens": 3, "totalOutputTokens": 7, "totalTokens": 10,
                "details": {"delta": counts, "total": counts},
            }),
        ),
    ] {
        let event: SonicOutput = read(&json!({"event": {name: event}}));
        assert!(!matches!(event, SonicOutput::Unknown(_)), "{name}");
    }
    for unknown in [
        json!({"event": {"hologram": {"depth": 3}}}),
        json!({"event": {"textOutput": {"content": "a"}, "hologram": {}}}),
        json!({"event": {"textOutput": {"content": "a"}}, "id": 1}),
        json!({"event": {"textOutput": {"content": 1}}}),
        json!({"event": "hologram"}),
        json!([]),
    ] {
        assert!(matches!(read::<SonicOutput>(&unknown), SonicOutput::Unknown(_)), "{unknown}");
        assert!(matches!(read::<SonicInput>(&unknown), SonicInput::Unknown(_)), "{unknown}");
    }
    let start = json!({
        "type": "TEXT", "role": "USER", "additionalModelFields": "{\"generationStage\":\"SPECULATIVE\"}",
    });
    let SonicOutput::ContentStart(start) = read(&json!({"event": {"contentStart": ids(start)}})) else {
        panic!()
    };
    assert_eq!(start.generation_stage(), Some(SonicGenerationStage::Speculative));
    assert_eq!(SonicOutputStart::default().additional_model_fields("?").generation_stage(), None);
    read::<SonicInput>(&json!({"event": {"sessionStart": {
        "inferenceConfiguration": {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7},
        "turnDetectionConfiguration": {"endpointingSensitivity": "HIGH"},
    }}}));
}
