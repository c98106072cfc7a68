//! The format of TwelveLabs' Pegasus, which answers questions about a video.

use serde_json::{Value, json};

use crate::formats::body::{malformed, required_text, text_prompt};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "inputPrompt")?;
    let source = &body["mediaSource"];
    if source.is_null() {
        return Err(malformed("#: required key [mediaSource] not found"));
    }
    let mut prompt = text_prompt(text, &body["maxOutputTokens"], &Value::Null)?;
    if let Some(content) = prompt.messages[0]["content"].as_array_mut() {
        content.push(json!({ "video": { "source": source } }));
    }
    prompt.output_schema = body["responseFormat"].get("jsonSchema").cloned();
    Ok(prompt)
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    chunk(&response.completion.text(), Some(reason(response)))
}

pub(crate) fn chunk_writer() -> ChunkWriter {
    Box::new(|response, event| match (event, event.text()) {
        (_, Some(text)) => vec![chunk(text, None)],
        (ReplyEvent::MessageStop(_), _) => vec![chunk("", Some(reason(response)))],
        _ => Vec::new(),
    })
}

fn chunk(text: &str, reason: Option<&str>) -> Value {
    json!({ "message": text, "finishReason": reason })
}

fn reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    response.stop_reason("length", "stop", "stop")
}
