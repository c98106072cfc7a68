//! Telemetry as OpenTelemetry's SDK exports it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::collections::BTreeMap;

use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply as Queued;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{MODEL, local, model, session};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde_json::{Value, from_value, json};
use tokio::sync::Mutex;
use tracing_subscriber::layer::SubscriberExt as _;

fn texts<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> BTreeMap<String, String> {
    attributes.into_iter().map(|pair| (pair.key.to_string(), pair.value.to_string())).collect()
}

fn assert_has(attributes: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(attributes.get(*name).map(String::as_str), Some(*value), "{name} in {attributes:#?}");
    }
}

/// The tests of this file run one after the other. `tracing` remembers for each place in the code whether a subscriber wants
/// its spans, and asks the subscriber of the thread that gets there first: a test without one would switch the spans of the
/// others off.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Keeps the spans of this thread.
struct Spans {
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Spans {
    fn start() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_subscriber::EnvFilter::new("bedrock_orm=debug,bedrock_orm_local=off"))
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")));
        let subscriber = tracing::subscriber::set_default(subscriber);
        Self { exporter, _provider: provider, _subscriber: subscriber }
    }

    fn take(&self) -> Vec<SpanData> {
        let spans = self.exporter.get_finished_spans().unwrap();
        self.exporter.reset();
        spans
    }
}

/// A reply with cached tokens.
fn cached() -> FakeResponse {
    FakeResponse::json(&json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "r3ply"}]}},
        "stopReason": "end_turn",
        "usage": {
            "inputTokens": 5, "outputTokens": 7, "totalTokens": 3012,
            "cacheReadInputTokens": 2000, "cacheWriteInputTokens": 1000,
        },
        "metrics": {"latencyMs": 1},
    }))
}

#[tokio::test]
async fn a_span_has_the_attributes_of_the_conventions_and_no_content() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let refused = FakeResponse::error(429, "ThrottlingException", "Too many tokens, please wait.");
    let server = FakeServer::start([cached(), refused]).await;
    let session = session(server.url()).await;
    let spans = Spans::start();
    model(&session, MODEL).converse("pr0mpt").system("syst3m").await.unwrap();
    let [span] = spans.take().try_into().unwrap();
    assert_eq!((span.name.as_ref(), &span.span_kind), (format!("chat {MODEL}").as_str(), &SpanKind::Client));
    let attributes = texts(&span.attributes);
    assert_has(
        &attributes,
        &[
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "aws.bedrock"),
            ("gen_ai.request.model", MODEL),
            ("gen_ai.response.finish_reasons", "[\"end_turn\"]"),
            ("gen_ai.usage.input_tokens", "3005"),
            ("gen_ai.usage.output_tokens", "7"),
            ("gen_ai.usage.cache_read.input_tokens", "2000"),
            ("gen_ai.usage.cache_creation.input_tokens", "1000"),
        ],
    );
    let text = format!("{span:?}");
    for secret in ["pr0mpt", "r3ply", "syst3m"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    model(&session, MODEL).converse("pr0mpt").await.unwrap_err();
    let [span] = spans.take().try_into().unwrap();
    assert!(matches!(span.status, Status::Error { .. }));
    assert_has(&texts(&span.attributes), &[("error.type", "ThrottlingException")]);
}

/// Returns the content of a span's attribute.
fn content(span: &SpanData, name: &str) -> Value {
    let attributes = texts(&span.attributes);
    serde_json::from_str(attributes.get(name).unwrap_or_else(|| panic!("{name} in {attributes:#?}"))).unwrap()
}

