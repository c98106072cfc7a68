//! An answer on its way out: HTTP that can still be damaged, and is written down as it leaves.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame as BodyFrame;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::answer::Headers;
use crate::error::AwsError;
use crate::faults::Strike;
use crate::local::Local;

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

pub(crate) struct Outgoing {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Whole(Bytes),
    /// An event stream, one whole frame an item.
    Frames(BoxStream<'static, Bytes>),
}

impl Outgoing {
    pub(crate) fn whole(status: StatusCode, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self { status, headers, content: Content::Whole(body.into()) }
    }

    /// An error, as AWS writes it.
    pub(crate) fn failure(local: &Local, error: &AwsError) -> Self {
        let status = StatusCode::from_u16(error.status(local.services)).unwrap_or(StatusCode::BAD_REQUEST);
        let headers = vec![
            ("x-amzn-requestid", local.ids.uuid()),
            json_type(),
            ("x-amzn-errortype", error.error_type(local.services)),
        ];
        Self::whole(status, headers, error.body().to_string())
    }

    /// The status and the headers.
    pub(crate) fn head(&self) -> Response<()> {
        let mut head = Response::new(());
        *head.status_mut() = self.status;
        for (name, value) in &self.headers {
            insert(head.headers_mut(), name, value);
        }
        head
    }

    /// As HTTP, broken where the strike breaks it. `entry` is its request in the journal.
    pub(crate) fn into_response(
        self,
        local: &Arc<Local>,
        entry: u64,
        strike: &Strike,
        reset: Arc<AtomicBool>,
    ) -> Response<Body> {
        let mut response = self.head();
        let (length, frames) = match self.content {
            Content::Whole(body) if strike.lets_flow() => {
                local.journal.sent(entry, &body);
                return response.map(|()| full(body));
            }
            Content::Whole(body) => (Some(body.len()), stream::iter([body]).boxed()),
            Content::Frames(frames) => (None, paced(local, frames)),
        };
        if let Some(length) = length {
            insert(response.headers_mut(), "content-length", &length.to_string());
        }
        let journal = Arc::clone(local);
        let pieces = strike.pieces(frames, reset).map(move |piece| {
            piece.map(|piece| {
                journal.journal.sent(entry, &piece);
                BodyFrame::data(piece)
            })
        });
        response.map(|()| StreamBody::new(pieces).boxed_unsync())
    }
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

pub(crate) fn json_type() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

pub(crate) fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

fn insert(map: &mut HeaderMap, name: &str, value: &str) {
    // A queued error may carry a code that no header can hold: it is left out.
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        map.insert(name, value);
    }
}
