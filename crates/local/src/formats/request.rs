//! A parsed request of InvokeModel.

use serde_json::Value;

use crate::formats::format::{EmbeddingFormat, Format};
use crate::model::prompt::Prompt;
use crate::world::catalogue::FoundationModel;

/// A request in the format of its provider.
#[derive(Debug)]
pub(crate) struct ProviderRequest {
    pub(crate) prompt: Prompt,
    pub(crate) model: &'static FoundationModel,
    pub(crate) body: Value,
    pub(crate) format: Format,
}

impl ProviderRequest {
    /// Returns whether the format is Anthropic's Messages, whose prompts are checked like Converse's.
    pub(crate) fn is_messages(&self) -> bool {
        self.format == Format::Anthropic
    }

    /// Returns the format of embeddings, or `None` if the model creates no embeddings.
    pub(crate) fn embedding_format(&self) -> Option<EmbeddingFormat> {
        match self.format {
            Format::Embeddings(format) => Some(format),
            _ => None,
        }
    }

    /// Returns whether the model replies with text, and not with vectors, images or a ranking.
    pub(crate) fn generates_text(&self) -> bool {
        !matches!(self.format, Format::Embeddings(_) | Format::Images | Format::Rerank)
    }

    /// Returns whether the model ranks documents.
    pub(crate) fn is_rerank(&self) -> bool {
        self.format == Format::Rerank
    }
}
