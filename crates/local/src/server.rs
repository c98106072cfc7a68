//! HTTP in, HTTP out.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame as BodyFrame, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::{Answer, Events, Headers};
use crate::duplex;
use crate::error::{AwsError, AwsResult};
use crate::event_stream::{self, Frame};
use crate::journal::RecordedRequest;
use crate::local::Local;
use crate::operations;
use crate::repliers::playback;
use crate::reply::Ending;
use crate::request::{Request, signed_region};
use crate::routing::Found;

/// AWS takes 25 MB in InvokeModel; base64 in Converse makes it a third more.
const BODY_LIMIT: usize = 36 << 20;
const HEADER_LIMIT: usize = 64 << 10;
const HEADER_PATIENCE: Duration = Duration::from_secs(30);
/// How long a graceful shutdown waits for answers under way.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(1);

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Accepts until told to stop. All connections end with the returned future.
pub(crate) async fn serve(local: Arc<Local>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = told(&mut stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&local), stream, stop.clone()));
                }
                // Out of file descriptors, most likely: wait for some to come back.
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_PATIENCE, finished).await.is_err() {
        tracing::debug!("connections were cut off by the shutdown");
    }
}

/// Returns when the server is told to stop, or is gone.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(local: Arc<Local>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    // Small frames shall leave at once: a stream should look alive.
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .title_case_headers(true)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(HEADER_LIMIT);
    builder.http2().max_header_list_size(HEADER_LIMIT as u32);
    let service = hyper::service::service_fn(move |request| {
        let local = Arc::clone(&local);
        async move { Ok::<_, Infallible>(answer(&local, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(error, "a connection ended badly");
    }
}

async fn answer(local: &Arc<Local>, request: hyper::Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let found = local.router.find(parts.method.as_str(), parts.uri.path());
    let operation = found.as_ref().map(|found| found.operation.name.as_str());
    let (body, answered) = match found {
        None => (Bytes::new(), Err(unknown())),
        // A client that streams waits for an answer before its stream ends.
        Some(found) if found.takes_a_stream() => {
            let answered = perform(local, found, &parts, Bytes::new()).await;
            (Bytes::new(), answered.map(|(status, answer)| success(local, status, answer, Some(body))))
        }
        Some(found) => match read(body).await {
            Ok(body) => {
                let answered = perform(local, found, &parts, body.clone()).await;
                (body, answered.map(|(status, answer)| success(local, status, answer, None)))
            }
            Err(error) => (Bytes::new(), Err(error)),
        },
    };
    let response = answered.unwrap_or_else(|error| failure(local, &error));
    let status = response.status().as_u16();
    tracing::info!(operation, method = %parts.method, path = parts.uri.path(), status);
    local.journal.record(recorded(&parts, operation, body, status));
    response
}

fn unknown() -> AwsError {
    AwsError::new("UnknownOperationException", "The requested operation is not recognized.")
}

async fn read(body: Incoming) -> AwsResult<Bytes> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(AwsError::new("RequestEntityTooLargeException", "The request body is too large."))
        }
        Err(error) => Err(AwsError::serialization(format!("The request body could not be read: {error}"))),
    }
}

/// The region that a request is signed for, else the default.
fn region(local: &Local, parts: &Parts) -> String {
    signed_region(&parts.headers).unwrap_or_else(|| local.settings.default_region.clone())
}

/// From a request to an answer and its status.
async fn perform(local: &Arc<Local>, found: Found, parts: &Parts, body: Bytes) -> AwsResult<(u16, Answer)> {
    let (service, operation) = (found.service, found.operation);
    let query = parts.uri.query().unwrap_or_default();
    if let Some(recorded) = recorded_answer(local, &found, query, &body)? {
        return Ok(recorded);
    }
    let request = Request::gather(found, query, &parts.headers, body, region(local, parts))?;
    let answer = operations::perform(local, &request)
        .await?
        .checked(service, operation)?
        .unwrapped(service, operation);
    Ok((operation.http.response_code, answer))
}

