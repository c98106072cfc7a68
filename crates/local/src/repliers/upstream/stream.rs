//! A streamed chat completion, passed on piece by piece.

use std::collections::VecDeque;

use futures_util::stream::{self, StreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::model::piece::{Finish, Piece, Pieces};
use crate::model::reply::signature;
use crate::repliers::upstream::CallIds;
use crate::repliers::upstream::client::{Answer, PATIENCE, chain, told};
use crate::repliers::upstream::reply::{finish, text, thought};
use crate::wire::error::{AwsError, AwsResult};

/// No line of a stream is longer than this.
const LONGEST_LINE: usize = 16 << 20;

/// The pieces of an event stream, each as it arrives. Dropping them hangs up.
pub(super) fn pieces(url: &str, answer: Answer, ids: CallIds) -> Pieces {
    let ear = Ear { body: answer.into_body(), buffer: Vec::new(), hearing: Hearing::new(url, ids) };
    stream::unfold(ear, |mut ear| async move { ear.next().await.map(|piece| (piece, ear)) }).boxed()
}

/// The bytes of an event stream, cut into lines.
struct Ear {
    body: Incoming,
    buffer: Vec<u8>,
    hearing: Hearing,
}

impl Ear {
    async fn next(&mut self) -> Option<AwsResult<Piece>> {
        loop {
            if let Some(piece) = self.hearing.ready.pop_front() {
                return Some(piece);
            }
            if self.hearing.is_over {
                return None;
            }
            match tokio::time::timeout(PATIENCE, self.body.frame()).await {
                Err(_) => self.hearing.fail(&format!("fell silent for {} seconds", PATIENCE.as_secs())),
                Ok(Some(Ok(frame))) => self.read(&frame.into_data().unwrap_or_default()),
                Ok(Some(Err(error))) => {
                    self.hearing.fail(&format!("broke off its stream: {}", chain(&error)));
                }
                Ok(None) => {
                    self.read(b"\n");
                    self.hearing.close();
                }
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.buffer[start..].iter().position(|byte| *byte == b'\n') {
            self.hearing.line(&self.buffer[start..start + length]);
            start += length + 1;
        }
        self.buffer.drain(..start);
        if self.buffer.len() > LONGEST_LINE {
            self.hearing.fail("sent a line without end");
        }
    }
}

/// The block that is being told.
#[derive(Debug, PartialEq)]
enum Open {
    Nothing,
    Text,
    /// With what was thought so far, which is signed in the end.
    Thought(String),
    /// With the index and the id that the upstream gives the call.
    Call(Value, Value),
}

/// What was heard so far.
struct Hearing {
    url: String,
    ids: CallIds,
    open: Open,
    finish: Finish,
    /// Whether the upstream said why it stops.
    is_finished: bool,
    ready: VecDeque<AwsResult<Piece>>,
    is_over: bool,
}

impl Hearing {
    fn new(url: &str, ids: CallIds) -> Self {
        Self {
            url: url.to_owned(),
            ids,
            open: Open::Nothing,
            finish: Finish::default(),
            is_finished: false,
            ready: VecDeque::new(),
            is_over: false,
        }
    }

    /// A line of the stream. Those without data are comments and names of events.
    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) else { return };
        if self.is_over || data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            return self.end();
        }
        match serde_json::from_slice::<Value>(data) {
            Ok(chunk) if chunk["error"].is_null() => self.chunk(&chunk),
            Ok(_) => self.fail(&format!("said: {}", told(data))),
            Err(error) => self.fail(&format!("sent what is no JSON ({error}): {}", told(data))),
        }
    }

    fn chunk(&mut self, chunk: &Value) {
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        if let Some(thought) = thought(delta) {
            match &mut self.open {
                Open::Thought(so_far) => so_far.push_str(thought),
                _ => self.start(
                    Open::Thought(thought.to_owned()),
                    json!({ "reasoningContent": { "reasoningText": { "text": "" } } }),
                ),
            }
            self.delta(json!({ "reasoningContent": { "text": thought } }));
        }
        if let Some(text) = text(delta) {
            if self.open != Open::Text {
                self.start(Open::Text, json!({ "text": "" }));
            }
            self.delta(json!({ "text": text }));
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.call(call);
        }
        let finish = finish(choice, &chunk["usage"]);
        self.finish.usage = finish.usage.or(self.finish.usage);
        if choice["finish_reason"].is_string() {
            self.is_finished = true;
            self.finish.stop_reason = finish.stop_reason;
            self.finish.stop_sequence = finish.stop_sequence;
        }
    }

    /// A call, or a fragment of the input of the one that is open. Some servers give all calls one index, and tell
    /// them apart by their ids.
    fn call(&mut self, call: &Value) {
        let (index, id) = (&call["index"], &call["id"]);
        let is_same = |known: &Value, new: &Value| new.is_null() || new == "" || new == known;
        let goes_on =
            matches!(&self.open, Open::Call(open, known) if is_same(open, index) && is_same(known, id));
        let function = &call["function"];
        if !goes_on {
            if !function["name"].is_string() {
                return self.fail("sent the input of a tool call that it had not begun, or had ended");
            }
            let tool_use_id = self.ids.of(id);
            let tool_use = json!({ "toolUseId": tool_use_id, "name": function["name"], "input": {} });
            self.start(Open::Call(index.clone(), id.clone()), json!({ "toolUse": tool_use }));
        }
        let fragment = match &function["arguments"] {
            Value::String(fragment) => fragment.clone(),
            Value::Null => String::new(),
            whole => whole.to_string(),
        };
        if !fragment.is_empty() {
            self.delta(json!({ "toolUse": { "input": fragment } }));
        }
    }

    fn start(&mut self, open: Open, block: Value) {
        self.stop();
        self.open = open;
        self.ready.push_back(Ok(Piece::Start(block)));
    }

    fn delta(&mut self, delta: Value) {
        self.ready.push_back(Ok(Piece::Delta(delta)));
    }

    fn stop(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => return,
            Open::Thought(thought) => {
                self.delta(json!({ "reasoningContent": { "signature": signature(&thought) } }));
            }
            Open::Text | Open::Call(..) => {}
        }
        self.ready.push_back(Ok(Piece::Stop));
    }

    fn end(&mut self) {
        self.stop();
        self.ready.push_back(Ok(Piece::End(std::mem::take(&mut self.finish))));
        self.is_over = true;
    }

    /// The body is over: not every server says that it is done.
    fn close(&mut self) {
        match self.is_finished {
            _ if self.is_over => {}
            true => self.end(),
            false => self.fail("broke off its stream before it had said all"),
        }
    }

    fn fail(&mut self, what: &str) {
        let message = format!("The upstream {} {what}.", self.url);
        self.ready.push_back(Err(AwsError::new("ModelStreamErrorException", message)));
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str]) -> Vec<AwsResult<Piece>> {
        let mut hearing = Hearing::new("http://x", CallIds::default());
        for line in lines {
            hearing.line(line.as_bytes());
        }
        hearing.close();
        hearing.ready.into()
    }

    #[test]
    fn calls_of_one_index_are_told_apart() {
        let call = |index: u32, id: &str, arguments: &str| {
            let call =
                json!({ "index": index, "id": id, "function": { "name": "clock", "arguments": arguments } });
            format!("data: {}", json!({ "choices": [{ "delta": { "tool_calls": [call] } }] }))
        };
        let lines = [call(0, "a", "{\"z\":"), call(0, "", "1}"), call(0, "b", "{}"), call(1, "b", "{}")];
        let lines: Vec<_> = lines.iter().map(String::as_str).chain(["data: [DONE]"]).collect();
        let told = heard(&lines);
        let starts = told.iter().filter(|piece| matches!(piece, Ok(Piece::Start(_)))).count();
        let stops = told.iter().filter(|piece| matches!(piece, Ok(Piece::Stop))).count();
        assert_eq!((starts, stops), (3, 3), "{told:?}");
        assert_eq!(told.last(), Some(&Ok(Piece::End(Finish::default()))));
    }

    #[test]
    fn whatever_comes_ends_in_an_end_or_an_error() {
        for lines in [
            &[][..],
            &["data: {}"],
            &["data: 7", "data: [DONE]"],
            &["data: {\"error\": {\"message\": \"no\"}}"],
            &["data: {\"choices\": [{\"delta\": {\"tool_calls\": [{}]}}]}"],
            &["data: nonsense", "data: [DONE]"],
            &["data: {\"choices\": [{\"delta\": null, \"finish_reason\": \"stop\"}]}"],
        ] {
            let told = heard(lines);
            let ends = |piece: &AwsResult<Piece>| matches!(piece, Err(_) | Ok(Piece::End(_)));
            assert_eq!(told.iter().filter(|piece| ends(piece)).count(), 1, "{lines:?} {told:?}");
            assert!(told.last().is_some_and(ends), "{lines:?} {told:?}");
        }
    }
}
