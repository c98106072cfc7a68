//! Mistral's text completions.

use serde_json::{Value, json};

use crate::formats::body::{either, limited, required_text};
use crate::formats::{Chunks, Said, template};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let prompt = required_text(body, "prompt")?;
    limited(template::mistral(prompt), either(body, &["max_tokens", "max_completion_tokens"]), &body["stop"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    chunk(&said.completion.text(), Some(said.stopped_by("length", "stop", "stop")))
}

/// The last words come with the reason to stop: each waits for what follows it.
pub(crate) fn chunks() -> Chunks {
    let mut held = None;
    Box::new(move |said, piece| match (piece, piece.text()) {
        (_, Some(text)) => held.replace(text.to_owned()).map(|text| chunk(&text, None)).into_iter().collect(),
        (Piece::End(_), _) => {
            let text = held.take().unwrap_or_default();
            vec![chunk(&text, Some(said.stopped_by("length", "stop", "stop")))]
        }
        _ => Vec::new(),
    })
}

fn chunk(text: &str, stop_reason: Option<&str>) -> Value {
    json!({ "outputs": [{ "text": text, "stop_reason": stop_reason }] })
}
