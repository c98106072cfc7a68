//! `InvokeModelWithBidirectionalStream`: sends and receives chunks at the same time.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_bedrockruntime::error::SdkError;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::operation::invoke_model_with_bidirectional_stream::{
    InvokeModelWithBidirectionalStreamError as SdkFailure,
    InvokeModelWithBidirectionalStreamOutput as SdkResponse,
};
use aws_sdk_bedrockruntime::types::error::{
    InvokeModelWithBidirectionalStreamInputError as SdkInputError,
    InvokeModelWithBidirectionalStreamOutputError as SdkEventError,
};
use aws_sdk_bedrockruntime::types::{
    BidirectionalInputPayloadPart as SdkInputPart, InvokeModelWithBidirectionalStreamInput as SdkInput,
    InvokeModelWithBidirectionalStreamOutput as SdkEvent,
};
use bedrock_orm_core::sdk::{self, Report, Running};
use bedrock_orm_core::{Error, ErrorKind, Partial, Result};
use bedrock_orm_models::Blob;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::stream::{Clock, Event, Events};
use crate::{BoundModel, Target, TimedCall};

const OPERATION: &str = "InvokeModelWithBidirectionalStream";

/// The number of chunks that can wait to be sent.
const SEND_QUEUE: usize = 32;

impl Event for SdkEvent {
    type Sdk = Self;
    type SdkError = SdkEventError;
}

/// `invoke_model_with_bidirectional_stream` on a bound model.
pub trait BidirectionalStreamExt {
    /// Opens a stream in both directions, for models that take and return speech: it sends and receives chunks in the
    /// provider's format. The connection is opened while the first chunks are sent. If that fails, the stream's
    /// [`next`](BidirectionalStream::next) returns the error.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use serde_json::json;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let model = FoundationModel::with_id("amazon.nova-2-sonic-v1:0").using(&session);
    /// let mut speech = model.invoke_model_with_bidirectional_stream().await?;
    /// speech.send(json!({ "event": { "sessionStart": {} } })).await?;
    /// speech.send(json!({ "event": { "sessionEnd": {} } })).await?;
    /// speech.finish();
    /// while let Some(chunk) = speech.next().await {
    ///     let event: serde_json::Value = chunk?.json()?;
    ///     println!("{event}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the model's ID is blank. Other errors are returned by the first
    /// [`next`](BidirectionalStream::next).
    ///
    /// # Requests
    ///
    /// One `InvokeModelWithBidirectionalStream` (`bedrock:InvokeModel`), for the duration of the stream.
    fn invoke_model_with_bidirectional_stream(&self) -> TimedCall<BidirectionalStream>;
}

impl<M: BoundModel + ?Sized> BidirectionalStreamExt for M {
    fn invoke_model_with_bidirectional_stream(&self) -> TimedCall<BidirectionalStream> {
        timed_open(self.target())
    }
}

/// A stream in both directions: [`send`](Self::send) sends chunks, and its `Stream` yields the chunks received.
/// [`split`](Self::split) gives the two halves, for two tasks.
///
/// Only the provider's own events say whether a reply is complete: the stream ends without an error when AWS ends it
/// after [`finish`](Self::finish). A stream that exceeds its time limits, and exceptions from AWS, are errors. The limits
/// count from the first [`next`](Self::next). Dropping it closes both directions.
///
/// Source:
/// [`InvokeModelWithBidirectionalStream`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithBidirectionalStream.html).
pub struct BidirectionalStream {
    sender: Option<BidirectionalSender>,
    receiver: BidirectionalReceiver,
}

/// The half of a [`BidirectionalStream`] that sends. [`finish`](Self::finish) ends sending, and so does dropping it.
pub struct BidirectionalSender {
    input: mpsc::Sender<Blob>,
}

/// The half of a [`BidirectionalStream`] that receives: a `Stream` of chunks. Dropping it closes both directions: the other
/// half can send nothing any more.
pub struct BidirectionalReceiver {
    output: Output,
    target: Target,
    running: Running,
    request_id: Option<String>,
}

/// The state of the response.
enum Output {
    Opening { response: JoinHandle<Result<SdkResponse, SdkError<SdkFailure>>>, clock: Clock },
    Open(Box<Events<SdkEvent>>),
    Ended,
}

#[inline]
pub(crate) fn timed_open(target: Target) -> TimedCall<BidirectionalStream> {
    TimedCall::new(&target.session.clone(), move |session| open(Target { session, ..target }))
}

