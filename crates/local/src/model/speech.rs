//! A speech model's side of a conversation, in Nova Sonic's events: whatever it hears, it says back at once.

use serde_json::{Value, json};

use crate::model::tokens;
use crate::wire::output::Duplex;
use crate::world::ids::Ids;

/// One connection's conversation.
#[derive(Debug)]
pub(crate) struct SpeechSession {
    session: String,
    completion: String,
    prompt: String,
    /// What the content that is being heard is called, and of which type it is.
    content: (String, String),
    /// What is to be said instead of the echo.
    said: Option<String>,
    in_prompt: bool,
    input_tokens: u64,
    output_tokens: u64,
}

impl SpeechSession {
    pub(crate) fn new(ids: &Ids, said: Option<String>) -> Self {
        Self {
            session: ids.uuid(),
            completion: ids.uuid(),
            prompt: String::new(),
            content: (String::new(), "TEXT".to_owned()),
            said,
            in_prompt: false,
            input_tokens: 0,
            output_tokens: 0,
        }
    }

    fn end_prompt(&mut self) -> Value {
        self.in_prompt = false;
        self.tell("completionEnd", json!({ "stopReason": "END_TURN" }))
    }

    fn reply(&mut self, heard: &str) -> String {
        let said = self.said.take().unwrap_or_else(|| format!("You said: “{heard}”"));
        self.input_tokens += tokens::of_text(heard);
        self.output_tokens += tokens::of_text(&said);
        said
    }

    fn tell(&self, name: &str, mut event: Value) -> Value {
        event["sessionId"] = json!(self.session);
        event["promptName"] = json!(self.prompt);
        event["completionId"] = json!(self.completion);
        if name.starts_with("content") || name.ends_with("Output") {
            event["contentId"] = json!(self.content.0);
        }
        json!({ "event": { name: event } })
    }

    fn usage(&self) -> Value {
        let (input, output) = (self.input_tokens, self.output_tokens);
        let usage =
            json!({ "totalInputTokens": input, "totalOutputTokens": output, "totalTokens": input + output });
        self.tell("usageEvent", usage)
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
                self.prompt = text("promptName");
                self.in_prompt = true;
                self.tell("completionStart", json!({}))
            }
            "contentStart" => {
                self.content = (text("contentName"), text("type"));
                let kind = &self.content.1;
                self.tell("contentStart", json!({ "type": kind, "role": "ASSISTANT" }))
            }
            "textInput" => {
                let content = self.reply(&text("content"));
                self.tell("textOutput", json!({ "content": content, "role": "ASSISTANT" }))
            }
            "audioInput" => self.tell("audioOutput", json!({ "content": text("content") })),
            "toolResult" => {
                let content = self.reply(&text("content"));
                self.tell("textOutput", json!({ "content": content, "role": "ASSISTANT" }))
            }
            "contentEnd" => {
                let kind = &self.content.1;
                self.tell("contentEnd", json!({ "type": kind, "stopReason": "END_TURN" }))
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
    fn every_event_has_its_answer() {
        let ids = Ids::default();
        let mut session = SpeechSession::new(&ids, None);
        let mut told = |event: Value| {
            let told = session.respond(&json!({ "event": event })).unwrap();
            told["event"]
                .as_object()
                .unwrap()
                .iter()
                .next()
                .map(|(name, it)| (name.clone(), it.clone()))
                .unwrap()
        };
        assert_eq!(told(json!({ "sessionStart": {} })).0, "usageEvent");
        assert_eq!(told(json!({ "promptStart": { "promptName": "p" } })).1["promptName"], "p");
        assert_eq!(
            told(json!({ "contentStart": { "contentName": "c", "type": "TEXT" } })).1["contentId"],
            "c"
        );
        assert_eq!(told(json!({ "textInput": { "content": "Hello" } })).1["content"], "You said: “Hello”");
        assert_eq!(told(json!({ "audioInput": { "content": "AAAA" } })).1["content"], "AAAA");
        assert_eq!(told(json!({ "contentEnd": {} })).1["stopReason"], "END_TURN");
        assert_eq!(told(json!({ "promptEnd": {} })).0, "completionEnd");
        assert!(told(json!({ "sessionEnd": {} })).1["totalTokens"].as_u64().unwrap() > 0);
        assert!(session.respond(&json!({ "event": { "dance": {} } })).unwrap_err().contains("dance"));
        assert!(session.respond(&json!("hello")).is_err());
        assert_eq!(session.close(), None);
    }
}
