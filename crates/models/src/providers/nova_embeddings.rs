//! Amazon's Nova Multimodal Embeddings.

use serde_json::Value;

use super::data::{data, values, vectors};
use crate::{Embedding, EmbeddingBody, ModelBody};

data! {
    /// A request for the vector of a text, an image, a video or a sound, by Amazon's Nova Multimodal Embeddings.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{NovaEmbedding, NovaEmbeddingPurpose};
    /// use serde_json::json;
    ///
    /// let request = NovaEmbedding::new(NovaEmbeddingPurpose::GenericIndex).text("Ruby").dimensions(256);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "taskType": "SINGLE_EMBEDDING",
    ///         "singleEmbeddingParams": {
    ///             "embeddingPurpose": "GENERIC_INDEX",
    ///             "embeddingDimension": 256,
    ///             "text": {"truncationMode": "NONE", "value": "Ruby"},
    ///         },
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the schema](https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html).
    #[serde(rename_all = "camelCase")]
    pub struct NovaEmbedding {
        /// The task: `SINGLE_EMBEDDING`.
        task_type: String,
        /// What to embed, and how.
        single_embedding_params: NovaEmbeddingParams,
    }
}

impl NovaEmbedding {
    /// Creates a request, still without content.
    pub fn new(purpose: NovaEmbeddingPurpose) -> Self {
        let params = NovaEmbeddingParams { embedding_purpose: purpose, ..NovaEmbeddingParams::default() };
        Self { task_type: "SINGLE_EMBEDDING".to_owned(), single_embedding_params: params, ..Self::default() }
    }

    /// Sets the text. A text that is too long is an error.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = NovaEmbeddingText::new(text);
        self.single_embedding_params = self.single_embedding_params.text(text);
        self
    }

    /// Sets the size of the vector: 256, 384, 1,024 or 3,072.
    #[must_use]
    pub fn dimensions(mut self, dimensions: u32) -> Self {
        self.single_embedding_params = self.single_embedding_params.embedding_dimension(dimensions);
        self
    }
}

values! {
    /// What vectors are for. A search asks with another purpose than that of its index.
    pub enum NovaEmbeddingPurpose {
        "GENERIC_INDEX" => GenericIndex,
        "GENERIC_RETRIEVAL" => GenericRetrieval,
        "TEXT_RETRIEVAL" => TextRetrieval,
        "IMAGE_RETRIEVAL" => ImageRetrieval,
        "VIDEO_RETRIEVAL" => VideoRetrieval,
        "DOCUMENT_RETRIEVAL" => DocumentRetrieval,
        "AUDIO_RETRIEVAL" => AudioRetrieval,
        "CLASSIFICATION" => Classification,
        "CLUSTERING" => Clustering,
    }
}

data! {
    /// What to embed, and how. One of `text`, `image`, `audio` and `video` is set.
    #[serde(rename_all = "camelCase")]
    pub struct NovaEmbeddingParams {
        /// What the vector is for.
        embedding_purpose: NovaEmbeddingPurpose,
    }
    values {
        /// The size of the vector: 256, 384, 1,024 or 3,072.
        embedding_dimension: u32,
    }
    optional {
        /// The text.
        text: NovaEmbeddingText,
        /// The image: format and source.
        image: Value,
        /// The sound: format and source.
        audio: Value,
        /// The video: format, source and embedding mode.
        video: Value,
    }
}

data! {
    /// A text to embed.
    #[serde(rename_all = "camelCase")]
    pub struct NovaEmbeddingText {
        /// What is cut if the text is too long: `START`, `END` or `NONE`, which makes it an error.
        truncation_mode: String,
    }
    optional {
        /// The text.
        value: String,
        /// The text's place in S3, instead of `value`.
        source: Value,
    }
}

impl NovaEmbeddingText {
    /// Creates a text that is not cut.
    pub fn new(text: impl Into<String>) -> Self {
        Self { truncation_mode: "NONE".to_owned(), ..Self::default() }.value(text)
    }
}

data! {
    /// Vectors of Nova Multimodal Embeddings.
    pub struct NovaEmbeddingResponse {
        /// The vectors: one, or two for a video with separate vectors of image and sound.
        embeddings: Vec<NovaVector>,
    }
}

data! {
    /// A vector of Nova Multimodal Embeddings.
    #[serde(rename_all = "camelCase")]
    pub struct NovaVector {
        /// What it is of: `TEXT`, `IMAGE` …
        embedding_type: String,
        /// The vector.
        #[serde(deserialize_with = "vectors")]
        embedding: Vec<f32>,
    }
    values {
        /// How many characters of the text were embedded, if it was cut.
        truncated_char_length: u64,
    }
}

impl ModelBody for NovaEmbedding {
    type Response = NovaEmbeddingResponse;
}

impl EmbeddingBody for NovaEmbedding {
    const MAX_TEXTS: usize = 1;

    fn with_texts(&self, texts: Vec<String>) -> Self {
        let mode = self.single_embedding_params.text.as_ref().map(|text| text.truncation_mode.clone());
        let mut request = self.clone().text(texts.concat());
        if let (Some(mode), Some(text)) = (mode, &mut request.single_embedding_params.text) {
            text.truncation_mode = mode;
        }
        request
    }

    fn embeddings(response: NovaEmbeddingResponse) -> Vec<Embedding> {
        let vectors = response.embeddings.into_iter();
        vectors.map(|vector| Embedding { float: vector.embedding, ..Embedding::default() }).collect()
    }
}
