//! What AWS adds to typed responses and streams: the guardrail's outcome, and the tokens.

use bedrock_orm::TypedResponse;
use bedrock_orm::models::providers::*;
use bedrock_orm::models::{GuardrailTrace, ModelBody, StreamedBody, Usage};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, model, session};
use serde_json::{Value, json};

use crate::guardrails::session_with_guardrail;
use crate::provider_bodies::chunk;

/// The response to a body.
async fn whole<B: ModelBody>(body: &B, response: FakeResponse) -> TypedResponse<B> {
    let server = FakeServer::start([response]).await;
    model(&session(server.url()).await, MODEL).invoke(body).await.unwrap()
}

/// The response that the chunks of a stream add up to.
async fn collected<B: StreamedBody>(body: &B, chunks: &[Value]) -> Result<TypedResponse<B>, Error> {
    let server = FakeServer::start([FakeResponse::stream(chunks.iter().map(chunk))]).await;
    model(&session(server.url()).await, MODEL).invoke(body).stream().await?.collect().await
}

/// Adds AWS's members to a body or a chunk: the guardrail's action, its trace, and the last chunk's metrics.
fn with(mut chunk: Value, action: Option<&str>, has_trace: bool, has_metrics: bool) -> Value {
    if let Some(action) = action {
        chunk["amazon-bedrock-guardrailAction"] = action.into();
    }
    if has_trace {
        chunk["amazon-bedrock-trace"] = json!({"guardrail": {"input": {}}});
    }
    if has_metrics {
        chunk["amazon-bedrock-invocationMetrics"] = json!({});
    }
    chunk
}

#[tokio::test]
async fn a_stream_that_a_guardrail_ends_needs_no_last_event_of_the_provider() {
    let titan = json!({"outputText": "Blocked.", "index": 0});
    let nova = json!({"contentBlockDelta": {"delta": {"text": "Blocked."}, "contentBlockIndex": 0}});
    let claude = [
        json!({"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Blocked."}}),
    ];
    for has_trace in [false, true] {
        let blocked = |chunk: &Value| [with(chunk.clone(), Some("INTERVENED"), has_trace, false)];
        let response = collected(&TitanText::new("Hello"), &blocked(&titan)).await.unwrap();
        assert_eq!((response.text().as_str(), response.guardrail_intervened()), ("Blocked.", Some(true)));
        let response = collected(&NovaMessages::new(["Hello"]), &blocked(&nova)).await.unwrap();
        assert_eq!((response.text().as_str(), response.guardrail_intervened()), ("Blocked.", Some(true)));
    }
    let [start, block, text] = claude;
    let chunks = [start, block, with(text, Some("INTERVENED"), true, false)];
    let response = collected(&ClaudeMessages::new(["Hello"], 64), &chunks).await.unwrap();
    assert_eq!((response.text().as_str(), response.guardrail_intervened()), ("Blocked.", Some(true)));

    // A guardrail that let the text pass ends nothing.
    let passed = with(titan, Some("NONE"), false, true);
    let error = collected(&TitanText::new("Hello"), &[passed]).await.unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
}

#[tokio::test]
async fn the_outcome_of_a_guardrail_is_in_responses_and_streams() {
    let (_local, session, guardrail) = session_with_guardrail().await;
    let nova = model(&session, MODEL);
    let configuration = || {
        GuardrailConfiguration::default()
            .guardrail_identifier(&guardrail.guardrail_id)
            .guardrail_version("DRAFT")
            .trace(GuardrailTrace::Enabled)
    };
    for (prompt, intervened) in [("Do you play the xylophone?", true), ("Hello", false)] {
        let request = NovaMessages::new([prompt]);
        let call = nova.invoke(&request).guardrail(configuration());
        let whole = call.clone().await.unwrap();
        let collected = call.stream().await.unwrap().collect().await.unwrap();
        for response in [whole, collected] {
            assert_eq!(response.guardrail_intervened(), Some(intervened), "{prompt}");
            assert!(response.guardrail_trace().unwrap()["guardrail"].is_object(), "{prompt}");
        }
    }
    let without = nova.invoke(&NovaMessages::new(["Hello"])).stream().await.unwrap().collect().await.unwrap();
    assert_eq!((without.guardrail_intervened(), without.guardrail_trace()), (None, None));
}

#[tokio::test]
async fn the_outcome_of_a_guardrail_is_kept_from_whichever_chunk_has_it() {
    let (none, blocked) = (Some("NONE"), Some("INTERVENED"));
    for (first, last, intervened, has_trace) in [
        ((None, false), (None, false), None, false),
        ((none, false), (none, false), Some(false), false),
        ((blocked, false), (None, false), Some(true), false),
        ((none, false), (blocked, true), Some(true), true),
        ((None, true), (none, false), Some(false), true),
    ] {
        let chunks = [
            with(json!({"outputText": "a", "index": 0}), first.0, first.1, false),
            with(json!({"outputText": "b", "index": 0, "completionReason": "FINISH"}), last.0, last.1, true),
        ];
        let response = collected(&TitanText::new("Hello"), &chunks).await.unwrap();
        assert_eq!(response.guardrail_intervened(), intervened, "{chunks:?}");
        assert_eq!(response.guardrail_trace().is_some(), has_trace, "{chunks:?}");
    }
}

