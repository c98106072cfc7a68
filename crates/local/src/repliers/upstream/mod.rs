//! A model behind an OpenAI-compatible server.

mod chat;
mod client;
mod reply;
mod stream;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::glob;
use crate::json::items;
use crate::model::reply::Reply;
use crate::repliers::Replier;
use crate::repliers::conversation::{Conversation, Embedding};
use crate::repliers::upstream::client::Client;
use crate::wire::error::{AwsError, AwsResult};

/// A server that speaks OpenAI's chat completions and embeddings: Ollama, llama.cpp, vLLM, LM Studio and others.
///
/// Texts, images, tools, their results, limits and JSON schemas are put into its terms, its answers back into AWS's;
/// streams are passed on as they arrive. It is asked about every model: what the map of models does not name it is
/// asked for by the foundation model's id. When it is gone or says no, the answer is an AWS error that says so.
///
/// ```
/// use bedrock_orm_local::{LocalBedrock, Upstream};
///
/// let ollama = Upstream::new("http://127.0.0.1:11434/v1")?.model("anthropic.*", "llama3.2").model("*", "qwen3");
/// let builder = LocalBedrock::builder().replier(ollama);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
#[must_use = "an upstream is asked once it is given to the builder"]
pub struct Upstream {
    client: Client,
    /// Patterns of model ids, and what the upstream calls the model.
    models: Vec<(String, String)>,
    ids: CallIds,
}

/// The ids of tool calls.
#[derive(Clone, Debug, Default)]
struct CallIds(Arc<AtomicU64>);

impl CallIds {
    /// The upstream's, as far as it is one that AWS would give.
    fn of(&self, id: &Value) -> String {
        const LONGEST: usize = 64;
        let is_plain = |id: &&str| {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
            (1..=LONGEST).contains(&id.len()) && id.chars().all(letters)
        };
        match id.as_str().filter(is_plain) {
            Some(id) => id.to_owned(),
            None => format!("tooluse_upstream_{}", self.0.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

impl Upstream {
    /// The server at a base URL: `http://127.0.0.1:11434/v1`.
    ///
    /// # Errors
    ///
    /// When that is no `http://` address.
    pub fn new(url: &str) -> io::Result<Self> {
        Ok(Self { client: Client::new(url)?, models: Vec::new(), ids: CallIds::default() })
    }

    /// What the upstream calls the models whose id is as `pattern` says, with `*` for any run of characters. The id
    /// that the request used is looked at, and that of the foundation model behind it; the first pattern counts.
    pub fn model(mut self, pattern: impl Into<String>, name: impl Into<String>) -> Self {
        self.models.push((pattern.into(), name.into()));
        self
    }

    /// The key that the upstream wants, as a bearer token.
    ///
    /// # Errors
    ///
    /// When it has characters that no header can hold.
    pub fn key(mut self, key: &str) -> io::Result<Self> {
        self.client.authorize(key)?;
        Ok(self)
    }

    fn name<'a>(&'a self, called: &str, foundation_model: &'a str) -> &'a str {
        let is_meant = |pattern: &str| [called, foundation_model].iter().any(|id| glob::matches(pattern, id));
        let found = self.models.iter().find(|(pattern, _)| is_meant(pattern));
        found.map_or(foundation_model, |(_, name)| name)
    }

    async fn chat(&self, asked: &Conversation) -> AwsResult<Reply> {
        let name = self.name(&asked.model_id, asked.foundation_model());
        let body = chat::body(name, asked)?;
        let answer = self.client.post("chat/completions", &body).await?;
        if asked.is_streaming() && answer.is_event_stream() {
            return Ok(Reply::live(stream::pieces(self.client.url(), answer, self.ids.clone())));
        }
        reply::read(self, &answer.json().await?)
    }

    async fn vectors(&self, asked: &Embedding) -> AwsResult<Reply> {
        let name = self.name(&asked.model_id, asked.foundation_model());
        let mut body = json!({ "model": name, "input": asked.texts, "encoding_format": "float" });
        if let Some(dimensions) = asked.dimensions {
            body["dimensions"] = dimensions.into();
        }
        let answer = self.client.post("embeddings", &body).await?.json().await?;
        let mut rows = items(&answer["data"]).to_vec();
        rows.sort_by_key(|row| row["index"].as_u64());
        let numbers = |row: &Value| row["embedding"].as_array()?.iter().map(Value::as_f64).collect();
        match rows.iter().map(numbers).collect::<Option<Vec<Vec<f64>>>>() {
            Some(vectors) if vectors.len() == asked.texts.len() => Ok(Reply::vectors(vectors)),
            _ => Err(self.client.nonsense("embeddings without a vector for every text")),
        }
    }
}

#[async_trait]
impl Replier for Upstream {
    async fn reply(&self, asked: &Conversation) -> Reply {
        self.chat(asked).await.unwrap_or_else(refused)
    }

    async fn embed(&self, asked: &Embedding) -> Reply {
        self.vectors(asked).await.unwrap_or_else(refused)
    }
}

fn refused(error: AwsError) -> Reply {
    Reply::error(error.code, error.message)
}
