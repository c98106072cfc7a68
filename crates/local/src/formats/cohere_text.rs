//! Cohere's older Command.

use serde_json::{Value, json};

use crate::formats::body::{required_text, text_prompt};
use crate::formats::{Chunks, Said};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    text_prompt(required_text(body, "prompt")?, &body["max_tokens"], &body["stop_sequences"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({
        "id": said.id,
        "generations": [{
            "id": said.ids.uuid(),
            "text": format!(" {}", said.completion.text()),
            "finish_reason": reason(said),
        }],
        "prompt": said.asked.body["prompt"],
    })
}

/// The whole in one chunk, unless the body has `stream`: then piece by piece.
pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match (piece, piece.text()) {
        (Piece::End(_), _) if said.asked.body["stream"] == true => {
            vec![json!({ "is_finished": true, "finish_reason": reason(said) })]
        }
        (Piece::End(_), _) => vec![answer(said)],
        (_, Some(text)) if said.asked.body["stream"] == true => {
            vec![json!({ "is_finished": false, "text": text })]
        }
        _ => Vec::new(),
    })
}

fn reason<'a>(said: &'a Said<'_>) -> &'a str {
    said.stopped_by("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE")
}
