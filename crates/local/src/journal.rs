//! What came in: the last requests and the status that each was answered with.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

/// Older requests are forgotten: what is kept is bounded by number and by size.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 64 << 20;

/// A request that the local Bedrock received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The operation's name as AWS spells it; `None` when the path belongs to none.
    pub operation: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query string as it was sent; empty when there was none.
    pub query: String,
    /// The headers in their order, names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The body's bytes; none of a body that is a stream itself.
    pub body: Bytes,
    /// The HTTP status of the answer.
    pub status: u16,
}

impl RecordedRequest {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: Mutex<VecDeque<RecordedRequest>>,
}

impl Journal {
    pub(crate) fn record(&self, request: RecordedRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push_back(request);
        let mut bytes: usize = requests.iter().map(|request| request.body.len()).sum();
        while requests.len() > KEPT || (bytes > KEPT_BYTES && requests.len() > 1) {
            bytes -= requests.pop_front().map_or(0, |oldest| oldest.body.len());
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Vec<u8>) -> RecordedRequest {
        RecordedRequest {
            operation: None,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: body.into(),
            status: 404,
        }
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let journal = Journal::default();
        for _ in 0..KEPT + 5 {
            journal.record(request(Vec::new()));
        }
        assert_eq!(journal.requests().len(), KEPT);
        for _ in 0..3 {
            journal.record(request(vec![0; KEPT_BYTES / 2]));
        }
        assert_eq!(journal.requests().len(), 2);
        journal.record(request(vec![0; KEPT_BYTES + 1]));
        assert_eq!(journal.requests().len(), 1, "the last one is kept whatever its size");
    }
}
