//! The format of Mistral's text completions.

use serde_json::{Value, json};

use crate::formats::body::{first_of, required_text, with_limits};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::formats::template;
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let prompt = required_text(body, "prompt")?;
    with_limits(
        template::mistral(prompt),
        first_of(body, &["max_tokens", "max_completion_tokens"]),
        &body["stop"],
    )
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    chunk(&response.completion.text(), Some(response.stop_reason("length", "stop", "stop")))
}

/// Writes the last text with the stop reason. So each text is written when the next event arrives.
pub(crate) fn chunk_writer() -> ChunkWriter {
    let mut held = None;
    Box::new(move |response, event| match (event, event.text()) {
        (_, Some(text)) => held.replace(text.to_owned()).map(|text| chunk(&text, None)).into_iter().collect(),
        (ReplyEvent::MessageStop(_), _) => {
            let text = held.take().unwrap_or_default();
            vec![chunk(&text, Some(response.stop_reason("length", "stop", "stop")))]
        }
        _ => Vec::new(),
    })
}

fn chunk(text: &str, stop_reason: Option<&str>) -> Value {
    json!({ "outputs": [{ "text": text, "stop_reason": stop_reason }] })
}
