//! Amazon's Titan: text and embeddings.

use super::data::{count, data, keep, replace, tokens, values, vectors};
use crate::{Blob, Embedding, EmbeddingBody, ModelBody, StreamedBody, Usage};

data! {
    /// A request in the format of Amazon's Titan Text. **AWS has retired these models**: the type serves code that was
    /// written for them. Nova has replaced them.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{TitanText, TitanTextConfig};
    /// use serde_json::json;
    ///
    /// let request = TitanText::new("Summarize AWS")
    ///     .text_generation_config(TitanTextConfig::default().max_token_count(512).temperature(0.7).top_p(0.9));
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "inputText": "Summarize AWS",
    ///         "textGenerationConfig": {"maxTokenCount": 512, "temperature": 0.7, "topP": 0.9},
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html).
    #[serde(rename_all = "camelCase")]
    pub struct TitanText {
        /// The prompt.
        input_text: String,
    }
    optional {
        /// The settings of the reply.
        text_generation_config: TitanTextConfig,
    }
}

impl TitanText {
    /// Creates a request.
    pub fn new(input_text: impl Into<String>) -> Self {
        Self { input_text: input_text.into(), ..Self::default() }
    }
}

data! {
    /// The settings of a reply of Titan Text.
    #[serde(rename_all = "camelCase")]
    pub struct TitanTextConfig {
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
    }
    values {
        /// The most tokens that the reply may have.
        max_token_count: u32,
    }
    lists {
        /// Texts that end the reply.
        stop_sequences: String,
    }
}

values! {
    /// Why a reply of Titan Text ended.
    pub enum TitanCompletionReason {
        "FINISH" => Finish,
        "LENGTH" => Length,
        "STOP_CRITERIA_MET" => StopCriteriaMet,
        "CONTENT_FILTERED" => ContentFiltered,
        "RAG_QUERY_WHEN_RAG_DISABLED" => RagQueryWhenRagDisabled,
    }
}

data! {
    /// A reply of Titan Text.
    #[serde(rename_all = "camelCase")]
    pub struct TitanTextResponse {
        /// The replies: one.
        results: Vec<TitanTextResult>,
    }
    values {
        /// The tokens of the prompt.
        #[serde(deserialize_with = "count")]
        input_text_token_count: u64,
    }
}

impl TitanTextResponse {
    /// Returns the text.
    pub fn text(&self) -> String {
        self.results.iter().map(|result| result.output_text.as_str()).collect()
    }
}

data! {
    /// A text of Titan Text.
    #[serde(rename_all = "camelCase")]
    pub struct TitanTextResult {
        /// The text.
        output_text: String,
    }
    values {
        /// Its tokens.
        #[serde(deserialize_with = "count")]
        token_count: u64,
    }
    optional {
        /// Why it ended.
        completion_reason: TitanCompletionReason,
    }
}

data! {
    /// A part of a streamed reply of Titan Text.
    #[serde(rename_all = "camelCase")]
    pub struct TitanTextEvent {
        /// The text.
        output_text: String,
    }
    values {
        /// The position of the reply: 0.
        #[serde(deserialize_with = "count")]
        index: u64,
        /// The tokens of the reply, in the last part.
        #[serde(deserialize_with = "count")]
        total_output_text_token_count: u64,
        /// The tokens of the prompt, in the first part.
        #[serde(deserialize_with = "count")]
        input_text_token_count: u64,
    }
    optional {
        /// Why the reply ended, in the last part.
        completion_reason: TitanCompletionReason,
    }
}

impl ModelBody for TitanText {
    type Response = TitanTextResponse;

    fn usage(response: &TitanTextResponse) -> Usage {
        Usage {
            input_tokens: tokens(response.input_text_token_count),
            output_tokens: tokens(response.results.iter().map(|result| result.token_count).sum()),
            ..Usage::default()
        }
    }
}

impl StreamedBody for TitanText {
    type Event = TitanTextEvent;

