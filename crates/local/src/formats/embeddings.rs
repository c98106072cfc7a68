//! The formats of embedding models.

use serde_json::Value;

use crate::formats::format::EmbeddingFormat;
use crate::formats::request::ProviderRequest;
use crate::formats::vectors::{content_vector, default_size};
use crate::formats::{cohere_embeddings, marengo, nova_embeddings, titan_embeddings};
use crate::json::items;
use crate::model::prompt::{Prompt, message};
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;

/// Parses a body into a prompt with one user message for each vector.
pub(super) fn parse(format: EmbeddingFormat, model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
    let inputs = match format {
        EmbeddingFormat::Cohere => cohere_embeddings::parse(model, body),
        EmbeddingFormat::Marengo => marengo::parse(body),
        EmbeddingFormat::Nova => nova_embeddings::parse(body),
        EmbeddingFormat::Titan => titan_embeddings::parse(model, body),
    };
    let messages = inputs?.into_iter().map(|content| message("user", content));
    Ok(Prompt { messages: messages.collect(), ..Prompt::default() })
}

/// Returns the vector size that a body requests.
pub(crate) fn requested_size(format: EmbeddingFormat, body: &Value) -> Option<u64> {
    let size = match format {
        EmbeddingFormat::Cohere => &body["output_dimension"],
        EmbeddingFormat::Marengo => &Value::Null,
        EmbeddingFormat::Nova => &body["singleEmbeddingParams"]["embeddingDimension"],
        EmbeddingFormat::Titan => match &body["dimensions"] {
            Value::Null => &body["embeddingConfig"]["outputEmbeddingLength"],
            size => size,
        },
    };
    size.as_u64()
}

/// Returns the response body for these vectors, or for the server's own vectors if `vectors` is `None`.
pub(crate) fn response_body(
    format: EmbeddingFormat,
    request: &ProviderRequest,
    vectors: Option<Vec<Vec<f64>>>,
    id: &str,
) -> Value {
    let own = || {
        let requested = requested_size(format, &request.body).and_then(|size| usize::try_from(size).ok());
        let size = requested.unwrap_or_else(|| default_size(request.model.base_id()));
        request.prompt.messages.iter().map(|input| content_vector(&input["content"], size)).collect()
    };
    let vectors = vectors.unwrap_or_else(own);
    match format {
        EmbeddingFormat::Cohere => cohere_embeddings::response_body(request, &vectors, id),
        EmbeddingFormat::Marengo => marengo::response_body(&vectors),
        EmbeddingFormat::Nova => nova_embeddings::response_body(request, &vectors),
        EmbeddingFormat::Titan => titan_embeddings::response_body(request, &vectors),
    }
}

/// Returns the texts to embed. The list is empty unless each vector is of a single text.
pub(crate) fn texts(prompt: &Prompt) -> Vec<String> {
    let text = |input: &Value| match items(&input["content"]) {
        [block] => block["text"].as_str().map(str::to_owned),
        _ => None,
    };
    prompt.messages.iter().map(text).collect::<Option<_>>().unwrap_or_default()
}
