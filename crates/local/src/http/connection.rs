//! One connection: its requests, over HTTP/1 or HTTP/2, and its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::http::activity::Activity;
use crate::http::responding::{self, Body, full};
use crate::http::server;
use crate::http::socket::Socket;
use crate::local::Local;
use crate::wire::error::AwsError;

const HEADER_LIMIT: usize = 64 << 10;
/// How long a connection that has waited too long may take to close.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a connection that is turned away may take for its request and the answer.
const TURNED_AWAY: Duration = Duration::from_secs(5);

/// Returns when the server stops or is dropped.
pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Answers requests until the client closes the connection, the server stops, or no request has come for too long.
pub(crate) async fn serve(
    local: Arc<Local>,
    stream: TcpStream,
    activity: Arc<Activity>,
    mut stop: watch::Receiver<bool>,
) {
    // Small frames of a stream leave at once.
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // `Activity` has the deadlines, for both versions of HTTP.
    builder.http1().title_case_headers(true).header_read_timeout(None).max_buf_size(HEADER_LIMIT);
    builder.http2().max_header_list_size(HEADER_LIMIT as u32);
    let reset = Arc::<AtomicBool>::default();
    let socket = Socket::new(stream, Arc::clone(&reset));
    let requests = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |request| {
        let (local, reset, under_way) = (Arc::clone(&local), Arc::clone(&reset), requests.begin());
        async move {
            let answer = server::answer(&local, reset, request).await?;
            Ok::<_, std::io::Error>(answer.map(|body| under_way.until_sent(body)))
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = activity.let_go() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::debug!(error, "a connection ended badly");
    }
}

/// Answers one request with AWS's error for an overload, and closes the connection.
pub(crate) async fn turn_away(local: Arc<Local>, stream: TcpStream) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true).header_read_timeout(None).keep_alive(false);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let local = Arc::clone(&local);
        async move {
            // Read to its end: a client that is still sending would see a reset in place of the answer.
            let mut body = request.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            Ok::<_, Infallible>(too_many(&local))
        }
    });
    let _ = tokio::time::timeout(TURNED_AWAY, builder.serve_connection(TokioIo::new(stream), service)).await;
}

fn too_many(local: &Local) -> Response<Body> {
    let most = local.settings.max_connections;
    let error = AwsError::new(
        "ServiceUnavailableException",
        format!(
            "More than {most} connections are open. Close some, or allow bedrock-local more (--max-connections)."
        ),
    );
    tracing::warn!(most, "a connection was turned away: too many are open");
    let mut outgoing = responding::failure(local, &error);
    outgoing.headers.push(("connection", "close".to_owned()));
    let head = outgoing.head();
    head.map(|()| full(error.body().to_string()))
}
