//! Changes and interrupts the bytes of a response.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;

use crate::faults::applied::{AppliedFaults, injected_error};
use crate::faults::effect::{At, Effect};
use crate::wire::event_stream::{self, with_payload, with_wrong_checksum};
use crate::wire::response::{Content, Response};

/// How a response is interrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Interruption {
    Reset,
    Stall,
    Truncate,
}

impl AppliedFaults {
    /// Changes the headers and the content of a response.
    pub(crate) fn apply_to_response(&self, mut response: Response) -> Response {
        let Some(effect) = &self.effect else { return response };
        if let Effect::ContentType { value } = effect {
            response.headers.retain(|(name, _)| *name != "content-type");
            response.headers.push(("content-type", value.clone()));
        }
        response.content = match response.content {
            Content::Whole(body) => Content::Whole(effect.damage_body(body)),
            Content::Frames(frames) => Content::Frames(effect.damage_frames(frames)),
        };
        response
    }

    /// How and where the response is interrupted.
    pub(crate) fn interruption(&self) -> Option<(Interruption, At)> {
        match self.effect {
            Some(Effect::Reset { at }) => Some((Interruption::Reset, at)),
            Some(Effect::Stall { at }) => Some((Interruption::Stall, at)),
            Some(Effect::Truncate { at }) => Some((Interruption::Truncate, at)),
            _ => None,
        }
    }

    /// Whether the body is sent in pieces or interrupted.
    pub(crate) fn changes_how_body_is_sent(&self) -> bool {
        self.interruption().is_some() || matches!(self.effect, Some(Effect::Drip { .. }))
    }

    /// The pieces in which a body is sent. Sets `reset` if the connection has to end in a reset. Awaits `stall` if the body
    /// has to stall.
    pub(crate) fn body_pieces(
        &self,
        frames: BoxStream<'static, Bytes>,
        reset: Arc<AtomicBool>,
        stall: BoxFuture<'static, ()>,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        if let Some(Effect::Drip { bytes, every_ms }) = self.effect {
            return dripped(frames, bytes, Duration::from_millis(every_ms)).map(Ok).boxed();
        }
        match self.interruption() {
            None => frames.map(Ok).boxed(),
            Some((interruption, at)) => {
                let body = InterruptedBody { frames, interruption, at, reset, stall, events: 0, bytes: 0 };
                stream::unfold(body, |mut body| async move { body.next().await.map(|piece| (piece, body)) })
                    .boxed()
            }
        }
    }
}

impl Effect {
    fn damage_body(&self, body: Bytes) -> Bytes {
        match self {
            Self::BrokenJson {} => body.slice(..body.len() / 2),
            Self::Oversized { bytes } => padded(&body, *bytes).into(),
            _ => body,
        }
    }

    fn damage_frames(&self, frames: BoxStream<'static, Bytes>) -> BoxStream<'static, Bytes> {
        match self {
            Self::BrokenJson {} => frames
                .map(|frame| with_payload(&frame, |payload| payload[..payload.len() / 2].to_vec()))
                .boxed(),
            Self::Oversized { bytes } => {
                let bytes = *bytes;
                let first = move |frame: &Bytes| with_payload(frame, |payload| padded(payload, bytes));
                change_frame(frames, 0, first).boxed()
            }
            Self::WrongChecksum { of, after_events } => {
                let of = *of;
                change_frame(frames, *after_events, move |frame| with_wrong_checksum(frame, of)).boxed()
            }
            Self::Exception { code, message, after_events } => {
                let frame = event_stream::exception(code, &injected_error(code, message.as_deref()).body());
                frames.take(*after_events).chain(stream::iter([frame])).boxed()
            }
            Self::ErrorFrame { code, message, after_events } => {
                let frame = event_stream::error(code, &injected_error(code, message.as_deref()).message);
                frames.take(*after_events).chain(stream::iter([frame])).boxed()
            }
            Self::UnknownEvent { after_events } => {
                let unknown = event_stream::event("futureEvent", &json!({ "futureMember": true }), 2);
                let at = *after_events;
                let with_unknown = frames.enumerate().flat_map(move |(index, frame)| {
                    stream::iter((index == at).then(|| unknown.clone()).into_iter().chain([frame]))
                });
                with_unknown.boxed()
            }
            _ => frames,
        }
    }
}

/// Changes the frame with this index.
fn change_frame(
    frames: BoxStream<'static, Bytes>,
    at: usize,
    change: impl Fn(&Bytes) -> Bytes,
) -> impl stream::Stream<Item = Bytes> {
    frames.enumerate().map(move |(index, frame)| if index == at { change(&frame) } else { frame })
}

/// Pads JSON with white space to a size.
fn padded(json: &Bytes, size: usize) -> Vec<u8> {
    let mut padded = json.to_vec();
    padded.resize(size.max(json.len()), b' ');
    padded
}

/// Sends frames in pieces of a size, with a pause before each.
fn dripped(
    frames: BoxStream<'static, Bytes>,
    size: usize,
    pause: Duration,
) -> impl stream::Stream<Item = Bytes> {
    let pieces = frames.flat_map(move |mut frame| {
        stream::iter(std::iter::from_fn(move || {
            (!frame.is_empty()).then(|| frame.split_to(size.clamp(1, frame.len())))
        }))
    });
    pieces.then(move |piece| async move {
        tokio::time::sleep(pause).await;
        piece
    })
}

/// A body that is interrupted.
struct InterruptedBody {
    frames: BoxStream<'static, Bytes>,
    interruption: Interruption,
    at: At,
    reset: Arc<AtomicBool>,
    stall: BoxFuture<'static, ()>,
    /// How much has been sent.
    events: usize,
    bytes: usize,
}

impl InterruptedBody {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.has_reached_end() {
            // Lets the connection send what is already written.
            tokio::task::yield_now().await;
            return self.interruption.end(&self.reset, &mut self.stall).await.err().map(Err);
        }
        let frame = self.frames.next().await?;
        let length = match self.at {
            At::AfterBytes(bytes) => frame.len().min(bytes - self.bytes),
            At::InEvent(events) if events == self.events => frame.len() / 2,
            _ => frame.len(),
        };
        self.events += 1;
        self.bytes += length;
        Some(Ok(frame.slice(..length)))
    }

    fn has_reached_end(&self) -> bool {
        match self.at {
            At::BeforeHeaders => true,
            At::AfterBytes(bytes) => self.bytes >= bytes,
            At::AfterEvents(events) => self.events >= events,
            At::InEvent(events) => self.events > events,
        }
    }
}

impl Interruption {
    /// Interrupts a response. An error ends its connection too.
    pub(crate) async fn end(self, reset: &AtomicBool, stall: &mut BoxFuture<'static, ()>) -> io::Result<()> {
        match self {
            Self::Stall => {
                stall.await;
                Ok(())
            }
            Self::Truncate => Ok(()),
            Self::Reset => {
                reset.store(true, Ordering::Relaxed);
                Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by a fault"))
            }
        }
    }
}
