//! The SDK's event receiver as a stream with deadlines.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use bedrock_orm_core::sdk::{self, Call, ReplyLimits, Report, Running};
use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::Tokens;
use tokio::time::Sleep;

use crate::Target;

/// Sends the request that opens a stream, and waits no longer than the limits of the stream allow. The clock starts.
pub(crate) async fn opened<T, E, F>(
    call: &mut Call<'_>,
    sending: F,
    limits: ReplyLimits,
) -> Result<(T, Clock)>
where
    T: Send,
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E>>> + Send,
{
    let operation = call.operation();
    check(operation, limits)?;
    let mut clock = Clock::new(limits);
    clock.start();
    let Some((at, expired)) = clock.next() else { return Ok((call.open(sending).await?, clock)) };
    match tokio::time::timeout_at(at, call.open(sending)).await {
        Ok(response) => Ok((response?, clock)),
        Err(_) => {
            let error = expired.error(operation);
            call.failed(&error);
            Err(error)
        }
    }
}

fn check(operation: &'static str, limits: ReplyLimits) -> Result<()> {
    let named = [
        ("silence_timeout", limits.silence),
        ("first_event_timeout", limits.first_event),
        ("operation_timeout", limits.total),
    ];
    match named.into_iter().find(|(_, limit)| limit.is_some_and(|limit| limit.is_zero())) {
        Some((name, _)) => {
            let message = format!("{name} is zero: every stream would time out");
            Err(Error::invalid_input(operation, message).with_hint("`None` sets no limit"))
        }
        None => Ok(()),
    }
}

/// Opens a stream, and opens it again, at most `restarts` times, if it is interrupted before its first event. The limit
/// for the whole reply includes all of it.
pub(crate) async fn restarting<S, F>(
    restarts: u32,
    limits: ReplyLimits,
    mut begun: impl FnMut(ReplyLimits) -> F,
) -> Result<S>
where
    F: Future<Output = Result<S>>,
{
    let started = tokio::time::Instant::now();
    let mut left = limits;
    for _ in 0..restarts {
        match begun(left).await {
            Err(error) if error.is_stream_interrupted() || error.is_timeout() => {
                left.total = limits.total.map(|total| total.saturating_sub(started.elapsed()));
                if left.total.is_some_and(|total| total.is_zero()) {
                    return Err(error);
                }
            }
            begun => return begun,
        }
    }
    begun(left).await
}

/// An event of a stream, and how the SDK receives it.
pub(crate) trait Event: Sized {
    type Sdk: Into<Self>;
    type SdkError: StdError + ProvideErrorMetadata + Send + Sync + 'static;
}

/// The events of an operation's stream. An error is the last of them.
pub(crate) struct Events<T: Event> {
    source: Source<T>,
    /// The first event, if it was waited for and is still to be returned.
    first: Option<Box<T>>,
    clock: Clock,
    operation: &'static str,
}

enum Source<T: Event> {
    /// In a box: it is large, and a stream moves through several futures before its first event.
    Call(Box<OpenCall<T>>),
    Given(vec::IntoIter<Result<T>>),
}

/// A call whose stream is open.
struct OpenCall<T: Event> {
    /// `None` when the connection is closed.
    receiver: Option<EventReceiver<T::Sdk, T::SdkError>>,
    target: Target,
    /// Until the call has succeeded or failed.
    running: Option<Running>,
}

impl<T: Event> Source<T> {
    #[inline]
    fn poll(&mut self, operation: &'static str, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let OpenCall { receiver, target, .. } = match self {
            Self::Call(call) => &mut **call,
            Self::Given(events) => return Poll::Ready(events.next()),
        };
        let Some(receiver) = receiver else { return Poll::Ready(None) };
        // A `recv` that waits can be dropped: the bytes that have arrived stay in the receiver.
        match pin!(receiver.recv()).poll(context) {
            Poll::Ready(Ok(Some(event))) => Poll::Ready(Some(Ok(event.into()))),
            Poll::Ready(Ok(None)) => Poll::Ready(None),
            Poll::Ready(Err(error)) => {
                let error = sdk::stream_error(&target.session, operation, &target.model_id, error);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: Event> Events<T> {
    pub(crate) fn new(
        receiver: EventReceiver<T::Sdk, T::SdkError>,
        operation: &'static str,
        target: Target,
        running: Running,
        clock: Clock,
    ) -> Self {
        let call = OpenCall { receiver: Some(receiver), target, running: Some(running) };
        Self { source: Source::Call(Box::new(call)), first: None, clock, operation }
    }

    /// Creates a stream of these events, without time limits and without log events.
    pub(crate) fn given(operation: &'static str, events: Vec<Result<T>>) -> Self {
        let limits = ReplyLimits { total: None, first_event: None, silence: None };
        let source = Source::Given(events.into_iter());
        Self { source, first: None, clock: Clock::new(limits), operation }
    }

    /// Waits for the first event, which remains the next one.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        let first = poll_fn(|context| self.poll_event(context)).await;
        let interrupted =
            || Error::stream_interrupted(self.operation, "the stream ended before its first event");
        self.first = Some(Box::new(first.ok_or_else(interrupted)??));
        Ok(())
    }

    /// Tells what the call used, as soon as it is known.
    pub(crate) fn used(&mut self, usage: impl FnOnce() -> Option<Tokens>) {
        if let Some(running) = self.running() {
            running.used(usage);
        }
    }

    /// Tells that the stream completed.
    pub(crate) fn succeeded(&mut self, request_id: Option<&str>, report: impl FnOnce() -> Report) {
        if let Some(mut call) = self.ended() {
            call.succeeded(request_id, report);
        }
    }

    /// Tells that the stream failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        if let Some(mut call) = self.ended() {
            call.failed(error);
        }
    }

