//! Sends a response: writes what leaves into the journal, and breaks it off where a fault says so.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame as BodyFrame;

use crate::faults::Strike;
use crate::local::Local;
use crate::wire::error::AwsError;
use crate::wire::response::{Content, Response, insert};

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The response as HTTP. `entry` is its request in the journal.
pub(crate) fn respond(
    response: Response,
    local: &Arc<Local>,
    entry: u64,
    strike: &Strike,
    reset: Arc<AtomicBool>,
) -> hyper::Response<Body> {
    let mut head = response.head();
    let (length, frames) = match response.content {
        Content::Whole(body) if strike.lets_flow() => {
            local.journal.sent(entry, &body);
            return head.map(|()| full(body));
        }
        Content::Whole(body) => (Some(body.len()), stream::iter([body]).boxed()),
        Content::Frames(frames) => (None, paced(local, frames)),
    };
    if let Some(length) = length {
        insert(head.headers_mut(), "content-length", &length.to_string());
    }
    let journal = Arc::clone(local);
    let pieces = strike.pieces(frames, reset).map(move |piece| {
        piece.map(|piece| {
            journal.journal.sent(entry, &piece);
            BodyFrame::data(piece)
        })
    });
    head.map(|()| StreamBody::new(pieces).boxed_unsync())
}

/// A new request ID and an error in AWS's form.
pub(crate) fn failure(local: &Local, error: &AwsError) -> Response {
    Response::failure(local.world.services, local.world.ids.uuid(), error)
}

/// Frames at the server's pace.
fn paced(local: &Local, frames: BoxStream<'static, Bytes>) -> BoxStream<'static, Bytes> {
    let pace = local.settings.stream_pace;
    if pace.is_zero() {
        return frames;
    }
    let paced = frames.then(move |frame| async move {
        tokio::time::sleep(pace).await;
        frame
    });
    paced.boxed()
}

pub(crate) fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}
