//! A small OpenAI-compatible server. It returns the responses that a test prepares, piece by piece, and records
//! requests.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub struct FakeUpstream {
    pub url: String,
    state: Arc<Mutex<State>>,
    serving: AbortHandle,
}

#[derive(Default)]
struct State {
    responses: VecDeque<FakeResponse>,
    received: Vec<ReceivedRequest>,
}

/// A request as it was received.
#[derive(Clone)]
pub struct ReceivedRequest {
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
}

struct FakeResponse {
    status: u16,
    content_type: &'static str,
    pieces: mpsc::UnboundedReceiver<Result<Bytes, std::io::Error>>,
}

/// Writes a response while the client reads it. Dropping the writer ends the response.
pub struct ResponseWriter(mpsc::UnboundedSender<Result<Bytes, std::io::Error>>);

impl ResponseWriter {
    pub fn write(&self, bytes: impl Into<Bytes>) {
        self.0.send(Ok(bytes.into())).unwrap();
    }

    /// Writes an event of a stream of chunks.
    pub fn chunk(&self, chunk: &Value) {
        self.write(format!("data: {chunk}\n\n"));
    }

    pub fn delta(&self, delta: &Value) {
        self.chunk(&json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] }));
    }

    pub fn finish(&self, reason: &str) {
        self.chunk(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }));
    }

    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until the client has closed the connection.
    pub async fn wait_until_closed(&self) {
        self.0.closed().await;
    }

    /// Breaks the connection in the middle of the body.
    pub fn break_connection(self) {
        self.0.send(Err(std::io::Error::other("the test broke the connection"))).unwrap();
    }
}

impl FakeUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                connections.spawn(async move {
                    let service =
                        hyper::service::service_fn(move |request| respond(Arc::clone(&state), request));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, state, serving: serving.abort_handle() }
    }

    /// Prepares a response to the next request; the returned writer writes its body.
    pub fn respond(&self, status: u16, content_type: &'static str) -> ResponseWriter {
        let (pen, pieces) = mpsc::unbounded_channel();
        self.state.lock().unwrap().responses.push_back(FakeResponse { status, content_type, pieces });
        ResponseWriter(pen)
    }

    /// Prepares a JSON response to the next request.
    pub fn json(&self, status: u16, body: &Value) {
        self.respond(status, "application/json").write(body.to_string());
    }

    /// Prepares a response with a message to the next request.
    pub fn message(&self, message: &Value, finish_reason: &str) {
        self.json(
            200,
            &json!({
                "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
                "usage": { "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17 },
            }),
        );
    }

    /// Prepares a streamed response to the next request.
    pub fn stream(&self) -> ResponseWriter {
        self.respond(200, "text/event-stream; charset=utf-8")
    }

    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.state.lock().unwrap().received.clone()
    }

    /// Returns the body of the last request.
    pub fn last(&self) -> Value {
        self.received().pop().unwrap().body
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

async fn respond(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let respond = {
        let mut state = state.lock().unwrap();
        state.received.push(ReceivedRequest {
            path: parts.uri.path().to_owned(),
            authorization: parts.headers.get("authorization").map(|it| it.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(&body).unwrap(),
        });
        state.responses.pop_front()
    };
    let Some(FakeResponse { status, content_type, mut pieces }) = respond else {
        let body = stream::empty().boxed();
        return Ok(Response::builder().status(500).body(StreamBody::new(body).boxed_unsync()).unwrap());
    };
    let body = stream::poll_fn(move |cx| pieces.poll_recv(cx)).map(|piece| piece.map(Frame::data));
    let response = Response::builder().status(status).header("content-type", content_type);
    Ok(response.body(StreamBody::new(body).boxed_unsync()).unwrap())
}
