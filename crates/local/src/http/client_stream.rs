//! The body of a request that is a stream.

use std::future;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::Mutex;

/// The body of a request that is a stream. The response reads it, or the fault that stalls the response.
#[derive(Clone, Debug)]
pub(crate) struct ClientStream(Arc<Mutex<Incoming>>);

impl ClientStream {
    pub(crate) fn new(incoming: Incoming) -> Self {
        Self(Arc::new(Mutex::new(incoming)))
    }

    /// Returns the next bytes, or `None` at the end. After an error the client has left.
    pub(crate) async fn next(&self) -> Option<hyper::Result<Bytes>> {
        let frame = self.0.lock().await.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
    }
}

/// Stalls a response until its client leaves.
///
/// hyper drops the response of a client that leaves. Over HTTP/1, it sees that only if it reads, and it reads no further than
/// the body is taken. So this takes what the client's stream still has.
pub(crate) fn stall(client: Option<ClientStream>) -> BoxFuture<'static, ()> {
    let stalled = async move {
        if let Some(client) = client {
            while let Some(bytes) = client.next().await {
                if bytes.is_err() {
                    return;
                }
            }
        }
        future::pending::<()>().await;
    };
    stalled.boxed()
}
