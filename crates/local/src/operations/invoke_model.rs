//! InvokeModel and InvokeModelWithResponseStream, in each maker's own format.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::answer::{Answer, Event, Headers};
use crate::catalogue::FoundationModel;
use crate::error::{AwsError, AwsResult};
use crate::guardrails::applied::{Applied, Trace, Wish};
use crate::guardrails::assessment::Outcome;
use crate::local::Local;
use crate::makers::{self, Asked, Said};
use crate::model::completion::{Completion, Usage, input_tokens};
use crate::model::generation::Generation;
use crate::model::piece::Piece;
use crate::nouns::models;
use crate::operations::converse::set;
use crate::operations::converse_rules::ONE_SAMPLER;
use crate::repliers::conversation::{Conversation, Embedding};
use crate::request::Request;

const JSON: &str = "application/json";
const GUARDRAIL_CONFIG: &str = "amazon-bedrock-guardrailConfig";
const GUARDRAIL_ACTION: &str = "amazon-bedrock-guardrailAction";
const TRACE: &str = "amazon-bedrock-trace";
const METRICS: &str = "amazon-bedrock-invocationMetrics";

pub(crate) async fn invoke(local: &Local, request: &Request) -> AwsResult<Answer> {
    let mut asked = read(local, request)?;
    if asked.wants_embeddings() {
        return embed(local, request, &asked).await;
    }
    if let Some(made) = asked.made(&local.ids) {
        return Ok(wordless(request, &asked, &made));
    }
    let (generation, guardrail) = generate(local, request, &mut asked).await?;
    let completion = generation.whole().await?.unbroken()?;
    let said = Said { local, asked: &asked, completion: &completion, id: &local.ids.uuid() };
    let mut body = said.answer();
    if let Some(guardrail) = &guardrail {
        body[GUARDRAIL_ACTION] = json!(action(guardrail));
        set(&mut body, TRACE, guardrail.invoke_trace());
    }
    let headers = headers(request, &completion, "content-type");
    Ok(Answer::Bytes { body: body.to_string().into_bytes(), headers })
}

async fn embed(local: &Local, request: &Request, asked: &Asked) -> AwsResult<Answer> {
    let (texts, dimensions) = asked.to_embed();
    let model_id = request.text("modelId").to_owned();
    let vectors = match texts.is_empty() {
        true => None,
        false => local.repliers.embed(&Embedding { model_id, model: asked.model, texts, dimensions }).await?,
    };
    Ok(wordless(request, asked, &asked.embeddings(vectors, &local.ids.uuid())))
}

/// The answer of a model that says nothing: vectors, images.
fn wordless(request: &Request, asked: &Asked, body: &Value) -> Answer {
    let usage = Usage { input: input_tokens(&asked.prompt), ..Usage::default() };
    let completion = Completion { usage, ..Completion::whole(Vec::new()) };
    let mut headers = headers(request, &completion, "content-type");
    headers.retain(|(name, _)| *name != "x-amzn-bedrock-output-token-count");
    Answer::Bytes { body: body.to_string().into_bytes(), headers }
}

pub(crate) async fn invoke_with_response_stream(local: &Arc<Local>, request: &Request) -> AwsResult<Answer> {
    let mut asked = read(local, request)?;
    if !asked.model.response_streaming_supported {
        return Err(AwsError::validation("The model is unsupported for streaming"));
    }
    let (generation, guardrail) = generate(local, request, &mut asked).await?;
    let mut headers = headers(request, &generation.completion, "x-amzn-bedrock-content-type");
    // A stream starts before its tokens can be counted.
    headers.retain(|(name, _)| !name.ends_with("-count") && !name.ends_with("invocation-latency"));
    let ending = generation.completion.ending.clone();
    let action = guardrail.as_ref().map(action);
    let trace = guardrail.as_ref().and_then(Applied::invoke_trace);
    let (local, id, mut write) = (Arc::clone(local), local.ids.uuid(), asked.chunks());
    let events = generation.told(move |completion, piece| {
        let mut chunks = write(&Said { local: &local, asked: &asked, completion, id: &id }, piece);
        for chunk in &mut chunks {
            set(chunk, GUARDRAIL_ACTION, action.map(Value::from));
        }
        if let (Piece::End(_), Some(last)) = (piece, chunks.last_mut()) {
            last[METRICS] = metrics(completion, asked.model);
            set(last, TRACE, trace.clone());
        }
        chunks.iter().map(chunk_event).collect()
    });
    Ok(Answer::Events { events, headers, ending })
}

