//! The format of TwelveLabs' Marengo Embed in synchronous calls: texts and images.

use serde_json::{Value, json};

use crate::formats::body::{malformed, one_of, required_text};
use crate::model::prompt::text_block;
use crate::wire::error::AwsResult;

const INPUT_TYPES: &[&str] = &["text", "image", "text_image"];

/// Parses the input. In version 3 it is in a member with the name of its type, in version 2.7 it is at the top level.
pub(super) fn parse(body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    let kind = required_text(body, "inputType")?;
    one_of(&body["inputType"], "#/inputType", INPUT_TYPES)?;
    let input = if body[kind].is_object() { &body[kind] } else { body };
    let text = input["inputText"].as_str().map(text_block);
    let source = &input["mediaSource"];
    let image = source.is_object().then(|| json!({ "image": { "source": source } }));
    let wants = |part: &str| kind.contains(part);
    match (text, image) {
        (None, _) if wants("text") => Err(malformed("#: required key [inputText] not found")),
        (_, None) if wants("image") => Err(malformed("#: required key [mediaSource] not found")),
        (text, image) => Ok(vec![text.into_iter().chain(image).collect()]),
    }
}

pub(super) fn response_body(vectors: &[Vec<f64>]) -> Value {
    let embeddings = vectors.iter().map(|vector| json!({ "embedding": vector }));
    json!({ "data": embeddings.collect::<Vec<_>>() })
}
