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
use aws_sdk_bedrockruntime::types::error::InvokeModelWithBidirectionalStreamInputError as SdkInputError;
use aws_sdk_bedrockruntime::types::{
    BidirectionalInputPayloadPart as SdkInputPart, InvokeModelWithBidirectionalStreamInput as SdkInput,
    InvokeModelWithBidirectionalStreamOutput as SdkEvent,
};
use bedrock_orm_core::sdk::{self, Report, Running};
use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::Blob;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::stream::{Clock, Events};
use crate::{BoundModel, Target};

const OPERATION: &str = "InvokeModelWithBidirectionalStream";

/// The number of chunks that can wait to be sent.
const SEND_QUEUE: usize = 32;

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
    fn invoke_model_with_bidirectional_stream(
        &self,
    ) -> impl Future<Output = Result<BidirectionalStream>> + Send + 'static;
}

impl<M: BoundModel + ?Sized> BidirectionalStreamExt for M {
    fn invoke_model_with_bidirectional_stream(
        &self,
    ) -> impl Future<Output = Result<BidirectionalStream>> + Send + 'static {
        open(self.target())
    }
}

/// A stream in both directions: [`send`](Self::send) sends chunks, and its `Stream` yields the chunks received.
///
/// Only the provider's own events say whether a reply is complete: the stream ends without an error when AWS ends it
/// after [`finish`](Self::finish). A stream that exceeds the session's time
/// limits, and exceptions from AWS, are errors. The limits count from the first [`next`](Self::next). Dropping
/// it closes both directions.
///
/// Source:
/// [`InvokeModelWithBidirectionalStream`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithBidirectionalStream.html).
pub struct BidirectionalStream {
    input: Option<mpsc::Sender<Blob>>,
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

pub(crate) async fn open(target: Target) -> Result<BidirectionalStream> {
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
        input: Some(input),
        output: Output::Opening { response, clock },
        target,
        running: Running::default(),
        request_id: None,
    })
}

/// The chunks to send, as the SDK's events.
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
        let (input, chunk) = (self.input.as_ref(), chunk.into());
        let closed = || {
            Error::stream_interrupted(OPERATION, "the stream accepts no more chunks")
                .with_hint("`next` returns the error that ended it; after `finish`, nothing can be sent")
        };
        async move {
            let input = input.ok_or_else(closed)?;
            input.send(chunk).await.map_err(|_| closed())
        }
    }

    /// Ends sending. Receiving continues.
    pub fn finish(&mut self) {
        self.input = None;
    }

    /// Returns the next chunk received, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The error that AWS returns for the request or in the stream; `StreamInterrupted` if the stream stalls. The
    /// stream has ended then.
    pub async fn next(&mut self) -> Option<Result<Blob>> {
        StreamExt::next(self).await
    }

    /// Closes both directions. Dropping it does the same.
    pub fn close(self) {}

    /// Returns AWS's request ID. `None` until AWS has responded.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Handles AWS's response to the request.
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

impl Stream for BidirectionalStream {
    type Item = Result<Blob>;

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

impl Drop for BidirectionalStream {
    fn drop(&mut self) {
        if let Output::Opening { response, .. } = &self.output {
            response.abort();
        }
    }
}

/// Shows the request ID and whether chunks can still be sent, but not the content.
impl fmt::Debug for BidirectionalStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BidirectionalStream")
            .field("request_id", &self.request_id)
            .field("is_sending", &self.input.is_some())
            .finish_non_exhaustive()
    }
}
