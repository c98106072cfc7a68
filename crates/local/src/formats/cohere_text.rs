//! The format of Cohere's Command, for older models.

use serde_json::{Value, json};

use crate::formats::body::{required_text, text_prompt};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    text_prompt(required_text(body, "prompt")?, &body["max_tokens"], &body["stop_sequences"])
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    json!({
        "id": response.id,
        "generations": [{
            "id": response.ids.uuid(),
            "text": format!(" {}", response.completion.text()),
            "finish_reason": reason(response),
        }],
        "prompt": response.request.body["prompt"],
    })
}

/// Writes one chunk with the whole reply, or several if the body has `stream`.
pub(crate) fn chunk_writer() -> ChunkWriter {
    Box::new(|response, event| match (event, event.text()) {
        (ReplyEvent::MessageStop(_), _) if response.request.body["stream"] == true => {
            vec![json!({ "is_finished": true, "finish_reason": reason(response) })]
        }
        (ReplyEvent::MessageStop(_), _) => vec![response_body(response)],
        (_, Some(text)) if response.request.body["stream"] == true => {
            vec![json!({ "is_finished": false, "text": text })]
        }
        _ => Vec::new(),
    })
}

fn reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    response.stop_reason("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE")
}
