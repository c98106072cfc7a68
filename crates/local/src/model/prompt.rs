//! The prompt of a model, in Converse's terms for all provider formats.

use serde_json::{Map, Value};

use crate::json::items;

/// A prompt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompt {
    /// Converse's system blocks.
    pub(crate) system: Vec<Value>,
    /// Converse's messages.
    pub(crate) messages: Vec<Value>,
    /// Converse's tools.
    pub(crate) tools: Vec<Value>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) stop_sequences: Vec<String>,
    /// Whether the reply starts with reasoning.
    pub(crate) reasoning: bool,
    /// The thinking that the provider's own fields request.
    pub(crate) thinking: Thinking,
    /// The JSON schema of the reply's text.
    pub(crate) output_schema: Option<Value>,
}

/// The thinking that a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Thinking {
    #[default]
    Off,
    /// With a budget of tokens, if the request has one.
    Enabled { budget: Option<u64> },
    /// With a budget that the model chooses.
    Adaptive,
}

/// Which tools the model calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ToolChoice {
    #[default]
    Auto,
    Any,
    Named(String),
    Never,
}

impl Thinking {
    /// Parses the provider's own fields: `thinking`, `reasoning_config` or `reasoningConfig`.
    pub(crate) fn from_fields(fields: &Value) -> Self {
        let settings = ["thinking", "reasoning_config", "reasoningConfig"].map(|member| &fields[member]);
        let is_on = |setting: &&&Value| matches!(setting["type"].as_str(), Some("enabled" | "adaptive"));
        match settings.iter().find(is_on) {
            Some(setting) if setting["type"] == "adaptive" => Self::Adaptive,
            Some(setting) => Self::Enabled { budget: setting["budget_tokens"].as_u64() },
            None => Self::Off,
        }
    }
}

impl Prompt {
    /// Creates a prompt of one user message.
    pub(crate) fn from_text(text: &str) -> Self {
        Self { messages: vec![message("user", vec![text_block(text)])], ..Self::default() }
    }

    /// Returns the content blocks of the last user messages, which the model replies to.
    pub(crate) fn last_turn(&self) -> Vec<&Value> {
        let newest_first = self.messages.iter().rev().skip_while(|message| is_from_assistant(message));
        let mut turn: Vec<_> = newest_first.take_while(|message| message["role"] == "user").collect();
        turn.reverse();
        turn.into_iter().flat_map(|message| items(&message["content"])).collect()
    }

    /// Returns the text of the last turn.
    pub(crate) fn last_text(&self) -> String {
        let texts = self.last_turn().into_iter().filter_map(block_text);
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Returns the text of each user message, newest first.
    pub(crate) fn user_texts(&self) -> impl Iterator<Item = String> {
        let messages = self.messages.iter().rev().filter(|message| message["role"] == "user");
        messages.map(|message| {
            let texts = items(&message["content"]).iter().filter_map(block_text);
            texts.collect::<Vec<_>>().join("\n")
        })
    }

    /// Returns the prefill, the beginning of the reply: the text of the last message if it is the assistant's.
    pub(crate) fn prefill(&self) -> Option<&str> {
        let last = self.messages.last().filter(|message| is_from_assistant(message))?;
        items(&last["content"]).last()?["text"].as_str()
    }

    /// Finds the tool use with an ID.
    pub(crate) fn tool_use(&self, id: &str) -> Option<&Value> {
        let blocks = self.messages.iter().flat_map(|message| items(&message["content"]));
        blocks.map(|block| &block["toolUse"]).find(|tool_use| tool_use["toolUseId"] == id)
    }
}

fn is_from_assistant(message: &Value) -> bool {
    message["role"] == "assistant"
}

/// Creates a message.
pub(crate) fn message(role: &str, content: Vec<Value>) -> Value {
    Value::Object(Map::from_iter([("role".to_owned(), role.into()), ("content".to_owned(), content.into())]))
}

/// Creates a text block.
pub(crate) fn text_block(text: &str) -> Value {
    serde_json::json!({ "text": text })
}

/// Returns the text of a text block or of a guarded text block.
pub(crate) fn block_text(block: &Value) -> Option<&str> {
    block["text"].as_str().or_else(|| block["guardContent"]["text"]["text"].as_str())
}
