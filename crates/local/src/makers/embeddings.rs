//! Embeddings: vectors of the right size and of length one, the same for the same text. Texts that share words are
//! nearer to each other than texts that do not.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::ids::mix;
use crate::makers::Asked;
use crate::makers::body::{malformed, required_list, required_text, texts};
use crate::model::prompt::{Prompt, items, message, text_block};

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let texts = match body {
        body if !body["texts"].is_null() => {
            required_text(body, "input_type")?;
            required_list(body, "texts")?;
            texts(&body["texts"])
        }
        body if !body["inputText"].is_null() => vec![required_text(body, "inputText")?.to_owned()],
        body if body["singleEmbeddingParams"].is_object() => nova_text(body).into_iter().collect(),
        body if !["inputs", "images", "inputImage"].iter().all(|key| body[*key].is_null()) => Vec::new(),
        _ => return Err(malformed("#: required key [inputText] not found")),
    };
    let content = texts.iter().map(|text| text_block(text)).collect();
    Ok(Prompt { messages: vec![message("user", content)], ..Prompt::default() })
}

fn nova_text(body: &Value) -> Option<String> {
    body["singleEmbeddingParams"]["text"]["value"].as_str().map(str::to_owned)
}

/// The texts of a body; none where it holds images.
pub(crate) fn texts_of(body: &Value) -> Vec<String> {
    let one = body["inputText"].as_str().map(str::to_owned).or_else(|| nova_text(body));
    texts(&body["texts"]).into_iter().chain(one).collect()
}

/// The size of vector that a body asks for.
pub(crate) fn dimensions(body: &Value) -> &Value {
    let inside = [
        &body["singleEmbeddingParams"]["embeddingDimension"],
        &body["embeddingConfig"]["outputEmbeddingLength"],
        &body["dimensions"],
        &body["output_dimension"],
    ];
    inside.into_iter().find(|size| !size.is_null()).unwrap_or(&Value::Null)
}

/// The answer in the model's form, of the vectors given or, where there are none, of our own.
pub(crate) fn answer(asked: &Asked, vectors: Option<Vec<Vec<f64>>>, id: &str) -> Value {
    let is_cohere = asked.model.maker() == "cohere";
    let own = || {
        let size = size(dimensions(&asked.body), default_size(&asked.model.model_id));
        let texts = match texts_of(&asked.body) {
            texts if texts.is_empty() && !is_cohere => vec![asked.body.to_string()],
            texts => texts,
        };
        texts.iter().map(|text| vector(text, size)).collect::<Vec<_>>()
    };
    let vectors = vectors.unwrap_or_else(own);
    match vectors.first() {
        _ if is_cohere => cohere(asked, &vectors, id),
        Some(vector) if asked.model.model_id.starts_with("amazon.nova") => {
            json!({ "embeddings": [{ "embeddingType": "TEXT", "embedding": vector }] })
        }
        vector => titan(asked, &json!(vector)),
    }
}

fn default_size(id: &str) -> usize {
    match id {
        id if id.starts_with("amazon.nova") => 3072,
        id if id.starts_with("amazon.titan-embed-text-v1") || id.starts_with("cohere.embed-v4") => 1536,
        _ => 1024,
    }
}

fn titan(asked: &Asked, vector: &Value) -> Value {
    let text = asked.body["inputText"].as_str().map_or_else(|| asked.body.to_string(), str::to_owned);
    let tokens = crate::model::tokens::of_text(&text);
    let mut answer = json!({ "embedding": vector, "inputTextTokenCount": tokens });
    if asked.model.model_id.starts_with("amazon.titan-embed-text-v2") {
        answer["embeddingsByType"] = json!({ "float": vector });
    }
    answer
}

fn cohere(asked: &Asked, vectors: &[Vec<f64>], id: &str) -> Value {
    let body = &asked.body;
    let by_type = !items(&body["embedding_types"]).is_empty() || asked.model.model_id.contains("embed-v4");
    let (embeddings, response_type) = match by_type {
        true => (json!({ "float": vectors }), "embeddings_by_type"),
        false => (json!(vectors), "embeddings_floats"),
    };
    json!({ "id": id, "texts": body["texts"], "embeddings": embeddings, "response_type": response_type })
}

/// A size asked for, within reason.
fn size(asked: &Value, default: usize) -> usize {
    const LARGEST: usize = 4096;
    asked
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=LARGEST).contains(size))
        .unwrap_or(default)
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
    let length = sum.iter().map(|coordinate| coordinate * coordinate).sum::<f64>().sqrt();
    sum.into_iter().map(|coordinate| if length > 0.0 { coordinate / length } else { 0.0 }).collect()
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
