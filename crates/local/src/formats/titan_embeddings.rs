//! Amazon's Titan Embeddings, of texts and of images.

use serde_json::{Value, json};

use crate::formats::Asked;
use crate::formats::body::{amazon_members, malformed, one_of, required_text};
use crate::json::items;
use crate::model::prompt::text_block;
use crate::model::tokens::of_text;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;

/// AWS's documentation: `model-parameters-titan-embed-text`, `model-parameters-titan-embed-mm`.
const LONGEST_TEXT: usize = 50_000;
const MOST_TOKENS: u64 = 8_192;
const TEXT_DIMENSIONS: &[u64] = &[256, 512, 1024];
const IMAGE_DIMENSIONS: &[u64] = &[256, 384, 1024];
const EMBEDDING_TYPES: &[&str] = &["float", "binary"];
/// What came with the second version.
const NEW_KEYS: &[&str] = &["dimensions", "normalize", "embeddingTypes"];

pub(super) fn read(model: &FoundationModel, body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    match embeds_images(model) {
        true => read_image(body),
        false => Ok(vec![vec![text_block(read_text(model, body)?)]]),
    }
}

fn embeds_images(model: &FoundationModel) -> bool {
    model.base_id().starts_with("amazon.titan-embed-image")
}

fn is_v1(model: &FoundationModel) -> bool {
    model.base_id().starts_with("amazon.titan-embed-text-v1")
}

fn read_text<'a>(model: &FoundationModel, body: &'a Value) -> AwsResult<&'a str> {
    amazon_members(body, &["inputText"], if is_v1(model) { &[] } else { NEW_KEYS })?;
    let text = required_text(body, "inputText")?;
    one_of(&body["dimensions"], "#/dimensions", TEXT_DIMENSIONS)?;
    for (index, kind) in items(&body["embeddingTypes"]).iter().enumerate() {
        one_of(kind, &format!("#/embeddingTypes/{index}"), EMBEDDING_TYPES)?;
    }
    match (text.chars().count(), of_text(text)) {
        (0, _) => Err(malformed("expected minLength: 1, actual: 0")),
        (length, _) if length > LONGEST_TEXT => {
            Err(malformed(&format!("expected maxLength: {LONGEST_TEXT}, actual: {length}")))
        }
        (_, tokens) if tokens > MOST_TOKENS => Err(AwsError::validation(format!(
            "400 Bad Request: Too many input tokens. Max input tokens: {MOST_TOKENS}, \
             request input token count: {tokens} "
        ))),
        _ => Ok(text),
    }
}

/// A text, an image, or both for one vector.
fn read_image(body: &Value) -> AwsResult<Vec<Vec<Value>>> {
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

pub(super) fn answer(asked: &Asked, vectors: &[Vec<f64>]) -> Value {
    let vector = vectors.first();
    let tokens = asked.body["inputText"].as_str().map_or(0, of_text);
    let mut answer = json!({ "embedding": vector, "inputTextTokenCount": tokens });
    if embeds_images(asked.model) {
        answer["message"] = Value::Null;
    } else if !is_v1(asked.model) {
        let types = items(&asked.body["embeddingTypes"]);
        let wants = |kind: &str| types.iter().any(|wanted| wanted == kind);
        let mut by_type = json!({});
        if types.is_empty() || wants("float") {
            by_type["float"] = json!(vector);
        } else {
            answer.as_object_mut().map(|members| members.remove("embedding"));
        }
        if wants("binary") {
            by_type["binary"] = vector.into_iter().flatten().map(|number| u8::from(*number > 0.0)).collect();
        }
        answer["embeddingsByType"] = by_type;
    }
    answer
}
