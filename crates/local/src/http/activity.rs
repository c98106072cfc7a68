//! Whether a connection is in use, so that one on which nothing happens can be closed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::http::responding;

/// How long a connection may take for its first request, from the moment it is opened.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long a connection may wait for its next request. Clients keep one in their pool for up to 90 seconds (the SDK for
/// Rust) or until the server closes it; a shorter time here would close it just when they use it.
const NEXT_REQUEST: Duration = Duration::from_secs(120);

/// The requests of one connection, over HTTP/1 or HTTP/2.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Requests that are being answered.
    under_way: usize,
    /// When the last one ended, or when the connection was opened.
    since: Instant,
    patience: Duration,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { under_way: 0, since: Instant::now(), patience: FIRST_REQUEST })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(crate) fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        state.under_way += 1;
        state.patience = NEXT_REQUEST;
        UnderWay(Arc::clone(self))
    }

    /// How long the connection has waited for a request; `None` while one is under way.
    pub(crate) fn waiting(&self) -> Option<Duration> {
        let state = self.state();
        (state.under_way == 0).then(|| state.since.elapsed())
    }

    /// Returns when the connection has waited for too long.
    pub(crate) async fn let_go(&self) {
        while let Some(rest) = self.rest() {
            tokio::time::sleep(rest).await;
        }
    }

    /// How long to wait before the next look; `None` if the time is over.
    fn rest(&self) -> Option<Duration> {
        let state = self.state();
        match state.under_way {
            0 => state.patience.checked_sub(state.since.elapsed()).filter(|rest| !rest.is_zero()),
            _ => Some(FIRST_REQUEST),
        }
    }
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Activity>);

impl UnderWay {
    /// Keeps the request under way until its answer has left.
    pub(crate) fn until_sent(self, body: responding::Body) -> responding::Body {
        Sending { body, _under_way: self }.boxed_unsync()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.since = Instant::now();
    }
}

/// The body of an answer under way.
struct Sending {
    body: responding::Body,
    _under_way: UnderWay,
}

impl Body for Sending {
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

    async fn let_go_after(activity: &Activity) -> u64 {
        let begun = Instant::now();
        activity.let_go().await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_waits_for_a_request_but_not_for_ever() {
        let silent = Activity::new();
        assert_eq!(let_go_after(&silent).await, 10);
        let used = Activity::new();
        drop(used.begin());
        assert_eq!(used.waiting(), Some(Duration::ZERO));
        assert_eq!(let_go_after(&used).await, 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_keeps_it() {
        let activity = Activity::new();
        let (first, second) = (activity.begin(), activity.begin());
        drop(first);
        assert_eq!(activity.waiting(), None);
        let hour = tokio::time::timeout(Duration::from_secs(3600), activity.let_go());
        assert!(hour.await.is_err());
        drop(second);
        assert_eq!(let_go_after(&activity).await, 120);
    }
}
