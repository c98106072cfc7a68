//! Completions of a prompt in the form of DeepSeek R1 and of imported models.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::body::{either, limited, required_text};
use crate::makers::{Chunks, Said, template};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;

/// What DeepSeek's prompts end with, so that the model thinks first, and what its thought ends with.
const THOUGHT_BEGINS: &str = "<think>";
const THOUGHT_ENDS: &str = "\n</think>\n\n";

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "prompt")?;
    let max_tokens = either(body, &["max_tokens", "max_completion_tokens"]);
    let reasoning = text.trim_end().ends_with(THOUGHT_BEGINS);
    Ok(Prompt { reasoning, ..limited(template::deepseek(text), max_tokens, &body["stop"])? })
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let thoughts = said.completion.thoughts().map(|thought| format!("{thought}{THOUGHT_ENDS}"));
    let text = thoughts.collect::<String>() + &said.completion.text();
    choice(&text, Some(reason(said)))
}

pub(crate) fn chunks() -> Chunks {
    let mut thinks = false;
    Box::new(move |said, piece| match (piece, piece.text(), piece.thought()) {
        (_, Some(text), _) => vec![choice(text, None)],
        (_, _, Some(thought)) => {
            thinks = true;
            vec![choice(thought, None)]
        }
        (Piece::Stop, ..) if std::mem::take(&mut thinks) => vec![choice(THOUGHT_ENDS, None)],
        (Piece::End(_), ..) => vec![choice("", Some(reason(said)))],
        _ => Vec::new(),
    })
}

fn choice(text: &str, stop_reason: Option<&str>) -> Value {
    json!({ "choices": [{ "text": text, "stop_reason": stop_reason }] })
}

fn reason<'a>(said: &'a Said<'_>) -> &'a str {
    said.stopped_by("length", "stop", "stop")
}
