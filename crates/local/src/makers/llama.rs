//! Meta's Llama.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::Said;
use crate::makers::body::{required_text, text_prompt};
use crate::model::prompt::Prompt;
use crate::model::tokens::{of_text, words};

/// What a Llama generates when it is not told how much.
const DEFAULT_LENGTH: u64 = 512;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let mut prompt = text_prompt(plain(required_text(body, "prompt")?), &body["max_gen_len"], &Value::Null)?;
    prompt.max_tokens = prompt.max_tokens.or(Some(DEFAULT_LENGTH));
    Ok(prompt)
}

/// The user's words without the template around them.
fn plain(prompt: &str) -> &str {
    let user = prompt.rsplit("<|start_header_id|>user<|end_header_id|>").next().unwrap_or(prompt);
    let text = user.split("<|eot_id|>").next().unwrap_or(user).trim();
    if text.is_empty() { prompt } else { text }
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({
        "generation": said.completion.text(),
        "prompt_token_count": said.completion.usage.input,
        "generation_token_count": said.completion.usage.output,
        "stop_reason": said.stopped_by("length", "stop", "stop"),
    })
}

pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let mut generated = 0;
    let mut prompt_tokens = Some(said.completion.usage.input);
    let text = said.completion.text();
    let spoken = words(&text).into_iter();
    let mut chunks: Vec<_> = spoken
        .map(|word| {
            generated += of_text(word);
            json!({
                "generation": word,
                "prompt_token_count": prompt_tokens.take(),
                "generation_token_count": generated,
                "stop_reason": null,
            })
        })
        .collect();
    chunks.push(json!({
        "generation": "",
        "prompt_token_count": null,
        "generation_token_count": said.completion.usage.output,
        "stop_reason": said.stopped_by("length", "stop", "stop"),
    }));
    chunks
}
