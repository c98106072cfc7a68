//! Rerank: Amazon's and Cohere's.

use super::data::data;
use crate::ModelBody;

/// The version of Cohere's format.
const COHERE_API_VERSION: u32 = 2;

data! {
    /// A request that orders documents by their relevance for a query, in the format of Amazon's and Cohere's Rerank.
    ///
    /// ```
    /// use bedrock_orm_models::providers::Rerank;
    /// use serde_json::json;
    ///
    /// let request = Rerank::amazon("red fox", ["a tax report", "the red fox jumps"]).top_n(1);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"query": "red fox", "documents": ["a tax report", "the red fox jumps"], "top_n": 1})
    /// );
    /// assert_eq!(serde_json::to_value(Rerank::cohere("red fox", ["a fox"]))?["api_version"], 2);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-rerank.html).
    pub struct Rerank {
        /// What is searched.
        query: String,
        /// The documents, at most 1,000.
        documents: Vec<String>,
    }
    values {
        /// How many documents are returned. The default is all.
        top_n: u32,
        /// The version of Cohere's format: 2. Amazon's has none.
        api_version: u32,
    }
}

impl Rerank {
    /// Creates a request for Amazon's Rerank.
    pub fn amazon(query: impl Into<String>, documents: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let documents = documents.into_iter().map(Into::into).collect();
        Self { query: query.into(), documents, ..Self::default() }
    }

    /// Creates a request for Cohere's Rerank.
    pub fn cohere(query: impl Into<String>, documents: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::amazon(query, documents).api_version(COHERE_API_VERSION)
    }
}

data! {
    /// Documents by their relevance.
    pub struct RerankResponse {
        /// The most relevant is first.
        results: Vec<RerankResult>,
    }
}

data! {
    /// A document and its relevance.
    pub struct RerankResult {
        /// The position of the document in the request.
        index: usize,
        /// Its relevance, from 0 to 1.
        relevance_score: f64,
    }
}

impl ModelBody for Rerank {
    type Response = RerankResponse;
}
