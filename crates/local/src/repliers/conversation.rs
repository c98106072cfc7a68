//! What a model is asked.

use serde_json::{Map, Value, json};

use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

/// What a model is asked to reply to, in Converse's wire JSON whichever operation and maker's format it came by.
#[derive(Debug)]
pub struct Conversation {
    pub(crate) operation: &'static str,
    pub(crate) model_id: String,
    pub(crate) model: &'static FoundationModel,
    pub(crate) prompt: Prompt,
}

/// Texts that an embedding model is given.
#[derive(Debug)]
pub struct Embedding {
    pub(crate) model_id: String,
    pub(crate) model: &'static FoundationModel,
    pub(crate) texts: Vec<String>,
    pub(crate) dimensions: Option<u64>,
}

impl Conversation {
    pub(crate) fn new(request: &Request, model: &'static FoundationModel, prompt: Prompt) -> Self {
        let model_id = request.text("modelId").to_owned();
        Self { operation: &request.operation.name, model_id, model, prompt }
    }

    /// The operation as AWS spells it: `Converse`, `ConverseStream`, `InvokeModel` or
    /// `InvokeModelWithResponseStream`.
    pub fn operation(&self) -> &str {
        self.operation
    }

    /// Whether the reply is told as a stream.
    pub fn is_streaming(&self) -> bool {
        self.operation.ends_with("Stream")
    }

    /// What the request calls the model: its id, or the id or ARN of what leads to it.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The id of the foundation model behind that.
    pub fn foundation_model(&self) -> &str {
        &self.model.model_id
    }

    /// The system blocks.
    pub fn system(&self) -> &[Value] {
        &self.prompt.system
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> &[Value] {
        &self.prompt.messages
    }

    /// The tools that the model may call.
    pub fn tools(&self) -> &[Value] {
        &self.prompt.tools
    }

    /// The tool choice: `{"auto": {}}`, `{"any": {}}` or `{"tool": {"name": …}}`; `None` where tools are forbidden.
    pub fn tool_choice(&self) -> Option<Value> {
        match &self.prompt.tool_choice {
            ToolChoice::Auto => Some(json!({ "auto": {} })),
            ToolChoice::Any => Some(json!({ "any": {} })),
            ToolChoice::Named(name) => Some(json!({ "tool": { "name": name } })),
            ToolChoice::Never => None,
        }
    }

    /// The inference parameters that were given: `maxTokens`, `temperature`, `topP`, `stopSequences`.
    pub fn inference(&self) -> Value {
        let Prompt { max_tokens, temperature, top_p, stop_sequences, .. } = &self.prompt;
        let stop_sequences = (!stop_sequences.is_empty()).then_some(stop_sequences);
        let members = [
            ("maxTokens", json!(max_tokens)),
            ("stopSequences", json!(stop_sequences)),
            ("temperature", json!(temperature)),
            ("topP", json!(top_p)),
        ];
        let given = members.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    }

    /// The text of the turn that waits for a reply: of the user messages at the end.
    pub fn text(&self) -> String {
        self.prompt.last_text()
    }

    /// The tool results of that turn.
    pub fn tool_results(&self) -> Vec<&Value> {
        let blocks = self.prompt.last_turn().into_iter().map(|block| &block["toolResult"]);
        blocks.filter(|result| result.is_object()).collect()
    }

    /// Which of the user's turns that is, from 1. Messages that hold tool results alone are no turns.
    pub fn turn(&self) -> usize {
        let mut turns = 0;
        let mut was_user = false;
        for message in &self.prompt.messages {
            let is_user = message["role"] == "user";
            let speaks = items(&message["content"]).iter().any(|block| !block["toolResult"].is_object());
            turns += usize::from(is_user && speaks && !was_user);
            was_user = is_user && (speaks || was_user);
        }
        turns.max(1)
    }
}

impl Embedding {
    /// What the request calls the model.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The id of the foundation model behind that.
    pub fn foundation_model(&self) -> &str {
        &self.model.model_id
    }

    /// The texts.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The size of vector that was asked for.
    pub fn dimensions(&self) -> Option<u64> {
        self.dimensions
    }
}
