//! The replier that calls an upstream.

use std::io;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::glob;
use crate::json::items;
use crate::model::reply::Reply;
use crate::repliers::conversation::{Conversation, Embedding};
use crate::repliers::replier::Replier;
use crate::repliers::upstream::client::Client;
use crate::repliers::upstream::tool_call_ids::ToolCallIds;
use crate::repliers::upstream::{chat_request, chat_response, chat_stream};
use crate::wire::error::{AwsError, AwsResult};

/// A server with OpenAI's API for chat completions and embeddings: Ollama, llama.cpp, vLLM, LM Studio, and others.
///
/// Texts, images, tools, tool results, limits, and JSON schemas are converted to OpenAI's API, and its responses to
/// AWS's. Streams are passed on as they arrive. The upstream is called for every model. A model without a pattern has the
/// foundation model's ID there. If the upstream cannot be reached or returns an error, the response is an AWS error that
/// says so.
///
/// ```
/// use bedrock_orm_local::{LocalBedrock, Upstream};
///
/// let ollama = Upstream::new("http://127.0.0.1:11434/v1")?.model("anthropic.*", "llama3.2").model("*", "qwen3");
/// let builder = LocalBedrock::builder().replier(ollama);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
#[must_use = "an upstream has no effect until it is added to a builder"]
pub struct Upstream {
    client: Client,
    /// Patterns of model IDs, each with the upstream's name of the model.
    models: Vec<(String, String)>,
    ids: ToolCallIds,
}

impl Upstream {
    /// Creates an upstream with a base URL, such as `http://127.0.0.1:11434/v1`.
    ///
    /// # Errors
    ///
    /// If it is not an `http://` URL.
    pub fn new(url: &str) -> io::Result<Self> {
        Ok(Self { client: Client::new(url)?, models: Vec::new(), ids: ToolCallIds::default() })
    }

    /// Sets the upstream's name of the models whose ID matches a pattern. `*` matches any characters. The pattern is
    /// compared with the request's model ID and with the ID of the foundation model that it leads to. The first pattern
    /// that matches is used.
    pub fn model(mut self, pattern: impl Into<String>, name: impl Into<String>) -> Self {
        self.models.push((pattern.into(), name.into()));
        self
    }

    /// Sets the upstream's API key, which is sent as a bearer token.
    ///
    /// # Errors
    ///
    /// If it has characters that a header cannot have.
    pub fn key(mut self, key: &str) -> io::Result<Self> {
        self.client.authorize(key)?;
        Ok(self)
    }

    /// The upstream's name of a model.
    fn model_name<'a>(&'a self, model_id: &str, foundation_model: &'a str) -> &'a str {
        let matches =
            |pattern: &str| [model_id, foundation_model].iter().any(|id| glob::matches(pattern, id));
        let found = self.models.iter().find(|(pattern, _)| matches(pattern));
        found.map_or(foundation_model, |(_, name)| name)
    }

    async fn complete_chat(&self, conversation: &Conversation) -> AwsResult<Reply> {
        let model = self.model_name(&conversation.model_id, conversation.foundation_model());
        let body = chat_request::body(model, conversation)?;
        let response = self.client.post("chat/completions", &body).await?;
        if conversation.is_streaming() && response.is_event_stream() {
            return Ok(Reply::streamed(chat_stream::events(self.client.url(), response, self.ids.clone())));
        }
        chat_response::parse(&response.json().await?, &self.ids)
            .ok_or_else(|| self.client.invalid_response("a completion without a message"))
    }

    async fn create_embeddings(&self, embedding: &Embedding) -> AwsResult<Reply> {
        let model = self.model_name(&embedding.model_id, embedding.foundation_model());
        let mut body = json!({ "model": model, "input": embedding.texts, "encoding_format": "float" });
        if let Some(dimensions) = embedding.dimensions {
            body["dimensions"] = dimensions.into();
        }
        let response = self.client.post("embeddings", &body).await?.json().await?;
        let mut rows = items(&response["data"]).to_vec();
        rows.sort_by_key(|row| row["index"].as_u64());
        let numbers = |row: &Value| row["embedding"].as_array()?.iter().map(Value::as_f64).collect();
        match rows.iter().map(numbers).collect::<Option<Vec<Vec<f64>>>>() {
            Some(vectors) if vectors.len() == embedding.texts.len() => Ok(Reply::vectors(vectors)),
            _ => Err(self.client.invalid_response("embeddings without a vector for every text")),
        }
    }
}

#[async_trait]
impl Replier for Upstream {
    async fn reply(&self, conversation: &Conversation) -> Reply {
        self.complete_chat(conversation).await.unwrap_or_else(error_reply)
    }

    async fn embed(&self, embedding: &Embedding) -> Reply {
        self.create_embeddings(embedding).await.unwrap_or_else(error_reply)
    }
}

fn error_reply(error: AwsError) -> Reply {
    Reply::error(error.code, error.message)
}