#[inline]
async fn open(target: Target) -> Result<BidirectionalStream> {
    target.call(OPERATION).check()?;
    let (input, chunks) = mpsc::channel(SEND_QUEUE);
    let request = target
        .charged_client()
        .invoke_model_with_bidirectional_stream()
        .model_id(&target.model_id)
        .body(body(chunks).into());
    // AWS may respond only after it has received chunks, so sending must not wait for the response.
    let response = tokio::spawn(request.send());
    let clock = Clock::new(sdk::reply_limits(&target.session));
    Ok(BidirectionalStream {
        sender: Some(BidirectionalSender { input }),
        receiver: BidirectionalReceiver {
            output: Output::Opening { response, clock },
            target,
            running: Running::default(),
            request_id: None,
        },
    })
}

/// The chunks to send, as the SDK's events.
#[inline]
fn body(chunks: mpsc::Receiver<Blob>) -> impl Stream<Item = Result<SdkInput, SdkInputError>> + Send + Sync {
    stream::unfold(chunks, |mut chunks| async move {
        let chunk = chunks.recv().await?;
        let part = SdkInputPart::builder().bytes(chunk.into()).build();
        Some((Ok(SdkInput::Chunk(part)), chunks))
    })
    // The SDK polls again after the end.
    .fuse()
}

impl BidirectionalStream {
    /// Sends a chunk in the provider's format, which is usually JSON.
    ///
    /// # Errors
    ///
    /// [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted) if nothing can be sent any more.
    /// [`next`](Self::next) returns the cause.
    pub fn send(&self, chunk: impl Into<Blob>) -> impl Future<Output = Result<()>> + Send {
        // The future has no reference to the stream, which is not `Sync`, so that a task can send.
        let (sender, chunk) = (self.sender.as_ref(), chunk.into());
        async move { sender.ok_or_else(closed)?.send(chunk).await }
    }

    /// Ends sending. Receiving continues.
    #[inline]
    pub fn finish(&mut self) {
        self.sender = None;
    }

    /// Returns the next chunk received, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The error that AWS returns for the request or in the stream; `StreamInterrupted` if the stream stalls. The
    /// stream has ended then.
    #[inline]
    pub async fn next(&mut self) -> Option<Result<Blob>> {
        self.receiver.next().await
    }

    /// Returns the two halves, so that one task can send and another receive.
    ///
    /// ```
    /// use bedrock_orm::models::providers::{SonicConversation, SonicOutput, SonicPromptStart, SonicSessionStart};
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let model = FoundationModel::with_id("amazon.nova-2-sonic-v1:0").using(&session);
    /// let (sender, mut receiver) = model.invoke_model_with_bidirectional_stream().await?.split();
    ///
    /// let sending = tokio::spawn(async move {
    ///     let prompt = SonicPromptStart::new("prompt-1", "matthew");
    ///     let (mut conversation, start) = SonicConversation::start(SonicSessionStart::default(), prompt);
    ///     sender.send_events(start).await?;
    ///     sender.send_events(conversation.system_prompt("Be brief.")).await?;
    ///     sender.send_events(conversation.text("What is the capital of France?")).await?;
    ///     sender.send_events(conversation.end()).await?;
    ///     sender.finish();
    ///     Ok::<_, Error>(())
    /// });
    /// while let Some(event) = receiver.next_event().await {
    ///     if let SonicOutput::TextOutput(text) = event? {
    ///         println!("{}", text.content);
    ///     }
    /// }
    /// sending.await??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// After [`finish`](Self::finish), the sending half sends nothing.
    #[inline]
    pub fn split(self) -> (BidirectionalSender, BidirectionalReceiver) {
        let sender = self.sender.unwrap_or_else(|| BidirectionalSender { input: mpsc::channel(1).0 });
        (sender, self.receiver)
    }

    /// Closes both directions. Dropping it does the same.
    #[inline]
    pub fn close(self) {}

    /// Returns AWS's request ID. `None` until AWS has responded.
    #[inline]
    pub fn request_id(&self) -> Option<&str> {
        self.receiver.request_id()
    }
}

impl Stream for BidirectionalStream {
    type Item = Result<Blob>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiver).poll_next(context)
    }
}

/// The error of a chunk that cannot be sent.
#[inline]
fn closed() -> Error {
    Error::stream_interrupted(OPERATION, "the stream accepts no more chunks")
        .with_hint("`next` returns the error that ended it; after `finish`, nothing can be sent")
}

impl BidirectionalSender {
    /// Sends a chunk in the provider's format, which is usually JSON. It waits while AWS takes no more.
    ///
    /// # Errors
    ///
    /// [`StreamInterrupted`](bedrock_orm_core::ErrorKind::StreamInterrupted) if nothing can be sent any more. `next` of the
    /// other half returns the cause.
    pub async fn send(&self, chunk: impl Into<Blob> + Send) -> Result<()> {
        self.input.send(chunk.into()).await.map_err(|_| closed())
    }

