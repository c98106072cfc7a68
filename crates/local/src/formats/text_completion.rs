//! Completions of a prompt in the form of DeepSeek R1 and of imported models.

use serde_json::{Value, json};

use crate::formats::body::{either, limited, required_text};
use crate::formats::{Chunks, Said, openai, template};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

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
    let mut answer = completion(said, &text, Some(reason(said)));
    if !is_deepseek(said) {
        answer["usage"] = openai::usage(said, said.completion.usage.output);
    }
    answer
}

pub(crate) fn chunks() -> Chunks {
    let mut thinks = false;
    Box::new(move |said, piece| match (piece, piece.text(), piece.thought()) {
        (_, Some(text), _) => vec![completion(said, text, None)],
        (_, _, Some(thought)) => {
            thinks = true;
            vec![completion(said, thought, None)]
        }
        (Piece::Stop, ..) if std::mem::take(&mut thinks) => vec![completion(said, THOUGHT_ENDS, None)],
        (Piece::End(_), ..) => vec![completion(said, "", Some(reason(said)))],
        _ => Vec::new(),
    })
}

fn is_deepseek(said: &Said<'_>) -> bool {
    said.asked.model.provider() == "deepseek"
}

/// DeepSeek's short form, or OpenAI's as the containers of other models have it (recorded).
fn completion(said: &Said<'_>, text: &str, reason: Option<&str>) -> Value {
    if is_deepseek(said) {
        return json!({ "choices": [{ "text": text, "stop_reason": reason }] });
    }
    json!({
        "object": "text_completion",
        "id": "",
        "created": said.now.as_second(),
        "model": "/opt/ml/model",
        "system_fingerprint": "3.0.1-native",
        "choices": [{ "index": 0, "text": text, "logprobs": null, "finish_reason": reason }],
    })
}

fn reason<'a>(said: &'a Said<'_>) -> &'a str {
    said.stopped_by("length", "stop", "stop")
}