/// Input, output, read from the cache, written to the cache.
type Counts = [Option<i64>; 4];

fn counts(usage: Usage) -> Counts {
    [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.cache_write_input_tokens]
}

const BOTH: Counts = [Some(3), Some(5), None, None];
const ALL: Counts = [Some(3), Some(5), Some(7), Some(9)];

#[tokio::test]
async fn the_tokens_of_a_response_are_those_of_its_body_if_aws_counts_none() {
    macro_rules! counted {
        ($request:expr, $response:tt) => {
            counts(whole(&$request, FakeResponse::json(&json!($response))).await.usage())
        };
    }
    let claude = counted!(ClaudeMessages::new(["Hello"], 64), {
        "role": "assistant", "content": [],
        "usage": {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9},
    });
    assert_eq!(claude, ALL);
    let nova = counted!(NovaMessages::new(["Hello"]), {
        "output": {"message": {"role": "assistant", "content": []}},
        "usage": {"inputTokens": 3, "outputTokens": 5, "cacheReadInputTokenCount": 7, "cacheWriteInputTokenCount": 9},
    });
    assert_eq!(nova, ALL);
    let chat = counted!(ChatCompletions::new([ChatMessage::user("Hello")]), {
        "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5},
    });
    assert_eq!(chat, BOTH);
    let cohere = counted!(CohereChat::new("Hello"), {
        "text": "", "meta": {"tokens": {"input_tokens": 3, "output_tokens": 5}},
    });
    assert_eq!(cohere, BOTH);
    let llama = counted!(LlamaText::new("Hello"), {
        "generation": "", "prompt_token_count": 3, "generation_token_count": 5,
    });
    assert_eq!(llama, BOTH);
    let titan = counted!(TitanText::new("Hello"), {
        "inputTextTokenCount": 3, "results": [{"outputText": "", "tokenCount": 5}],
    });
    assert_eq!(titan, BOTH);
    let vector = counted!(TitanEmbedding::default(), {"embedding": [1.0], "inputTextTokenCount": 3});
    assert_eq!(vector, [Some(3), None, None, None]);
    let image = counted!(TitanMultimodalEmbedding::default(), {"embedding": [1.0], "inputTextTokenCount": 3});
    assert_eq!(image, [Some(3), None, None, None]);

    let body =
        FakeResponse::json(&json!({"generation": "", "prompt_token_count": 3, "generation_token_count": 5}));
    let response =
        whole(&LlamaText::new("Hello"), body.header("x-amzn-bedrock-input-token-count", "30")).await;
    assert_eq!(counts(response.usage()), [Some(30), Some(5), None, None], "AWS's count comes first");
}

#[tokio::test]
async fn the_tokens_of_a_stream_are_those_of_its_events_if_aws_counts_none() {
    macro_rules! counted {
        ($request:expr, [$($event:tt),* $(,)?], $metrics:tt) => {{
            let mut events = vec![$(json!($event)),*];
            events.last_mut().unwrap()["amazon-bedrock-invocationMetrics"] = json!($metrics);
            counts(collected(&$request, &events).await.unwrap().usage())
        }};
    }
    let claude = counted!(ClaudeMessages::new(["Hello"], 64), [
        {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {
            "input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9,
        }}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ], {});
    assert_eq!(claude, ALL);
    let nova = counted!(NovaMessages::new(["Hello"]), [
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"metrics": {}, "usage": {
            "inputTokens": 3, "outputTokens": 5, "cacheReadInputTokenCount": 7, "cacheWriteInputTokenCount": 9,
        }}},
    ], {});
    assert_eq!(nova, ALL);
    let chat = counted!(ChatCompletions::new([ChatMessage::user("Hello")]), [
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}},
    ], {});
    assert_eq!(chat, BOTH);
    let cohere = counted!(CohereChat::new("Hello"), [
        {"is_finished": true, "event_type": "stream-end", "response": {
            "text": "", "meta": {"tokens": {"input_tokens": 3, "output_tokens": 5}},
        }},
    ], {});
    assert_eq!(cohere, BOTH);
    let llama = counted!(LlamaText::new("Hello"), [
        {"generation": "", "prompt_token_count": 3, "generation_token_count": 1},
        {"generation": "", "prompt_token_count": null, "generation_token_count": 5, "stop_reason": "stop"},
    ], {});
    assert_eq!(llama, BOTH);
    let titan = |metrics: Value| async move {
        counted!(TitanText::new("Hello"), [
            {"outputText": "", "index": 0, "inputTextTokenCount": 3},
            {"outputText": "", "index": 0, "totalOutputTextTokenCount": 5, "completionReason": "FINISH"},
        ], metrics)
    };
    assert_eq!(titan(json!({})).await, BOTH);
    let counted = titan(json!({"inputTokenCount": 30})).await;
    assert_eq!(counted, [Some(30), Some(5), None, None], "AWS's count comes first");
}
