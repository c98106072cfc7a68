//! A small OpenAI-compatible server: it says what a test tells it, piece by piece, and keeps what it is sent.

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
    answers: VecDeque<FakeAnswer>,
    received: Vec<Received>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Received {
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
}

struct FakeAnswer {
    status: u16,
    content_type: &'static str,
    pieces: mpsc::UnboundedReceiver<Result<Bytes, std::io::Error>>,
}

/// The pen with which an answer is written while it is read. Dropping it ends the answer.
pub struct Pen(mpsc::UnboundedSender<Result<Bytes, std::io::Error>>);

impl Pen {
    pub fn write(&self, bytes: impl Into<Bytes>) {
        self.0.send(Ok(bytes.into())).unwrap();
    }

    /// An event of a stream of chunks.
    pub fn chunk(&self, chunk: &Value) {
        self.write(format!("data: {chunk}\n\n"));
    }

    pub fn delta(&self, delta: &Value) {
        self.chunk(&json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] }));
    }

    pub fn finish(&self, reason: &str) {
        self.chunk(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }));
    }

    pub fn is_read_no_more(&self) -> bool {
        self.0.is_closed()
    }

    /// Resolves once nobody reads any more.
    pub async fn hung_up(&self) {
        self.0.closed().await;
    }

    /// Breaks the connection in the middle of the body.
    pub fn tear(self) {
        self.0.send(Err(std::io::Error::other("torn"))).unwrap();
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
                        hyper::service::service_fn(move |request| answer(Arc::clone(&state), request));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, state, serving: serving.abort_handle() }
    }

    /// Answers the next request as it is written.
    pub fn answer(&self, status: u16, content_type: &'static str) -> Pen {
        let (pen, pieces) = mpsc::unbounded_channel();
        self.state.lock().unwrap().answers.push_back(FakeAnswer { status, content_type, pieces });
        Pen(pen)
    }

    /// Answers the next request with JSON.
    pub fn json(&self, status: u16, body: &Value) {
        self.answer(status, "application/json").write(body.to_string());
    }

    /// Answers the next request with a message.
    pub fn message(&self, message: &Value, finish_reason: &str) {
        self.json(
            200,
            &json!({
                "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
                "usage": { "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17 },
            }),
        );
    }

    /// Answers the next request with a stream.
    pub fn stream(&self) -> Pen {
        self.answer(200, "text/event-stream; charset=utf-8")
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// The body of the last request.
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

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let answer = {
        let mut state = state.lock().unwrap();
        state.received.push(Received {
            path: parts.uri.path().to_owned(),
            authorization: parts.headers.get("authorization").map(|it| it.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(&body).unwrap(),
        });
        state.answers.pop_front()
    };
    let Some(FakeAnswer { status, content_type, mut pieces }) = answer else {
        let body = stream::empty().boxed();
        return Ok(Response::builder().status(500).body(StreamBody::new(body).boxed_unsync()).unwrap());
    };
    let body = stream::poll_fn(move |cx| pieces.poll_recv(cx)).map(|piece| piece.map(Frame::data));
    let response = Response::builder().status(status).header("content-type", content_type);
    Ok(response.body(StreamBody::new(body).boxed_unsync()).unwrap())
}
