//! Sends a response, writes what is sent into the journal, and interrupts it if a fault says so.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame as BodyFrame;

use crate::faults::AppliedFaults;
use crate::http::body::{Body, full};
use crate::local::Local;
use crate::wire::response::{Content, Response, insert_header};

/// The most frames that are sent in one piece.
const MOST_FRAMES_OF_PIECE: usize = 32;

/// The response as HTTP. `entry` is the ID of its request in the journal.
pub(crate) fn send(
    response: Response,
    local: &Arc<Local>,
    entry: u64,
    faults: &AppliedFaults,
    reset: Arc<AtomicBool>,
    stall: BoxFuture<'static, ()>,
) -> hyper::Response<Body> {
    let mut head = response.head();
    let (length, frames) = match response.content {
        Content::Whole(body) if !faults.changes_how_body_is_sent() => {
            local.journal.record_sent(entry, &body);
            return head.map(|()| full(body));
        }
        Content::Whole(body) => (Some(body.len()), stream::iter([body]).boxed()),
        Content::Frames(frames) if faults.changes_how_body_is_sent() => (None, with_pauses(local, frames)),
        Content::Frames(frames) => (None, together(with_pauses(local, frames))),
    };
    if let Some(length) = length {
        insert_header(head.headers_mut(), "content-length", &length.to_string());
    }
    let server = Arc::clone(local);
    let pieces = faults.body_pieces(frames, reset, stall).map(move |piece| {
        piece.map(|piece| {
            server.journal.record_sent(entry, &piece);
            BodyFrame::data(piece)
        })
    });
    head.map(|()| StreamBody::new(pieces).boxed_unsync())
}

/// Pauses before each frame, as long as the server's settings say.
fn with_pauses(local: &Local, frames: BoxStream<'static, Bytes>) -> BoxStream<'static, Bytes> {
    let pause = local.settings.stream_pace;
    if pause.is_zero() {
        return frames;
    }
    let paused = frames.then(move |frame| async move {
        tokio::time::sleep(pause).await;
        frame
    });
    paused.boxed()
}

/// Sends frames that are ready at the same time in one piece: a few writes instead of many.
fn together(frames: BoxStream<'static, Bytes>) -> BoxStream<'static, Bytes> {
    let joined = |frames: Vec<Bytes>| match <[Bytes; 1]>::try_from(frames) {
        Ok([frame]) => frame,
        Err(frames) => frames.concat().into(),
    };
    frames.ready_chunks(MOST_FRAMES_OF_PIECE).map(joined).boxed()
}
