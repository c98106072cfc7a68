//! Parses replies from JSON.

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use crate::model::reply::{Reply, ReplyContent};

/// A reply in JSON. At most one of the first four members can be set; without them, it is the default reply. Tool calls
/// come after the text or content, reasoning before it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyJson {
    text: Option<String>,
    content: Option<Value>,
    error: Option<ErrorJson>,
    stream_error: Option<StreamErrorJson>,
    #[serde(default)]
    tools: Vec<ToolJson>,
    reasoning: Option<String>,
    stop_reason: Option<String>,
    usage: Option<UsageJson>,
    additional_fields: Option<Value>,
    cut_after: Option<usize>,
    stall_after: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorJson {
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamErrorJson {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    after_events: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolJson {
    name: String,
    #[serde(default = "empty_input")]
    input: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageJson {
    input: u64,
    output: u64,
}

fn empty_input() -> Value {
    json!({})
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReplyJson::deserialize(deserializer)?.into_reply().map_err(de::Error::custom)
    }
}

impl ReplyJson {
    fn into_reply(self) -> Result<Reply, &'static str> {
        let contents = [
            self.text.map(Reply::text),
            self.content.map(Reply::content),
            self.error.map(|error| Reply::error(error.code, error.message)),
            self.stream_error.map(|error| Reply::stream_error(error.code, error.message, error.after_events)),
        ];
        let mut contents = contents.into_iter().flatten();
        let mut reply = contents.next().unwrap_or_default();
        if contents.next().is_some() {
            return Err("a reply has one of text, content, error and stream_error");
        }
        if reply.is_default() && (self.reasoning.is_some() || !self.tools.is_empty()) {
            reply.content = ReplyContent::Blocks(Vec::new());
        }
        match &mut reply.content {
            ReplyContent::Blocks(content) => content.extend(self.tools.into_iter().map(ToolJson::block)),
            _ if self.tools.is_empty() && self.reasoning.is_none() => {}
            _ => return Err("an error has neither tools nor reasoning"),
        }
        if let Some(reasoning) = self.reasoning {
            reply = reply.reasoning(reasoning);
        }
        if let Some(stop_reason) = self.stop_reason {
            reply = reply.stop_reason(stop_reason);
        }
        if let Some(UsageJson { input, output }) = self.usage {
            reply = reply.usage(input, output);
        }
        if let Some(fields) = self.additional_fields {
            reply = reply.additional_fields(fields);
        }
        match (self.cut_after, self.stall_after) {
            (None, None) => Ok(reply),
            (Some(events), None) => Ok(reply.cut_after(events)),
            (None, Some(events)) => Ok(reply.stall_after(events)),
            (Some(_), Some(_)) => Err("a stream is cut or stalls, not both"),
        }
    }
}

impl ToolJson {
    fn block(self) -> Value {
        json!({ "toolUse": { "name": self.name, "input": self.input } })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::from_value;

    use super::*;

    #[test]
    fn replies_are_parsed_from_json() {
        let content = json!([{ "text": "a" }]);
        let cases = [
            (
                json!({ "text": "Hi", "stop_reason": "max_tokens" }),
                Reply::text("Hi").stop_reason("max_tokens"),
            ),
            (json!({ "content": content }), Reply::content(content)),
            (json!({ "error": { "code": "X", "message": "m" } }), Reply::error("X", "m")),
            (json!({ "stream_error": { "code": "x", "after_events": 2 } }), Reply::stream_error("x", "", 2)),
            (json!({ "cut_after": 3 }), Reply::default().cut_after(3)),
            (json!({ "text": "Hi", "stall_after": 1 }), Reply::text("Hi").stall_after(1)),
            (json!({ "text": "Hi", "reasoning": "Hm." }), Reply::text("Hi").reasoning("Hm.")),
            (json!({ "tools": [{ "name": "clock" }] }), Reply::tool_use("clock", json!({}))),
            (json!({ "usage": { "input": 1, "output": 2 } }), Reply::default().usage(1, 2)),
            (
                json!({ "additional_fields": { "k": 1 } }),
                Reply::default().additional_fields(json!({ "k": 1 })),
            ),
        ];
        for (json, reply) in cases {
            let parsed: Reply = from_value(json).unwrap();
            assert_eq!(format!("{parsed:?}"), format!("{reply:?}"));
        }
        for wrong in [
            json!({ "txt": "Hi" }),
            json!({ "text": "Hi", "error": { "code": "X" } }),
            json!({ "error": { "code": "X" }, "reasoning": "Hm." }),
            json!({ "cut_after": 1, "stall_after": 1 }),
            json!("Hi"),
        ] {
            assert!(from_value::<Reply>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
