//! Anthropic's older text completions.

use serde_json::{Value, json};

use crate::formats::body::{limited, malformed, required_text};
use crate::formats::{Chunks, Said, template};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

const HUMAN: &str = "\n\nHuman:";

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let prompt = required_text(body, "prompt")?;
    if body["max_tokens_to_sample"].is_null() {
        return Err(malformed("#: required key [max_tokens_to_sample] not found"));
    }
    limited(template::anthropic(prompt), &body["max_tokens_to_sample"], &body["stop_sequences"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    last(said, &format!(" {}", said.completion.text()))
}

pub(crate) fn chunks() -> Chunks {
    let mut space = " ";
    Box::new(move |said, piece| match (piece, piece.text()) {
        (_, Some(text)) => {
            let text = format!("{}{text}", std::mem::take(&mut space));
            vec![json!({ "type": "completion", "completion": text, "stop_reason": null, "stop": null })]
        }
        (Piece::End(_), _) => vec![last(said, "")],
        _ => Vec::new(),
    })
}

fn last(said: &Said<'_>, completion: &str) -> Value {
    let reason = said.stopped_by("max_tokens", "stop_sequence", "stop_sequence");
    let stop = match reason {
        "max_tokens" => None,
        _ => Some(said.completion.stop_sequence.as_deref().unwrap_or(HUMAN)),
    };
    json!({ "type": "completion", "completion": completion, "stop_reason": reason, "stop": stop })
}
