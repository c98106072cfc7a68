//! One connection: its requests, over HTTP/1 or HTTP/2, and its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::http::activity::Activity;
use crate::http::body::{Body, full};
use crate::http::socket::Socket;
use crate::http::{exchange, responses};
use crate::local::Local;
use crate::wire::error::AwsError;

const HEADER_LIMIT: usize = 64 << 10;
/// The time that an idle connection has to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that a rejected connection has for its request and the response.
const REJECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns when the server stops or is dropped.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Responds to requests until the client closes the connection, the server stops, or the connection is idle for too long.
pub(crate) async fn serve(
    local: Arc<Local>,
    stream: TcpStream,
    activity: Arc<Activity>,
    mut stop: watch::Receiver<bool>,
) {
    // Sends small frames of a stream at once.
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // `Activity` has the timeouts, for both versions of HTTP.
    builder.http1().title_case_headers(true).header_read_timeout(None).max_buf_size(HEADER_LIMIT);
    builder.http2().max_header_list_size(HEADER_LIMIT as u32);
    let reset = Arc::<AtomicBool>::default();
    let socket = Socket::new(stream, Arc::clone(&reset));
    let requests = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |request| {
        let (local, reset, active) = (Arc::clone(&local), Arc::clone(&reset), requests.begin_request());
        async move {
            let response = exchange::respond(&local, reset, request).await?;
            Ok::<_, std::io::Error>(response.map(|body| active.until_sent(body)))
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = activity.idle_timeout() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(CLOSE_TIMEOUT, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::debug!(error, "a connection ended with an error");
    }
}

/// Responds to one request with AWS's error for an overload, and closes the connection.
pub(crate) async fn reject(local: Arc<Local>, stream: TcpStream) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true).header_read_timeout(None).keep_alive(false);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let local = Arc::clone(&local);
        async move {
            // Reads the whole body: a client that is still sending would see a reset in place of the response.
            let mut body = request.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            Ok::<_, Infallible>(too_many_connections(&local))
        }
    });
    let _ =
        tokio::time::timeout(REJECT_TIMEOUT, builder.serve_connection(TokioIo::new(stream), service)).await;
}

fn too_many_connections(local: &Local) -> hyper::Response<Body> {
    let most = local.settings.max_connections;
    let error = AwsError::new(
        "ServiceUnavailableException",
        format!(
            "More than {most} connections are open. Close some, or allow bedrock-local more (--max-connections)."
        ),
    );
    tracing::warn!(most, "a connection was rejected: too many are open");
    let mut response = responses::failure(local, &error);
    response.headers.push(("connection", "close".to_owned()));
    response.head().map(|()| full(error.body().to_string()))
}