    /// Returns the call whose stream this is. Given events have none.
    fn call(&mut self) -> Option<&mut OpenCall<T>> {
        match &mut self.source {
            Source::Call(call) => Some(call),
            Source::Given(_) => None,
        }
    }

    fn running(&mut self) -> Option<&mut Running> {
        self.call()?.running.as_mut()
    }

    /// Returns the call that ends, unless it has ended before.
    fn ended(&mut self) -> Option<Call<'_>> {
        let operation = self.operation;
        let call = self.call()?;
        let running = call.running.take()?;
        Some(call.target.call(operation).resume(running))
    }

    /// Returns the next event, or `None` after the end or an error.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(*first)));
        }
        // Events are large. They are looked at where they are, which is faster than moving them.
        let mut polled = self.source.poll(self.operation, context);
        if polled.is_pending() {
            polled = self.clock.poll(context).map(|expired| Some(Err(expired.error(self.operation))));
        }
        match &polled {
            Poll::Ready(Some(Ok(_))) => {
                if self.clock.event()
                    && let Some(running) = self.running()
                {
                    running.first_chunk();
                }
            }
            Poll::Ready(_) => self.close(),
            Poll::Pending => {}
        }
        polled
    }

    /// Closes the connection.
    pub(crate) fn close(&mut self) {
        match &mut self.source {
            Source::Call(call) => call.receiver = None,
            Source::Given(events) => *events = Vec::new().into_iter(),
        }
    }
}

/// A limit of a stream that expired.
#[derive(Clone, Copy)]
pub(crate) enum Expired {
    FirstEvent(Duration),
    Silence(Duration),
    Total(Duration),
}

impl Expired {
    pub(crate) fn error(self, operation: &'static str) -> Error {
        let (message, hint) = match self {
            Self::FirstEvent(timeout) => (
                format!("no response for {timeout:?}: the stream was silent from the start"),
                "`first_event_timeout` and `silence_timeout`, or the session's `stream_first_event_timeout` and \
                 `stream_silence_timeout`, set the limit",
            ),
            Self::Silence(timeout) => (
                format!("the stream was silent for {timeout:?}"),
                "`silence_timeout`, or the session's `stream_silence_timeout`, sets the limit",
            ),
            Self::Total(timeout) => (
                format!("the stream did not end within {timeout:?}"),
                "`operation_timeout`, of the session or of the call, sets the limit",
            ),
        };
        Error::stream_interrupted(operation, message).with_hint(hint)
    }
}

/// The deadlines of a stream. The time is read only while no event arrives.
pub(crate) struct Clock {
    limits: ReplyLimits,
    started: Option<tokio::time::Instant>,
    has_events: bool,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What expires when the sleep ends. `None` if an event has arrived since.
    next: Option<Expired>,
}

impl Clock {
    /// Creates a clock that starts when it is first polled, or by [`start`](Self::start).
    pub(crate) fn new(limits: ReplyLimits) -> Self {
        Self { limits, started: None, has_events: false, sleep: None, next: None }
    }

    fn start(&mut self) -> tokio::time::Instant {
        *self.started.get_or_insert_with(tokio::time::Instant::now)
    }

    /// Resets the silence, because an event arrived. Returns whether it is the first.
    fn event(&mut self) -> bool {
        self.next = None;
        !std::mem::replace(&mut self.has_events, true)
    }

    /// Returns the next deadline, and what expires then.
    fn next(&mut self) -> Option<(tokio::time::Instant, Expired)> {
        let started = self.start();
        let silence = if self.has_events {
            let silence = self.limits.silence;
            silence.map(|silence| (tokio::time::Instant::now() + silence, Expired::Silence(silence)))
        } else {
            let first = self.limits.first_event.or(self.limits.silence);
            first.map(|first| (started + first, Expired::FirstEvent(first)))
        };
        let total = self.limits.total.map(|total| (started + total, Expired::Total(total)));
        [silence, total].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Ready with the limit that expired.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Expired> {
        let expires = match self.next {
            Some(expires) => expires,
            None => {
                let Some((at, expires)) = self.next() else { return Poll::Pending };
                match &mut self.sleep {
                    Some(sleep) => sleep.as_mut().reset(at),
                    None => self.sleep = Some(Box::pin(tokio::time::sleep_until(at))),
                }
                self.next = Some(expires);
                expires
            }
        };
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(context).map(|()| expires),
            None => Poll::Pending,
        }
    }
}
