//! InvokeModel and InvokeModelWithResponseStream, in the provider's format.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::formats;
use crate::formats::embeddings;
use crate::formats::format::EmbeddingFormat;
use crate::formats::request::ProviderRequest;
use crate::formats::response::ProviderResponse;
use crate::guardrails::applied::AppliedGuardrails;
use crate::guardrails::assessment::Outcome;
use crate::guardrails::trace::Trace;
use crate::json::set;
use crate::local::Local;
use crate::model::completion::{Completion, Usage, input_tokens};
use crate::model::reply_event::ReplyEvent;
use crate::operations::turn::{GuardrailRequest, Resolved, Turn};
use crate::repliers::conversation::Embedding;
use crate::rules;
use crate::rules::refusal::Refusal;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::output::{Event, Headers, Output};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

const JSON: &str = "application/json";
const GUARDRAIL_CONFIG: &str = "amazon-bedrock-guardrailConfig";
const GUARDRAIL_ACTION: &str = "amazon-bedrock-guardrailAction";
const TRACE: &str = "amazon-bedrock-trace";
const METRICS: &str = "amazon-bedrock-invocationMetrics";

pub(crate) async fn invoke(local: &Local, request: &Request) -> AwsResult<Output> {
    let (mut provider_request, guardrails) = parse(local, request)?;
    if let Some(format) = provider_request.embedding_format() {
        return embed(local, request, &provider_request, format).await;
    }
    if let Some(body) = formats::response_body_without_text(&provider_request, &local.world.ids) {
        return Ok(without_text(request, &provider_request, &body));
    }
    let prompt = std::mem::take(&mut provider_request.prompt);
    let Turn { generation, guardrails, .. } =
        Turn::take(local, request, provider_request.model, prompt, guardrails?).await?;
    let completion = generation.whole().await?.into_unary()?;
    let response = ProviderResponse {
        ids: &local.world.ids,
        now: local.world.clock.now(),
        request: &provider_request,
        completion: &completion,
        id: &local.world.ids.uuid(),
    };
    let mut body = formats::response_body(&response);
    if let Some(guardrails) = &guardrails {
        body[GUARDRAIL_ACTION] = json!(action(guardrails));
        set(&mut body, TRACE, guardrails.invoke_trace());
    }
    let headers = [headers(request, "content-type"), count_headers(&provider_request, &completion)].concat();
    Ok(Output::Bytes { body: body.to_string().into_bytes(), headers })
}

async fn embed(
    local: &Local,
    request: &Request,
    provider_request: &ProviderRequest,
    format: EmbeddingFormat,
) -> AwsResult<Output> {
    let texts = embeddings::texts(&provider_request.prompt);
    let dimensions = embeddings::requested_size(format, &provider_request.body);
    let model_id = request.text("modelId").to_owned();
    let vectors = match texts.is_empty() {
        true => None,
        false => {
            local
                .repliers
                .embed(&Embedding { model_id, model: provider_request.model, texts, dimensions })
                .await?
        }
    };
    let body = embeddings::response_body(format, provider_request, vectors, &local.world.ids.uuid());
    Ok(without_text(request, provider_request, &body))
}

/// Returns the output of a model that generates no text: vectors, images, a ranking.
fn without_text(request: &Request, provider_request: &ProviderRequest, body: &Value) -> Output {
    let usage = Usage { input: input_tokens(&provider_request.prompt), ..Usage::default() };
    let completion = Completion { usage, ..Completion::whole(Vec::new()) };
    let headers = [headers(request, "content-type"), count_headers(provider_request, &completion)].concat();
    Output::Bytes { body: body.to_string().into_bytes(), headers }
}

pub(crate) async fn invoke_with_response_stream(local: &Local, request: &Request) -> AwsResult<Output> {
    let (mut provider_request, guardrails) = parse(local, request)?;
    if !provider_request.model.response_streaming_supported {
        return Err(AwsError::validation("The model is unsupported for streaming"));
    }
    let mut guardrails = guardrails?;
    if let Some(guardrails) = &mut guardrails {
        guardrails.set_asynchronous(
            provider_request.body[GUARDRAIL_CONFIG]["streamProcessingMode"] == "ASYNCHRONOUS",
        );
    }
    let prompt = std::mem::take(&mut provider_request.prompt);
    let Turn { generation, guardrails, .. } =
        Turn::take(local, request, provider_request.model, prompt, guardrails).await?;
    // The headers are sent before the tokens are known.
    let headers = headers(request, "x-amzn-bedrock-content-type");
    let ending = generation.completion.ending.clone();
    let action = guardrails.as_ref().map(action);
    let trace = guardrails.as_ref().and_then(AppliedGuardrails::invoke_trace);
    let (world, id) = (Arc::clone(&local.world), local.world.ids.uuid());
    let mut write = formats::chunk_writer(&provider_request);
    let events = generation.into_events(move |completion, event| {
        let mut chunks = write(
            &ProviderResponse {
                ids: &world.ids,
                now: world.clock.now(),
                request: &provider_request,
                completion,
                id: &id,
            },
            &event,
        );
        // In recordings, the chunks with text and the last chunk have the guardrail's action.
        if let (true, Some(chunk)) = (event.text().is_some(), chunks.first_mut()) {
            set(chunk, GUARDRAIL_ACTION, action.map(Value::from));
        }
        if let (ReplyEvent::MessageStop(_), Some(last)) = (event, chunks.last_mut()) {
            last[METRICS] = metrics(completion, provider_request.model);
            set(last, GUARDRAIL_ACTION, action.map(Value::from));
            set(last, TRACE, trace.clone());
        }
        chunks.iter().map(chunk_event).collect()
    });
    Ok(Output::Events { events, headers, ending })
}

