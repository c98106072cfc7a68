//! `InvokeModelWithResponseStream`: an answer in the maker's own form, as it is written.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::types::ResponseStream as SdkEvent;
use bedrock_orm_core::sdk::Usage;
use bedrock_orm_core::{Error, Partial, Result};
use bedrock_orm_models::{Blob, PerformanceConfigLatency, ServiceTierType};
use futures_core::Stream;
use futures_util::StreamExt;
use serde_json::Value;

use crate::InvokeModel;
use crate::stream::{self, Events};

const OPERATION: &str = "InvokeModelWithResponseStream";

/// What AWS adds to the last chunk of an answer, whichever maker's it is.
const METRICS: &str = "\"amazon-bedrock-invocationMetrics\"";
/// What it adds to the chunks of an answer that the guardrail changed or replaced, and to the last of them at times.
const INTERVENED: &str = "\"amazon-bedrock-guardrailAction\":\"INTERVENED\"";
const TRACE: &str = "\"amazon-bedrock-trace\"";

/// An answer in the maker's own form, as it is written: a stream of chunks, each an event of the maker's, in JSON as a
/// rule (`chunk.json()` reads it).
///
/// Where it ends without the chunk that AWS marks as the last, or is silent for longer than its time-out, its last item
/// is an error of the kind [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted); an exception that AWS
/// sends on the way is an error of its own kind. Either holds [what had
/// arrived](bedrock_orm_core::Error::partial). Dropping it, or [`close`](Self::close), ends it.
///
/// Source:
/// [`InvokeModelWithResponseStream`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html).
pub struct InvokeModelStream {
    events: Events<SdkEvent>,
    arrived: Vec<u8>,
    /// Where the last chunk begins in what has arrived.
    last_chunk: usize,
    complete: bool,
    request_id: Option<String>,
    content_type: String,
    performance_config_latency: Option<PerformanceConfigLatency>,
    service_tier: Option<ServiceTierType>,
}

impl InvokeModelStream {
    /// The next chunk; none after the last.
    ///
    /// # Errors
    ///
    /// `StreamInterrupted`, or the kind of the exception that AWS sent. The stream has ended then.
    pub async fn next(&mut self) -> Option<Result<Blob>> {
        StreamExt::next(self).await
    }

    /// Ends it; what is still on its way is not read. Dropping it does the same.
    pub fn close(self) {}

    /// The chunks' media type.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The serving that is used.
    pub fn performance_config_latency(&self) -> Option<&PerformanceConfigLatency> {
        self.performance_config_latency.as_ref()
    }

    /// The processing tier that is used.
    pub fn service_tier(&self) -> Option<&ServiceTierType> {
        self.service_tier.as_ref()
    }

    /// AWS's name for the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The error with what had arrived.
    fn broken(&mut self, error: Error) -> Error {
        // Told once: a stream that is asked again has ended.
        self.complete = true;
        let arrived = Blob::from(std::mem::take(&mut self.arrived));
        let error = error.with_partial(Partial::Body(arrived)).with_request_id(self.request_id.as_deref());
        self.events.failed(&error);
        error
    }
}

impl Stream for InvokeModelStream {
    type Item = Result<Blob>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match ready!(this.events.poll_event(context)) {
                Some(Ok(SdkEvent::Chunk(part))) => {
                    let chunk = Blob::from(part.bytes.map(|bytes| bytes.into_inner()).unwrap_or_default());
                    this.complete = is_last(&chunk, this.arrived.is_empty());
                    this.last_chunk = this.arrived.len();
                    this.arrived.extend_from_slice(&chunk);
                    return Poll::Ready(Some(Ok(chunk)));
                }
                // An event of a newer API.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(this.broken(error)))),
                None if this.complete => {
                    let last = this.arrived.get(this.last_chunk..).unwrap_or_default();
                    this.events.succeeded(this.request_id.as_deref(), || usage(last));
                    return Poll::Ready(None);
                }
                None => {
                    let error =
                        Error::stream_interrupted(OPERATION, "the stream ended before its last chunk");
                    return Poll::Ready(Some(Err(this.broken(error))));
                }
            }
        }
    }
}

/// The metrics are on the last chunk. Where the guardrail blocked the prompt no model answered and there are none: its own
/// words are then the only chunk, or have its trace.
fn is_last(chunk: &[u8], is_first: bool) -> bool {
    let text = String::from_utf8_lossy(chunk);
    text.contains(METRICS) || (text.contains(INTERVENED) && (is_first || text.contains(TRACE)))
}

/// What the metrics of the last chunk say.
fn usage(chunk: &[u8]) -> Usage {
    let chunk: Value = serde_json::from_slice(chunk).unwrap_or_default();
    let metrics = &chunk[METRICS.trim_matches('"')];
    let count = |name: &str| metrics[name].as_i64();
    Usage {
        input_tokens: count("inputTokenCount"),
        output_tokens: count("outputTokenCount"),
        cache_read_input_tokens: count("cacheReadInputTokenCount"),
        cache_write_input_tokens: count("cacheWriteInputTokenCount"),
    }
}

/// How far it is, not what it holds.
impl fmt::Debug for InvokeModelStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InvokeModelStream")
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for InvokeModel<InvokeModelStream> {
    type Output = Result<InvokeModelStream>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let guardrail = self.take_guardrail(OPERATION)?;
            let labels = self.labels();
            let target = self.target;
            let request = target
                .client()
                .invoke_model_with_response_stream()
                .model_id(&target.model_id)
                .body(self.body.into())
                .content_type(self.content_type)
                .set_accept(self.accept)
                .set_trace(self.trace.map(Into::into))
                .set_guardrail_identifier(guardrail.guardrail_identifier)
                .set_guardrail_version(guardrail.guardrail_version)
                .set_performance_config_latency(self.performance_config_latency.map(Into::into))
                .set_service_tier(self.service_tier.map(Into::into))
                .set_request_metadata(labels);
            let started = Instant::now();
            let call = target.call(OPERATION);
            let answer =
                stream::opened(call, OPERATION, call.open(Box::pin(request.send())), self.silence_timeout)
                    .await?;
            Ok(InvokeModelStream {
                request_id: answer.request_id().map(str::to_owned),
                content_type: answer.content_type,
                performance_config_latency: answer.performance_config_latency.map(Into::into),
                service_tier: answer.service_tier.map(Into::into),
                events: Events::new(answer.body, OPERATION, target, started, self.silence_timeout),
                arrived: Vec::new(),
                last_chunk: 0,
                complete: false,
            })
        })
    }
}
