//! The format of Meta's Llama.

use serde_json::{Value, json};

use crate::formats::body::{required_text, with_limits};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::formats::template;
use crate::json::items;
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::model::tokens::count_in_text;
use crate::wire::error::AwsResult;

/// The default limit of generated tokens.
const DEFAULT_MAX_TOKENS: u64 = 512;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let mut prompt =
        with_limits(template::llama(required_text(body, "prompt")?), &body["max_gen_len"], &Value::Null)?;
    // Llama 3.2 and later accept images.
    let images = items(&body["images"]).iter().map(|image| json!({ "image": { "source": image } }));
    if let Some(content) = prompt.messages.last_mut().and_then(|turn| turn["content"].as_array_mut()) {
        content.extend(images);
    }
    prompt.max_tokens = prompt.max_tokens.or(Some(DEFAULT_MAX_TOKENS));
    Ok(prompt)
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    json!({
        "generation": response.completion.text(),
        "prompt_token_count": response.completion.usage.input,
        "generation_token_count": response.completion.usage.output,
        "stop_reason": response.stop_reason("length", "stop", "stop"),
    })
}

pub(crate) fn chunk_writer() -> ChunkWriter {
    let (mut generated, mut is_first) = (0, true);
    Box::new(move |response, event| match (event, event.text()) {
        (_, Some(text)) => {
            generated += count_in_text(text);
            let prompt = std::mem::take(&mut is_first).then_some(response.completion.usage.input);
            vec![json!({
                "generation": text,
                "prompt_token_count": prompt,
                "generation_token_count": generated,
                "stop_reason": null,
            })]
        }
        (ReplyEvent::MessageStop(_), _) => vec![json!({
            "generation": "",
            "prompt_token_count": null,
            "generation_token_count": response.completion.usage.output,
            "stop_reason": response.stop_reason("length", "stop", "stop"),
        })],
        _ => Vec::new(),
    })
}
