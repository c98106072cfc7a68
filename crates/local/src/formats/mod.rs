//! The providers' formats of InvokeModel: they parse request bodies into prompts, and write replies as response bodies and
//! stream chunks.
//!
//! Each format has a file, which is chosen here. [`converse`] is Converse's own format.

mod anthropic;
mod anthropic_text;
pub(crate) mod asynchronous;
pub(crate) mod batch;
mod body;
mod cohere;
mod cohere_embeddings;
mod cohere_text;
pub(crate) mod converse;
pub(crate) mod embeddings;
pub(crate) mod format;
mod images;
mod jamba;
mod llama;
mod marengo;
mod mistral_text;
mod nova;
mod nova_embeddings;
mod openai;
mod pegasus;
pub(crate) mod png;
pub(crate) mod request;
mod rerank;
pub(crate) mod response;
mod template;
mod text_completion;
mod titan_embeddings;
mod titan_text;
mod vectors;

use serde_json::Value;

use crate::formats::format::Format;
use crate::formats::request::ProviderRequest;
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::ids::Ids;

/// Parses a body in the format of the model's provider.
pub(crate) fn parse(model: &'static FoundationModel, bytes: &[u8]) -> AwsResult<ProviderRequest> {
    let body: Value = serde_json::from_slice(bytes).map_err(|_| {
        AwsError::validation("Malformed input request, please reformat your input and try again.")
    })?;
    if !body.is_object() {
        return Err(body::malformed(&format!(
            "#: expected type: JSONObject, found: {}",
            body::json_type(&body)
        )));
    }
    let format = Format::of(model, &body)?;
    let mut prompt = match format {
        Format::Anthropic => anthropic::parse(&body),
        Format::AnthropicText => anthropic_text::parse(&body),
        Format::Cohere => cohere::parse(&body),
        Format::CohereText => cohere_text::parse(&body),
        Format::Embeddings(format) => embeddings::parse(format, model, &body),
        Format::Images => images::parse(model, &body),
        Format::Llama => llama::parse(&body),
        Format::MistralText => mistral_text::parse(&body),
        Format::Nova => nova::parse(&body),
        Format::Jamba | Format::OpenAi => openai::parse(model, &body),
        Format::Pegasus => pegasus::parse(&body),
        Format::Rerank => rerank::parse(model.provider(), &body),
        Format::TextCompletion => text_completion::parse(&body),
        Format::TitanText => titan_text::parse(&body),
    }?;
    let inference = [&body, &body["inferenceConfig"], &body["textGenerationConfig"]];
    let number =
        |keys: &[&str]| inference.iter().find_map(|inference| body::first_of(inference, keys).as_f64());
    prompt.temperature = number(&["temperature"]);
    prompt.top_p = number(&["top_p", "topP", "p"]);
    Ok(ProviderRequest { prompt, model, body, format })
}

/// Returns the response body of a model that generates no text: the server's own vectors or images, or a ranking. Returns
/// `None` for a model that generates text.
pub(crate) fn response_body_without_text(request: &ProviderRequest, ids: &Ids) -> Option<Value> {
    match request.format {
        Format::Embeddings(format) => Some(embeddings::response_body(format, request, None, &ids.uuid())),
        Format::Images => Some(images::response_body(request)),
        Format::Rerank => Some(rerank::response_body(request)),
        _ => None,
    }
}

/// Returns the response body of a whole reply.
pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let request = response.request;
    match request.format {
        Format::Anthropic => anthropic::response_body(response),
        Format::AnthropicText => anthropic_text::response_body(response),
        Format::Cohere => cohere::response_body(response),
        Format::CohereText => cohere_text::response_body(response),
        Format::Embeddings(format) => embeddings::response_body(format, request, None, response.id),
        Format::Images => images::response_body(request),
        Format::Jamba => jamba::response_body(response),
        Format::Llama => llama::response_body(response),
        Format::MistralText => mistral_text::response_body(response),
        Format::Nova => nova::response_body(response),
        Format::OpenAi => openai::response_body(response),
        Format::Pegasus => pegasus::response_body(response),
        Format::Rerank => rerank::response_body(request),
        Format::TextCompletion => text_completion::response_body(response),
        Format::TitanText => titan_text::response_body(response),
    }
}

/// Returns the writer of a streamed reply's chunks.
pub(crate) fn chunk_writer(request: &ProviderRequest) -> ChunkWriter {
    match request.format {
        Format::Anthropic => anthropic::chunk_writer(),
        Format::AnthropicText => anthropic_text::chunk_writer(),
        Format::Cohere => cohere::chunk_writer(),
        Format::CohereText => cohere_text::chunk_writer(),
        // Models that generate no text do not stream.
        Format::Embeddings(_) | Format::Images | Format::Rerank => Box::new(|_, _| Vec::new()),
        Format::Jamba => jamba::chunk_writer(),
        Format::Llama => llama::chunk_writer(),
        Format::MistralText => mistral_text::chunk_writer(),
        Format::Nova => nova::chunk_writer(),
        Format::OpenAi => openai::chunk_writer(),
        Format::Pegasus => pegasus::chunk_writer(),
        Format::TextCompletion => text_completion::chunk_writer(),
        Format::TitanText => titan_text::chunk_writer(),
    }
}