fn chunk_event(chunk: &Value) -> Event {
    Event { name: "chunk", payload: json!({ "bytes": BASE64.encode(chunk.to_string()) }) }
}

/// Parses a request in its provider's format, and looks up its model and guardrails.
fn parse(
    local: &Local,
    request: &Request,
) -> AwsResult<(ProviderRequest, AwsResult<Option<AppliedGuardrails>>)> {
    let trace = match request.text("trace") {
        "ENABLED" => Trace::On,
        "ENABLED_FULL" => Trace::Full,
        _ => Trace::Off,
    };
    let (identifier, version) = (request.text("guardrailIdentifier"), request.text("guardrailVersion"));
    let requested = GuardrailRequest { identifier, version, trace };
    let Resolved { model, guardrails } = Resolved::look_up(local, request, requested)?;
    let provider_request = formats::parse(model, &request.body)?;
    if provider_request.is_messages() {
        rules::prompt::check(model, &provider_request.prompt).map_err(Refusal::into_invoke_model_error)?;
    }
    Ok((provider_request, guardrails))
}

fn action(guardrails: &AppliedGuardrails) -> &'static str {
    if guardrails.outcome() == Outcome::Passed { "NONE" } else { "INTERVENED" }
}

fn metrics(completion: &Completion, model: &FoundationModel) -> Value {
    let usage = &completion.usage;
    let mut metrics = json!({
        "inputTokenCount": usage.input,
        "outputTokenCount": usage.output,
        "invocationLatency": completion.latency_ms(),
        "firstByteLatency": completion.latency_ms() - 2 * usage.output,
    });
    if let Some((read, written)) = cached(usage, model) {
        metrics["cacheReadInputTokenCount"] = read.into();
        metrics["cacheWriteInputTokenCount"] = written.into();
    }
    metrics
}

/// Returns the tokens read from the cache and written to it. In recordings, Nova's text models report zeros too.
fn cached(usage: &Usage, model: &FoundationModel) -> Option<(u64, u64)> {
    let (read, written) = usage.cache.as_ref().map_or((0, 0), |cache| (cache.read, cache.written()));
    (read + written > 0 || model.base_id().starts_with("amazon.nova")).then_some((read, written))
}

fn headers(request: &Request, content_type: &'static str) -> Headers {
    std::iter::once((content_type, JSON.to_owned())).chain(repeated_headers(request)).collect()
}

/// Returns the headers with the token counts of a whole response.
fn count_headers(request: &ProviderRequest, completion: &Completion) -> Headers {
    let usage = &completion.usage;
    let generates_text = request.generates_text();
    let cache = cached(usage, request.model).filter(|_| generates_text);
    let counts = [
        ("x-amzn-bedrock-input-token-count", (!request.is_rerank()).then_some(usage.input)),
        ("x-amzn-bedrock-output-token-count", generates_text.then_some(usage.output)),
        ("x-amzn-bedrock-invocation-latency", Some(completion.latency_ms())),
        ("x-amzn-bedrock-cache-read-input-token-count", cache.map(|(read, _)| read)),
        ("x-amzn-bedrock-cache-write-input-token-count", cache.map(|(_, written)| written)),
    ];
    counts.into_iter().filter_map(|(name, count)| Some((name, count?.to_string()))).collect()
}

/// Returns the headers that repeat settings of the request.
fn repeated_headers(request: &Request) -> Headers {
    let repeated = [
        ("performanceConfigLatency", "x-amzn-bedrock-performanceconfig-latency"),
        ("serviceTier", "x-amzn-bedrock-service-tier"),
    ];
    let header = |(member, name)| Some((name, request.input[member].as_str()?.to_owned()));
    repeated.into_iter().filter_map(header).collect()
}
