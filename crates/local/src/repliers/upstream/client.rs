//! HTTP to the upstream, and what its failures are in AWS's terms.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::wire::error::{AwsError, AwsResult};

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A local model may take its time to be loaded, and to read a long prompt.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
const LONGEST_ANSWER: usize = 64 << 20;
const LONGEST_QUOTE: usize = 500;

#[derive(Debug)]
pub(super) struct Client {
    url: String,
    authorization: Option<HeaderValue>,
    client: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// An answer that is none of an error, its body still to come.
pub(super) struct Answer {
    url: String,
    response: Response<Incoming>,
}

impl Client {
    pub(super) fn new(url: &str) -> io::Result<Self> {
        let invalid = |why: &str| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the upstream {url} cannot be used: {why}; give the base URL of a server such as \
                     http://127.0.0.1:11434/v1"
                ),
            )
        };
        let uri: Uri = url.parse().map_err(|error| invalid(&format!("{error}")))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(invalid("only plain http:// is spoken to it, not https://")),
            _ => return Err(invalid("it does not start with http://")),
        }
        if uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
            return Err(invalid("it must have a host, and no query"));
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_PATIENCE));
        connector.set_nodelay(true);
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            authorization: None,
            client: legacy::Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn authorize(&mut self, key: &str) -> io::Result<()> {
        let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the upstream's key has characters that no header can hold",
            )
        })?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(())
    }

    /// Posts JSON to a path below the base URL.
    pub(super) async fn post(&self, path: &str, body: &Value) -> AwsResult<Answer> {
        let mut request = Request::post(format!("{}/{path}", self.url))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::from(body.to_string()))
            .map_err(|error| AwsError::internal(format!("The upstream could not be asked: {error}")))?;
        let response = match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Err(_) => return Err(timeout(&self.url)),
            Ok(Err(error)) => {
                let why = chain(&error);
                let url = &self.url;
                return Err(unavailable(format!(
                    "The upstream {url} could not be reached: {why}. Is it running?"
                )));
            }
            Ok(Ok(response)) => response,
        };
        let status = response.status();
        let answer = Answer { url: self.url.clone(), response };
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.bytes().await.unwrap_or_default();
        Err(refusal(&self.url, status, &body))
    }

    /// An answer that makes no sense.
    pub(super) fn nonsense(&self, what: &str) -> AwsError {
        nonsense(&self.url, what)
    }
}

impl Answer {
    pub(super) fn is_event_stream(&self) -> bool {
        let content_type = self.response.headers().get(CONTENT_TYPE);
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
    }

    pub(super) fn into_body(self) -> Incoming {
        self.response.into_body()
    }

    pub(super) async fn json(self) -> AwsResult<Value> {
        let url = self.url.clone();
        let body = self.bytes().await?;
        serde_json::from_slice(&body)
            .map_err(|error| nonsense(&url, &format!("what is no JSON ({error}): {}", quote(&body))))
    }

    async fn bytes(self) -> AwsResult<Bytes> {
        let Self { url, response } = self;
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect();
        match tokio::time::timeout(PATIENCE, body).await {
            Err(_) => Err(timeout(&url)),
            Ok(Err(error)) => Err(unavailable(format!("The upstream {url} broke off its answer: {error}."))),
            Ok(Ok(body)) => Ok(body.to_bytes()),
        }
    }
}

fn unavailable(message: String) -> AwsError {
    AwsError::new("ServiceUnavailableException", message)
}

fn timeout(url: &str) -> AwsError {
    let seconds = PATIENCE.as_secs();
    AwsError::new("ModelTimeoutException", format!("The upstream {url} said nothing for {seconds} seconds."))
}

fn nonsense(url: &str, what: &str) -> AwsError {
    AwsError::new("ModelErrorException", format!("The upstream {url} answered {what}"))
}

/// What AWS would say in the place of an upstream that says no.
fn refusal(url: &str, status: StatusCode, body: &[u8]) -> AwsError {
    let code = match status.as_u16() {
        400 | 413 | 422 => "ValidationException",
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 | 504 => "ModelTimeoutException",
        429 => "ThrottlingException",
        // That is how servers say that the model is still being loaded.
        503 => "ModelNotReadyException",
        _ => "ModelErrorException",
    };
    AwsError::new(code, format!("The upstream {url} said {}: {}", status.as_u16(), told(body)))
}

/// The message in an error's body, wherever servers put it.
pub(super) fn told(body: &[u8]) -> String {
    let body_as_json: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &body_as_json["error"];
    let places = [&error["message"], error, &body_as_json["message"], &body_as_json["detail"]];
    match places.into_iter().find_map(Value::as_str) {
        Some(message) => message.to_owned(),
        None => quote(body),
    }
}

fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.trim().chars().take(LONGEST_QUOTE).collect()
}

/// An error with what led to it: hyper's own words tell little.
pub(super) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
