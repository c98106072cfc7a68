//! An HTTP response as data. Faults can change it before it is sent.

use bytes::Bytes;
use futures_util::stream::BoxStream;
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::description::Services;
use crate::wire::error::AwsError;
use crate::wire::output::Headers;

/// An HTTP response.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) content: Content,
}

/// The body of a response.
pub(crate) enum Content {
    Whole(Bytes),
    /// An event stream. Each item is a whole frame.
    Frames(BoxStream<'static, Bytes>),
}

impl Response {
    pub(crate) fn whole(status: StatusCode, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self { status, headers, content: Content::Whole(body.into()) }
    }

    /// Creates the response of an error.
    pub(crate) fn failure(services: &Services, request_id: String, error: &AwsError) -> Self {
        let status = StatusCode::from_u16(error.status(services)).unwrap_or(StatusCode::BAD_REQUEST);
        let headers = vec![
            ("x-amzn-requestid", request_id),
            json_content_type(),
            ("x-amzn-errortype", error.error_type(services)),
        ];
        Self::whole(status, headers, error.body().to_string())
    }

    /// Returns the status and the headers.
    pub(crate) fn head(&self) -> hyper::Response<()> {
        let mut head = hyper::Response::new(());
        *head.status_mut() = self.status;
        for (name, value) in &self.headers {
            insert_header(head.headers_mut(), name, value);
        }
        head
    }
}

/// The content type header of JSON.
pub(crate) fn json_content_type() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

/// Inserts a header. A value that is not valid in a header is ignored.
pub(crate) fn insert_header(map: &mut HeaderMap, name: &str, value: &str) {
    // The code of a scripted error may be invalid in a header.
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        map.insert(name, value);
    }
}
