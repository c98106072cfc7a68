//! A conversation with a speech model, in Nova Sonic's events. The model echoes the input at once.

use serde_json::{Value, json};

use crate::model::completion::{Completion, is_client_tool_use};
use crate::model::tokens;
use crate::wire::output::Duplex;
use crate::world::ids::Ids;

const END_TURN: &str = "END_TURN";

/// The conversation of one connection.
#[derive(Debug)]
pub(crate) struct SpeechSession {
    session_id: String,
    completion_id: String,
    /// The ID of a tool call that has none.
    tool_use_id: String,
    prompt_name: String,
    /// The name and the type of the current content.
    content: (String, String),
    /// The reply to the first text, in place of the echo: a text or a tool call.
    reply: Option<Completion>,
    /// Why the current content ends.
    stop_reason: &'static str,
    /// Whether the current content is a system prompt or an earlier message, which has no reply.
    is_context: bool,
    in_prompt: bool,
    input_tokens: u64,
    output_tokens: u64,
    /// The tokens of the last usage event.
    reported: (u64, u64),
}

impl SpeechSession {
    /// Starts a conversation. `reply` is the reply to its first text.
    pub(crate) fn new(ids: &Ids, reply: Option<Completion>) -> Self {
        Self {
            session_id: ids.uuid(),
            completion_id: ids.uuid(),
            tool_use_id: ids.tool_use(),
            prompt_name: String::new(),
            content: (String::new(), "TEXT".to_owned()),
            reply,
            stop_reason: END_TURN,
            is_context: false,
            in_prompt: false,
            input_tokens: 0,
            output_tokens: 0,
            reported: (0, 0),
        }
    }

    fn end_prompt(&mut self) -> Value {
        self.in_prompt = false;
        self.event("completionEnd", json!({ "stopReason": END_TURN }))
    }

    /// Replies to a text with a text or a tool call.
    fn reply_to(&mut self, text: &str) -> Value {
        let reply = self.reply.take();
        let mut blocks = reply.iter().flat_map(|reply| &reply.content).map(|block| &block["toolUse"]);
        if let Some(call) = blocks.find(|call| is_client_tool_use(call)) {
            let input = call["input"].to_string();
            self.output_tokens += tokens::count_in_text(&input);
            self.stop_reason = "TOOL_USE";
            "TOOL".clone_into(&mut self.content.1);
            let id = call["toolUseId"].as_str().unwrap_or(&self.tool_use_id);
            let call = json!({ "toolName": call["name"], "toolUseId": id, "content": input });
            return self.event("toolUse", call);
        }
        let reply = reply.map_or_else(|| format!("You said: “{text}”"), |reply| reply.text());
        self.output_tokens += tokens::count_in_text(&reply);
        self.event("textOutput", json!({ "content": reply, "role": "ASSISTANT" }))
    }

    /// Returns the start of the reply to a content of this type.
    fn content_start(&self) -> Value {
        let kind = &self.content.1;
        let mut start = json!({ "type": kind, "role": "ASSISTANT" });
        if kind == "AUDIO" {
            start["audioOutputConfiguration"] = json!({
                "mediaType": "audio/lpcm", "sampleRateHertz": 24_000, "sampleSizeBits": 16,
                "encoding": "base64", "channelCount": 1,
            });
        } else {
            start["additionalModelFields"] = json!(json!({ "generationStage": "FINAL" }).to_string());
            start["textOutputConfiguration"] = json!({ "mediaType": "text/plain" });
        }
        self.event("contentStart", start)
    }

    fn event(&self, name: &str, mut event: Value) -> Value {
        event["sessionId"] = json!(self.session_id);
        event["promptName"] = json!(self.prompt_name);
        event["completionId"] = json!(self.completion_id);
        if name.starts_with("content") || name.ends_with("Output") || name == "toolUse" {
            event["contentId"] = json!(self.content.0);
        }
        json!({ "event": { name: event } })
    }

    fn usage(&mut self) -> Value {
        let (input, output) = (self.input_tokens, self.output_tokens);
        let (known_input, known_output) = std::mem::replace(&mut self.reported, (input, output));
        let tokens = |input: u64, output: u64| {
            json!({
                "input": { "speechTokens": 0, "textTokens": input },
                "output": { "speechTokens": 0, "textTokens": output },
            })
        };
        let usage = json!({
            "details": {
                "delta": tokens(input - known_input, output - known_output),
                "total": tokens(input, output),
            },
            "totalInputTokens": input,
            "totalOutputTokens": output,
            "totalTokens": input + output,
        });
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
                self.stop_reason = END_TURN;
                self.is_context = self.content.1 == "TEXT" && event["interactive"] == false;
                if self.is_context { self.usage() } else { self.content_start() }
            }
            "textInput" | "toolResult" => {
                let content = text("content");
                self.input_tokens += tokens::count_in_text(&content);
                if self.is_context { self.usage() } else { self.reply_to(&content) }
            }
            "audioInput" => self.event("audioOutput", json!({ "content": text("content") })),
            "contentEnd" if self.is_context => self.usage(),
            "contentEnd" => {
                let kind = &self.content.1;
                self.event("contentEnd", json!({ "type": kind, "stopReason": self.stop_reason }))
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
        let usage = respond(json!({ "sessionEnd": {} })).1;
        assert!(usage["totalTokens"].as_u64().unwrap() > 0);
        assert_eq!(usage["details"]["delta"], usage["details"]["total"], "the first event had no tokens");
        assert!(session.respond(&json!({ "event": { "dance": {} } })).unwrap_err().contains("dance"));
        assert!(session.respond(&json!("hello")).is_err());
        assert_eq!(session.close(), None);
    }

    #[test]
    fn a_system_prompt_has_no_reply_and_a_tool_call_can_be_one() {
        let call = json!([{ "toolUse": { "name": "n", "toolUseId": "t", "input": { "a": 1 } } }]);
        let call = Completion::whole(call.as_array().unwrap().clone());
        let mut session = SpeechSession::new(&Ids::default(), Some(call));
        let mut respond =
            |event: Value| session.respond(&json!({ "event": event })).unwrap()["event"].clone();
        let start =
            |interactive: bool| json!({ "contentStart": { "type": "TEXT", "interactive": interactive } });
        let text = json!({ "textInput": { "content": "Hello" } });
        for event in [start(false), text.clone(), json!({ "contentEnd": {} })] {
            assert!(respond(event)["usageEvent"].is_object());
        }
        let stage = &respond(start(true))["contentStart"]["additionalModelFields"];
        assert_eq!(*stage, "{\"generationStage\":\"FINAL\"}");
        let tool_use = &respond(text)["toolUse"];
        assert_eq!((&tool_use["toolName"], &tool_use["content"]), (&json!("n"), &json!("{\"a\":1}")));
        let end = &respond(json!({ "contentEnd": {} }))["contentEnd"];
        assert_eq!((&end["type"], &end["stopReason"]), (&json!("TOOL"), &json!("TOOL_USE")));
    }
}
