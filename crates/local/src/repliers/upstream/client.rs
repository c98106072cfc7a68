//! The HTTP client of an upstream. Its errors are AWS's.

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

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time without data. A local model may need long to load, and to read a long prompt.
pub(super) const TIMEOUT: Duration = Duration::from_secs(300);
const LONGEST_RESPONSE: usize = 64 << 20;
/// The most characters of a body that an error quotes.
const LONGEST_QUOTE: usize = 500;

#[derive(Debug)]
pub(super) struct Client {
    url: String,
    authorization: Option<HeaderValue>,
    client: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// A response whose body is not read yet.
pub(super) struct UpstreamResponse {
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
            Some("https") => return Err(invalid("https:// is not supported, only http://")),
            _ => return Err(invalid("it does not start with http://")),
        }
        if uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
            return Err(invalid("it must have a host, and no query"));
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
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
                "the upstream's key has characters that a header cannot have",
            )
        })?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(())
    }

    /// Posts JSON to a path below the base URL. Returns an error if the status is one.
    pub(super) async fn post(&self, path: &str, body: &Value) -> AwsResult<UpstreamResponse> {
        let mut request = Request::post(format!("{}/{path}", self.url))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::from(body.to_string()))
            .map_err(|error| AwsError::internal(format!("The upstream's request is invalid: {error}")))?;
        let response = match tokio::time::timeout(TIMEOUT, self.client.request(request)).await {
            Err(_) => return Err(timeout(&self.url)),
            Ok(Err(error)) => {
                let why = with_causes(&error);
                let url = &self.url;
                return Err(unavailable(format!(
                    "The upstream {url} could not be reached: {why}. Is it running?"
                )));
            }
            Ok(Ok(response)) => response,
        };
        let status = response.status();
        let response = UpstreamResponse { url: self.url.clone(), response };
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        Err(status_error(&self.url, status, &body))
    }

    /// The error for a response that cannot be used.
    pub(super) fn invalid_response(&self, what: &str) -> AwsError {
        invalid_response(&self.url, what)
    }
}

impl UpstreamResponse {
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
        serde_json::from_slice(&body).map_err(|error| {
            invalid_response(&url, &format!("a body that is not JSON ({error}): {}", quote(&body)))
        })
    }

    async fn bytes(self) -> AwsResult<Bytes> {
        let Self { url, response } = self;
        let body = Limited::new(response.into_body(), LONGEST_RESPONSE).collect();
        match tokio::time::timeout(TIMEOUT, body).await {
            Err(_) => Err(timeout(&url)),
            Ok(Err(error)) => {
                Err(unavailable(format!("The upstream {url} interrupted its response: {error}.")))
            }
            Ok(Ok(body)) => Ok(body.to_bytes()),
        }
    }
}

fn unavailable(message: String) -> AwsError {
    AwsError::new("ServiceUnavailableException", message)
}

fn timeout(url: &str) -> AwsError {
    let seconds = TIMEOUT.as_secs();
    AwsError::new("ModelTimeoutException", format!("The upstream {url} sent nothing for {seconds} seconds."))
}

fn invalid_response(url: &str, what: &str) -> AwsError {
    AwsError::new("ModelErrorException", format!("The upstream {url} returned {what}"))
}

/// AWS's error for an error status of the upstream.
fn status_error(url: &str, status: StatusCode, body: &[u8]) -> AwsError {
    let code = match status.as_u16() {
        400 | 413 | 422 => "ValidationException",
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 | 504 => "ModelTimeoutException",
        429 => "ThrottlingException",
        // Servers return this while they load the model.
        503 => "ModelNotReadyException",
        _ => "ModelErrorException",
    };
    AwsError::new(code, format!("The upstream {url} returned {}: {}", status.as_u16(), error_message(body)))
}

/// The message of an error's body. Servers have it in different places.
pub(super) fn error_message(body: &[u8]) -> String {
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

/// An error's message with those of its causes, because hyper's message alone says little.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"))
}
