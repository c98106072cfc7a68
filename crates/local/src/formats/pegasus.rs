//! TwelveLabs' Pegasus, which answers questions about a video.

use serde_json::{Value, json};

use crate::formats::body::{malformed, required_text, text_prompt};
use crate::formats::{Chunks, Said};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "inputPrompt")?;
    let source = &body["mediaSource"];
    if source.is_null() {
        return Err(malformed("#: required key [mediaSource] not found"));
    }
    let mut prompt = text_prompt(text, &body["maxOutputTokens"], &Value::Null)?;
    if let Some(content) = prompt.messages[0]["content"].as_array_mut() {
        content.push(json!({ "video": { "source": source } }));
    }
    prompt.answer_schema = body["responseFormat"].get("jsonSchema").cloned();
    Ok(prompt)
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    chunk(&said.completion.text(), Some(reason(said)))
}

pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match (piece, piece.text()) {
        (_, Some(text)) => vec![chunk(text, None)],
        (Piece::End(_), _) => vec![chunk("", Some(reason(said)))],
        _ => Vec::new(),
    })
}

fn chunk(text: &str, reason: Option<&str>) -> Value {
    json!({ "message": text, "finishReason": reason })
}

fn reason<'a>(said: &'a Said<'_>) -> &'a str {
    said.stopped_by("length", "stop", "stop")
}
