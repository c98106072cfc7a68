//! A request and its answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::auth;
use crate::auth::chain::SignatureChain;
use crate::faults::{At, Refusal, Strike, Target};
use crate::http::admin;
use crate::http::duplex;
use crate::http::responding::{self, Body};
use crate::journal::{RecordedAnswer, RecordedRequest};
use crate::local::Local;
use crate::operations;
use crate::repliers::playback;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::event_stream::{self, Decoder, Frame};
use crate::wire::output::Ending;
use crate::wire::output::{Events, Output};
use crate::wire::request::Request;
use crate::wire::response::{Content, Response as Outgoing, json_type};
use crate::wire::routing::RouteMatch;

/// AWS accepts 25 MB in InvokeModel. In Converse the same bytes are base64, which is a third longer.
const BODY_LIMIT: usize = 36 << 20;
const BODY_PATIENCE: Duration = Duration::from_secs(60);

/// Answers a request.
pub(crate) async fn answer(
    local: &Arc<Local>,
    reset: Arc<AtomicBool>,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Body>> {
    if admin::is_admin(request.uri().path()) {
        return Ok(admin::answer(local, request).await);
    }
    let (parts, body) = request.into_parts();
    let found = local.router.find(parts.method.as_str(), parts.uri.path());
    let operation = found.as_ref().map(|found| found.operation.name.as_str());
    let unread = |error| (Bytes::new(), Strike::default(), Err(error));
    let (body, strike, answered) = match (local.hosts.check(&parts), found) {
        (Err(told), _) => unread(AwsError::new("AccessDeniedException", told)),
        (Ok(()), None) => unread(unknown()),
        // A client that sends a stream expects the answer before its stream ends.
        (Ok(()), Some(found)) if found.operation.has_streaming_input(found.service) => {
            let strike = struck(local, &found, &Bytes::new());
            let answered = spoiled(local, &strike, found, &parts, Bytes::new(), Some(body)).await;
            (Bytes::new(), strike, answered)
        }
        (Ok(()), Some(found)) => match read(body).await {
            Ok(body) => {
                let strike = struck(local, &found, &body);
                let answered = spoiled(local, &strike, found, &parts, body.clone(), None).await;
                (body, strike, answered)
            }
            Err(error) => unread(error),
        },
    };
    let outgoing = strike.damage(answered.unwrap_or_else(|error| responding::failure(local, &error)));
    let mut recorded = recorded(local, &parts, operation, body, &strike);
    if let Some((how, At::BeforeHeaders)) = strike.breaks() {
        tracing::info!(operation, method = %parts.method, path = parts.uri.path(), "kept back by a fault");
        local.journal.record(recorded);
        how.end(&reset).await?;
        return Err(io::Error::other("kept back by the fault plan"));
    }
    let status = outgoing.status.as_u16();
    tracing::info!(operation, method = %parts.method, path = parts.uri.path(), status);
    recorded.status = status;
    recorded.answer.headers =
        outgoing.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let entry = local.journal.record(recorded);
    Ok(responding::respond(outgoing, local, entry, &strike, reset))
}

/// What the planned faults do to a request.
fn struck(local: &Local, found: &RouteMatch, body: &Bytes) -> Strike {
    let RouteMatch { service, operation, .. } = *found;
    local.faults.strike(&Target {
        service,
        operation,
        in_path: found.model(),
        body,
        now: local.world.clock.now(),
    })
}

/// The answer to a request, with the faults applied.
async fn spoiled(
    local: &Arc<Local>,
    strike: &Strike,
    found: RouteMatch,
    parts: &Parts,
    body: Bytes,
    incoming: Option<Incoming>,
) -> AwsResult<Outgoing> {
    if !strike.pause.is_zero() {
        tokio::time::sleep(strike.pause).await;
    }
    let chain = auth::check(
        &local.settings.keys,
        parts,
        incoming.is_none().then_some(&body),
        local.world.clock.now(),
    )?;
    if let Some(refusal) = &strike.refusal {
        return Ok(refused(local, refusal));
    }
    let (status, answer) = perform(local, strike, found, parts, body).await?;
    Ok(success(
        local,
        status,
        answer,
        incoming.map(|incoming| (incoming, Decoder::new(chain.map(SignatureChain::into_check)))),
    ))
}

fn unknown() -> AwsError {
    AwsError::new("UnknownOperationException", "The requested operation is not recognized.")
}

pub(crate) async fn read(body: Incoming) -> AwsResult<Bytes> {
    let whole = Limited::new(body, BODY_LIMIT).collect();
    let Ok(read) = tokio::time::timeout(BODY_PATIENCE, whole).await else {
        return Err(AwsError::new("RequestTimeoutException", "The request body did not arrive in time."));
    };
    match read {
        // The journal keeps the body. Without a copy it would keep the connection's whole buffer, which is much larger.
        Ok(body) => Ok(Bytes::from(body.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(AwsError::new("RequestEntityTooLargeException", "The request body is too large."))
        }
        Err(error) => Err(AwsError::serialization(format!("The request body could not be read: {error}"))),
    }
}

/// The region that a request is signed for, or else the default.
fn region(local: &Local, parts: &Parts) -> String {
    auth::region(parts).unwrap_or_else(|| local.settings.default_region.clone())
}

/// Performs the operation: the answer and its status.
async fn perform(
    local: &Arc<Local>,
    strike: &Strike,
    found: RouteMatch,
    parts: &Parts,
    body: Bytes,
) -> AwsResult<(u16, Output)> {
    let (service, operation) = (found.service, found.operation);
    let query = parts.uri.query().unwrap_or_default();
    if let Some(recorded) = recorded_answer(local, &found, query, &body)? {
        return Ok(recorded);
    }
    let request = Request::parse(found, query, &parts.headers, body, region(local, parts))?;
    let answer = operations::perform(local, &request)
        .await?
        .checked(service, operation)?
        .unwrap_payload(service, operation);
    let answer = strike.spoil(&request, strike.metered(&local.faults, &local.world, answer));
    Ok((operation.http.response_code, answer))
}

/// The recorded answer to such a request, unless a queued reply is meant for it.
fn recorded_answer(
    local: &Local,
    found: &RouteMatch,
    query: &str,
    body: &Bytes,
) -> AwsResult<Option<(u16, Output)>> {
    let is_awaited = local.repliers.has_queued() && playback::calls_a_model(&found.operation.name);
    match &local.settings.playback {
        Some(playback) if !is_awaited => playback.answer(found, query, body),
        _ => Ok(None),
    }
}

/// An answer as HTTP. `incoming` is the request's body if that is a stream, and its decoder.
fn success(
    local: &Arc<Local>,
    status: u16,
    answer: Output,
    incoming: Option<(Incoming, Decoder)>,
) -> Outgoing {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let mut headers = vec![("x-amzn-requestid", local.world.ids.uuid())];
    let stream_type = ("content-type", event_stream::CONTENT_TYPE.to_owned());
    match answer {
        Output::Json(value) => {
            headers.push(json_type());
            Outgoing::whole(status, headers, value.to_string())
        }
        Output::Bytes { body, headers: more } => {
            headers.extend(more);
            Outgoing::whole(status, headers, body)
        }
        Output::Events { events, headers: more, ending } => {
            headers.extend(more);
            headers.push(stream_type);
            let content = Content::Frames(frames(local, events, ending).boxed());
            Outgoing { status, headers, content }
        }
        Output::Recorded { pieces, headers: more } => {
            headers.extend(more);
            let content = match <[Bytes; 1]>::try_from(pieces) {
                Ok([body]) => Content::Whole(body),
                Err(frames) => Content::Frames(stream::iter(frames).boxed()),
            };
            Outgoing { status, headers, content }
        }
        Output::Duplex { session, ending } => {
            headers.push(stream_type);
            let answers = incoming
                .map(|(incoming, decoder)| duplex::answers(Arc::clone(local), incoming, decoder, session));
            let content = Content::Frames(ended(stream::iter(answers).flatten(), ending).boxed());
            Outgoing { status, headers, content }
        }
    }
}

/// An error that a fault has caused.
fn refused(local: &Local, refusal: &Refusal) -> Outgoing {
    let mut outgoing = responding::failure(local, &refusal.error);
    if let Some(status) = refusal.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        outgoing.status = status;
    }
    if let Some(wait) = refusal.retry_after {
        let milliseconds = wait.as_nanos().div_ceil(1_000_000);
        outgoing.headers.push(("retry-after", milliseconds.div_ceil(1000).to_string()));
        outgoing.headers.push(("x-amz-retry-after", milliseconds.to_string()));
    }
    outgoing
}

/// The frames of a stream, each as soon as its event is there.
fn frames(local: &Arc<Local>, events: Events, ending: Ending) -> impl Stream<Item = Bytes> + Send + use<> {
    let local = Arc::clone(local);
    let frames = events.map(move |event| match event {
        Ok(event) => Frame::event(event.name, event.payload, 2 + local.world.ids.below(60)).encode(),
        Err(error) => exception(&error.as_exception()),
    });
    ended(frames, ending)
}

/// A stream's frames up to its ending.
fn ended(frames: impl Stream<Item = Bytes> + Send, ending: Ending) -> impl Stream<Item = Bytes> + Send {
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

fn recorded(
    local: &Local,
    parts: &Parts,
    operation: Option<&str>,
    body: Bytes,
    strike: &Strike,
) -> RecordedRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    RecordedRequest {
        id: 0,
        received: local.world.clock.now().into(),
        operation: operation.map(str::to_owned),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body,
        status: 0,
        answer: RecordedAnswer::default(),
        faults: strike.faults.clone(),
    }
}
