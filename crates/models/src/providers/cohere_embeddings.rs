//! Cohere's Embed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::{data, values, vectors};
use crate::{Embedding, EmbeddingBody, ModelBody};

data! {
    /// A request for the vectors of texts or images, by Cohere's Embed.
    ///
    /// ```
    /// use bedrock_orm_models::providers::CohereEmbedding;
    /// use serde_json::json;
    ///
    /// let request = CohereEmbedding::documents().texts(["Ruby", "Python"]).output_dimension(512);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"input_type": "search_document", "texts": ["Ruby", "Python"], "output_dimension": 512})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Sources: [version 3](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html),
    /// [version 4](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html).
    pub struct CohereEmbedding {
        /// What the vectors are for.
        input_type: CohereInputType,
    }
    values {
        /// The size of the vectors: 256, 512, 1,024 or 1,536. Version 4 has it.
        output_dimension: u32,
        /// The most tokens of a text. Version 4 has it.
        max_tokens: u32,
    }
    optional {
        /// What is cut if a text is too long: `NONE`, which makes it an error, `START` (`LEFT`) or `END` (`RIGHT`).
        truncate: String,
    }
    lists {
        /// The texts, at most 96.
        texts: String,
        /// The images, as data URIs.
        images: String,
        /// Texts and images together. Version 4 has it.
        inputs: Value,
        /// The forms of the vectors.
        embedding_types: CohereEmbeddingType,
    }
}

impl CohereEmbedding {
    /// Creates a request, still without content.
    pub fn new(input_type: CohereInputType) -> Self {
        Self { input_type, ..Self::default() }
    }

    /// Creates a request for the documents of a search.
    pub fn documents() -> Self {
        Self::new(CohereInputType::SearchDocument)
    }

    /// Creates a request for the queries of a search.
    pub fn queries() -> Self {
        Self::new(CohereInputType::SearchQuery)
    }
}

values! {
    /// What vectors are for. A search asks with another type than that of its documents.
    pub enum CohereInputType {
        "search_document" => SearchDocument,
        "search_query" => SearchQuery,
        "classification" => Classification,
        "clustering" => Clustering,
        "image" => Image,
    }
}

values! {
    /// A form of vectors.
    pub enum CohereEmbeddingType {
        "float" => Float,
        "int8" => Int8,
        "uint8" => Uint8,
        "binary" => Binary,
        "ubinary" => Ubinary,
    }
}

data! {
    /// Vectors of Cohere's Embed.
    pub struct CohereEmbeddingResponse {
        /// The vectors.
        embeddings: CohereEmbeddings,
    }
    optional {
        /// The ID of the response.
        id: String,
        /// `embeddings_floats` or `embeddings_by_type`.
        response_type: String,
    }
    lists {
        /// The texts.
        texts: String,
        /// The formats and sizes of the images.
        images: Value,
    }
}

/// Vectors: as numbers, or in the forms that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CohereEmbeddings {
    /// As numbers.
    Floats(#[serde(deserialize_with = "vectors")] Vec<Vec<f32>>),
    /// In each form.
    ByType(CohereEmbeddingsByType),
}

impl Default for CohereEmbeddings {
    fn default() -> Self {
        Self::Floats(Vec::new())
    }
}

data! {
    /// Vectors in several forms.
    pub struct CohereEmbeddingsByType {
    }
    lists {
        /// As numbers.
        #[serde(deserialize_with = "vectors")]
        float: Vec<f32>,
        /// As signed bytes.
        int8: Vec<i8>,
        /// As bytes.
        uint8: Vec<u8>,
        /// As bits, eight in a signed byte.
        binary: Vec<i8>,
        /// As bits, eight in a byte.
        ubinary: Vec<u8>,
    }
}

impl ModelBody for CohereEmbedding {
    type Response = CohereEmbeddingResponse;
}

impl EmbeddingBody for CohereEmbedding {
    const MAX_TEXTS: usize = 96;

    fn with_texts(&self, texts: Vec<String>) -> Self {
        Self { texts: Some(texts), ..self.clone() }
    }

    fn embeddings(response: CohereEmbeddingResponse) -> Vec<Embedding> {
        let by_type = match response.embeddings {
            CohereEmbeddings::Floats(float) => CohereEmbeddingsByType::default().float(float),
            CohereEmbeddings::ByType(by_type) => by_type,
        };
        let mut embeddings: Vec<Embedding> = Vec::new();
        add(&mut embeddings, by_type.float, |embedding, vector| embedding.float = vector);
        add(&mut embeddings, by_type.int8, |embedding, vector| embedding.int8 = vector);
        add(&mut embeddings, by_type.uint8, |embedding, vector| embedding.uint8 = vector);
        add(&mut embeddings, by_type.binary, |embedding, vector| embedding.binary = vector);
        add(&mut embeddings, by_type.ubinary, |embedding, vector| embedding.ubinary = vector);
        embeddings
    }
}

/// Adds the vectors of one form.
fn add<V>(embeddings: &mut Vec<Embedding>, vectors: Option<Vec<V>>, set: fn(&mut Embedding, V)) {
    for (index, vector) in vectors.into_iter().flatten().enumerate() {
        if embeddings.len() <= index {
            embeddings.push(Embedding::default());
        }
        set(&mut embeddings[index], vector);
    }
}
