//! Recorded bodies of InvokeModel, as the typed bodies of their providers: nothing is lost on the way in and out. The
//! tests are skipped, with a note, if there are no recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm::ConversationManager;
use bedrock_orm::models::providers::*;
use bedrock_orm::models::{ModelBody, StreamedBody};
use bedrock_orm_tests::support::fake_server::FakeServer;
use bedrock_orm_tests::support::frames::Frame;
use bedrock_orm_tests::support::recordings::{Exchange, exchanges};
use bedrock_orm_tests::support::session;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Compares what was recorded with what the types wrote. A null counts as absent, since both mean the same. A recorded
/// number is equal if it is the same number, also in a vector of `f32`. The types may add members that are empty or zero.
fn assert_same(recorded: &Value, ours: &Value, path: &str) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for (name, value) in recorded.iter().filter(|(_, value)| !value.is_null()) {
                let path = format!("{path}/{name}");
                assert_same(value, ours.get(name).unwrap_or_else(|| panic!("{path} is lost")), &path);
            }
            for (name, value) in ours.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
                let is_empty = match value {
                    Value::Array(items) => items.is_empty(),
                    Value::Object(members) => members.is_empty(),
                    Value::String(text) => text.is_empty(),
                    _ => value == 0,
                };
                assert!(is_empty, "{path}/{name} was not recorded");
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            assert_eq!(recorded.len(), ours.len(), "{path}");
            for (index, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                assert_same(recorded, ours, &format!("{path}/{index}"));
            }
        }
        (Value::Number(one), Value::Number(other)) if path.contains("embedding") => {
            let [one, other] = [one, other].map(|number| number.as_f64().unwrap() as f32);
            assert_eq!(one, other, "{path}");
        }
        (Value::Number(one), Value::Number(other)) => assert_eq!(one.as_f64(), other.as_f64(), "{path}"),
        _ => assert_eq!(recorded, ours, "{path}"),
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(json: &Value, path: &str) {
    let typed: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_same(json, &serde_json::to_value(typed).unwrap(), path);
}

/// Starts a server that replays the exchange, and returns a manager that uses the server.
async fn replay(exchange: &Exchange) -> (FakeServer, ConversationManager) {
    let server = FakeServer::start([exchange.response()]).await;
    let manager = ConversationManager::new(&session(server.url()).await);
    (server, manager)
}

/// Sends the recorded request as a typed body, and reads the recorded response.
async fn whole<B>(exchange: &Exchange)
where
    B: ModelBody<Response: Serialize> + DeserializeOwned,
{
    let name = &exchange.name;
    let request: B = serde_json::from_value(exchange.request_json()).unwrap();
    let (server, manager) = replay(exchange).await;
    let response =
        manager.invoke(&exchange.model, &request).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_same(&exchange.request_json(), &server.requests()[0].json(), name);
    assert_same(&exchange.json(), &serde_json::to_value(&*response).unwrap(), name);
    round_trip::<B::Response>(&exchange.json(), name);
    assert_eq!(response.request_id(), exchange.header("x-amzn-requestid"), "{name}");
    let usage = response.usage();
    let counted = |header: &str| exchange.header(header).map(|count| count.parse::<i64>().unwrap());
    for (header, count) in [
        ("x-amzn-bedrock-input-token-count", usage.input_tokens),
        ("x-amzn-bedrock-output-token-count", usage.output_tokens),
        ("x-amzn-bedrock-cache-read-input-token-count", usage.cache_read_input_tokens),
        ("x-amzn-bedrock-cache-write-input-token-count", usage.cache_write_input_tokens),
    ] {
        if let Some(counted) = counted(header) {
            assert_eq!(count, Some(counted), "{name}: {header}");
        }
    }
    let intervened =
        exchange.json()["amazon-bedrock-guardrailAction"].as_str().map(|action| action == "INTERVENED");
    assert_eq!(response.guardrail_intervened(), intervened, "{name}");
}

/// Reads the recorded stream as typed events, and collects it.
async fn streamed<B>(exchange: &Exchange, text_of: fn(&B::Response) -> String)
where
    B: StreamedBody<Event: Serialize, Response: Serialize> + DeserializeOwned,
{
    let name = &exchange.name;
    let request: B = serde_json::from_value(exchange.request_json()).unwrap();
    let (server, manager) = replay(exchange).await;
    let mut stream = manager.invoke(&exchange.model, &request).stream().await.unwrap();
    assert_same(&exchange.request_json(), &server.requests()[0].json(), name);
    let mut text = String::new();
    let mut last = Value::Null;
    for frame in Frame::decode_all(&exchange.body) {
        let bytes = BASE64.decode(frame.json()["bytes"].as_str().unwrap()).unwrap();
        last = serde_json::from_slice(&bytes).unwrap();
        let event = stream.next().await.expect("an event for every frame");
        let event = event.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(&last, &serde_json::to_value(&event).unwrap(), name);
        text.push_str(B::text(&event).unwrap_or_default());
    }
    let end = stream.next().await;
    assert!(end.is_none(), "{name}: {:?}", end.map(|end| end.err()));
    let response = stream.collect().await.unwrap();
    assert_eq!(text_of(&response), text, "{name}");
    // These two stopped at the limit of tokens while the model still reasoned.
    let has_only_reasoning = ["113 ", "122 "].into_iter().any(|number| name.starts_with(number));
    assert_ne!(text.is_empty(), !has_only_reasoning, "{name} has text");
    assert_eq!(response.request_id(), exchange.header("x-amzn-requestid"), "{name}");
    let metrics = &last["amazon-bedrock-invocationMetrics"];
    if metrics.is_object() {
        assert_eq!(response.usage().input_tokens, metrics["inputTokenCount"].as_i64(), "{name}");
        assert_eq!(response.usage().output_tokens, metrics["outputTokenCount"].as_i64(), "{name}");
    }
    // A collected response is one that the type reads back.
    round_trip::<B::Response>(&serde_json::to_value(&*response).unwrap(), name);
}