    fn add(response: &mut TitanTextResponse, event: &TitanTextEvent) {
        if response.results.is_empty() {
            response.results.push(TitanTextResult::default());
        }
        if let Some(result) = response.results.last_mut() {
            result.output_text.push_str(&event.output_text);
            replace(&mut result.token_count, event.total_output_text_token_count.as_ref());
            replace(&mut result.completion_reason, event.completion_reason.as_ref());
        }
        replace(&mut response.input_text_token_count, event.input_text_token_count.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &TitanTextEvent) -> bool {
        event.completion_reason.is_some()
    }

    fn text(event: &TitanTextEvent) -> Option<&str> {
        Some(&event.output_text)
    }
}

data! {
    /// A request for the vector of a text, by Amazon's Titan Text Embeddings.
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html).
    #[serde(rename_all = "camelCase")]
    pub struct TitanEmbedding {
        /// The text.
        input_text: String,
    }
    values {
        /// The size of the vector: 256, 512 or 1,024. Version 2 has it.
        dimensions: u32,
        /// Whether the vector has the length one. Version 2 has it.
        normalize: bool,
    }
    lists {
        /// The forms of the vector: `float`, `binary`. Version 2 has them.
        embedding_types: String,
    }
}

impl TitanEmbedding {
    /// Creates a request.
    pub fn new(input_text: impl Into<String>) -> Self {
        Self { input_text: input_text.into(), ..Self::default() }
    }
}

data! {
    /// A request for the vector of an image, a text, or both together, by Amazon's Titan Multimodal Embeddings.
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html).
    #[serde(rename_all = "camelCase")]
    pub struct TitanMultimodalEmbedding {
    }
    optional {
        /// The text.
        input_text: String,
        /// The image, as PNG or JPEG.
        input_image: Blob,
        /// The size of the vector.
        embedding_config: TitanMultimodalEmbeddingConfig,
    }
}

data! {
    /// The size of a vector of Titan Multimodal Embeddings.
    #[serde(rename_all = "camelCase")]
    pub struct TitanMultimodalEmbeddingConfig {
    }
    values {
        /// The size: 256, 384 or 1,024.
        output_embedding_length: u32,
    }
}

data! {
    /// A vector of Titan's embedding models.
    #[serde(rename_all = "camelCase")]
    pub struct TitanEmbeddingResponse {
    }
    values {
        /// The tokens of the text.
        #[serde(deserialize_with = "count")]
        input_text_token_count: u64,
    }
    optional {
        /// The vector, in each form that was asked for. Version 2 has it.
        embeddings_by_type: TitanEmbeddingsByType,
        /// What went wrong. Multimodal models have it.
        message: String,
    }
    lists {
        /// The vector.
        #[serde(deserialize_with = "vectors")]
        embedding: f32,
    }
}

data! {
    /// A vector in several forms.
    pub struct TitanEmbeddingsByType {
    }
    lists {
        /// As numbers.
        #[serde(deserialize_with = "vectors")]
        float: f32,
        /// As bits: a 0 or a 1 for each number.
        binary: u8,
    }
}

impl ModelBody for TitanEmbedding {
    type Response = TitanEmbeddingResponse;

    fn usage(response: &TitanEmbeddingResponse) -> Usage {
        Usage { input_tokens: tokens(response.input_text_token_count), ..Usage::default() }
    }
}

impl ModelBody for TitanMultimodalEmbedding {
    type Response = TitanEmbeddingResponse;

    fn usage(response: &TitanEmbeddingResponse) -> Usage {
        TitanEmbedding::usage(response)
    }
}

impl EmbeddingBody for TitanEmbedding {
    const MAX_TEXTS: usize = 1;

    fn with_texts(&self, texts: Vec<String>) -> Self {
        Self { input_text: texts.concat(), ..self.clone() }
    }

    fn embeddings(response: TitanEmbeddingResponse) -> Vec<Embedding> {
        vec![embedding(response)]
    }
}

impl EmbeddingBody for TitanMultimodalEmbedding {
    const MAX_TEXTS: usize = 1;

    fn with_texts(&self, texts: Vec<String>) -> Self {
        Self { input_text: Some(texts.concat()), ..self.clone() }
    }

    fn embeddings(response: TitanEmbeddingResponse) -> Vec<Embedding> {
        vec![embedding(response)]
    }
}

fn embedding(response: TitanEmbeddingResponse) -> Embedding {
    let by_type = response.embeddings_by_type.unwrap_or_default();
    let eight = |bits: &[u8]| {
        bits.iter().enumerate().fold(0, |byte, (nth, bit)| byte | u8::from(*bit != 0) << (7 - nth))
    };
    Embedding {
        float: response.embedding.or(by_type.float).unwrap_or_default(),
        ubinary: by_type.binary.unwrap_or_default().chunks(8).map(eight).collect(),
        ..Embedding::default()
    }
}
