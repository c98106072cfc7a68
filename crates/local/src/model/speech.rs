//! A conversation with a speech model, in Nova Sonic's events. The model echoes the input at once.

use serde_json::{Value, json};

use crate::model::tokens;
use crate::wire::output::Duplex;
use crate::world::ids::Ids;

/// The conversation of one connection.
#[derive(Debug)]
pub(crate) struct SpeechSession {
    session_id: String,
    completion_id: String,
    prompt_name: String,
    /// The name and the type of the current content.
    content: (String, String),
    /// The reply to the first text, in place of the echo.
    reply: Option<String>,
    in_prompt: bool,
    input_tokens: u64,
    output_tokens: u64,
}

impl SpeechSession {
    /// Starts a conversation. `reply` is the reply to its first text.
    pub(crate) fn new(ids: &Ids, reply: Option<String>) -> Self {
        Self {
            session_id: ids.uuid(),
            completion_id: ids.uuid(),
            prompt_name: String::new(),
            content: (String::new(), "TEXT".to_owned()),
            reply,
            in_prompt: false,
            input_tokens: 0,
            output_tokens: 0,
        }
    }

    fn end_prompt(&mut self) -> Value {
        self.in_prompt = false;
        self.event("completionEnd", json!({ "stopReason": "END_TURN" }))
    }

    fn reply_to(&mut self, text: &str) -> String {
        let reply = self.reply.take().unwrap_or_else(|| format!("You said: “{text}”"));
        self.input_tokens += tokens::count_in_text(text);
        self.output_tokens += tokens::count_in_text(&reply);
        reply
    }

    fn event(&self, name: &str, mut event: Value) -> Value {
        event["sessionId"] = json!(self.session_id);
        event["promptName"] = json!(self.prompt_name);
        event["completionId"] = json!(self.completion_id);
        if name.starts_with("content") || name.ends_with("Output") {
            event["contentId"] = json!(self.content.0);
        }
        json!({ "event": { name: event } })
    }

    fn usage(&self) -> Value {
        let (input, output) = (self.input_tokens, self.output_tokens);
        let usage =
            json!({ "totalInputTokens": input, "totalOutputTokens": output, "totalTokens": input + output });
        self.event("usageEvent", usage)
    }
}

impl Duplex for SpeechSession {
    fn respond(&mut self, received: &Value) -> Result<Value, String> {
        let event = received["event"].as_object().and_then(|event| event.iter().next());
        let Some((name, event)) = event else {
            return Err(
                "Unable to parse input chunk. Please check input format contains an event.".to_owned()
            );
        };
        let text = |member: &str| event[member].as_str().unwrap_or_default().to_owned();
        Ok(match name.as_str() {
            "sessionStart" | "sessionEnd" => self.usage(),
            "promptStart" => {
                self.prompt_name = text("promptName");
                self.in_prompt = true;
                self.event("completionStart", json!({}))
            }
            "contentStart" => {
                self.content = (text("contentName"), text("type"));
                let kind = &self.content.1;
                self.event("contentStart", json!({ "type": kind, "role": "ASSISTANT" }))
            }
            "textInput" => {
                let content = self.reply_to(&text("content"));
                self.event("textOutput", json!({ "content": content, "role": "ASSISTANT" }))
            }
            "audioInput" => self.event("audioOutput", json!({ "content": text("content") })),
            "toolResult" => {
                let content = self.reply_to(&text("content"));
                self.event("textOutput", json!({ "content": content, "role": "ASSISTANT" }))
            }
            "contentEnd" => {
                let kind = &self.content.1;
                self.event("contentEnd", json!({ "type": kind, "stopReason": "END_TURN" }))
            }
            "promptEnd" => self.end_prompt(),
            unknown => return Err(format!("The event {unknown} is not supported by this model.")),
        })
    }

    fn close(&mut self) -> Option<Value> {
        self.in_prompt.then(|| self.end_prompt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_a_response() {
        let ids = Ids::default();
        let mut session = SpeechSession::new(&ids, None);
        let mut respond = |event: Value| {
            let response = session.respond(&json!({ "event": event })).unwrap();
            response["event"]
                .as_object()
                .unwrap()
                .iter()
                .next()
                .map(|(name, it)| (name.clone(), it.clone()))
                .unwrap()
        };
        assert_eq!(respond(json!({ "sessionStart": {} })).0, "usageEvent");
        assert_eq!(respond(json!({ "promptStart": { "promptName": "p" } })).1["promptName"], "p");
        assert_eq!(
            respond(json!({ "contentStart": { "contentName": "c", "type": "TEXT" } })).1["contentId"],
            "c"
        );
        assert_eq!(respond(json!({ "textInput": { "content": "Hello" } })).1["content"], "You said: “Hello”");
        assert_eq!(respond(json!({ "audioInput": { "content": "AAAA" } })).1["content"], "AAAA");
        assert_eq!(respond(json!({ "contentEnd": {} })).1["stopReason"], "END_TURN");
        assert_eq!(respond(json!({ "promptEnd": {} })).0, "completionEnd");
        assert!(respond(json!({ "sessionEnd": {} })).1["totalTokens"].as_u64().unwrap() > 0);
        assert!(session.respond(&json!({ "event": { "dance": {} } })).unwrap_err().contains("dance"));
        assert!(session.respond(&json!("hello")).is_err());
        assert_eq!(session.close(), None);
    }
}