/// The answer that was recorded to such a request, unless a queued reply waits for it.
fn recorded_answer(
    local: &Local,
    found: &Found,
    query: &str,
    body: &Bytes,
) -> AwsResult<Option<(u16, Answer)>> {
    let is_awaited = local.repliers.has_queued() && playback::calls_a_model(&found.operation.name);
    match &local.settings.playback {
        Some(playback) if !is_awaited => playback.answer(found, query, body),
        _ => Ok(None),
    }
}

/// An answer as HTTP. `incoming` is the request's body where that is a stream.
fn success(local: &Arc<Local>, status: u16, answer: Answer, incoming: Option<Incoming>) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    match answer {
        Answer::Json(value) => respond(local, status, &json_headers(), whole(value.to_string())),
        Answer::Bytes { body, headers } => respond(local, status, &headers, whole(body)),
        Answer::Events { events, mut headers, ending } => {
            headers.push(("content-type", event_stream::CONTENT_TYPE.to_owned()));
            respond(local, status, &headers, streamed(local, frames(local, events, ending)))
        }
        Answer::Recorded { pieces, headers } => match <[Bytes; 1]>::try_from(pieces) {
            Ok([body]) => respond(local, status, &headers, whole(body)),
            Err(frames) => respond(local, status, &headers, streamed(local, stream::iter(frames))),
        },
        Answer::Duplex { session, ending } => {
            let headers = vec![("content-type", event_stream::CONTENT_TYPE.to_owned())];
            let answers =
                incoming.map(|incoming| duplex::answers(Arc::clone(local), incoming, session, ending));
            respond(local, status, &headers, streamed(local, stream::iter(answers).flatten()))
        }
    }
}

fn failure(local: &Local, error: &AwsError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status(local.services)).unwrap_or(StatusCode::BAD_REQUEST);
    let mut headers = json_headers();
    headers.push(("x-amzn-errortype", error.error_type(local.services)));
    respond(local, status, &headers, whole(error.body().to_string()))
}

fn respond(local: &Local, status: StatusCode, headers: &Headers, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let map = response.headers_mut();
    insert(map, "x-amzn-requestid", &local.ids.uuid());
    for (name, value) in headers {
        insert(map, name, value);
    }
    response
}

fn insert(map: &mut HeaderMap, name: &str, value: &str) {
    // A queued error may carry a code that no header can hold: it is left out.
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        map.insert(name, value);
    }
}

fn json_headers() -> Headers {
    vec![("content-type", "application/json".to_owned())]
}

fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed_unsync()
}

/// The frames of a stream, each as its event comes to be, up to the ending.
fn frames(local: &Arc<Local>, events: Events, ending: Ending) -> impl Stream<Item = Bytes> + Send + use<> {
    let local = Arc::clone(local);
    let frames = events.map(move |event| match event {
        Ok(event) => Frame::event(event.name, event.payload, 2 + local.ids.below(60)).encode(),
        Err(error) => exception(&error.as_exception()),
    });
    let (most, last) = match ending {
        Ending::Whole => (usize::MAX, stream::empty().boxed()),
        Ending::Cut { after } => (after, stream::empty().boxed()),
        Ending::Stall { after } => (after, stream::pending().boxed()),
        Ending::Exception { error, after } => (after, stream::once(async move { exception(&error) }).boxed()),
    };
    frames.take(most).chain(last)
}

fn exception(error: &AwsError) -> Bytes {
    Frame::exception(&error.code, &error.body()).encode()
}

/// Frames as a body, at the server's pace.
fn streamed(local: &Local, frames: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    let pace = local.settings.stream_pace;
    let paced = frames.then(move |frame| async move {
        if !pace.is_zero() {
            tokio::time::sleep(pace).await;
        }
        Ok(BodyFrame::data(frame))
    });
    StreamBody::new(paced).boxed_unsync()
}

fn recorded(parts: &Parts, operation: Option<&str>, body: Bytes, status: u16) -> RecordedRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    RecordedRequest {
        operation: operation.map(str::to_owned),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body,
        status,
    }
}
