//! The format of Amazon's Nova Multimodal Embeddings in synchronous calls.

use serde_json::{Value, json};

use crate::formats::body::{malformed, one_of};
use crate::formats::request::ProviderRequest;
use crate::model::prompt::text_block;
use crate::model::tokens::{count_in_text, tokens};
use crate::wire::error::AwsResult;

/// AWS's documentation: `embeddings-schema` of Nova's user guide.
const PURPOSES: &[&str] = &[
    "GENERIC_INDEX",
    "GENERIC_RETRIEVAL",
    "TEXT_RETRIEVAL",
    "IMAGE_RETRIEVAL",
    "VIDEO_RETRIEVAL",
    "DOCUMENT_RETRIEVAL",
    "AUDIO_RETRIEVAL",
    "CLASSIFICATION",
    "CLUSTERING",
];
const DIMENSIONS: &[u64] = &[256, 384, 1024, 3072];
const KINDS: &[&str] = &["text", "image", "audio", "video"];
const TRUNCATION_MODES: &[&str] = &["START", "END", "NONE"];
const VIDEO_MODES: &[&str] = &["AUDIO_VIDEO_COMBINED", "AUDIO_VIDEO_SEPARATE"];
const MAX_TOKENS: u64 = 8_192;

pub(super) fn parse(body: &Value) -> AwsResult<Vec<Vec<Value>>> {
    if body["taskType"].is_null() {
        // AWS's message for a body in another format, such as Titan's.
        return Err(malformed("#: required key [messages] not found"));
    }
    one_of(&body["taskType"], "#/taskType", &["SINGLE_EMBEDDING"])?;
    let params = &body["singleEmbeddingParams"];
    if !params.is_object() {
        return Err(malformed("#: required key [singleEmbeddingParams] not found"));
    }
    check_required(params, "#/singleEmbeddingParams", "embeddingPurpose", PURPOSES)?;
    one_of(&params["embeddingDimension"], "#/singleEmbeddingParams/embeddingDimension", DIMENSIONS)?;
    let (kind, input) = input(params).ok_or_else(|| {
        malformed("#/singleEmbeddingParams: exactly one of the keys [text], [image], [audio] and [video] is required")
    })?;
    let path = format!("#/singleEmbeddingParams/{kind}");
    if kind == "text" {
        check_required(input, &path, "truncationMode", TRUNCATION_MODES)?;
        if let Some(text) = input["value"].as_str() {
            return match count_in_text(text) {
                0 => Err(malformed(&format!("{path}/value: expected minLength: 1, actual: 0"))),
                count if count > MAX_TOKENS && input["truncationMode"] == "NONE" => Err(malformed(&format!(
                    "{path}/value: {count} tokens are more than {MAX_TOKENS}, and truncationMode is NONE"
                ))),
                _ => Ok(vec![vec![text_block(text)]]),
            };
        }
    } else {
        check_required::<&str>(input, &path, "format", &[])?;
    }
    if kind == "video" {
        check_required(input, &path, "embeddingMode", VIDEO_MODES)?;
    }
    check_required::<&str>(input, &path, "source", &[])?;
    let vectors = embedding_types(params).into_iter().map(|kind| vec![json!({ kind.to_lowercase(): input })]);
    Ok(vectors.collect())
}

/// Returns the only input and its kind, or `None` if there is none or more than one.
fn input(params: &Value) -> Option<(&'static str, &Value)> {
    let mut given = KINDS.iter().filter(|kind| params[**kind].is_object());
    let kind = given.next()?;
    given.next().is_none().then(|| (*kind, &params[*kind]))
}

/// Checks that a required member exists and is one of some values. With an empty list, any value is valid.
fn check_required<T: PartialEq<Value>>(value: &Value, path: &str, key: &str, values: &[T]) -> AwsResult<()> {
    match &value[key] {
        Value::Null => Err(malformed(&format!("{path}: required key [{key}] not found"))),
        _ if values.is_empty() => Ok(()),
        given => one_of(given, &format!("{path}/{key}"), values).map(drop),
    }
}

/// Returns the types of the vectors. There are two if a video has separate vectors for image and sound.
fn embedding_types(params: &Value) -> Vec<String> {
    match input(params) {
        Some(("video", video)) if video["embeddingMode"] == "AUDIO_VIDEO_SEPARATE" => {
            vec!["VIDEO".to_owned(), "AUDIO".to_owned()]
        }
        Some(("video", _)) => vec!["AUDIO_VIDEO_COMBINED".to_owned()],
        kind => vec![kind.map_or("text", |(kind, _)| kind).to_uppercase()],
    }
}

pub(super) fn response_body(request: &ProviderRequest, vectors: &[Vec<f64>]) -> Value {
    let params = &request.body["singleEmbeddingParams"];
    let embedding = |(kind, vector)| json!({ "embeddingType": kind, "embedding": vector });
    let mut embeddings: Vec<_> = embedding_types(params).iter().zip(vectors).map(embedding).collect();
    let text = params["text"]["value"].as_str().filter(|text| count_in_text(text) > MAX_TOKENS);
    if let (Some(text), Some(embedding)) = (text, embeddings.first_mut()) {
        let kept = tokens(text).take(MAX_TOKENS as usize).map(|token| token.chars().count());
        embedding["truncatedCharLength"] = json!(kept.sum::<usize>());
    }
    json!({ "embeddings": embeddings })
}
