//! The format of Anthropic's text completions, for older models.

use serde_json::{Value, json};

use crate::formats::body::{malformed, required_text, with_limits};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::formats::template;
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

const HUMAN: &str = "\n\nHuman:";

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let prompt = required_text(body, "prompt")?;
    if body["max_tokens_to_sample"].is_null() {
        return Err(malformed("#: required key [max_tokens_to_sample] not found"));
    }
    with_limits(template::anthropic(prompt), &body["max_tokens_to_sample"], &body["stop_sequences"])
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    completion(response, &format!(" {}", response.completion.text()))
}

pub(crate) fn chunk_writer() -> ChunkWriter {
    let mut space = " ";
    Box::new(move |response, event| match (event, event.text()) {
        (_, Some(text)) => {
            let text = format!("{}{text}", std::mem::take(&mut space));
            vec![json!({ "type": "completion", "completion": text, "stop_reason": null, "stop": null })]
        }
        (ReplyEvent::MessageStop(_), _) => vec![completion(response, "")],
        _ => Vec::new(),
    })
}

fn completion(response: &ProviderResponse<'_>, completion: &str) -> Value {
    let reason = response.stop_reason("max_tokens", "stop_sequence", "stop_sequence");
    let stop = match reason {
        "max_tokens" => None,
        _ => Some(response.completion.stop_sequence.as_deref().unwrap_or(HUMAN)),
    };
    json!({ "type": "completion", "completion": completion, "stop_reason": reason, "stop": stop })
}
