//! Vectors of texts: of the model's size, of length one, and equal for equal texts. The vectors of texts that share words are
//! more similar than others.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::json::items;
use crate::world::ids::mix;

/// Returns the size of a model's vectors if the request has none.
pub(super) fn default_size(id: &str) -> usize {
    match id {
        _ if id.starts_with("amazon.nova") => 3072,
        _ if id.starts_with("amazon.titan-embed-text-v1") || id.starts_with("cohere.embed-v4") => 1536,
        _ if id.starts_with("twelvelabs.marengo-embed-3") => 512,
        _ => 1024,
    }
}

/// Returns the vector of content blocks: texts and media together.
pub(super) fn content_vector(content: &Value, size: usize) -> Vec<f64> {
    let vector_of = |block: &Value| match block["text"].as_str() {
        Some(text) => text_vector(text, size),
        None => text_vector(&block.to_string(), size),
    };
    let mut sum = vec![0.0; size];
    for block in items(content) {
        for (sum, coordinate) in sum.iter_mut().zip(vector_of(block)) {
            *sum += coordinate;
        }
    }
    normalize(sum)
}

/// Returns the vector of a text: the normalized sum of its words' vectors.
pub(super) fn text_vector(text: &str, size: usize) -> Vec<f64> {
    let mut sum = vec![0.0; size];
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in std::iter::once("").chain(words) {
        let mut hasher = DefaultHasher::new();
        word.to_lowercase().hash(&mut hasher);
        let seed = hasher.finish();
        // All texts share a small common part. Words have more weight.
        let weight = if word.is_empty() { 0.25 } else { 1.0 };
        for (index, coordinate) in sum.iter_mut().enumerate() {
            *coordinate += weight * noise(seed.wrapping_add(index as u64));
        }
    }
    normalize(sum)
}

/// Scales a vector to length one.
fn normalize(vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|coordinate| coordinate * coordinate).sum::<f64>().sqrt();
    vector.into_iter().map(|coordinate| if length > 0.0 { coordinate / length } else { 0.0 }).collect()
}

/// Returns a number from -1 to 1 for a seed.
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
    fn vectors_have_length_one_and_are_similar_for_shared_words() {
        let vectors: Vec<_> = ["the red fox jumps", "a red fox sleeps", "quarterly tax report", ""]
            .map(|text| text_vector(text, 512))
            .into();
        for vector in &vectors {
            assert!((cosine(vector, vector) - 1.0).abs() < 1e-9);
        }
        assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.2);
        assert_eq!(vectors[0], text_vector("the red fox jumps", 512));
    }
}
