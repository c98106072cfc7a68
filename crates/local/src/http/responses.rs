//! Turns what an operation returns, or an error, into a response.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, Stream, StreamExt as _};
use hyper::StatusCode;

use crate::faults::InjectedError;
use crate::http::client_stream::{self, ClientStream};
use crate::http::duplex;
use crate::json::to_bytes;
use crate::local::Local;
use crate::wire::error::AwsError;
use crate::wire::event_stream::{self, Decoder};
use crate::wire::output::{Ending, Events, Output};
use crate::wire::response::{Content, Response, json_content_type};

/// The response of an operation that has been performed. `stream` is the request's body if that is a stream, with its
/// decoder.
pub(crate) fn success(
    local: &Arc<Local>,
    status: u16,
    output: Output,
    stream: Option<(ClientStream, Decoder)>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let mut headers = vec![("x-amzn-requestid", local.world.ids.uuid())];
    let stream_type = ("content-type", event_stream::CONTENT_TYPE.to_owned());
    match output {
        Output::Json(value) => {
            headers.push(json_content_type());
            Response::whole(status, headers, to_bytes(&value))
        }
        Output::Bytes { body, headers: more } => {
            headers.extend(more);
            Response::whole(status, headers, body)
        }
        Output::Events { events, headers: more, ending } => {
            headers.extend(more);
            headers.push(stream_type);
            let content = Content::Frames(frames_of(local, events, ending).boxed());
            Response { status, headers, content }
        }
        Output::Recorded { pieces, headers: more } => {
            headers.extend(more);
            let content = match <[Bytes; 1]>::try_from(pieces) {
                Ok([body]) => Content::Whole(body),
                Err(frames) => Content::Frames(stream::iter(frames).boxed()),
            };
            Response { status, headers, content }
        }
        Output::Duplex { session, ending } => {
            headers.push(stream_type);
            let stall = client_stream::stall(stream.as_ref().map(|(client, _)| client.clone()));
            let frames = stream.map(|(client, decoder)| {
                duplex::response_frames(Arc::clone(local), client, decoder, session)
            });
            let content = Content::Frames(with_ending(stream::iter(frames).flatten(), ending, stall).boxed());
            Response { status, headers, content }
        }
    }
}

/// The response for an error, with a new request ID.
pub(crate) fn failure(local: &Local, error: &AwsError) -> Response {
    Response::failure(local.world.services, local.world.ids.uuid(), error)
}

/// The response for an error of a fault.
pub(crate) fn injected_failure(local: &Local, injected: &InjectedError) -> Response {
    let mut response = failure(local, &injected.error);
    if let Some(status) = injected.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        response.status = status;
    }
    if let Some(wait) = injected.retry_after {
        let milliseconds = wait.as_nanos().div_ceil(1_000_000);
        response.headers.push(("retry-after", milliseconds.div_ceil(1000).to_string()));
        response.headers.push(("x-amz-retry-after", milliseconds.to_string()));
    }
    response
}

/// Encodes the events of a stream, each as soon as it arrives.
fn frames_of(local: &Arc<Local>, events: Events, ending: Ending) -> impl Stream<Item = Bytes> + Send + use<> {
    let local = Arc::clone(local);
    let frames = events.map(move |event| match event {
        Ok(event) => event_stream::event(event.name, &event.payload, 2 + local.world.ids.below(60)),
        Err(error) => exception_frame(&error.as_exception()),
    });
    with_ending(frames, ending, client_stream::stall(None))
}

/// Ends the frames of a stream as its ending says.
fn with_ending(
    frames: impl Stream<Item = Bytes> + Send,
    ending: Ending,
    stall: BoxFuture<'static, ()>,
) -> impl Stream<Item = Bytes> + Send {
    let (most, last) = match ending {
        Ending::Whole => (usize::MAX, stream::empty().boxed()),
        Ending::Cut { after } => (after, stream::empty().boxed()),
        Ending::Stall { after } => (after, stall.map(|()| stream::empty()).flatten_stream().boxed()),
        Ending::Exception { error, after } => {
            (after, stream::once(async move { exception_frame(&error) }).boxed())
        }
    };
    frames.take(most).chain(last)
}

fn exception_frame(error: &AwsError) -> Bytes {
    event_stream::exception(&error.code, &error.body())
}