/// The successful exchanges of an operation whose model has this text in its ID.
fn of<'a>(exchanges: &'a [Exchange], operation: &str, model: &str) -> Vec<&'a Exchange> {
    let matching = exchanges.iter().filter(|exchange| {
        exchange.operation == operation && exchange.status == 200 && exchange.model.contains(model)
            // A recorder's error message instead of a chunk.
            && !String::from_utf8_lossy(&exchange.body).contains("Validation Error")
    });
    let matching: Vec<_> = matching.collect();
    assert!(!matching.is_empty(), "no {operation} of {model}");
    matching
}

#[tokio::test]
async fn claude() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "anthropic") {
        whole::<ClaudeMessages>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "anthropic.claude-3") {
        streamed::<ClaudeMessages>(exchange, ClaudeResponse::text).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "anthropic.claude-sonnet") {
        streamed::<ClaudeMessages>(exchange, ClaudeResponse::text).await;
    }
}

#[tokio::test]
async fn claude_2() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "anthropic.claude-v2") {
        streamed::<ClaudeCompletion>(exchange, ClaudeCompletionResponse::text).await;
    }
}

#[tokio::test]
async fn nova() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "amazon.nova-lite") {
        whole::<NovaMessages>(exchange).await;
    }
    for model in ["amazon.nova-lite", "amazon.nova-micro"] {
        for exchange in of(&exchanges, "InvokeModelWithResponseStream", model) {
            streamed::<NovaMessages>(exchange, NovaResponse::text).await;
        }
    }
    for exchange in of(&exchanges, "InvokeModel", "amazon.nova-2-multimodal-embeddings") {
        whole::<NovaEmbedding>(exchange).await;
    }
}

#[tokio::test]
async fn titan() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "amazon.titan-text") {
        whole::<TitanText>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "amazon.titan-text") {
        streamed::<TitanText>(exchange, TitanTextResponse::text).await;
    }
    for exchange in of(&exchanges, "InvokeModel", "amazon.titan-embed-text") {
        whole::<TitanEmbedding>(exchange).await;
    }
}

#[tokio::test]
async fn llama() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "meta.llama") {
        whole::<LlamaText>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "meta.llama") {
        streamed::<LlamaText>(exchange, LlamaResponse::text).await;
    }
}

#[tokio::test]
async fn mistral() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "mistral.") {
        whole::<MistralText>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "mistral.") {
        streamed::<MistralText>(exchange, MistralTextResponse::text).await;
    }
}

#[tokio::test]
async fn cohere() {
    let Some(exchanges) = exchanges() else { return };
    for exchange in of(&exchanges, "InvokeModel", "cohere.command-r") {
        whole::<CohereChat>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModel", "cohere.command-light") {
        whole::<CohereText>(exchange).await;
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "cohere.command") {
        streamed::<CohereText>(exchange, CohereTextResponse::text).await;
    }
    for exchange in of(&exchanges, "InvokeModel", "cohere.embed") {
        whole::<CohereEmbedding>(exchange).await;
    }
}

#[tokio::test]
async fn chat_completions() {
    let Some(exchanges) = exchanges() else { return };
    for model in ["openai.", "ai21."] {
        for exchange in of(&exchanges, "InvokeModel", model) {
            whole::<ChatCompletions>(exchange).await;
        }
    }
    for exchange in of(&exchanges, "InvokeModelWithResponseStream", "openai.") {
        streamed::<ChatCompletions>(exchange, ChatResponse::text).await;
    }
}

/// The tests above read every recorded body, except those of an endpoint whose model is unknown.
#[test]
fn every_recorded_invocation_has_a_type() {
    let Some(exchanges) = exchanges() else { return };
    let tested = [
        "ai21.",
        "amazon.nova-2-multimodal",
        "amazon.nova-lite",
        "amazon.nova-micro",
        "amazon.titan-embed-text",
        "amazon.titan-text",
        "anthropic.claude",
        "cohere.command",
        "cohere.embed",
        "meta.llama",
        "mistral.",
        "openai.",
    ];
    let invocations = exchanges.iter().filter(|exchange| exchange.operation.starts_with("InvokeModel"));
    for exchange in invocations.filter(|exchange| exchange.status == 200) {
        let is_tested = tested.iter().any(|model| exchange.model.contains(model));
        assert!(is_tested || exchange.model.contains(":sagemaker:"), "{}: {}", exchange.name, exchange.model);
    }
}
