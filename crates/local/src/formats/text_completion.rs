//! The formats of text completions: DeepSeek R1's and that of other models without a chat format.

use serde_json::{Value, json};

use crate::formats::body::{first_of, required_text, with_limits};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::formats::{openai, template};
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

/// The end of a DeepSeek prompt that asks for reasoning, and the end of the reasoning.
const REASONING_START: &str = "<think>";
const REASONING_END: &str = "\n</think>\n\n";

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let text = required_text(body, "prompt")?;
    let max_tokens = first_of(body, &["max_tokens", "max_completion_tokens"]);
    let reasoning = text.trim_end().ends_with(REASONING_START);
    Ok(Prompt { reasoning, ..with_limits(template::deepseek(text), max_tokens, &body["stop"])? })
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let reasoning = response.completion.reasoning_texts().map(|text| format!("{text}{REASONING_END}"));
    let text = reasoning.collect::<String>() + &response.completion.text();
    let mut body = completion(response, &text, Some(reason(response)));
    if !is_deepseek(response) {
        body["usage"] = openai::usage(response, response.completion.usage.output);
    }
    body
}

pub(crate) fn chunk_writer() -> ChunkWriter {
    let mut has_reasoning = false;
    Box::new(move |response, event| match (event, event.text(), event.reasoning_text()) {
        (_, Some(text), _) => vec![completion(response, text, None)],
        (_, _, Some(reasoning)) => {
            has_reasoning = true;
            vec![completion(response, reasoning, None)]
        }
        (ReplyEvent::BlockStop, ..) if std::mem::take(&mut has_reasoning) => {
            vec![completion(response, REASONING_END, None)]
        }
        (ReplyEvent::MessageStop(_), ..) => vec![completion(response, "", Some(reason(response)))],
        _ => Vec::new(),
    })
}

fn is_deepseek(response: &ProviderResponse<'_>) -> bool {
    response.request.model.provider() == "deepseek"
}

/// Returns DeepSeek's short format, or OpenAI's as the containers of other models write it (recorded).
fn completion(response: &ProviderResponse<'_>, text: &str, reason: Option<&str>) -> Value {
    if is_deepseek(response) {
        return json!({ "choices": [{ "text": text, "stop_reason": reason }] });
    }
    json!({
        "object": "text_completion",
        "id": "",
        "created": response.now.as_second(),
        "model": "/opt/ml/model",
        "system_fingerprint": "3.0.1-native",
        "choices": [{ "index": 0, "text": text, "logprobs": null, "finish_reason": reason }],
    })
}

fn reason<'a>(response: &'a ProviderResponse<'_>) -> &'a str {
    response.stop_reason("length", "stop", "stop")
}