#[tokio::test]
async fn a_span_has_the_content_of_a_session_that_asks_for_it_and_of_no_other() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let (local, plain) = local().await;
    let spans = Spans::start();
    let recorded = plain.with_content_in_spans().in_region("us-west-2").unwrap();
    let call: Message = from_value(json!({"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "I look it up."}}},
        {"toolUse": {"toolUseId": "call-1", "name": "get_weather", "input": {"city": "Queens"}}},
    ]}))
    .unwrap();
    let result: Message = from_value(json!({"role": "user", "content": [
        {"toolResult": {"toolUseId": "call-1", "content": [{"json": {"degrees": 40}}]}},
        {"image": {"format": "png", "source": {"bytes": "c2VjcmV0"}}},
    ]}))
    .unwrap();
    let tool =
        Tool::with_schema("get_weather", "Weather.", json!({"type": "object"}), async |_: Value| "rain");
    let expected_input = json!([
        {"role": "user", "parts": [{"type": "text", "content": "pr0mpt"}]},
        {"role": "assistant", "parts": [
            {"type": "reasoning", "content": "I look it up."},
            {"type": "tool_call", "id": "call-1", "name": "get_weather", "arguments": {"city": "Queens"}},
        ]},
        {"role": "tool", "parts": [
            {"type": "tool_call_response", "id": "call-1", "response": {"degrees": 40}},
            {"type": "image"},
        ]},
    ]);
    for is_streamed in [false, true] {
        for session in [&recorded, &plain] {
            let next = json!({"city": "Austin"});
            local.queue_reply(Queued::tool_use("get_weather", next.clone()).reasoning("Another one."));
            let history = vec![Message::user("pr0mpt"), call.clone(), result.clone()];
            let model = model(session, MODEL);
            if is_streamed {
                let turn = model.converse_stream(history).system("syst3m").tools([&tool]);
                turn.await.unwrap().collect().await.unwrap();
            } else {
                model.converse(history).system("syst3m").tools([&tool]).await.unwrap();
            }
            let [span] = spans.take().try_into().unwrap();
            if session == &plain {
                let text = format!("{span:?}");
                assert!(
                    !text.contains("pr0mpt") && !text.contains("syst3m") && !text.contains("Austin"),
                    "{text}"
                );
                continue;
            }
            assert_eq!(
                content(&span, "gen_ai.system_instructions"),
                json!([{"type": "text", "content": "syst3m"}])
            );
            assert_eq!(content(&span, "gen_ai.input.messages"), expected_input);
            let mut output = content(&span, "gen_ai.output.messages");
            let id = output[0]["parts"][1]["id"].take();
            assert!(id.is_string(), "{id}");
            let parts = json!([
                {"type": "reasoning", "content": "Another one."},
                {"type": "tool_call", "id": null, "name": "get_weather", "arguments": next},
            ]);
            assert_eq!(output, json!([{"role": "assistant", "parts": parts, "finish_reason": "tool_call"}]));
            assert!(!format!("{span:?}").contains("c2VjcmV0"), "the bytes of an image");
        }
    }
}

#[tokio::test]
async fn the_span_of_a_stream_lives_as_long_as_the_stream() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let (_local, session) = local().await;
    let spans = Spans::start();
    let mut stream = model(&session, MODEL).converse_stream("Hello").await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(spans.take(), [], "the stream is open");
    let reply = stream.collect().await.unwrap();
    let [span] = spans.take().try_into().unwrap();
    let attributes = texts(&span.attributes);
    assert!(attributes.contains_key("gen_ai.response.time_to_first_chunk"), "{attributes:#?}");
    let output = reply.usage.output_tokens.to_string();
    assert_has(&attributes, &[("gen_ai.usage.output_tokens", output.as_str())]);
    drop(model(&session, MODEL).converse_stream("Hello").await.unwrap());
    assert_eq!(spans.take().len(), 1, "dropped");
}

#[tokio::test]
async fn metrics_count_tokens_and_time() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider.clone());

    let refused = FakeResponse::error(429, "ThrottlingException", "Too many tokens, please wait.");
    let server = FakeServer::start([cached(), refused]).await;
    let fake = session(server.url()).await;
    model(&fake, "metered").converse("Hello").await.unwrap();
    model(&fake, "metered").converse("Hello").await.unwrap_err();
    let (_local, session) = local().await;
    model(&session, MODEL).converse_stream("Hello").await.unwrap().collect().await.unwrap();
    provider.force_flush().unwrap();

    let mut tokens = BTreeMap::new();
    let mut seconds: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    let finished = exporter.get_finished_metrics().unwrap();
    for metric in finished.last().unwrap().scope_metrics().flat_map(|scope| scope.metrics()) {
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Histogram(histogram)) => {
                assert_eq!((metric.name(), metric.unit()), ("gen_ai.client.token.usage", "{token}"));
                for point in histogram.data_points() {
                    let attributes = texts(point.attributes());
                    if attributes["gen_ai.request.model"] == "metered" {
                        tokens.insert(attributes["gen_ai.token.type"].clone(), point.sum());
                    }
                }
            }
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                assert_eq!(metric.unit(), "s");
                let points = histogram.data_points().map(|point| texts(point.attributes()));
                seconds.entry(metric.name().to_owned()).or_default().extend(points);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tokens, BTreeMap::from([("input".to_owned(), 3005), ("output".to_owned(), 7)]));
    let durations = &seconds["gen_ai.client.operation.duration"];
    let of_fake = |error: Option<&str>| {
        durations.iter().any(|point| {
            point["gen_ai.request.model"] == "metered" && point.get("error.type").map(String::as_str) == error
        })
    };
    assert!(of_fake(None) && of_fake(Some("ThrottlingException")), "{durations:#?}");
    let first_chunks = &seconds["gen_ai.client.operation.time_to_first_chunk"];
    assert!(first_chunks.iter().any(|point| point["gen_ai.request.model"] == MODEL), "{first_chunks:#?}");
}
