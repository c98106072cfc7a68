//! The conversation or the texts that a model replies to.

use serde_json::{Map, Value, json};

use crate::json::items;
use crate::model::prompt::{Prompt, ToolChoice};
use crate::wire::request::Request;
use crate::world::catalogue::FoundationModel;

/// A conversation that a model replies to. Its JSON is Converse's, whatever the operation and the provider's format.
#[derive(Debug)]
pub struct Conversation {
    pub(crate) operation: &'static str,
    pub(crate) model_id: String,
    pub(crate) model: &'static FoundationModel,
    pub(crate) prompt: Prompt,
}

/// The texts of a request to an embedding model.
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

    /// Returns AWS's name of the operation: `Converse`, `ConverseStream`, `InvokeModel` or
    /// `InvokeModelWithResponseStream`.
    pub fn operation(&self) -> &str {
        self.operation
    }

    /// Returns whether the reply is a stream.
    pub fn is_streaming(&self) -> bool {
        self.operation.ends_with("Stream")
    }

    /// Returns the request's model ID: the ID or ARN of a model, an inference profile, or another resource.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Returns the ID of the foundation model that the model ID leads to.
    pub fn foundation_model(&self) -> &str {
        &self.model.model_id
    }

    /// Returns the system blocks.
    pub fn system(&self) -> &[Value] {
        &self.prompt.system
    }

    /// Returns the messages, oldest first.
    pub fn messages(&self) -> &[Value] {
        &self.prompt.messages
    }

    /// Returns the tools that the model may call.
    pub fn tools(&self) -> &[Value] {
        &self.prompt.tools
    }

    /// Returns the tool choice: `{"auto": {}}`, `{"any": {}}`, or `{"tool": {"name": …}}`. `None` if the model may call
    /// no tool.
    pub fn tool_choice(&self) -> Option<Value> {
        match &self.prompt.tool_choice {
            ToolChoice::Auto => Some(json!({ "auto": {} })),
            ToolChoice::Any => Some(json!({ "any": {} })),
            ToolChoice::Named(name) => Some(json!({ "tool": { "name": name } })),
            ToolChoice::Never => None,
        }
    }

    /// Returns the inference parameters of the request: `maxTokens`, `temperature`, `topP`, `stopSequences`.
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

    /// Returns the text of the last turn: of the user messages at the end of the conversation.
    pub fn text(&self) -> String {
        self.prompt.last_text()
    }

    /// Returns the tool results of the last turn.
    pub fn tool_results(&self) -> Vec<&Value> {
        let blocks = self.prompt.last_turn().into_iter().map(|block| &block["toolResult"]);
        blocks.filter(|result| result.is_object()).collect()
    }

    /// Returns the number of the user's turns. Messages that have only tool results do not count.
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
    /// Returns the request's model ID.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Returns the ID of the foundation model that the model ID leads to.
    pub fn foundation_model(&self) -> &str {
        &self.model.model_id
    }

    /// Returns the texts.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Returns the size of the vectors, if the request has it.
    pub fn dimensions(&self) -> Option<u64> {
        self.dimensions
    }
}
