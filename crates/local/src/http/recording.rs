//! Makes a request's entry for the journal.

use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;

use crate::faults::AppliedFaults;
use crate::journal::{RecordedRequest, RecordedResponse};
use crate::local::Local;
use crate::wire::response::Response;

/// The entry of a request, with the status and the headers of its response. Without a response, the status is 0.
pub(crate) fn entry(
    local: &Local,
    operation: Option<&str>,
    parts: &Parts,
    body: Bytes,
    faults: &AppliedFaults,
    response: Option<&Response>,
) -> RecordedRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let response_headers = response.into_iter().flat_map(|response| &response.headers);
    RecordedRequest {
        id: 0,
        received: local.world.clock.now().into(),
        operation: operation.map(str::to_owned),
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body,
        status: response.map_or(0, |response| response.status.as_u16()),
        response: RecordedResponse {
            headers: response_headers.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            ..RecordedResponse::default()
        },
        faults: faults.faults.clone(),
    }
}
