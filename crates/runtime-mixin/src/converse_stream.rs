//! `ConverseStream`: streams a reply.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamInputBuilder;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput as SdkEvent;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError as SdkEventError;
use bedrock_orm_core::sdk::{self, Inference, ReplyLimits};
use bedrock_orm_core::{Error, Limiter, Partial, Result};
use bedrock_orm_models::{
    ContentBlockDelta, ContentBlockDeltaEvent, ConverseStreamOutput, ConverseStreamRequest, Message, Tokens,
};
use futures_core::Stream;
use futures_util::StreamExt;

use crate::assembly::Assembly;
use crate::caching::report::Caching;
use crate::demand;
use crate::preflight::Finding;
use crate::stream::{self, Event, Events};
use crate::{FailedAttempt, Reply, Target};

pub(crate) const OPERATION: &str = "ConverseStream";

impl Event for ConverseStreamOutput {
    type Sdk = SdkEvent;
    type SdkError = SdkEventError;
}

/// A reply as a stream of typed events.
///
/// A stream that ends without the event that completes the message, or that exceeds a time limit,
/// yields an error of the kind [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted) as its last item.
/// An exception that AWS sends in the stream is an error of its own kind. Both have [the message so
/// far](bedrock_orm_core::Error::partial_message). Dropping the stream, or [`close`](Self::close), ends it.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
/// let mut stream = model.converse_stream("Stream a one sentence release note.").await?;
/// while let Some(event) = stream.next().await {
///     if let ConverseStreamOutput::MessageStop(stop) = event? {
///         println!("{}", stop.stop_reason);
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// Source: [`ConverseStream`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).
pub struct ConverseStream {
    events: Events<ConverseStreamOutput>,
    /// In a box: it is large, and a stream moves through several futures.
    assembly: Box<Assembly>,
    failed: bool,
    model_id: String,
    request_id: Option<String>,
    failed_attempts: Vec<FailedAttempt>,
    repairs: Vec<Finding>,
    caching: Option<Caching>,
}

impl ConverseStream {
    pub(crate) async fn open(
        target: Target,
        request: Box<ConverseStreamRequest>,
        mut limits: ReplyLimits,
        limiter: Option<Limiter>,
    ) -> Result<Self> {
        let call = target.call(OPERATION).within(None).with_inference(Inference::Chat);
        let mut call = call.with_prompt(request.system.as_deref(), request.messages.as_deref());
        if let Some(limiter) = limiter.or_else(|| call.limiter()) {
            let demand = demand::of_streamed_turn(&request);
            limits.total = Box::pin(call.admit(&limiter, demand, limits.total)).await?;
        }
        let input = ConverseStreamInputBuilder::try_from(*request)
            .map_err(|error| Error::unsendable(OPERATION, error))?
            .model_id(&target.model_id);
        let client = target.charged_client();
        let sending = pin!(input.send_with(&client));
        let (response, clock) = stream::opened(&mut call, sending, limits).await?;
        let running = call.into_running();
        let request_id = response.request_id().map(str::to_owned);
        let model_id = target.model_id.clone();
        let assembly = Assembly::new(sdk::records_content(&target.session));
        let events = Events::new(response.stream, OPERATION, target, running, clock);
        Ok(Self::new(events, assembly, model_id, request_id))
    }

    fn new(
        events: Events<ConverseStreamOutput>,
        assembly: Assembly,
        model_id: String,
        request_id: Option<String>,
    ) -> Self {
        Self {
            events,
            assembly: Box::new(assembly),
            failed: false,
            model_id,
            request_id,
            failed_attempts: Vec::new(),
            repairs: Vec::new(),
            caching: None,
        }
    }

