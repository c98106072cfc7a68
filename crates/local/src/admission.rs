//! How many may come in at once, and what the others are told.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;

use crate::error::AwsError;
use crate::local::Local;
use crate::outgoing::{Body, Outgoing, full};

/// More than these are not even told that they are too many.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// How long one that is too many may take to ask and be told.
const PATIENCE: Duration = Duration::from_secs(5);

/// What becomes of a connection beside those that are open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Admission {
    Admitted,
    TurnedAway,
    Dropped,
}

impl Admission {
    pub(crate) fn beside(open: usize, most: usize) -> Self {
        match open {
            open if open < most => Self::Admitted,
            open if open < most.saturating_add(TURNED_AWAY_AT_ONCE) => Self::TurnedAway,
            _ => Self::Dropped,
        }
    }
}

/// Answers one request with what AWS says when it is too busy, and hangs up.
pub(crate) async fn turn_away(local: Arc<Local>, stream: TcpStream) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true).keep_alive(false);
    let service = hyper::service::service_fn(move |_| {
        let answer = too_many(&local);
        async move { Ok::<_, Infallible>(answer) }
    });
    let _ = tokio::time::timeout(PATIENCE, builder.serve_connection(TokioIo::new(stream), service)).await;
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
    let mut outgoing = Outgoing::failure(local, &error);
    outgoing.headers.push(("connection", "close".to_owned()));
    let head = outgoing.head();
    head.map(|()| full(error.body().to_string()))
}
