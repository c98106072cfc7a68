//! The SDK's event receiver as a stream with a silence deadline.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_smithy_types::event_stream::RawMessage;
use bedrock_orm_core::sdk::{self, Call, Usage};
use bedrock_orm_core::{Error, Result};
use futures_core::Stream;
use futures_util::stream;
use tokio::time::Sleep;

use crate::Target;

/// Waits for the response that opens a stream, no longer than the stream can be silent.
pub(crate) async fn opened<T>(
    call: Call<'_>,
    operation: &'static str,
    opening: impl Future<Output = Result<T>>,
    silence_timeout: Option<Duration>,
) -> Result<T> {
    let Some(timeout) = silence_timeout else { return opening.await };
    if timeout.is_zero() {
        let message = "silence_timeout is zero: every stream would time out";
        return Err(Error::invalid_input(operation, message).with_hint("`None` sets no limit"));
    }
    tokio::time::timeout(timeout, opening).await.unwrap_or_else(|_| {
        let error = unanswered(operation, timeout);
        call.failed(&error);
        Err(error)
    })
}

/// Creates the error for a stream that never opened.
pub(crate) fn unanswered(operation: &'static str, timeout: Duration) -> Error {
    let message = format!("no response for {timeout:?}: the stream was silent from the start");
    Error::stream_interrupted(operation, message)
        .with_hint("`silence_timeout`, or the session's `stream_silence_timeout`, sets the limit")
}

/// The events of an operation's stream. An error is the last of them.
pub(crate) struct Events<T> {
    received: Option<Pin<Box<dyn Stream<Item = Result<T>> + Send>>>,
    silence: Silence,
    operation: &'static str,
    target: Target,
    started: Instant,
    /// Whether the end has been logged.
    is_told: bool,
}

impl<T: Send + Sync + 'static> Events<T> {
    pub(crate) fn new<E>(
        receiver: EventReceiver<T, E>,
        operation: &'static str,
        target: Target,
        started: Instant,
        silence_timeout: Option<Duration>,
    ) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let of = target.clone();
        let ours = move |error: SdkError<E, RawMessage>| {
            sdk::stream_error(&of.session, operation, &of.model_id, error)
        };
        let received = stream::unfold((receiver, ours), |(mut receiver, ours)| async move {
            match receiver.recv().await {
                Ok(Some(event)) => Some((Ok(event), (receiver, ours))),
                Ok(None) => None,
                Err(error) => Some((Err(ours(error)), (receiver, ours))),
            }
        });
        Self {
            received: Some(Box::pin(received)),
            silence: Silence::new(silence_timeout),
            operation,
            target,
            started,
            is_told: false,
        }
    }

    /// Logs that the stream completed.
    pub(crate) fn succeeded(&mut self, request_id: Option<&str>, usage: impl FnOnce() -> Usage) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.call().succeeded(request_id, usage);
        }
    }

    /// Logs that the stream failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.call().failed(error);
        }
    }

    fn call(&self) -> Call<'_> {
        self.target.call(self.operation).since(self.started)
    }

    /// Returns the next event, or `None` after the end or an error.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let Some(received) = &mut self.received else { return Poll::Ready(None) };
        match received.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(event))) => {
                self.silence.broken();
                Poll::Ready(Some(Ok(event)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.close();
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                self.close();
                Poll::Ready(None)
            }
            Poll::Pending => match self.silence.poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(timeout) => {
                    self.close();
                    let message = format!("the stream was silent for {timeout:?}");
                    Poll::Ready(Some(Err(Error::stream_interrupted(self.operation, message))))
                }
            },
        }
    }

    /// Closes the connection.
    pub(crate) fn close(&mut self) {
        self.received = None;
    }
}

/// The silence deadline of a stream. The clock is read only while no event arrives.
pub(crate) struct Silence {
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Silence {
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, sleep: None, running: false }
    }

    /// Resets the deadline, because an event arrived.
    fn broken(&mut self) {
        self.running = false;
    }

    /// Ready with the timeout after that much silence.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let Some(timeout) = self.timeout else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if !self.running {
            sleep.as_mut().reset(tokio::time::Instant::now() + timeout);
            self.running = true;
        }
        sleep.as_mut().poll(context).map(|()| timeout)
    }
}
