//! Completions of a prompt in the form of DeepSeek and of imported models.

use serde_json::{Value, json};

use crate::makers::{Chunks, Said};
use crate::model::piece::Piece;

pub(crate) fn answer(said: &Said<'_>) -> Value {
    choice(&said.completion.text(), Some(said.stopped_by("length", "stop", "stop")))
}

pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match (piece, piece.text()) {
        (_, Some(text)) => vec![choice(text, None)],
        (Piece::End(_), _) => vec![choice("", Some(said.stopped_by("length", "stop", "stop")))],
        _ => Vec::new(),
    })
}

fn choice(text: &str, stop_reason: Option<&str>) -> Value {
    json!({ "choices": [{ "text": text, "stop_reason": stop_reason }] })
}
