//! A reply as JSON tells it.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::reply::Reply;

/// At most one of the first four says what is replied; without any it is what the server would say anyway.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyForm {
    text: Option<String>,
    content: Option<Value>,
    error: Option<ErrorForm>,
    stream_error: Option<StreamErrorForm>,
    stop_reason: Option<String>,
    cut_after: Option<usize>,
    stall_after: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorForm {
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamErrorForm {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    after_events: usize,
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = ReplyForm::deserialize(deserializer)?;
        let said = [
            form.text.map(Self::text),
            form.content.map(Self::content),
            form.error.map(|error| Self::error(error.code, error.message)),
            form.stream_error.map(|error| Self::stream_error(error.code, error.message, error.after_events)),
        ];
        let mut said = said.into_iter().flatten();
        let mut reply = said.next().unwrap_or_default();
        if said.next().is_some() {
            return Err(de::Error::custom("a reply has one of text, content, error and stream_error"));
        }
        if let Some(stop_reason) = form.stop_reason {
            reply = reply.stop_reason(stop_reason);
        }
        match (form.cut_after, form.stall_after) {
            (None, None) => Ok(reply),
            (Some(events), None) => Ok(reply.cut_after(events)),
            (None, Some(events)) => Ok(reply.stall_after(events)),
            (Some(_), Some(_)) => Err(de::Error::custom("a stream is cut or stalls, not both")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn replies_are_told_in_json() {
        let content = json!([{ "text": "a" }]);
        let told = [
            (
                json!({ "text": "Hi", "stop_reason": "max_tokens" }),
                Reply::text("Hi").stop_reason("max_tokens"),
            ),
            (json!({ "content": content }), Reply::content(content)),
            (json!({ "error": { "code": "X", "message": "m" } }), Reply::error("X", "m")),
            (json!({ "stream_error": { "code": "x", "after_events": 2 } }), Reply::stream_error("x", "", 2)),
            (json!({ "cut_after": 3 }), Reply::default().cut_after(3)),
            (json!({ "text": "Hi", "stall_after": 1 }), Reply::text("Hi").stall_after(1)),
        ];
        for (json, reply) in told {
            let read: Reply = from_value(json).unwrap();
            assert_eq!(format!("{read:?}"), format!("{reply:?}"));
        }
        for wrong in [
            json!({ "txt": "Hi" }),
            json!({ "text": "Hi", "error": { "code": "X" } }),
            json!({ "cut_after": 1, "stall_after": 1 }),
            json!("Hi"),
        ] {
            assert!(from_value::<Reply>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
