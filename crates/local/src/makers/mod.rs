//! Each maker's own format for InvokeModel: bodies into prompts, completions into bodies and stream chunks.

mod anthropic;
mod anthropic_text;
pub(crate) mod asynchronous;
pub(crate) mod batch;
mod body;
mod cohere;
mod cohere_text;
mod embeddings;
mod images;
mod llama;
mod mistral_text;
mod nova;
mod openai;
pub(crate) mod png;
mod template;
mod text_completion;
mod titan_text;

use serde_json::Value;

use crate::catalogue::FoundationModel;
use crate::error::{AwsError, AwsResult};
use crate::ids::Ids;
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;

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
    pub(crate) local: &'a Local,
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
    Embeddings,
    Images,
    Llama,
    MistralText,
    Nova,
    OpenAi,
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
        Format::Embeddings => embeddings::read(&body),
        Format::Images => images::read(model.maker(), &body),
        Format::Llama => llama::read(&body),
        Format::MistralText | Format::TextCompletion => mistral_text::read(&body),
        Format::Nova => nova::read(&body),
        Format::OpenAi => openai::read(&body),
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
    let id = model.model_id.as_str();
    let has = |member: &str| !body[member].is_null();
    let makes = |modality: &str| model.output_modalities.iter().any(|output| output == modality);
    if makes("EMBEDDING") {
        return Ok(Format::Embeddings);
    }
    if makes("IMAGE") && !makes("TEXT") {
        return Ok(Format::Images);
    }
    if !makes("TEXT") || id.contains("rerank") {
        return Err(AwsError::new(
            "NotImplementedException",
            format!(
                "bedrock-local does not serve InvokeModel of {id} yet: it speaks for models of text, embeddings and images."
            ),
        ));
    }
    Ok(match model.maker() {
        "anthropic" if has("prompt") && !has("messages") => Format::AnthropicText,
        "anthropic" => Format::Anthropic,
        "amazon" if id.starts_with("amazon.nova") => Format::Nova,
        "amazon" => Format::TitanText,
        "cohere" if id.starts_with("cohere.command-r") => Format::Cohere,
        "cohere" => Format::CohereText,
        "meta" => Format::Llama,
        "mistral" if has("prompt") => Format::MistralText,
        _ if has("prompt") && !has("messages") => Format::TextCompletion,
        _ => Format::OpenAi,
    })
}

impl Asked {
    pub(crate) fn wants_embeddings(&self) -> bool {
        self.format == Format::Embeddings
    }

    /// What a model makes that says nothing: the server's own vectors, pictures.
    pub(crate) fn made(&self, ids: &Ids) -> Option<Value> {
        match self.format {
            Format::Embeddings => Some(self.embeddings(None, &ids.uuid())),
            Format::Images => Some(images::answer(self)),
            _ => None,
        }
    }

    /// An embedding model's texts, and the size of vector asked for.
    pub(crate) fn to_embed(&self) -> (Vec<String>, Option<u64>) {
        (embeddings::texts_of(&self.body), embeddings::dimensions(&self.body).as_u64())
    }

    /// An embedding model's answer: the vectors given, or the server's own.
    pub(crate) fn embeddings(&self, vectors: Option<Vec<Vec<f64>>>, id: &str) -> Value {
        embeddings::answer(self, vectors, id)
    }

    /// What puts a completion into a stream's chunks.
    pub(crate) fn chunks(&self) -> Chunks {
        match self.format {
            Format::Anthropic => anthropic::chunks(),
            Format::AnthropicText => anthropic_text::chunks(),
            Format::Cohere => cohere::chunks(),
            Format::CohereText => cohere_text::chunks(),
            // Neither vectors nor images come as streams: their models cannot stream.
            Format::Embeddings | Format::Images => Box::new(|_, _| Vec::new()),
            Format::Llama => llama::chunks(),
            Format::MistralText => mistral_text::chunks(),
            Format::Nova => nova::chunks(),
            Format::OpenAi => openai::chunks(),
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
            Format::Embeddings => embeddings::answer(self.asked, None, self.id),
            Format::Images => images::answer(self.asked),
            Format::Llama => llama::answer(self),
            Format::MistralText => mistral_text::answer(self),
            Format::Nova => nova::answer(self),
            Format::OpenAi => openai::answer(self),
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
