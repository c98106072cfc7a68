//! Cohere's older Command.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::body::{required_text, text_prompt};
use crate::makers::{Chunks, Said};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    text_prompt(required_text(body, "prompt")?, &body["max_tokens"], &body["stop_sequences"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({
        "id": said.id,
        "generations": [{
            "id": said.local.ids.uuid(),
            "text": format!(" {}", said.completion.text()),
            "finish_reason": said.stopped_by("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE"),
        }],
        "prompt": said.asked.body["prompt"],
    })
}

/// A stream holds the whole in one chunk.
pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match piece {
        Piece::End(_) => vec![answer(said)],
        _ => Vec::new(),
    })
}
