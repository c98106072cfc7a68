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

/// Waits for the response that opens a stream, for at most the silence timeout.
pub(crate) async fn open_within<T>(
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
        let error = no_response(operation, timeout);
        call.failed(&error);
        Err(error)
    })
}

/// Creates the error for a stream that did not open within the timeout.
pub(crate) fn no_response(operation: &'static str, timeout: Duration) -> Error {
    let message = format!("no response for {timeout:?}: the stream was silent from the start");
    Error::stream_interrupted(operation, message)
        .with_hint("set a longer `silence_timeout`, or `stream_silence_timeout` of the session")
}

/// The events of an operation's stream. After an error, the stream has ended.
pub(crate) struct Events<T> {
    received: Option<Pin<Box<dyn Stream<Item = Result<T>> + Send>>>,
    silence: Silence,
    operation: &'static str,
    target: Target,
    started: Instant,
    /// Whether success or failure has been logged.
    is_logged: bool,
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
        let source = target.clone();
        let convert = move |error: SdkError<E, RawMessage>| {
            sdk::stream_error(&source.session, operation, &source.model_id, error)
        };
        let received = stream::unfold((receiver, convert), |(mut receiver, convert)| async move {
            match receiver.recv().await {
                Ok(Some(event)) => Some((Ok(event), (receiver, convert))),
                Ok(None) => None,
                Err(error) => Some((Err(convert(error)), (receiver, convert))),
            }
        });
        Self {
            received: Some(Box::pin(received)),
            silence: Silence::new(silence_timeout),
            operation,
            target,
            started,
            is_logged: false,
        }
    }

    /// Logs that the stream completed.
    pub(crate) fn succeeded(&mut self, request_id: Option<&str>, usage: impl FnOnce() -> Usage) {
        if !std::mem::replace(&mut self.is_logged, true) {
            self.call().succeeded(request_id, usage);
        }
    }

    /// Logs that the stream failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.is_logged, true) {
            self.call().failed(error);
        }
    }

    fn call(&self) -> Call<'_> {
        self.target.call(self.operation).with_start(self.started)
    }

    /// Returns the next event, or `None` after the end or an error.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let Some(received) = &mut self.received else { return Poll::Ready(None) };
        match received.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(event))) => {
                self.silence.reset();
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

/// The silence deadline of a stream. The clock is read only while the stream is silent.
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
    fn reset(&mut self) {
        self.running = false;
    }

    /// Becomes ready after the timeout, and returns the timeout.
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