    /// Sends events as JSON, one after the other, such as Nova Sonic's.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); `InvalidInput` if one of them cannot be written as JSON. None is sent then.
    pub fn send_events(
        &self,
        events: impl IntoIterator<Item: Serialize>,
    ) -> impl Future<Output = Result<()>> + Send {
        let chunks: Result<Vec<_>> = events.into_iter().map(|event| chunk(&event)).collect();
        async move {
            for chunk in chunks? {
                self.send(chunk).await?;
            }
            Ok(())
        }
    }

    /// Ends sending. Receiving continues.
    #[inline]
    pub fn finish(self) {}
}

fn chunk(event: &impl Serialize) -> Result<Blob> {
    let json = serde_json::to_vec(event).map_err(|error| {
        Error::invalid_input(OPERATION, format!("the event cannot be written as JSON: {error}"))
    })?;
    Ok(json.into())
}

impl BidirectionalReceiver {
    /// Returns the next chunk received, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The error that AWS returns for the request or in the stream; `StreamInterrupted` if the stream stalls. The
    /// stream has ended then.
    #[inline]
    pub async fn next(&mut self) -> Option<Result<Blob>> {
        StreamExt::next(self).await
    }

    /// Returns the next event, whose JSON is a chunk, or `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next); `InvalidResponse` if the chunk is not JSON of this type. `partial()` returns the chunk then,
    /// and the stream continues.
    pub async fn next_event<T: DeserializeOwned>(&mut self) -> Option<Result<T>> {
        let chunk = match self.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        Some(chunk.json().map_err(|error| {
            let problem = if error.is_data() { "has another form" } else { "is not JSON" };
            let message = format!("an event {problem}, see column {} of its chunk", error.column());
            Error::new(ErrorKind::InvalidResponse, message)
                .with_operation(OPERATION)
                .with_hint("`next` returns chunks of any form; `partial()` returns this one")
                .with_partial(Partial::Body(chunk))
                .with_request_id(self.request_id())
        }))
    }

    /// Returns AWS's request ID. `None` until AWS has responded.
    #[inline]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Handles AWS's response to the request.
    #[inline]
    fn opened(
        &mut self,
        response: Result<SdkResponse, SdkError<SdkFailure>>,
        clock: Clock,
    ) -> Result<Output> {
        let session = &self.target.session;
        let response =
            response.map_err(|error| sdk::error(session, OPERATION, Some(&self.target.model_id), error))?;
        self.request_id = response.request_id().map(str::to_owned);
        let (target, running) = (self.target.clone(), std::mem::take(&mut self.running));
        let events = Events::new(response.body, OPERATION, target, running, clock);
        Ok(Output::Open(Box::new(events)))
    }
}

impl Stream for BidirectionalReceiver {
    type Item = Result<Blob>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.output {
                Output::Ended => return Poll::Ready(None),
                Output::Opening { response: opening, clock } => {
                    let response = match Pin::new(&mut *opening).poll(context) {
                        Poll::Ready(Ok(response)) => {
                            let limits = sdk::reply_limits(&this.target.session);
                            let clock = std::mem::replace(clock, Clock::new(limits));
                            this.opened(response, clock)
                        }
                        Poll::Ready(Err(_)) => {
                            Err(Error::stream_interrupted(OPERATION, "the request was dropped"))
                        }
                        Poll::Pending => {
                            let expired = ready!(clock.poll(context));
                            opening.abort();
                            Err(expired.error(OPERATION))
                        }
                    };
                    match response {
                        Ok(output) => this.output = output,
                        Err(error) => {
                            this.output = Output::Ended;
                            let running = std::mem::take(&mut this.running);
                            this.target.call(OPERATION).resume(running).failed(&error);
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                }
                Output::Open(events) => match ready!(events.poll_event(context)) {
                    Some(Ok(SdkEvent::Chunk(part))) => {
                        let chunk = part.bytes.map(|bytes| bytes.into_inner()).unwrap_or_default();
                        return Poll::Ready(Some(Ok(Blob::from(chunk))));
                    }
                    // An event of a newer API.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        let error = error.with_request_id(this.request_id.as_deref());
                        events.failed(&error);
                        this.output = Output::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        events.succeeded(this.request_id.as_deref(), Report::default);
                        this.output = Output::Ended;
                        return Poll::Ready(None);
                    }
                },
            }
        }
    }
}

impl Drop for BidirectionalReceiver {
    #[inline]
    fn drop(&mut self) {
        if let Output::Opening { response, .. } = &self.output {
            response.abort();
        }
    }
}

/// Shows the request ID and whether chunks can still be sent, but not the content.
impl fmt::Debug for BidirectionalStream {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BidirectionalStream")
            .field("request_id", &self.receiver.request_id)
            .field("is_sending", &self.sender.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BidirectionalSender {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BidirectionalSender").finish_non_exhaustive()
    }
}

/// Shows the request ID, but not the content.
impl fmt::Debug for BidirectionalReceiver {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BidirectionalReceiver")
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
