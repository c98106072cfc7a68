//! Each maker's own format for InvokeModel: bodies into prompts, completions into bodies and stream chunks.

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
mod rerank;
mod template;
mod text_completion;
mod titan_embeddings;
mod titan_text;

use jiff::Timestamp;
use serde_json::Value;

use crate::formats::embeddings::Embedder;
use crate::model::completion::Completion;
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::ids::Ids;

/// A body understood: what is asked, and in which form it wants its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) prompt: Prompt,
    pub(crate) model: &'static FoundationModel,
    pub(crate) body: Value,
    format: Format,
}

/// A completion on its way into a maker's form.
pub(crate) struct Said<'a> {
    pub(crate) ids: &'a Ids,
    pub(crate) now: Timestamp,
    pub(crate) asked: &'a Asked,
    pub(crate) completion: &'a Completion,
    /// The request's id, which some makers repeat.
    pub(crate) id: &'a str,
}

/// Puts the pieces of a completion into a maker's chunks.
pub(crate) type Chunks = Box<dyn FnMut(&Said<'_>, &Piece) -> Vec<Value> + Send>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Anthropic,
    AnthropicText,
    Cohere,
    CohereText,
    Embeddings(Embedder),
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

/// Reads a body in the format of its model's maker.
pub(crate) fn read(model: &'static FoundationModel, bytes: &[u8]) -> AwsResult<Asked> {
    let body: Value = serde_json::from_slice(bytes).map_err(|_| {
        AwsError::validation("Malformed input request, please reformat your input and try again.")
    })?;
    if !body.is_object() {
        return Err(body::malformed(&format!(
            "#: expected type: JSONObject, found: {}",
            body::json_type(&body)
        )));
    }
    let format = format(model, &body)?;
    let mut prompt = match format {
        Format::Anthropic => anthropic::read(&body),
        Format::AnthropicText => anthropic_text::read(&body),
        Format::Cohere => cohere::read(&body),
        Format::CohereText => cohere_text::read(&body),
        Format::Embeddings(embedder) => embedder.read(model, &body),
        Format::Images => images::read(model, &body),
        Format::Llama => llama::read(&body),
        Format::MistralText => mistral_text::read(&body),
        Format::Nova => nova::read(&body),
        Format::Jamba | Format::OpenAi => openai::read(model, &body),
        Format::Pegasus => pegasus::read(&body),
        Format::Rerank => rerank::read(model.provider(), &body),
        Format::TextCompletion => text_completion::read(&body),
        Format::TitanText => titan_text::read(&body),
    }?;
    let inference = [&body, &body["inferenceConfig"], &body["textGenerationConfig"]];
    let number =
        |keys: &[&str]| inference.iter().find_map(|inference| body::either(inference, keys).as_f64());
    prompt.temperature = number(&["temperature"]);
    prompt.top_p = number(&["top_p", "topP", "p"]);
    Ok(Asked { prompt, model, body, format })
}

fn format(model: &FoundationModel, body: &Value) -> AwsResult<Format> {
    let id = model.base_id();
    let has = |member: &str| !body[member].is_null();
    let makes = |modality: &str| model.output_modalities.iter().any(|output| output == modality);
    if makes("EMBEDDING") {
        return Ok(Format::Embeddings(Embedder::of(model)));
    }
    if makes("IMAGE") && !makes("TEXT") {
        return Ok(Format::Images);
    }
    if !makes("TEXT") {
        return Err(AwsError::new(
            "NotImplementedException",
            format!(
                "bedrock-local does not serve InvokeModel of {id}: use StartAsyncInvoke for models of video."
            ),
        ));
    }
    Ok(match model.provider() {
        _ if id.contains(".rerank-") => Format::Rerank,
        "ai21" => Format::Jamba,
        "anthropic" if has("prompt") && !has("messages") => Format::AnthropicText,
        "anthropic" => Format::Anthropic,
        "amazon" if id.starts_with("amazon.nova") => Format::Nova,
        "amazon" => Format::TitanText,
        "cohere" if id.starts_with("cohere.command-r") => Format::Cohere,
        "cohere" => Format::CohereText,
        "meta" => Format::Llama,
        "mistral" if has("prompt") => Format::MistralText,
        "twelvelabs" => Format::Pegasus,
        _ if has("prompt") && !has("messages") => Format::TextCompletion,
        _ => Format::OpenAi,
    })
}

impl Asked {
    /// Whether it is a conversation in Anthropic's form, which is held to the rules of Converse's prompts.
    pub(crate) fn is_messages(&self) -> bool {
        self.format == Format::Anthropic
    }

    /// The form of embeddings that is wanted, where it is embeddings.
    pub(crate) fn embedder(&self) -> Option<Embedder> {
        match self.format {
            Format::Embeddings(embedder) => Some(embedder),
            _ => None,
        }
    }

    /// Whether its model answers in words, not in vectors, pictures or a ranking.
    pub(crate) fn speaks(&self) -> bool {
        !matches!(self.format, Format::Embeddings(_) | Format::Images | Format::Rerank)
    }

    pub(crate) fn ranks(&self) -> bool {
        self.format == Format::Rerank
    }

    /// What a model makes that says nothing: the server's own vectors, pictures, a ranking.
    pub(crate) fn made(&self, ids: &Ids) -> Option<Value> {
        match self.format {
            Format::Embeddings(embedder) => Some(embedder.answer(self, None, &ids.uuid())),
            Format::Images => Some(images::answer(self)),
            Format::Rerank => Some(rerank::answer(self)),
            _ => None,
        }
    }

    /// What puts a completion into a stream's chunks.
    pub(crate) fn chunks(&self) -> Chunks {
        match self.format {
            Format::Anthropic => anthropic::chunks(),
            Format::AnthropicText => anthropic_text::chunks(),
            Format::Cohere => cohere::chunks(),
            Format::CohereText => cohere_text::chunks(),
            // What a model makes that says nothing comes as no stream.
            Format::Embeddings(_) | Format::Images | Format::Rerank => Box::new(|_, _| Vec::new()),
            Format::Jamba => jamba::chunks(),
            Format::Llama => llama::chunks(),
            Format::MistralText => mistral_text::chunks(),
            Format::Nova => nova::chunks(),
            Format::OpenAi => openai::chunks(),
            Format::Pegasus => pegasus::chunks(),
            Format::TextCompletion => text_completion::chunks(),
            Format::TitanText => titan_text::chunks(),
        }
    }
}

impl Said<'_> {
    /// The whole answer.
    pub(crate) fn answer(&self) -> Value {
        match self.asked.format {
            Format::Anthropic => anthropic::answer(self),
            Format::AnthropicText => anthropic_text::answer(self),
            Format::Cohere => cohere::answer(self),
            Format::CohereText => cohere_text::answer(self),
            Format::Embeddings(embedder) => embedder.answer(self.asked, None, self.id),
            Format::Images => images::answer(self.asked),
            Format::Jamba => jamba::answer(self),
            Format::Llama => llama::answer(self),
            Format::MistralText => mistral_text::answer(self),
            Format::Nova => nova::answer(self),
            Format::OpenAi => openai::answer(self),
            Format::Pegasus => pegasus::answer(self),
            Format::Rerank => rerank::answer(self.asked),
            Format::TextCompletion => text_completion::answer(self),
            Format::TitanText => titan_text::answer(self),
        }
    }

    fn stopped_by<'r>(&self, length: &'r str, sequence: &'r str, end: &'r str) -> &'r str {
        match self.completion.stop_reason.as_str() {
            "max_tokens" => length,
            "stop_sequence" => sequence,
            _ => end,
        }
    }
}
