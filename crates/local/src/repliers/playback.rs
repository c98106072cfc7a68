//! Playback of recorded exchanges.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::wire::description::Services;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::event_stream;
use crate::wire::output::{Headers, Output};
use crate::wire::routing::{RouteMatch, Router};

/// The headers that are played back. The others belong to the connection.
const HEADERS: &[&str] = &[
    "content-type",
    "retry-after",
    "x-amz-retry-after",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
    "x-amzn-bedrock-content-type",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-invocation-latency",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-performanceconfig-latency",
    "x-amzn-bedrock-service-tier",
    "x-amzn-errortype",
    "x-amzn-requestid",
];

/// Recorded exchanges. A request that equals a recorded one gets the recorded response, byte for byte.
///
/// Requests are equal if they have the same operation, the same labels in the path (the model ID), the same query, and
/// the same body, whatever the order of its keys. If a request has several recorded responses, they are returned in their
/// order, and the last one is repeated.
///
/// The file has one exchange per line, as JSON. A body is JSON (`body`), text (`body`, a string), or bytes in base64
/// (`body_b64`), as for streams. Other members are ignored.
///
/// ```
/// use bedrock_orm_local::{LocalBedrock, Playback};
///
/// let exchange = r#"{"request": {"method": "POST", "path": "/model/amazon.nova-lite-v1%3A0/converse",
///     "body": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}},
///     "response": {"status": 429, "headers": {"x-amzn-ErrorType": "ThrottlingException"},
///     "body": {"message": "Too many requests, please wait before trying again."}}}"#;
/// let playback = Playback::from_jsonl(&exchange.replace('\n', ""))?;
/// let builder = LocalBedrock::builder().playback(playback);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
#[must_use = "a playback has no effect until it is added to a builder"]
pub struct Playback {
    exchanges: HashMap<ExchangeKey, Vec<Exchange>>,
    /// Whether nothing else replies in a model's place.
    is_only: bool,
}

/// What equal requests have in common, besides their bodies.
#[derive(Debug, Hash, PartialEq, Eq)]
struct ExchangeKey {
    operation: &'static str,
    labels: Vec<String>,
    query: String,
}

#[derive(Debug)]
struct Exchange {
    body: RequestBody,
    responses: Vec<ExchangeResponse>,
    returned: AtomicUsize,
}

#[derive(Debug, PartialEq)]
enum RequestBody {
    Json(Value),
    Bytes(Bytes),
}

#[derive(Debug)]
struct ExchangeResponse {
    status: u16,
    headers: Headers,
    body: Bytes,
}

#[derive(Deserialize)]
struct ExchangeForm {
    request: RequestForm,
    response: ResponseForm,
}

#[derive(Deserialize)]
struct RequestForm {
    method: String,
    path: String,
    body: Option<Value>,
    body_b64: Option<String>,
}

#[derive(Deserialize)]
struct ResponseForm {
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<Value>,
    body_b64: Option<String>,
}