fn chunk_event(chunk: &Value) -> Event {
    Event { name: "chunk", payload: json!({ "bytes": BASE64.encode(chunk.to_string()) }) }
}

fn read(local: &Local, request: &Request) -> AwsResult<Asked> {
    let model = models::invoked(local, &request.region, request.text("modelId"))?;
    let asked = makers::read(model, &request.body)?;
    let has = |member: &str| !asked.body[member].is_null();
    if model.wants_one_sampler() && has("temperature") && has("top_p") {
        return Err(AwsError::validation(ONE_SAMPLER));
    }
    Ok(asked)
}

async fn generate(
    local: &Local,
    request: &Request,
    asked: &mut Asked,
) -> AwsResult<(Generation, Option<Applied>)> {
    let trace = match request.text("trace") {
        "ENABLED" => Trace::On,
        "ENABLED_FULL" => Trace::Full,
        _ => Trace::Off,
    };
    let wish = Wish {
        identifier: request.text("guardrailIdentifier"),
        version: request.text("guardrailVersion"),
        trace,
        runs_ahead: asked.body[GUARDRAIL_CONFIG]["streamProcessingMode"] == "ASYNCHRONOUS"
            && request.operation.name == "InvokeModelWithResponseStream",
    };
    let mut guardrail = Applied::find(local, &request.region, asked.model, wish)?;
    if let Some(instead) = guardrail.as_mut().and_then(|guardrail| guardrail.check_input(&mut asked.prompt)) {
        return Ok((instead.into(), guardrail));
    }
    let conversation = Conversation::new(request, asked.model, std::mem::take(&mut asked.prompt));
    let mut generation = Generation::of(local, &request.region, &conversation).await?;
    if let Some(guardrail) = &mut guardrail {
        // A guardrail looks at the whole before any of it leaves.
        let mut completion = generation.whole().await?;
        guardrail.check_output(&mut completion);
        generation = completion.into();
    }
    Ok((generation, guardrail))
}

fn action(guardrail: &Applied) -> &'static str {
    if guardrail.outcome() == Outcome::Passed { "NONE" } else { "INTERVENED" }
}

fn metrics(completion: &Completion, model: &FoundationModel) -> Value {
    let usage = &completion.usage;
    let mut metrics = json!({
        "inputTokenCount": usage.input,
        "outputTokenCount": usage.output,
        "invocationLatency": completion.latency_ms(),
        "firstByteLatency": completion.latency_ms() - 2 * usage.output,
    });
    // As recorded: only Nova tells that there was nothing in the cache.
    let (read, written) = usage.cache.as_ref().map_or((0, 0), |cache| (cache.read, cache.written));
    if read + written > 0 || model.model_id.starts_with("amazon.nova") {
        metrics["cacheReadInputTokenCount"] = read.into();
        metrics["cacheWriteInputTokenCount"] = written.into();
    }
    metrics
}

fn headers(request: &Request, completion: &Completion, content_type: &'static str) -> Headers {
    let usage = &completion.usage;
    let mut headers = vec![
        (content_type, JSON.to_owned()),
        ("x-amzn-bedrock-input-token-count", usage.input.to_string()),
        ("x-amzn-bedrock-output-token-count", usage.output.to_string()),
        ("x-amzn-bedrock-invocation-latency", completion.latency_ms().to_string()),
    ];
    if let Some(cache) = usage.cache.as_ref().filter(|cache| cache.tokens() > 0) {
        headers.push(("x-amzn-bedrock-cache-read-input-token-count", cache.read.to_string()));
        headers.push(("x-amzn-bedrock-cache-write-input-token-count", cache.written.to_string()));
    }
    headers.extend(echoed(request));
    headers
}

/// What was asked of performance and service is told back.
fn echoed(request: &Request) -> Headers {
    let told = [
        ("performanceConfigLatency", "x-amzn-bedrock-performanceconfig-latency"),
        ("serviceTier", "x-amzn-bedrock-service-tier"),
    ];
    let header = |(member, name)| Some((name, request.input[member].as_str()?.to_owned()));
    told.into_iter().filter_map(header).collect()
}
