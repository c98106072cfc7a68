//! The format of Cohere's Embed: texts or images, and with version 4 both in one vector.

use serde_json::{Map, Value, json};

use crate::formats::body::{
    check_members, limited_list, malformed, one_of, required_list, required_text, wrong_type,
};
use crate::formats::images;
use crate::formats::request::ProviderRequest;
use crate::json::items;
use crate::model::prompt::text_block;
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;

/// AWS's documentation: `model-parameters-embed-v3`, `model-parameters-embed-v4`.
const MAX_INPUTS: usize = 96;
const MAX_IMAGES_OF_V3: usize = 1;
const MAX_TEXT_LENGTH_OF_V3: usize = 2048;
const INPUT_TYPES: &[&str] = &["search_document", "search_query", "classification", "clustering", "image"];
const EMBEDDING_TYPES: &[&str] = &["float", "int8", "uint8", "binary", "ubinary"];
const DIMENSIONS: &[u64] = &[256, 512, 1024, 1536];

pub(super) fn parse(model: &FoundationModel, body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    let is_v4 = is_v4(model);
    if !is_v4 {
        let inputs = if body["images"].is_null() { "texts" } else { "images" };
        check_members(body, &[inputs, "input_type"], &["embedding_types", "images", "texts", "truncate"])?;
    }
    required_text(body, "input_type")?;
    one_of(&body["input_type"], "#/input_type", INPUT_TYPES)?;
    one_of(&body["output_dimension"], "#/output_dimension", DIMENSIONS)?;
    for (index, kind) in items(&body["embedding_types"]).iter().enumerate() {
        one_of(kind, &format!("#/embedding_types/{index}"), EMBEDDING_TYPES)?;
    }
    let given = ["texts", "images", "inputs"].into_iter().filter(|key| !body[*key].is_null());
    match (given.collect::<Vec<_>>().as_slice(), is_v4) {
        (["images"], true) => parse_images(limited_list(body, "images", MAX_INPUTS)?),
        (["images"], false) => parse_images(limited_list(body, "images", MAX_IMAGES_OF_V3)?),
        (["inputs"], _) => parse_inputs(limited_list(body, "inputs", MAX_INPUTS)?),
        ([] | ["texts"], _) => parse_texts(limited_list(body, "texts", MAX_INPUTS)?, is_v4),
        _ => Err(malformed("#: only one of the keys [texts], [images] and [inputs] is permitted")),
    }
}

fn is_v4(model: &FoundationModel) -> bool {
    model.base_id().starts_with("cohere.embed-v4")
}

fn parse_texts(texts: &[Value], is_v4: bool) -> AwsResult<Vec<Vec<Value>>> {
    let parse = |(index, text): (usize, &Value)| {
        let path = format!("#/texts/{index}");
        let content = text.as_str().ok_or_else(|| wrong_type(&path, "String", text))?;
        match content.chars().count() {
            length if length > MAX_TEXT_LENGTH_OF_V3 && !is_v4 => Err(malformed(&format!(
                "{path}: expected maxLength: {MAX_TEXT_LENGTH_OF_V3}, actual: {length}"
            ))),
            _ => Ok(vec![text_block(content)]),
        }
    };
    texts.iter().enumerate().map(parse).collect()
}

fn parse_images(images: &[Value]) -> AwsResult<Vec<Vec<Value>>> {
    let parse = |(index, image)| Ok(vec![parse_image(&format!("#/images/{index}"), image)?]);
    images.iter().enumerate().map(parse).collect()
}

fn parse_inputs(inputs: &[Value]) -> AwsResult<Vec<Vec<Value>>> {
    let parse = |(index, input): (usize, &Value)| {
        let parts = required_list(input, "content")?.iter().enumerate();
        let part = |(position, part): (usize, &Value)| {
            let path = format!("#/inputs/{index}/content/{position}");
            match (part["type"].as_str(), part["text"].as_str()) {
                (Some("text"), Some(text)) => Ok(text_block(text)),
                (Some("image_url"), _) if part["image_url"].is_object() => {
                    parse_image(&format!("{path}/image_url/url"), &part["image_url"]["url"])
                }
                (Some("image_url"), _) => parse_image(&format!("{path}/image_url"), &part["image_url"]),
                _ => Err(malformed(&format!("{path}: neither a text nor an image_url"))),
            }
        };
        parts.map(part).collect()
    };
    inputs.iter().enumerate().map(parse).collect()
}

/// Parses an image, which is a data URI.
fn parse_image(path: &str, image: &Value) -> AwsResult<Value> {
    let uri = image.as_str().ok_or_else(|| wrong_type(path, "String", image))?;
    match uri.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,")) {
        Some(_) => Ok(json!({ "image": { "source": uri } })),
        None => Err(malformed(&format!("{path}: expected a data URI of an image, data:image/png;base64,…"))),
    }
}

pub(super) fn response_body(request: &ProviderRequest, vectors: &[Vec<f64>], id: &str) -> Value {
    let types: Vec<_> = items(&request.body["embedding_types"]).iter().filter_map(Value::as_str).collect();
    let (embeddings, response_type) = match types.as_slice() {
        [] if is_v4(request.model) => (by_type(vectors, &["float"]), "embeddings_by_type"),
        [] => (json!(vectors), "embeddings_floats"),
        types => (by_type(vectors, types), "embeddings_by_type"),
    };
    let mut body = json!({
        "id": id, "texts": items(&request.body["texts"]), "embeddings": embeddings, "response_type": response_type,
    });
    if !request.body["images"].is_null() {
        body["images"] = items(&request.body["images"]).iter().map(images::description).collect();
    }
    body
}

fn by_type(vectors: &[Vec<f64>], types: &[&str]) -> Value {
    let of_type = |kind: &&str| {
        let vectors: Value = vectors.iter().map(|vector| quantize(vector, kind)).collect();
        ((*kind).to_owned(), vectors)
    };
    Value::Object(types.iter().map(of_type).collect::<Map<_, _>>())
}

/// Converts a vector to one of Cohere's types. Integers span the range of the vector, bits are the signs.
fn quantize(vector: &[f64], kind: &str) -> Value {
    let max = vector.iter().fold(f64::MIN_POSITIVE, |max, number| max.max(number.abs()));
    let byte = |number: &f64| (number / max * 127.0).round() as i64;
    let bits = |eight: &[f64]| {
        eight.iter().enumerate().fold(0, |bits, (nth, number)| bits | i64::from(*number > 0.0) << (7 - nth))
    };
    match kind {
        "int8" => vector.iter().map(byte).collect(),
        "uint8" => vector.iter().map(|number| byte(number) + 128).collect(),
        "binary" => vector.chunks(8).map(|eight| bits(eight) - 128).collect(),
        "ubinary" => vector.chunks(8).map(bits).collect(),
        _ => json!(vector),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_quantized() {
        let vector = [1.0, -1.0, 0.5, -0.5, 0.25, -0.25, 0.0, 0.1];
        assert_eq!(quantize(&vector, "int8"), json!([127, -127, 64, -64, 32, -32, 0, 13]));
        assert_eq!(quantize(&vector, "uint8"), json!([255, 1, 192, 64, 160, 96, 128, 141]));
        assert_eq!(quantize(&vector, "ubinary"), json!([0b1010_1001]));
        assert_eq!(quantize(&vector, "binary"), json!([0b1010_1001 - 128]));
        assert_eq!(quantize(&vector, "float"), json!(vector));
        assert_eq!(quantize(&[0.0], "int8"), json!([0]));
    }
}
