//! A typed stream.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::{PerformanceConfigLatency, ServiceTierType, StreamedBody, Usage};
use futures_core::Stream;
use futures_util::StreamExt;

use crate::invoke::parse::{GuardrailOutcome, parse};
use crate::invoke::response::TypedResponse;
use crate::invoke_model::{ResponseStream, sealed};
use crate::invoke_model_stream::OPERATION;
use crate::{InvokeModel, InvokeModelStream};

impl<B: StreamedBody> InvokeModel<TypedResponse<B>> {
    /// Streams the response as typed events. Awaiting sends the request and returns the [`TypedStream`].
    ///
    /// # Requests
    ///
    /// One `InvokeModelWithResponseStream` (`bedrock:InvokeModelWithResponseStream`), instead of `InvokeModel`.
    pub fn stream(self) -> InvokeModel<TypedStream<B>> {
        self.returning()
    }
}

/// A response to a body of the type `B`, as a stream of the provider's events.
///
/// A stream that ends without the provider's last event or AWS's metrics, or that exceeds a time limit, yields an error
/// of the kind [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted) as its last item. An exception that
/// AWS sends in the stream is an error of its own kind. Both have [the chunks so
/// far](bedrock_orm_core::Error::partial), and [`response`](Self::response) has what they add up to. Dropping the
/// stream, or [`close`](Self::close), ends it.
///
/// ```
/// use bedrock_orm::models::providers::{ClaudeEvent, ClaudeMessages};
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let model = FoundationModel::with_id("us.anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
/// let mut stream = model.invoke(&ClaudeMessages::new(["Hello"], 64)).stream().await?;
/// while let Some(event) = stream.next().await {
///     if let ClaudeEvent::MessageDelta(delta) = event? {
///         println!("{:?}", delta.delta.stop_reason);
///     }
/// }
/// let response = stream.collect().await?;
/// println!("{}", response.text());
/// # Ok(())
/// # }
/// ```
pub struct TypedStream<B: StreamedBody> {
    chunks: InvokeModelStream,
    response: B::Response,
    guardrail: GuardrailOutcome,
    has_last: bool,
    failed: bool,
}

/// The fields are never pinned.
impl<B: StreamedBody> Unpin for TypedStream<B> {}

impl<B: StreamedBody> TypedStream<B> {
    fn new(chunks: InvokeModelStream) -> Self {
        Self {
            chunks,
            response: B::Response::default(),
            guardrail: GuardrailOutcome::default(),
            has_last: false,
            failed: false,
        }
    }

    /// Returns the next event, or `None` after the last.
    ///
    /// # Errors
    ///
    /// `StreamInterrupted`, the kind of the exception that AWS sends, or `InvalidResponse` if a chunk is not the
    /// provider's. The stream has ended then.
    pub async fn next(&mut self) -> Option<Result<B::Event>> {
        StreamExt::next(self).await
    }

    /// Returns a stream of only the text, in pieces.
    pub fn text(self) -> TypedTextStream<B> {
        TypedTextStream { stream: self }
    }

    /// Waits for the end, and returns the response as a whole call does.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn collect(mut self) -> Result<TypedResponse<B>> {
        while let Some(event) = self.next().await {
            event?;
        }
        Ok(TypedResponse {
            usage: self.usage(),
            request_id: self.chunks.request_id().map(str::to_owned),
            performance_config_latency: self.chunks.performance_config_latency().cloned(),
            service_tier: self.chunks.service_tier().cloned(),
            body: self.response,
            guardrail: self.guardrail,
        })
    }

    /// Ends the stream without reading the rest. Dropping it does the same.
    pub fn close(self) {}

    /// Returns the response so far, also after an error.
    pub fn response(&self) -> &B::Response {
        &self.response
    }

    /// Returns the tokens: from AWS's metrics, which come last, or else from the response so far.
    pub fn usage(&self) -> Usage {
        self.chunks.usage().or(B::usage(&self.response))
    }

    /// Returns AWS's request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.chunks.request_id()
    }

    /// Returns the latency that is used.
    pub fn performance_config_latency(&self) -> Option<&PerformanceConfigLatency> {
        self.chunks.performance_config_latency()
    }

    /// Returns the service tier that is used.
    pub fn service_tier(&self) -> Option<&ServiceTierType> {
        self.chunks.service_tier()
    }

    /// Adds a chunk to the response, and returns its event.
    fn add(&mut self, chunk: &[u8]) -> Result<B::Event> {
        let event = parse::<B, B::Event>(OPERATION, chunk)?;
        self.guardrail.add(GuardrailOutcome::of(chunk));
        self.has_last |= B::is_last(&event);
        B::add(&mut self.response, &event);
        Ok(event)
    }

    /// Ends the stream with this error.
    fn fail(&mut self, error: Error) -> Error {
        self.failed = true;
        self.chunks.fail(error)
    }
}

impl<B: StreamedBody> Stream for TypedStream<B> {
    type Item = Result<B::Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.failed {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(Pin::new(&mut this.chunks).poll_next(context)) {
            Some(Ok(chunk)) => Some(this.add(&chunk).map_err(|error| this.fail(error))),
            Some(Err(error)) => {
                this.failed = true;
                Some(Err(error))
            }
            // A guardrail that blocks the prompt replies without the provider's last event.
            None if this.has_last || this.guardrail.intervened() => None,
            None => {
                let message = "the stream ended before the provider's last event";
                Some(Err(this.fail(Error::stream_interrupted(OPERATION, message))))
            }
        })
    }
}

/// Shows the request ID, but not the content.
impl<B: StreamedBody> fmt::Debug for TypedStream<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TypedStream").field("request_id", &self.request_id()).finish_non_exhaustive()
    }
}

impl<B: StreamedBody> sealed::Sealed for TypedStream<B> {}
impl<B: StreamedBody> ResponseStream for TypedStream<B> {}

impl<B: StreamedBody> IntoFuture for InvokeModel<TypedStream<B>> {
    type Output = Result<TypedStream<B>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let chunks = self.returning::<InvokeModelStream>().into_future();
        Box::pin(async move { Ok(TypedStream::new(chunks.await?)) })
    }
}

/// The text of a typed stream, in pieces. Its errors are those of its [`TypedStream`].
#[derive(Debug)]
pub struct TypedTextStream<B: StreamedBody> {
    stream: TypedStream<B>,
}

impl<B: StreamedBody> TypedTextStream<B> {
    /// Returns the next piece, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`TypedStream::next`].
    pub async fn next(&mut self) -> Option<Result<String>> {
        StreamExt::next(self).await
    }

    /// Waits for the end, and returns the whole response, including the text already read.
    ///
    /// # Errors
    ///
    /// As [`TypedStream::collect`].
    pub async fn collect(self) -> Result<TypedResponse<B>> {
        self.stream.collect().await
    }
}

impl<B: StreamedBody> Stream for TypedTextStream<B> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.stream).poll_next(context)) {
                Some(Ok(event)) => {
                    if let Some(text) = B::text(&event).filter(|text| !text.is_empty()) {
                        return Poll::Ready(Some(Ok(text.to_owned())));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
