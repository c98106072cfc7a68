//! A server on loopback that returns fixed bytes, for `cargo xtask bench`: it does as little as possible, so that what is
//! measured is the client.
//!
//! `static_server [delay in milliseconds] [requests a second]` prints its URL, and stops when its standard input is closed.
//! A request over the quota gets the status 429. The stream of the model `events-N` has N deltas.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use support::{REPLY, arguments, events};
use tokio::net::TcpListener;

const JSON: &str = "application/json";

/// The number of guardrails on a page, and of pages.
const PAGE: usize = 100;

struct Server {
    delay: Duration,
    quota: Option<Mutex<Quota>>,
    streams: Mutex<Vec<(usize, Bytes)>>,
    models: Bytes,
    guardrail: Bytes,
    pages: Vec<Bytes>,
}

/// A bucket that holds the requests of a tenth of a second.
struct Quota {
    a_second: f64,
    left: f64,
    at: Instant,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = arguments();
    let number = |at: usize| arguments.get(at).map(|value| value.parse::<u64>().unwrap());
    let quota = number(1).map(|a_second| {
        let a_second = a_second as f64;
        Mutex::new(Quota { a_second, left: a_second / 10.0, at: Instant::now() })
    });
    let server = Arc::new(Server {
        delay: Duration::from_millis(number(0).unwrap_or(0)),
        quota,
        streams: Mutex::new(Vec::new()),
        models: models(),
        guardrail: guardrail(),
        pages: (0..PAGE).map(page).collect(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let stopped = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    let accepting = async {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            let server = server.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| server.respond(request));
                // A client that closes its connection is not an error.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stopped => {}
    }
}

impl Server {
    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        request.into_body().collect().await.unwrap();
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        if self.quota.as_ref().is_some_and(|quota| !quota.lock().unwrap().take()) {
            let body = Bytes::from_static(br#"{"message":"Too many requests"}"#);
            let response = Response::builder()
                .status(429)
                .header("x-amzn-errortype", "ThrottlingException")
                .header(header::CONTENT_TYPE, JSON);
            return Ok(response.body(Full::new(body)).unwrap());
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (content_type, body) = match parts.as_slice() {
            ["model", _, "converse"] => (JSON, Bytes::from_static(REPLY.as_bytes())),
            ["model", id, "converse-stream"] => ("application/vnd.amazon.eventstream", self.stream(id)),
            ["foundation-models"] => (JSON, self.models.clone()),
            ["foundation-models", id] => (JSON, model(id)),
            ["guardrails"] => (JSON, self.pages[page_number(&query)].clone()),
            ["guardrails", _] => (JSON, self.guardrail.clone()),
            _ => panic!("no response for {path}"),
        };
        let response = Response::builder()
            .header(header::CONTENT_TYPE, content_type)
            .header("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
        Ok(response.body(Full::new(body)).unwrap())
    }

    fn stream(&self, model: &str) -> Bytes {
        let deltas = model.strip_prefix("events-").map_or(100, |number| number.parse().unwrap());
        let mut streams = self.streams.lock().unwrap();
        if let Some((_, body)) = streams.iter().find(|(held, _)| *held == deltas) {
            return body.clone();
        }
        let body = Bytes::from(events(deltas));
        streams.push((deltas, body.clone()));
        body
    }
}

impl Quota {
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let refilled = self.left + now.duration_since(self.at).as_secs_f64() * self.a_second;
        (self.left, self.at) = (refilled.min(self.a_second / 10.0), now);
        let is_taken = self.left >= 1.0;
        if is_taken {
            self.left -= 1.0;
        }
        is_taken
    }
}

fn page_number(query: &str) -> usize {
    let token = query.split('&').find_map(|pair| pair.strip_prefix("nextToken=page"));
    token.map_or(0, |number| number.parse().unwrap())
}

fn models() -> Bytes {
    let summaries: Vec<Value> =
        (0..100).map(|number| summary(&format!("provider.model-{number}-v1:0"))).collect();
    json!({"modelSummaries": summaries}).to_string().into()
}

fn model(id: &str) -> Bytes {
    json!({"modelDetails": summary(id)}).to_string().into()
}

fn summary(id: &str) -> Value {
    json!({
        "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
        "modelId": id,
        "modelName": format!("Model {id}"),
        "providerName": "Provider",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": true,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    })
}

fn page(number: usize) -> Bytes {
    let summary = |row: usize| {
        let id = format!("gr{:010}", number * PAGE + row);
        json!({
            "id": id,
            "arn": format!("arn:aws:bedrock:us-east-1:123456789012:guardrail/{id}"),
            "name": format!("guardrail {}", number * PAGE + row),
            "description": "Denies topics that a support desk does not talk about.",
            "status": "READY",
            "version": "DRAFT",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-02T00:00:00.000Z",
        })
    };
    let mut body = json!({"guardrails": (0..PAGE).map(summary).collect::<Vec<_>>()});
    if number + 1 < PAGE {
        body["nextToken"] = format!("page{}", number + 1).into();
    }
    body.to_string().into()
}

fn guardrail() -> Bytes {
    json!({
        "guardrailId": "gr0000000000",
        "guardrailArn": "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr0000000000",
        "name": "guardrail",
        "version": "DRAFT",
        "status": "READY",
        "blockedInputMessaging": "No.",
        "blockedOutputsMessaging": "No.",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-02T00:00:00.000Z",
    })
    .to_string()
    .into()
}
