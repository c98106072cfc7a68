//! Whether a connection is in use, so that idle connections can be closed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::http::body;

/// The time that a connection has for its first request, from the moment it is opened.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a connection may wait for its next request. Clients keep connections in their pools for up to 90 seconds
/// (the SDK for Rust) or until the server closes them. A shorter time here would close a connection while they use it.
const NEXT_REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// The requests of one connection, over HTTP/1 or HTTP/2.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The number of requests whose responses are not yet sent.
    active_requests: usize,
    /// When the last request ended, or when the connection was opened.
    idle_since: Instant,
    timeout: Duration,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            active_requests: 0,
            idle_since: Instant::now(),
            timeout: FIRST_REQUEST_TIMEOUT,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request as active until the returned value is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> ActiveRequest {
        let mut state = self.state();
        state.active_requests += 1;
        state.timeout = NEXT_REQUEST_TIMEOUT;
        ActiveRequest(Arc::clone(self))
    }

    /// How long the connection has been idle. `None` while a request is active.
    pub(crate) fn idle_time(&self) -> Option<Duration> {
        let state = self.state();
        (state.active_requests == 0).then(|| state.idle_since.elapsed())
    }

    /// Returns when the connection has been idle for too long.
    pub(crate) async fn idle_timeout(&self) {
        while let Some(wait) = self.next_check() {
            tokio::time::sleep(wait).await;
        }
    }

    /// The time until the next check. `None` if the connection has timed out.
    fn next_check(&self) -> Option<Duration> {
        let state = self.state();
        match state.active_requests {
            0 => state.timeout.checked_sub(state.idle_since.elapsed()).filter(|wait| !wait.is_zero()),
            _ => Some(FIRST_REQUEST_TIMEOUT),
        }
    }
}

/// A request that is active until this is dropped.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<Activity>);

impl ActiveRequest {
    /// Keeps the request active until the body of its response is sent.
    pub(crate) fn until_sent(self, body: body::Body) -> body::Body {
        ActiveBody { body, _request: self }.boxed_unsync()
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.active_requests -= 1;
        state.idle_since = Instant::now();
    }
}

/// The body of an active request's response.
struct ActiveBody {
    body: body::Body,
    _request: ActiveRequest,
}

impl Body for ActiveBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_to_timeout(activity: &Activity) -> u64 {
        let begun = Instant::now();
        activity.idle_timeout().await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_times_out() {
        let silent = Activity::new();
        assert_eq!(seconds_to_timeout(&silent).await, 10);
        let used = Activity::new();
        drop(used.begin_request());
        assert_eq!(used.idle_time(), Some(Duration::ZERO));
        assert_eq!(seconds_to_timeout(&used).await, 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_an_active_request_does_not_time_out() {
        let activity = Activity::new();
        let (first, second) = (activity.begin_request(), activity.begin_request());
        drop(first);
        assert_eq!(activity.idle_time(), None);
        let hour = tokio::time::timeout(Duration::from_secs(3600), activity.idle_timeout());
        assert!(hour.await.is_err());
        drop(second);
        assert_eq!(seconds_to_timeout(&activity).await, 120);
    }
}
