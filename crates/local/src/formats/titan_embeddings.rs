//! The formats of Amazon's Titan Embeddings: texts and images.

use serde_json::{Value, json};

use crate::formats::body::{check_amazon_members, malformed, one_of, required_text};
use crate::formats::request::ProviderRequest;
use crate::json::items;
use crate::model::prompt::text_block;
use crate::model::tokens::count_in_text;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;

/// AWS's documentation: `model-parameters-titan-embed-text`, `model-parameters-titan-embed-mm`.
const MAX_TEXT_LENGTH: usize = 50_000;
const MAX_TOKENS: u64 = 8_192;
const TEXT_DIMENSIONS: &[u64] = &[256, 512, 1024];
const IMAGE_DIMENSIONS: &[u64] = &[256, 384, 1024];
const EMBEDDING_TYPES: &[&str] = &["float", "binary"];
/// The optional members of version 2.
const V2_KEYS: &[&str] = &["dimensions", "normalize", "embeddingTypes"];

pub(super) fn parse(model: &FoundationModel, body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    match embeds_images(model) {
        true => parse_image(body),
        false => Ok(vec![vec![text_block(parse_text(model, body)?)]]),
    }
}

fn embeds_images(model: &FoundationModel) -> bool {
    model.base_id().starts_with("amazon.titan-embed-image")
}

fn is_v1(model: &FoundationModel) -> bool {
    model.base_id().starts_with("amazon.titan-embed-text-v1")
}

fn parse_text<'a>(model: &FoundationModel, body: &'a Value) -> AwsResult<&'a str> {
    check_amazon_members(body, &["inputText"], if is_v1(model) { &[] } else { V2_KEYS })?;
    let text = required_text(body, "inputText")?;
    one_of(&body["dimensions"], "#/dimensions", TEXT_DIMENSIONS)?;
    for (index, kind) in items(&body["embeddingTypes"]).iter().enumerate() {
        one_of(kind, &format!("#/embeddingTypes/{index}"), EMBEDDING_TYPES)?;
    }
    match (text.chars().count(), count_in_text(text)) {
        (0, _) => Err(malformed("expected minLength: 1, actual: 0")),
        (length, _) if length > MAX_TEXT_LENGTH => {
            Err(malformed(&format!("expected maxLength: {MAX_TEXT_LENGTH}, actual: {length}")))
        }
        (_, tokens) if tokens > MAX_TOKENS => Err(AwsError::validation(format!(
            "400 Bad Request: Too many input tokens. Max input tokens: {MAX_TOKENS}, \
             request input token count: {tokens} "
        ))),
        _ => Ok(text),
    }
}

/// Parses a text, an image, or both into the content of one vector.
fn parse_image(body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    one_of(
        &body["embeddingConfig"]["outputEmbeddingLength"],
        "#/embeddingConfig/outputEmbeddingLength",
        IMAGE_DIMENSIONS,
    )?;
    let given = |key: &str| match body[key].is_null() {
        true => Ok(None),
        false => required_text(body, key).map(Some),
    };
    let text = given("inputText")?.map(text_block);
    let image = given("inputImage")?.map(|image| json!({ "image": { "source": image } }));
    let content: Vec<_> = text.into_iter().chain(image).collect();
    match content.is_empty() {
        true => Err(malformed("#: required key [inputText] not found")),
        false => Ok(vec![content]),
    }
}

pub(super) fn response_body(request: &ProviderRequest, vectors: &[Vec<f64>]) -> Value {
    let vector = vectors.first();
    let tokens = request.body["inputText"].as_str().map_or(0, count_in_text);
    let mut body = json!({ "embedding": vector, "inputTextTokenCount": tokens });
    if embeds_images(request.model) {
        body["message"] = Value::Null;
    } else if !is_v1(request.model) {
        let types = items(&request.body["embeddingTypes"]);
        let wants = |kind: &str| types.iter().any(|wanted| wanted == kind);
        let mut by_type = json!({});
        if types.is_empty() || wants("float") {
            by_type["float"] = json!(vector);
        } else {
            body.as_object_mut().map(|members| members.remove("embedding"));
        }
        if wants("binary") {
            by_type["binary"] = vector.into_iter().flatten().map(|number| u8::from(*number > 0.0)).collect();
        }
        body["embeddingsByType"] = by_type;
    }
    body
}
