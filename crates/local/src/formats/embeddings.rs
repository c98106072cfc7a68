//! Embeddings: vectors of the right size and of length one, the same for the same text. Texts that share words are
//! nearer to each other than texts that do not.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::formats::{Asked, cohere_embeddings, marengo, nova_embeddings, titan_embeddings};
use crate::json::items;
use crate::model::prompt::{Prompt, message};
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;
use crate::world::ids::mix;

/// Whose form of embeddings a model speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Embedder {
    Cohere,
    Marengo,
    Nova,
    Titan,
}

impl Embedder {
    pub(crate) fn of(model: &FoundationModel) -> Self {
        match model.provider() {
            "cohere" => Self::Cohere,
            "twelvelabs" => Self::Marengo,
            _ if model.base_id().starts_with("amazon.nova") => Self::Nova,
            _ => Self::Titan,
        }
    }

    /// What a body asks to embed: for every vector a message of the user's.
    pub(crate) fn read(self, model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
        let inputs = match self {
            Self::Cohere => cohere_embeddings::read(model, body),
            Self::Marengo => marengo::read(body),
            Self::Nova => nova_embeddings::read(body),
            Self::Titan => titan_embeddings::read(model, body),
        };
        let messages = inputs?.into_iter().map(|content| message("user", content));
        Ok(Prompt { messages: messages.collect(), ..Prompt::default() })
    }

    /// The size of vector that a body asks for.
    pub(crate) fn size(self, body: &Value) -> Option<u64> {
        let size = match self {
            Self::Cohere => &body["output_dimension"],
            Self::Marengo => &Value::Null,
            Self::Nova => &body["singleEmbeddingParams"]["embeddingDimension"],
            Self::Titan => match &body["dimensions"] {
                Value::Null => &body["embeddingConfig"]["outputEmbeddingLength"],
                size => size,
            },
        };
        size.as_u64()
    }

    /// The answer in the model's form, of the vectors given or, where there are none, of the server's own.
    pub(crate) fn answer(self, asked: &Asked, vectors: Option<Vec<Vec<f64>>>, id: &str) -> Value {
        let own = || {
            let asked_size = self.size(&asked.body).and_then(|size| usize::try_from(size).ok());
            let size = asked_size.unwrap_or_else(|| default_size(asked.model.base_id()));
            asked.prompt.messages.iter().map(|input| of_content(&input["content"], size)).collect()
        };
        let vectors = vectors.unwrap_or_else(own);
        match self {
            Self::Cohere => cohere_embeddings::answer(asked, &vectors, id),
            Self::Marengo => marengo::answer(&vectors),
            Self::Nova => nova_embeddings::answer(asked, &vectors),
            Self::Titan => titan_embeddings::answer(asked, &vectors),
        }
    }
}

/// The texts to embed; none unless each vector is one of a single text.
pub(crate) fn texts(prompt: &Prompt) -> Vec<String> {
    let text = |input: &Value| match items(&input["content"]) {
        [block] => block["text"].as_str().map(str::to_owned),
        _ => None,
    };
    prompt.messages.iter().map(text).collect::<Option<_>>().unwrap_or_default()
}

/// The size of a model's vectors where none is asked for.
pub(super) fn default_size(id: &str) -> usize {
    match id {
        _ if id.starts_with("amazon.nova") => 3072,
        _ if id.starts_with("amazon.titan-embed-text-v1") || id.starts_with("cohere.embed-v4") => 1536,
        _ if id.starts_with("twelvelabs.marengo-embed-3") => 512,
        _ => 1024,
    }
}

/// The vector of content: texts and media together.
fn of_content(content: &Value, size: usize) -> Vec<f64> {
    let vector_of = |block: &Value| match block["text"].as_str() {
        Some(text) => vector(text, size),
        None => vector(&block.to_string(), size),
    };
    let mut sum = vec![0.0; size];
    for block in items(content) {
        for (sum, coordinate) in sum.iter_mut().zip(vector_of(block)) {
            *sum += coordinate;
        }
    }
    unit(sum)
}

/// The sum of its words' vectors, brought to length one.
pub(super) fn vector(text: &str, size: usize) -> Vec<f64> {
    let mut sum = vec![0.0; size];
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in std::iter::once("").chain(words) {
        let mut hasher = DefaultHasher::new();
        word.to_lowercase().hash(&mut hasher);
        let seed = hasher.finish();
        // All texts share a little of one direction, words count more.
        let weight = if word.is_empty() { 0.25 } else { 1.0 };
        for (index, coordinate) in sum.iter_mut().enumerate() {
            *coordinate += weight * noise(seed.wrapping_add(index as u64));
        }
    }
    unit(sum)
}

/// A vector brought to length one.
fn unit(vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|coordinate| coordinate * coordinate).sum::<f64>().sqrt();
    vector.into_iter().map(|coordinate| if length > 0.0 { coordinate / length } else { 0.0 }).collect()
}

/// Between minus one and one.
fn noise(seed: u64) -> f64 {
    (mix(seed) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(one: &[f64], other: &[f64]) -> f64 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn vectors_are_units_and_near_when_words_are_shared() {
        let vectors: Vec<_> = ["the red fox jumps", "a red fox sleeps", "quarterly tax report", ""]
            .map(|text| vector(text, 512))
            .into();
        for vector in &vectors {
            assert!((cosine(vector, vector) - 1.0).abs() < 1e-9);
        }
        assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.2);
        assert_eq!(vectors[0], vector("the red fox jumps", 512));
    }
}
