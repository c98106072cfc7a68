//! What came in and what went out: the last requests, and what each was answered with.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::faults::Fault;
use crate::wire::event_stream;

/// Older requests are forgotten: what is kept is bounded by number and by size.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 64 << 20;
/// What is kept of one answer.
const KEPT_OF_ANSWER: usize = 1 << 20;

/// A request that the local Bedrock received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Its number, from 1 on.
    pub id: u64,
    /// When it came, by the server's clock.
    pub received: SystemTime,
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
    /// The HTTP status of the answer; 0 when a fault kept back the whole answer.
    pub status: u16,
    /// What it was answered with, as far as that has been sent.
    pub answer: RecordedAnswer,
    /// The faults that struck it.
    pub faults: Vec<Fault>,
}

/// An answer as it was sent, faults and all.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RecordedAnswer {
    /// The headers, names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The body's bytes so far, the first mebibyte of them.
    pub body: Bytes,
    /// How many bytes of the body have been sent, kept or not.
    pub bytes_sent: usize,
}

/// A frame of an event stream that was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecordedEvent {
    /// An event. Where it holds bytes that are JSON themselves, these are the payload.
    Event {
        /// Its type: `messageStart`, `chunk`.
        name: String,
        /// What it says, but for the padding.
        payload: Value,
    },
    /// An exception, or an error.
    Error {
        /// Its code: `throttlingException`.
        code: String,
        /// Its message.
        message: String,
    },
    /// What is no sound frame.
    Broken {
        /// What is wrong with it.
        why: String,
    },
}

impl RecordedRequest {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl RecordedAnswer {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the body is an event stream.
    pub fn is_stream(&self) -> bool {
        self.header("content-type") == Some(event_stream::CONTENT_TYPE)
    }

    /// A stream's events so far, as they were sent; none of what is no stream. The last one is broken where only a
    /// part of it was sent, or kept.
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
        (_, Err(_)) => broken("the payload is no JSON"),
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
    last_id: u64,
}

impl Journal {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a request down and gives it its number.
    pub(crate) fn record(&self, mut request: RecordedRequest) -> u64 {
        let mut kept = self.kept();
        kept.last_id += 1;
        request.id = kept.last_id;
        kept.requests.push_back(request);
        let size = |request: &RecordedRequest| request.body.len() + request.answer.body.len();
        let mut bytes: usize = kept.requests.iter().map(size).sum();
        while kept.requests.len() > KEPT || (bytes > KEPT_BYTES && kept.requests.len() > 1) {
            bytes -= kept.requests.pop_front().as_ref().map_or(0, size);
        }
        kept.last_id
    }

    /// Writes down what leaves of an answer's body, where its request is still kept.
    pub(crate) fn sent(&self, id: u64, bytes: &Bytes) {
        let mut kept = self.kept();
        let place = kept.requests.binary_search_by_key(&id, |request| request.id);
        let Some(request) = place.ok().and_then(|place| kept.requests.get_mut(place)) else { return };
        let answer = &mut request.answer;
        let room = KEPT_OF_ANSWER.saturating_sub(answer.body.len()).min(bytes.len());
        answer.bytes_sent += bytes.len();
        if answer.body.is_empty() && room == bytes.len() {
            answer.body = bytes.clone();
        } else if room > 0 {
            // A copy: a part of the bytes would keep all of them.
            let mut body = BytesMut::from(std::mem::take(&mut answer.body));
            body.extend_from_slice(&bytes[..room]);
            answer.body = body.freeze();
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.kept().requests.iter().cloned().collect()
    }

    /// How many are kept, and the oldest of them.
    pub(crate) fn extent(&self) -> (usize, Option<u64>) {
        let kept = self.kept();
        (kept.requests.len(), kept.requests.front().map(|oldest| oldest.id))
    }

    pub(crate) fn clear(&self) {
        self.kept().requests.clear();
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
            answer: RecordedAnswer::default(),
            faults: Vec::new(),
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
        let last = journal.record(request(vec![0; KEPT_BYTES + 1]));
        assert_eq!(journal.requests().len(), 1, "the last one is kept whatever its size");
        assert_eq!(last, KEPT as u64 + 9);
    }

    #[test]
    fn what_is_sent_is_kept_up_to_a_bound() {
        let journal = Journal::default();
        let ids: Vec<_> = (0..3).map(|_| journal.record(request(Vec::new()))).collect();
        let piece = Bytes::from(vec![b'x'; 300 << 10]);
        for _ in 0..5 {
            journal.sent(ids[1], &piece);
        }
        journal.sent(99, &piece);
        let requests = journal.requests();
        assert_eq!(requests[1].answer.body.len(), KEPT_OF_ANSWER);
        assert_eq!(requests[1].answer.bytes_sent, 5 * piece.len());
        assert_eq!(requests[0].answer, RecordedAnswer::default());
        journal.clear();
        journal.sent(ids[1], &piece);
        assert!(journal.requests().is_empty());
    }
}
