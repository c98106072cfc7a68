//! Damage to the bytes of an answer, frame by frame and piece by piece.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;

use crate::faults::fault::{At, Effect};
use crate::faults::plan::{Strike, error};
use crate::wire::event_stream::{Frame, with_payload, with_wrong_checksum};
use crate::wire::response::{Content, Response};

/// How an answer ends before its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Break {
    Reset,
    Stall,
    Truncate,
}

impl Strike {
    /// What the client is to get in place of the true answer.
    pub(crate) fn damage(&self, mut response: Response) -> Response {
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

    /// How the answer breaks off, and where.
    pub(crate) fn breaks(&self) -> Option<(Break, At)> {
        match self.effect {
            Some(Effect::Reset { at }) => Some((Break::Reset, at)),
            Some(Effect::Stall { at }) => Some((Break::Stall, at)),
            Some(Effect::Truncate { at }) => Some((Break::Truncate, at)),
            _ => None,
        }
    }

    /// Whether nothing but [`damage`](Self::damage) is done to the body.
    pub(crate) fn lets_flow(&self) -> bool {
        self.breaks().is_none() && !matches!(self.effect, Some(Effect::Drip { .. }))
    }

    /// The pieces in which a body leaves. `reset` tells the connection that its end is to be a reset.
    pub(crate) fn pieces(
        &self,
        frames: BoxStream<'static, Bytes>,
        reset: Arc<AtomicBool>,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        if let Some(Effect::Drip { bytes, every_ms }) = self.effect {
            return dripping(frames, bytes, Duration::from_millis(every_ms)).map(Ok).boxed();
        }
        match self.breaks() {
            None => frames.map(Ok).boxed(),
            Some((how, at)) => {
                let breaking = Breaking { frames, how, at, reset, events: 0, bytes: 0 };
                stream::unfold(breaking, |mut breaking| async move {
                    breaking.next().await.map(|piece| (piece, breaking))
                })
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
                change(frames, 0, first).boxed()
            }
            Self::WrongChecksum { of, after_events } => {
                let of = *of;
                change(frames, *after_events, move |frame| with_wrong_checksum(frame, of)).boxed()
            }
            Self::Exception { code, message, after_events } => {
                let frame = Frame::exception(code, &error(code, message.as_deref()).body()).encode();
                frames.take(*after_events).chain(stream::iter([frame])).boxed()
            }
            Self::ErrorFrame { code, message, after_events } => {
                let frame = Frame::error(code, &error(code, message.as_deref()).message).encode();
                frames.take(*after_events).chain(stream::iter([frame])).boxed()
            }
            Self::UnknownEvent { after_events } => {
                let frame = Frame::event("futureEvent", json!({ "futureMember": true }), 2).encode();
                let at = *after_events;
                let with_unknown = frames.enumerate().flat_map(move |(index, true_one)| {
                    stream::iter((index == at).then(|| frame.clone()).into_iter().chain([true_one]))
                });
                with_unknown.boxed()
            }
            _ => frames,
        }
    }
}

/// Changes one of the frames.
fn change(
    frames: BoxStream<'static, Bytes>,
    at: usize,
    change: impl Fn(&Bytes) -> Bytes,
) -> impl stream::Stream<Item = Bytes> {
    frames.enumerate().map(move |(index, frame)| if index == at { change(&frame) } else { frame })
}

/// JSON with white space at its end.
fn padded(json: &Bytes, size: usize) -> Vec<u8> {
    let mut padded = json.to_vec();
    padded.resize(size.max(json.len()), b' ');
    padded
}

fn dripping(
    frames: BoxStream<'static, Bytes>,
    size: usize,
    pause: Duration,
) -> impl stream::Stream<Item = Bytes> {
    let drops = frames.flat_map(move |mut frame| {
        stream::iter(std::iter::from_fn(move || {
            (!frame.is_empty()).then(|| frame.split_to(size.clamp(1, frame.len())))
        }))
    });
    drops.then(move |drop| async move {
        tokio::time::sleep(pause).await;
        drop
    })
}

/// A body that breaks off.
struct Breaking {
    frames: BoxStream<'static, Bytes>,
    how: Break,
    at: At,
    reset: Arc<AtomicBool>,
    /// What has been sent.
    events: usize,
    bytes: usize,
}

impl Breaking {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.is_there() {
            // What was sent before shall reach the wire.
            tokio::task::yield_now().await;
            return self.how.end(&self.reset).await.err().map(Err);
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

    fn is_there(&self) -> bool {
        match self.at {
            At::BeforeHeaders => true,
            At::AfterBytes(bytes) => self.bytes >= bytes,
            At::AfterEvents(events) => self.events >= events,
            At::InEvent(events) => self.events > events,
        }
    }
}

impl Break {
    /// Ends an answer. An error ends its connection, too.
    pub(crate) async fn end(self, reset: &AtomicBool) -> io::Result<()> {
        match self {
            Self::Stall => std::future::pending().await,
            Self::Truncate => Ok(()),
            Self::Reset => {
                reset.store(true, Ordering::Relaxed);
                Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by the fault plan"))
            }
        }
    }
}
