//! Meta's Llama.

use serde_json::{Value, json};

use crate::formats::body::{limited, required_text};
use crate::formats::{Chunks, Said, template};
use crate::json::items;
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::model::tokens::of_text;
use crate::wire::error::AwsResult;

/// What a Llama generates when it is not told how much.
const DEFAULT_LENGTH: u64 = 512;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let mut prompt =
        limited(template::llama(required_text(body, "prompt")?), &body["max_gen_len"], &Value::Null)?;
    // Llama 3.2 and later look at images.
    let images = items(&body["images"]).iter().map(|image| json!({ "image": { "source": image } }));
    if let Some(content) = prompt.messages.last_mut().and_then(|turn| turn["content"].as_array_mut()) {
        content.extend(images);
    }
    prompt.max_tokens = prompt.max_tokens.or(Some(DEFAULT_LENGTH));
    Ok(prompt)
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({
        "generation": said.completion.text(),
        "prompt_token_count": said.completion.usage.input,
        "generation_token_count": said.completion.usage.output,
        "stop_reason": said.stopped_by("length", "stop", "stop"),
    })
}

pub(crate) fn chunks() -> Chunks {
    let (mut generated, mut is_first) = (0, true);
    Box::new(move |said, piece| match (piece, piece.text()) {
        (_, Some(text)) => {
            generated += of_text(text);
            let prompt = std::mem::take(&mut is_first).then_some(said.completion.usage.input);
            vec![json!({
                "generation": text,
                "prompt_token_count": prompt,
                "generation_token_count": generated,
                "stop_reason": null,
            })]
        }
        (Piece::End(_), _) => vec![json!({
            "generation": "",
            "prompt_token_count": null,
            "generation_token_count": said.completion.usage.output,
            "stop_reason": said.stopped_by("length", "stop", "stop"),
        })],
        _ => Vec::new(),
    })
}
