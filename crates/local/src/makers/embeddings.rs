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

pub(crate) fn answer(asked: &Asked<'_>, id: &str) -> Value {
    let body = &asked.body;
    match asked.model.maker() {
        "cohere" => cohere(asked, id),
        "amazon" if asked.model.model_id.starts_with("amazon.nova") => {
            let size = size(&body["singleEmbeddingParams"]["embeddingDimension"], 3072);
            let vector = vector(&nova_text(body).unwrap_or_else(|| body.to_string()), size);
            json!({ "embeddings": [{ "embeddingType": "TEXT", "embedding": vector }] })
        }
        _ => titan(asked),
    }
}

fn titan(asked: &Asked<'_>) -> Value {
    let body = &asked.body;
    let id = &asked.model.model_id;
    let default = if id.starts_with("amazon.titan-embed-text-v1") { 1536 } else { 1024 };
    let dimensions = match &body["embeddingConfig"]["outputEmbeddingLength"] {
        Value::Null => &body["dimensions"],
        length => length,
    };
    let text = body["inputText"].as_str().map_or_else(|| body.to_string(), str::to_owned);
    let vector = vector(&text, size(dimensions, default));
    let tokens = crate::model::tokens::of_text(&text);
    let mut answer = json!({ "embedding": vector, "inputTextTokenCount": tokens });
    if id.starts_with("amazon.titan-embed-text-v2") {
        answer["embeddingsByType"] = json!({ "float": vector });
    }
    answer
}

fn cohere(asked: &Asked<'_>, id: &str) -> Value {
    let body = &asked.body;
    let default = if asked.model.model_id.starts_with("cohere.embed-v4") { 1536 } else { 1024 };
    let size = size(&body["output_dimension"], default);
    let vectors: Vec<_> = texts(&body["texts"]).iter().map(|text| vector(text, size)).collect();
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