    /// Creates a stream of these events, for tests of code that reads streams. It ends and fails as a stream from AWS
    /// does: without the event that completes the message, its last item is an error.
    ///
    /// ```
    /// use bedrock_orm::ConverseStream;
    /// use bedrock_orm::prelude::*;
    /// use serde_json::{from_value, json};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let delta = from_value(json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Par"}}}))?;
    /// let cut_short = ConverseStream::from_events([Ok(delta)]);
    /// let error = cut_short.collect().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::StreamInterrupted);
    /// assert_eq!(error.partial_message().map(Message::text), Some("Par".to_owned()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_events(events: impl IntoIterator<Item = Result<ConverseStreamOutput>>) -> Self {
        let events = Events::given(OPERATION, events.into_iter().collect());
        Self::new(events, Assembly::default(), String::new(), None)
    }

    pub(crate) fn after(mut self, failed_attempts: Vec<FailedAttempt>) -> Self {
        self.failed_attempts = failed_attempts;
        self
    }

    pub(crate) fn with_repairs(mut self, repairs: Vec<Finding>) -> Self {
        self.repairs = repairs;
        self
    }

    pub(crate) fn with_caching(mut self, caching: Caching) -> Self {
        self.caching = Some(caching);
        self
    }

    /// Waits for the first event, which [`next`](Self::next) returns.
    pub(crate) async fn begun(mut self) -> Result<Self> {
        match self.events.begin().await {
            Ok(()) => Ok(self),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Returns the next event, or `None` after the last.
    ///
    /// # Errors
    ///
    /// `StreamInterrupted`, or the kind of the exception that AWS sends. The stream has ended then.
    pub async fn next(&mut self) -> Option<Result<ConverseStreamOutput>> {
        StreamExt::next(self).await
    }

    /// Returns a stream of only the text, in pieces.
    pub fn text(self) -> TextStream {
        TextStream { stream: self }
    }

    /// Waits for the end, and returns the reply as [`converse`](crate::ConverseExt::converse) does.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// let reply = model.converse_stream("Stream a one sentence release note.").await?.collect().await?;
    /// assert_eq!(reply.stop_reason, StopReason::EndTurn);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next); and `StreamInterrupted` if usage and metrics, which come last, are missing.
    pub async fn collect(mut self) -> Result<Reply> {
        while let Some(event) = self.next().await {
            event?;
        }
        let interrupted = "the stream ended after the message, but before its usage and metrics";
        match std::mem::take(&mut self.assembly).response() {
            Ok(response) => {
                let reply = Reply::new(response, self.model_id, self.request_id);
                let reply = reply.after(self.failed_attempts).with_repairs(self.repairs);
                Ok(reply.with_caching(self.caching))
            }
            Err(message) => Err(Error::stream_interrupted(OPERATION, interrupted)
                .with_partial(Partial::Message(message))
                .with_request_id(self.request_id.as_deref())),
        }
    }

    /// Ends the stream, and returns the message so far.
    pub(crate) fn into_partial(self) -> Message {
        self.assembly.into_message()
    }

    /// Ends the stream without reading the rest. Dropping it does the same.
    pub fn close(self) {}

    /// Returns the ID or ARN of the model that was called.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Returns the attempts that failed before this stream was open, in order, if [fallbacks](crate::Converse::or) were
    /// given.
    pub fn failed_attempts(&self) -> &[FailedAttempt] {
        &self.failed_attempts
    }

    /// Returns what was repaired in the request, if [`Preflight::Repair`](crate::preflight::Preflight::Repair) was set.
    pub fn repairs(&self) -> &[Finding] {
        &self.repairs
    }

    /// Returns AWS's request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the error that the end of the stream is, if it is one.
    fn ended(&mut self, error: Option<Error>) -> Option<Error> {
        match error {
            Some(error) => Some(self.fail(error)),
            None if self.failed => None,
            None if self.assembly.is_incomplete() => {
                let interrupted = "the stream ended before the message was complete";
                Some(self.fail(Error::stream_interrupted(OPERATION, interrupted)))
            }
            None => {
                self.events.succeeded(self.request_id.as_deref(), || self.assembly.report());
                None
            }
        }
    }

    /// Ends the stream with this error. Attaches the message so far to it, and logs it.
    fn fail(&mut self, error: Error) -> Error {
        // After the error, the stream has ended. It does not fail a second time.
        self.failed = true;
        let message = std::mem::take(&mut self.assembly).into_message();
        let error = error.with_partial(Partial::Message(message)).with_request_id(self.request_id.as_deref());
        self.events.failed(&error);
        error
    }
}

impl Stream for ConverseStream {
    type Item = Result<ConverseStreamOutput>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // Events are large. They are looked at where they are, which is faster than moving them.
        let mut polled = this.events.poll_event(context);
        match &mut polled {
            Poll::Ready(Some(Ok(event))) => {
                this.assembly.add(event);
                if let ConverseStreamOutput::Metadata(metadata) = event {
                    this.events.used(|| Some(Tokens::from(&metadata.usage)));
                }
            }
            Poll::Ready(ended) => {
                let error = ended.take().and_then(Result::err);
                *ended = this.ended(error).map(Err);
            }
            Poll::Pending => {}
        }
        polled
    }
}

/// Shows the request ID, but not the content.
impl fmt::Debug for ConverseStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ConverseStream").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// The text of a reply, in pieces. Its errors are those of its [`ConverseStream`].
#[derive(Debug)]
pub struct TextStream {
    stream: ConverseStream,
}

impl TextStream {
    /// Returns the next piece, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`ConverseStream::next`].
    pub async fn next(&mut self) -> Option<Result<String>> {
        StreamExt::next(self).await
    }

    /// Waits for the end, and returns the whole reply, including the text already read.
    ///
    /// # Errors
    ///
    /// As [`ConverseStream::collect`].
    pub async fn collect(self) -> Result<Reply> {
        self.stream.collect().await
    }
}

impl Stream for TextStream {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.stream).poll_next(context)) {
                Some(Ok(ConverseStreamOutput::ContentBlockDelta(ContentBlockDeltaEvent {
                    delta: ContentBlockDelta::Text(text),
                    ..
                }))) if !text.is_empty() => return Poll::Ready(Some(Ok(text))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
