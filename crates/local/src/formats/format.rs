//! The formats of InvokeModel's bodies, and which model uses which.

use serde_json::Value;

use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;

/// The format of a request and its response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    Anthropic,
    AnthropicText,
    Cohere,
    CohereText,
    Embeddings(EmbeddingFormat),
    Images,
    Jamba,
    Llama,
    MistralText,
    Nova,
    OpenAi,
    Pegasus,
    Rerank,
    TextCompletion,
    TitanText,
}

/// The format of an embedding model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum EmbeddingFormat {
    Cohere,
    Marengo,
    Nova,
    Titan,
}

impl Format {
    /// Returns the format of a body, by the model and by the body's members.
    pub(super) fn of(model: &FoundationModel, body: &Value) -> AwsResult<Self> {
        let id = model.base_id();
        let has = |member: &str| !body[member].is_null();
        let outputs = |modality: &str| model.output_modalities.iter().any(|output| output == modality);
        if outputs("EMBEDDING") {
            return Ok(Self::Embeddings(EmbeddingFormat::for_model(model)));
        }
        if outputs("IMAGE") && !outputs("TEXT") {
            return Ok(Self::Images);
        }
        if !outputs("TEXT") {
            return Err(AwsError::new(
                "NotImplementedException",
                format!(
                    "bedrock-local does not serve InvokeModel of {id}: use StartAsyncInvoke for models of video."
                ),
            ));
        }
        Ok(match model.provider() {
            _ if id.contains(".rerank-") => Self::Rerank,
            "ai21" => Self::Jamba,
            "anthropic" if has("prompt") && !has("messages") => Self::AnthropicText,
            "anthropic" => Self::Anthropic,
            "amazon" if id.starts_with("amazon.nova") => Self::Nova,
            "amazon" => Self::TitanText,
            "cohere" if id.starts_with("cohere.command-r") => Self::Cohere,
            "cohere" => Self::CohereText,
            "meta" => Self::Llama,
            "mistral" if has("prompt") => Self::MistralText,
            "twelvelabs" => Self::Pegasus,
            _ if has("prompt") && !has("messages") => Self::TextCompletion,
            _ => Self::OpenAi,
        })
    }
}

impl EmbeddingFormat {
    fn for_model(model: &FoundationModel) -> Self {
        match model.provider() {
            "cohere" => Self::Cohere,
            "twelvelabs" => Self::Marengo,
            _ if model.base_id().starts_with("amazon.nova") => Self::Nova,
            _ => Self::Titan,
        }
    }
}
