//! What a model is told, in Converse's terms whatever the maker's format was.

use serde_json::{Map, Value};

use crate::json::items;

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
    pub(crate) reasoning: bool,
    /// What was asked of thinking in the provider's own fields.
    pub(crate) thinking: Thinking,
    /// The JSON schema that the answer's text shall follow.
    pub(crate) answer_schema: Option<Value>,
}

/// Whether the model shall think before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Thinking {
    #[default]
    Off,
    /// With a budget of tokens, where one is given.
    Enabled { budget: Option<u64> },
    /// As much as the model finds right.
    Adaptive,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ToolChoice {
    #[default]
    Auto,
    Any,
    Named(String),
    Never,
}

impl Thinking {
    /// What a member of the provider's own fields asks for: `thinking`, `reasoning_config` or `reasoningConfig`.
    pub(crate) fn of(fields: &Value) -> Self {
        let asked = ["thinking", "reasoning_config", "reasoningConfig"].map(|member| &fields[member]);
        let kind = |asked: &&&Value| matches!(asked["type"].as_str(), Some("enabled" | "adaptive"));
        match asked.iter().find(kind) {
            Some(asked) if asked["type"] == "adaptive" => Self::Adaptive,
            Some(asked) => Self::Enabled { budget: asked["budget_tokens"].as_u64() },
            None => Self::Off,
        }
    }
}

impl Prompt {
    /// A prompt of one text.
    pub(crate) fn of_text(text: &str) -> Self {
        Self { messages: vec![message("user", vec![text_block(text)])], ..Self::default() }
    }

    /// The blocks of the turn that waits for an answer: the last user messages.
    pub(crate) fn last_turn(&self) -> Vec<&Value> {
        let newest_first = self.messages.iter().rev().skip_while(|message| is_assistants(message));
        let mut turn: Vec<_> = newest_first.take_while(|message| message["role"] == "user").collect();
        turn.reverse();
        turn.into_iter().flat_map(|message| items(&message["content"])).collect()
    }

    /// The text of the last turn.
    pub(crate) fn last_text(&self) -> String {
        let texts = self.last_turn().into_iter().filter_map(block_text);
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The texts of the user's messages, the newest first.
    pub(crate) fn user_texts(&self) -> impl Iterator<Item = String> {
        let messages = self.messages.iter().rev().filter(|message| message["role"] == "user");
        messages.map(|message| {
            let texts = items(&message["content"]).iter().filter_map(block_text);
            texts.collect::<Vec<_>>().join("\n")
        })
    }

    /// The beginning of the answer, where the last message is the assistant's: the model is to go on from there.
    pub(crate) fn prefill(&self) -> Option<&str> {
        let last = self.messages.last().filter(|message| is_assistants(message))?;
        items(&last["content"]).last()?["text"].as_str()
    }

    /// The name and input of the tool use that a result answers.
    pub(crate) fn tool_use(&self, id: &str) -> Option<&Value> {
        let blocks = self.messages.iter().flat_map(|message| items(&message["content"]));
        blocks.map(|block| &block["toolUse"]).find(|tool_use| tool_use["toolUseId"] == id)
    }
}

fn is_assistants(message: &Value) -> bool {
    message["role"] == "assistant"
}

pub(crate) fn message(role: &str, content: Vec<Value>) -> Value {
    Value::Object(Map::from_iter([("role".to_owned(), role.into()), ("content".to_owned(), content.into())]))
}

pub(crate) fn text_block(text: &str) -> Value {
    serde_json::json!({ "text": text })
}

/// The text of a text block, guarded or not.
pub(crate) fn block_text(block: &Value) -> Option<&str> {
    block["text"].as_str().or_else(|| block["guardContent"]["text"]["text"].as_str())
}
