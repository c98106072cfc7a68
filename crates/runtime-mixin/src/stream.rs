//! The SDK's receiver of events as a stream that is not silent for ever.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_smithy_types::event_stream::RawMessage;
use bedrock_orm_core::{Error, Result, sdk};
use futures_core::Stream;
use futures_util::stream;
use tokio::time::{Instant, Sleep};

use crate::Target;

/// The events of an operation's stream, as they come. An error is the last of them.
pub(crate) struct Events<T> {
    received: Option<Pin<Box<dyn Stream<Item = Result<T>> + Send>>>,
    silence: Silence,
    operation: &'static str,
}

impl<T: Send + Sync + 'static> Events<T> {
    pub(crate) fn new<E>(
        receiver: EventReceiver<T, E>,
        operation: &'static str,
        target: Target,
        silence_timeout: Option<Duration>,
    ) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let ours = move |error: SdkError<E, RawMessage>| {
            sdk::stream_error(&target.session, operation, &target.model_id, error)
        };
        let received = stream::unfold((receiver, ours), |(mut receiver, ours)| async move {
            match receiver.recv().await {
                Ok(Some(event)) => Some((Ok(event), (receiver, ours))),
                Ok(None) => None,
                Err(error) => Some((Err(ours(error)), (receiver, ours))),
            }
        });
        Self { received: Some(Box::pin(received)), silence: Silence::new(silence_timeout), operation }
    }

    /// The next event; none after the end or an error.
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
                    let message = format!("the stream fell silent for {timeout:?}");
                    Poll::Ready(Some(Err(Error::stream_interrupted(self.operation, message))))
                }
            },
        }
    }

    /// Lets go of the connection.
    pub(crate) fn close(&mut self) {
        self.received = None;
    }
}

/// The deadline of a stream's silence. Its clock is only looked at while nothing comes.
struct Silence {
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Silence {
    fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, sleep: None, running: false }
    }

    /// An event came.
    fn broken(&mut self) {
        self.running = false;
    }

    /// Ready with the time-out once it has been silent for so long.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let Some(timeout) = self.timeout else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if !self.running {
            // A deadline past the end of time is none.
            let Some(deadline) = Instant::now().checked_add(timeout) else { return Poll::Pending };
            sleep.as_mut().reset(deadline);
            self.running = true;
        }
        sleep.as_mut().poll(context).map(|()| timeout)
    }
}
