//! Reads a streamed chat completion as events of a reply.

use std::collections::VecDeque;

use futures_util::stream::{self, StreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::model::reply::signature;
use crate::model::reply_event::{Finish, ReplyEvent, ReplyStream};
use crate::repliers::upstream::chat_response::{finish, reasoning, text};
use crate::repliers::upstream::client::{TIMEOUT, UpstreamResponse, error_message, with_causes};
use crate::repliers::upstream::tool_call_ids::ToolCallIds;
use crate::wire::error::{AwsError, AwsResult};

/// The most bytes of a line.
const LONGEST_LINE: usize = 16 << 20;

/// The events of a streamed completion, each as it arrives. Dropping the stream closes the connection.
pub(super) fn events(url: &str, response: UpstreamResponse, ids: ToolCallIds) -> ReplyStream {
    let reader =
        LineReader { body: response.into_body(), buffer: Vec::new(), parser: ChunkParser::new(url, ids) };
    stream::unfold(reader, |mut reader| async move { reader.next().await.map(|event| (event, reader)) })
        .boxed()
}

/// Splits the bytes of an event stream into lines.
struct LineReader {
    body: Incoming,
    buffer: Vec<u8>,
    parser: ChunkParser,
}

impl LineReader {
    async fn next(&mut self) -> Option<AwsResult<ReplyEvent>> {
        loop {
            if let Some(event) = self.parser.ready.pop_front() {
                return Some(event);
            }
            if self.parser.is_over {
                return None;
            }
            match tokio::time::timeout(TIMEOUT, self.body.frame()).await {
                Err(_) => self.parser.fail(&format!("sent nothing for {} seconds", TIMEOUT.as_secs())),
                Ok(Some(Ok(frame))) => self.push_bytes(&frame.into_data().unwrap_or_default()),
                Ok(Some(Err(error))) => {
                    self.parser.fail(&format!("interrupted its stream: {}", with_causes(&error)));
                }
                Ok(None) => {
                    self.push_bytes(b"\n");
                    self.parser.close();
                }
            }
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = self.buffer[start..].iter().position(|byte| *byte == b'\n') {
            self.parser.parse_line(&self.buffer[start..start + length]);
            start += length + 1;
        }
        self.buffer.drain(..start);
        if self.buffer.len() > LONGEST_LINE {
            self.parser.fail("sent a line that is too long");
        }
    }
}

/// The block that the upstream is sending.
#[derive(Debug, PartialEq)]
enum OpenBlock {
    None,
    Text,
    /// The reasoning so far, which is signed at the end.
    Reasoning(String),
    /// The upstream's index and ID of a tool call.
    ToolCall(Value, Value),
}

/// Turns the chunks of a completion into events of a reply.
struct ChunkParser {
    url: String,
    ids: ToolCallIds,
    open: OpenBlock,
    finish: Finish,
    /// Whether the upstream has sent a finish reason.
    is_finished: bool,
    ready: VecDeque<AwsResult<ReplyEvent>>,
    is_over: bool,
}

impl ChunkParser {
    fn new(url: &str, ids: ToolCallIds) -> Self {
        Self {
            url: url.to_owned(),
            ids,
            open: OpenBlock::None,
            finish: Finish::default(),
            is_finished: false,
            ready: VecDeque::new(),
            is_over: false,
        }
    }

    /// Parses a line of the stream. Lines without data are comments and event names.
    fn parse_line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) else { return };
        if self.is_over || data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            return self.end();
        }
        match serde_json::from_slice::<Value>(data) {
            Ok(chunk) if chunk["error"].is_null() => self.parse_chunk(&chunk),
            Ok(_) => self.fail(&format!("returned an error: {}", error_message(data))),
            Err(error) => {
                self.fail(&format!("sent data that is not JSON ({error}): {}", error_message(data)));
            }
        }
    }

    fn parse_chunk(&mut self, chunk: &Value) {
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        if let Some(reasoning) = reasoning(delta) {
            match &mut self.open {
                OpenBlock::Reasoning(so_far) => so_far.push_str(reasoning),
                _ => self.start(
                    OpenBlock::Reasoning(reasoning.to_owned()),
                    json!({ "reasoningContent": { "reasoningText": { "text": "" } } }),
                ),
            }
            self.delta(json!({ "reasoningContent": { "text": reasoning } }));
        }
        if let Some(text) = text(delta) {
            if self.open != OpenBlock::Text {
                self.start(OpenBlock::Text, json!({ "text": "" }));
            }
            self.delta(json!({ "text": text }));
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.parse_tool_call(call);
        }
        let finish = finish(choice, &chunk["usage"]);
        self.finish.usage = finish.usage.or(self.finish.usage);
        if choice["finish_reason"].is_string() {
            self.is_finished = true;
            self.finish.stop_reason = finish.stop_reason;
            self.finish.stop_sequence = finish.stop_sequence;
        }
    }

    /// Parses a tool call, or a fragment of the input of the open one. Some servers give all calls the same index and
    /// different IDs.
    fn parse_tool_call(&mut self, call: &Value) {
        let (index, id) = (&call["index"], &call["id"]);
        let is_same = |known: &Value, new: &Value| new.is_null() || new == "" || new == known;
        let continues = matches!(&self.open, OpenBlock::ToolCall(open, known) if is_same(open, index) && is_same(known, id));
        let function = &call["function"];
        if !continues {
            if !function["name"].is_string() {
                return self.fail("sent the input of a tool call that is not open");
            }
            let tool_use_id = self.ids.accept_or_create(id);
            let tool_use = json!({ "toolUseId": tool_use_id, "name": function["name"], "input": {} });
            self.start(OpenBlock::ToolCall(index.clone(), id.clone()), json!({ "toolUse": tool_use }));
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

    fn start(&mut self, open: OpenBlock, block: Value) {
        self.stop();
        self.open = open;
        self.ready.push_back(Ok(ReplyEvent::BlockStart(block)));
    }

    fn delta(&mut self, delta: Value) {
        self.ready.push_back(Ok(ReplyEvent::BlockDelta(delta)));
    }

    fn stop(&mut self) {
        match std::mem::replace(&mut self.open, OpenBlock::None) {
            OpenBlock::None => return,
            OpenBlock::Reasoning(reasoning) => {
                self.delta(json!({ "reasoningContent": { "signature": signature(&reasoning) } }));
            }
            OpenBlock::Text | OpenBlock::ToolCall(..) => {}
        }
        self.ready.push_back(Ok(ReplyEvent::BlockStop));
    }

    fn end(&mut self) {
        self.stop();
        self.ready.push_back(Ok(ReplyEvent::MessageStop(std::mem::take(&mut self.finish))));
        self.is_over = true;
    }

    /// Ends the reply at the end of the body, because not every server sends `[DONE]`.
    fn close(&mut self) {
        match self.is_finished {
            _ if self.is_over => {}
            true => self.end(),
            false => self.fail("ended its stream before the reply was complete"),
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

    fn parsed(lines: &[&str]) -> Vec<AwsResult<ReplyEvent>> {
        let mut parser = ChunkParser::new("http://x", ToolCallIds::default());
        for line in lines {
            parser.parse_line(line.as_bytes());
        }
        parser.close();
        parser.ready.into()
    }

    #[test]
    fn tool_calls_with_one_index_are_separate() {
        let call = |index: u32, id: &str, arguments: &str| {
            let call =
                json!({ "index": index, "id": id, "function": { "name": "clock", "arguments": arguments } });
            format!("data: {}", json!({ "choices": [{ "delta": { "tool_calls": [call] } }] }))
        };
        let lines = [call(0, "a", "{\"z\":"), call(0, "", "1}"), call(0, "b", "{}"), call(1, "b", "{}")];
        let lines: Vec<_> = lines.iter().map(String::as_str).chain(["data: [DONE]"]).collect();
        let events = parsed(&lines);
        let starts = events.iter().filter(|event| matches!(event, Ok(ReplyEvent::BlockStart(_)))).count();
        let stops = events.iter().filter(|event| matches!(event, Ok(ReplyEvent::BlockStop))).count();
        assert_eq!((starts, stops), (3, 3), "{events:?}");
        assert_eq!(events.last(), Some(&Ok(ReplyEvent::MessageStop(Finish::default()))));
    }

    #[test]
    fn every_stream_has_one_end_or_error() {
        for lines in [
            &[][..],
            &["data: {}"],
            &["data: 7", "data: [DONE]"],
            &["data: {\"error\": {\"message\": \"no\"}}"],
            &["data: {\"choices\": [{\"delta\": {\"tool_calls\": [{}]}}]}"],
            &["data: nonsense", "data: [DONE]"],
            &["data: {\"choices\": [{\"delta\": null, \"finish_reason\": \"stop\"}]}"],
        ] {
            let events = parsed(lines);
            let ends =
                |event: &AwsResult<ReplyEvent>| matches!(event, Err(_) | Ok(ReplyEvent::MessageStop(_)));
            assert_eq!(events.iter().filter(|event| ends(event)).count(), 1, "{lines:?} {events:?}");
            assert!(events.last().is_some_and(ends), "{lines:?} {events:?}");
        }
    }
}