impl Playback {
    /// Reads a file of exchanges.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a line is not an exchange. The error names the line.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        std::fs::read_to_string(path).and_then(|lines| Self::from_jsonl(&lines)).map_err(with_path)
    }

    /// Parses exchanges, one per line.
    ///
    /// # Errors
    ///
    /// If a line is not an exchange. The error names the line.
    pub fn from_jsonl(lines: &str) -> io::Result<Self> {
        let services = Services::load()?;
        let router = Router::new(services);
        let mut playback = Self { exchanges: HashMap::new(), is_only: false };
        for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            playback.add(&router, line).map_err(|wrong| {
                io::Error::new(io::ErrorKind::InvalidInput, format!("line {}: {wrong}", index + 1))
            })?;
        }
        Ok(playback)
    }

    /// Allows no other replies: a request without a recorded response gets a `ResourceNotFoundException` that says so.
    /// Operations that call no model work as usual.
    pub fn only(self) -> Self {
        Self { is_only: true, ..self }
    }

    fn add(&mut self, router: &Router, line: &str) -> Result<(), String> {
        let ExchangeForm { request, response } =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let found = router
            .find(&request.method, path)
            .ok_or_else(|| format!("{} {path} is not an operation of Bedrock", request.method))?;
        let body = RequestBody::of(bytes(request.body, request.body_b64)?);
        let is_present =
            |name: &&&str| response.headers.keys().any(|header| header.eq_ignore_ascii_case(name));
        let value = |name: &'static str| {
            let header = response.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            (name, header.map(|(_, value)| value.clone()).unwrap_or_default())
        };
        let response = ExchangeResponse {
            status: response.status,
            headers: HEADERS.iter().filter(is_present).map(|name| value(name)).collect(),
            body: bytes(response.body, response.body_b64)?,
        };
        let exchanges = self.exchanges.entry(ExchangeKey::of(&found, query)).or_default();
        match exchanges.iter_mut().find(|exchange| exchange.body == body) {
            Some(exchange) => exchange.responses.push(response),
            None => {
                exchanges.push(Exchange { body, responses: vec![response], returned: AtomicUsize::new(0) });
            }
        }
        Ok(())
    }

    /// Starts again with the first response of each exchange.
    pub(crate) fn reset(&self) {
        self.exchanges.values().flatten().for_each(|exchange| exchange.returned.store(0, Ordering::Relaxed));
    }

    /// Returns the recorded response to a request, with its status. `None` if there is none and the operation may be
    /// performed.
    pub(crate) fn find_response(
        &self,
        found: &RouteMatch,
        query: &str,
        body: &Bytes,
    ) -> AwsResult<Option<(u16, Output)>> {
        let key = ExchangeKey::of(found, query);
        let exchanges = self.exchanges.get(&key).map_or(&[][..], Vec::as_slice);
        let body = RequestBody::of(body.clone());
        match exchanges.iter().find(|exchange| exchange.body == body) {
            Some(exchange) => Ok(exchange.next()),
            None if self.is_only && calls_a_model(key.operation) => {
                let recorded: usize = exchanges.len();
                Err(AwsError::not_found(format!(
                    "No exchange is recorded for this {} request of {}. Exchanges of this operation and model with other \
                     bodies: {recorded}. Record this one, or allow other replies (omit --playback-only).",
                    key.operation,
                    key.labels.join(", "),
                )))
            }
            None => Ok(None),
        }
    }
}

impl ExchangeKey {
    fn of(found: &RouteMatch, query: &str) -> Self {
        let mut query: Vec<_> = query.split('&').filter(|part| !part.is_empty()).collect();
        query.sort_unstable();
        Self {
            operation: &found.operation.name,
            labels: found.labels.iter().map(|(_, label)| label.clone()).collect(),
            query: query.join("&"),
        }
    }
}

impl Exchange {
    fn next(&self) -> Option<(u16, Output)> {
        let index = self.returned.fetch_add(1, Ordering::Relaxed);
        let ExchangeResponse { status, headers, body } =
            self.responses.get(index).or_else(|| self.responses.last())?;
        let is_stream = headers.iter().any(|(_, value)| value.starts_with(event_stream::CONTENT_TYPE));
        let pieces = if is_stream { event_stream::split_frames(body) } else { vec![body.clone()] };
        Some((*status, Output::Recorded { pieces, headers: headers.clone() }))
    }
}

impl RequestBody {
    fn of(bytes: Bytes) -> Self {
        serde_json::from_slice(&bytes).map_or_else(|_| Self::Bytes(bytes), Self::Json)
    }
}

/// Whether an operation calls a model, so that its responses can be queued or limited to recorded ones.
pub(crate) fn calls_a_model(operation: &str) -> bool {
    ["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"].contains(&operation)
}

/// The bytes of a recorded body.
fn bytes(body: Option<Value>, base64: Option<String>) -> Result<Bytes, String> {
    match (body, base64) {
        (Some(_), Some(_)) => Err("an exchange has body or body_b64, not both".to_owned()),
        (Some(Value::String(text)), None) => Ok(text.into()),
        (Some(json), None) => Ok(json.to_string().into()),
        (None, Some(base64)) => BASE64
            .decode(base64)
            .map(Bytes::from)
            .map_err(|error| format!("body_b64 is not valid base64: {error}")),
        (None, None) => Ok(Bytes::new()),
    }
}
