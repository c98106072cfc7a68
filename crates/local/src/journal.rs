//! The journal: the last requests that the server received, and its responses.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::faults::Fault;
use crate::wire::event_stream;

/// The most requests that are kept.
const MOST_REQUESTS: usize = 1000;
/// The most bytes that are kept, of all bodies together.
const MOST_BYTES: usize = 64 << 20;
/// The most bytes that are kept of one response.
const MOST_BYTES_OF_RESPONSE: usize = 1 << 20;

/// A request that the local Bedrock received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Its ID. The first request has 1.
    pub id: u64,
    /// When it arrived, by the server's clock.
    pub received: SystemTime,
    /// AWS's name of the operation. `None` if no operation has this path.
    pub operation: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query string as it was sent. Empty if there was none.
    pub query: String,
    /// The headers in their order, with names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The body. Empty if the body was a stream.
    pub body: Bytes,
    /// The HTTP status of the response. 0 if a fault withheld the whole response.
    pub status: u16,
    /// The response, as far as it has been sent.
    pub response: RecordedResponse,
    /// The faults that applied to it.
    pub faults: Vec<Fault>,
}

/// A response as it was sent, with the changes of faults.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RecordedResponse {
    /// The headers, with names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The body so far, up to 1 MiB.
    pub body: Bytes,
    /// The number of bytes of the body that have been sent, whether they are kept or not.
    pub bytes_sent: usize,
}

/// A frame of an event stream that was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecordedEvent {
    /// An event. If it holds bytes that are JSON, the payload is that JSON.
    Event {
        /// Its type: `messageStart`, `chunk`.
        name: String,
        /// Its payload without the padding.
        payload: Value,
    },
    /// An exception or an error.
    Error {
        /// Its code: `throttlingException`.
        code: String,
        /// Its message.
        message: String,
    },
    /// Bytes that are not a valid frame.
    Broken {
        /// What is wrong with it.
        why: String,
    },
}

impl RecordedRequest {
    /// Returns the first value of a header. The case of the name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Returns the body as JSON, or `Null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl RecordedResponse {
    /// Returns the first value of a header. The case of the name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Returns the body as JSON, or `Null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns whether the body is an event stream.
    pub fn is_stream(&self) -> bool {
        self.header("content-type") == Some(event_stream::CONTENT_TYPE)
    }

    /// Returns a stream's events so far, as they were sent. Empty if the body is not a stream. The last event is
    /// [`Broken`](RecordedEvent::Broken) if only a part of it was sent or kept.
    pub fn events(&self) -> Vec<RecordedEvent> {
        if !self.is_stream() {
            return Vec::new();
        }
        event_stream::decode(&self.body).into_iter().map(recorded_event).collect()
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn recorded_event(frame: Result<(event_stream::FrameHeaders, Bytes), &'static str>) -> RecordedEvent {
    let broken = |why: &str| RecordedEvent::Broken { why: why.to_owned() };
    let (headers, payload) = match frame {
        Ok(frame) => frame,
        Err(why) => return broken(why),
    };
    let text = |name: &str| {
        event_stream::header_value(&headers, name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    };
    let payload = serde_json::from_slice::<Value>(&payload);
    match (text(":message-type").as_str(), payload) {
        ("error", _) => RecordedEvent::Error { code: text(":error-code"), message: text(":error-message") },
        ("exception", Ok(payload)) => {
            let message = payload["message"].as_str().unwrap_or_default().to_owned();
            RecordedEvent::Error { code: text(":exception-type"), message }
        }
        ("event", Ok(mut payload)) => {
            if let Some(members) = payload.as_object_mut() {
                members.remove("p");
            }
            let bytes = payload["bytes"].as_str().and_then(|bytes| BASE64.decode(bytes).ok());
            let inside = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            RecordedEvent::Event { name: text(":event-type"), payload: inside.unwrap_or(payload) }
        }
        (_, Err(_)) => broken("the payload is not JSON"),
        (_, Ok(_)) => broken("the frame has no known type"),
    }
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<RecordedRequest>,
    /// The bytes of all bodies together.
    bytes: usize,
    last_id: u64,
}

impl Journal {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request and returns its ID.
    pub(crate) fn record(&self, mut request: RecordedRequest) -> u64 {
        let mut kept = self.kept();
        kept.last_id += 1;
        request.id = kept.last_id;
        let size = |request: &RecordedRequest| request.body.len() + request.response.body.len();
        kept.bytes += size(&request);
        kept.requests.push_back(request);
        while kept.requests.len() > MOST_REQUESTS || (kept.bytes > MOST_BYTES && kept.requests.len() > 1) {
            kept.bytes -= kept.requests.pop_front().as_ref().map_or(0, size);
        }
        kept.last_id
    }

    /// Adds bytes that were sent to a request's response, if the request is still kept.
    pub(crate) fn record_sent(&self, id: u64, bytes: &Bytes) {
        let kept = &mut *self.kept();
        let index = kept.requests.binary_search_by_key(&id, |request| request.id);
        let Some(request) = index.ok().and_then(|index| kept.requests.get_mut(index)) else { return };
        let response = &mut request.response;
        let room = MOST_BYTES_OF_RESPONSE.saturating_sub(response.body.len()).min(bytes.len());
        response.bytes_sent += bytes.len();
        kept.bytes += room;
        if response.body.is_empty() && room == bytes.len() {
            response.body = bytes.clone();
        } else if room > 0 {
            // A copy, because a slice would keep all the bytes in memory.
            let mut body = BytesMut::from(std::mem::take(&mut response.body));
            body.extend_from_slice(&bytes[..room]);
            response.body = body.freeze();
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.kept().requests.iter().cloned().collect()
    }

    /// The number of requests that are kept, and the ID of the oldest.
    pub(crate) fn count_and_oldest(&self) -> (usize, Option<u64>) {
        let kept = self.kept();
        (kept.requests.len(), kept.requests.front().map(|oldest| oldest.id))
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.requests.clear();
        kept.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Vec<u8>) -> RecordedRequest {
        RecordedRequest {
            id: 0,
            received: SystemTime::UNIX_EPOCH,
            operation: None,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: body.into(),
            status: 404,
            response: RecordedResponse::default(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn the_journal_has_a_limit() {
        let journal = Journal::default();
        for _ in 0..MOST_REQUESTS + 5 {
            journal.record(request(Vec::new()));
        }
        assert_eq!(journal.requests().len(), MOST_REQUESTS);
        for _ in 0..3 {
            journal.record(request(vec![0; MOST_BYTES / 2]));
        }
        assert_eq!(journal.requests().len(), 2);
        let last = journal.record(request(vec![0; MOST_BYTES + 1]));
        assert_eq!(journal.requests().len(), 1, "the last one is always kept");
        assert_eq!(last, MOST_REQUESTS as u64 + 9);
    }

    #[test]
    fn a_part_of_a_response_is_kept() {
        let journal = Journal::default();
        let ids: Vec<_> = (0..3).map(|_| journal.record(request(Vec::new()))).collect();
        let piece = Bytes::from(vec![b'x'; 300 << 10]);
        for _ in 0..5 {
            journal.record_sent(ids[1], &piece);
        }
        journal.record_sent(99, &piece);
        let requests = journal.requests();
        assert_eq!(requests[1].response.body.len(), MOST_BYTES_OF_RESPONSE);
        assert_eq!(requests[1].response.bytes_sent, 5 * piece.len());
        assert_eq!(requests[0].response, RecordedResponse::default());
        journal.clear();
        journal.record_sent(ids[1], &piece);
        assert!(journal.requests().is_empty());
    }
}
