//! `InvokeModelWithResponseStream`: streams a response in the provider's format.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::operation::invoke_model_with_response_stream::builders::InvokeModelWithResponseStreamFluentBuilder as SdkRequest;
use aws_sdk_bedrockruntime::types::ResponseStream as SdkEvent;
use aws_sdk_bedrockruntime::types::error::ResponseStreamError as SdkEventError;
use bedrock_orm_core::sdk::{Inference, ReplyLimits, Report, boxed};
use bedrock_orm_core::{Error, Limiter, Partial, Result};
use bedrock_orm_models::{Blob, PerformanceConfigLatency, ServiceTierType, Usage};
use futures_core::Stream;
use futures_util::StreamExt;
use serde_json::Value;

use crate::demand;
use crate::stream::{self, Event, Events};
use crate::{InvokeModel, Target};

pub(crate) const OPERATION: &str = "InvokeModelWithResponseStream";

/// AWS adds this to the last chunk of a response, for every provider.
const METRICS: &str = "\"amazon-bedrock-invocationMetrics\"";
/// AWS adds this to the chunks of a response that the guardrail changed or replaced, and sometimes to the last of them.
const INTERVENED: &str = "\"amazon-bedrock-guardrailAction\":\"INTERVENED\"";
/// AWS adds this to a chunk with the guardrail's trace.
const TRACE: &str = "\"amazon-bedrock-trace\"";

impl Event for SdkEvent {
    type Sdk = Self;
    type SdkError = SdkEventError;
}

/// A response in the provider's format, as a stream of chunks. Each chunk is an event of the provider, usually JSON,
/// which `chunk.json()` parses.
///
/// A stream that ends without the chunk that AWS marks as the last, or that exceeds a time limit,
/// yields an error of the kind [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted) as its last item.
/// An exception that AWS sends in the stream is an error of its own kind. Both have [the chunks so
/// far](bedrock_orm_core::Error::partial). Dropping the stream, or [`close`](Self::close), ends it.
///
/// Source:
/// [`InvokeModelWithResponseStream`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html).
pub struct InvokeModelStream {
    events: Events<SdkEvent>,
    received: Vec<u8>,
    /// The offset of the last chunk in `received`.
    last_chunk: usize,
    complete: bool,
    request_id: Option<String>,
    content_type: String,
    performance_config_latency: Option<PerformanceConfigLatency>,
    service_tier: Option<ServiceTierType>,
}

impl InvokeModelStream {
    #[inline]
    async fn open(
        target: Target,
        request: SdkRequest,
        mut limits: ReplyLimits,
        limiter: Option<Limiter>,
    ) -> Result<Self> {
        let mut call = target.call(OPERATION).within(None).with_inference(Inference::GenerateContent);
        if let Some(limiter) = limiter.or_else(|| call.limiter()) {
            let body = request.get_body().as_ref().map(AsRef::as_ref).unwrap_or_default();
            limits.total = Box::pin(call.admit(&limiter, demand::of_body(body), limits.total)).await?;
        }
        let (response, clock) = stream::opened(&mut call, boxed(|| request.send()), limits).await?;
        let running = call.into_running();
        Ok(Self {
            request_id: response.request_id().map(str::to_owned),
            content_type: response.content_type,
            performance_config_latency: response.performance_config_latency.map(Into::into),
            service_tier: response.service_tier.map(Into::into),
            events: Events::new(response.body, OPERATION, target, running, clock),
            received: Vec::new(),
            last_chunk: 0,
            complete: false,
        })
    }

    /// Waits for the first chunk, which [`next`](Self::next) returns.
    #[inline]
    async fn begun(mut self) -> Result<Self> {
        match self.events.begin().await {
            Ok(()) => Ok(self),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Returns the next chunk, or `None` after the last.
    ///
    /// # Errors
    ///
    /// `StreamInterrupted`, or the kind of the exception that AWS sends. The stream has ended then.
    #[inline]
    pub async fn next(&mut self) -> Option<Result<Blob>> {
        StreamExt::next(self).await
    }

    /// Ends the stream without reading the rest. Dropping it does the same.
    pub fn close(self) {}

    /// Returns the media type of the chunks.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Returns the latency that is used.
    pub fn performance_config_latency(&self) -> Option<&PerformanceConfigLatency> {
        self.performance_config_latency.as_ref()
    }

    /// Returns the service tier that is used.
    pub fn service_tier(&self) -> Option<&ServiceTierType> {
        self.service_tier.as_ref()
    }

    /// Returns AWS's request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the tokens, which come with the last chunk.
    pub fn usage(&self) -> Usage {
        usage(self.received.get(self.last_chunk..).unwrap_or_default())
    }

    /// Ends the stream with this error. Attaches the chunks so far to it, and logs it.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        // After the error, the stream has ended. It does not fail a second time.
        self.complete = true;
        let received = Blob::from(std::mem::take(&mut self.received));
        let error = error.with_partial(Partial::Body(received)).with_request_id(self.request_id.as_deref());
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
                    this.complete = is_last(&chunk, this.received.is_empty());
                    this.last_chunk = this.received.len();
                    this.received.extend_from_slice(&chunk);
                    if this.complete {
                        this.events.used(|| usage(&chunk).tokens());
                    }
                    return Poll::Ready(Some(Ok(chunk)));
                }
                // An event of a newer API.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(this.fail(error)))),
                None if this.complete => {
                    let last = this.received.get(this.last_chunk..).unwrap_or_default();
                    let report = || Report { tokens: usage(last).tokens(), ..Report::default() };
                    this.events.succeeded(this.request_id.as_deref(), report);
                    return Poll::Ready(None);
                }
                None => {
                    let error =
                        Error::stream_interrupted(OPERATION, "the stream ended before its last chunk");
                    return Poll::Ready(Some(Err(this.fail(error))));
                }
            }
        }
    }
}

/// Returns whether this is the last chunk, which has the metrics. If the guardrail blocked the prompt, no model replied
/// and there are no metrics: the guardrail's message is the only chunk, or has its trace.
fn is_last(chunk: &[u8], is_first: bool) -> bool {
    let text = String::from_utf8_lossy(chunk);
    text.contains(METRICS) || (text.contains(INTERVENED) && (is_first || text.contains(TRACE)))
}

/// Returns the usage in the metrics of the last chunk.
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

/// Shows the request ID, but not the content.
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

    #[inline]
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let body = self.take_body(OPERATION)?;
            let guardrail = self.take_guardrail(OPERATION)?;
            let labels = self.labels();
            self.apply_tags();
            let target = self.target;
            let request = target
                .charged_client()
                .invoke_model_with_response_stream()
                .model_id(&target.model_id)
                .body(body.into())
                .content_type(self.content_type)
                .set_accept(self.accept)
                .set_trace(self.trace.map(Into::into))
                .set_guardrail_identifier(guardrail.guardrail_identifier)
                .set_guardrail_version(guardrail.guardrail_version)
                .set_performance_config_latency(self.performance_config_latency.map(Into::into))
                .set_service_tier(self.service_tier.map(Into::into))
                .set_request_metadata(labels);
            let (limits, restarts, limiter) = (self.limits, self.restarts, self.limiter);
            if restarts == 0 {
                return InvokeModelStream::open(target, request, limits, limiter).await;
            }
            stream::restarting(restarts, limits, |limits| {
                let stream =
                    InvokeModelStream::open(target.clone(), request.clone(), limits, limiter.clone());
                async { stream.await?.begun().await }
            })
            .await
        })
    }
}
