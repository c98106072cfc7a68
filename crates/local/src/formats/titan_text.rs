//! The format of Amazon's Titan Text.

use serde_json::{Value, json};

use crate::formats::body::{required_text, text_prompt};
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::model::prompt::Prompt;
use crate::model::reply_event::ReplyEvent;
use crate::wire::error::AwsResult;

/// The number of words in a chunk, which is larger than that of other models.
const WORDS_PER_CHUNK: usize = 8;

pub(crate) fn parse(body: &Value) -> AwsResult<Prompt> {
    let config = &body["textGenerationConfig"];
    text_prompt(required_text(body, "inputText")?, &config["maxTokenCount"], &config["stopSequences"])
}

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    json!({
        "inputTextTokenCount": response.completion.usage.input,
        "results": [{
            "tokenCount": response.completion.usage.output,
            "outputText": response.completion.text(),
            "completionReason": reason(response),
        }],
    })
}

/// Writes the last words with the stop reason. So words are held back until others follow.
pub(crate) fn chunk_writer() -> ChunkWriter {
    let (mut held, mut words, mut is_first) = (String::new(), 0, true);
    let mut chunk = move |response: &ProviderResponse<'_>, text: &str, is_last: bool| {
        let input = std::mem::take(&mut is_first).then_some(response.completion.usage.input);
        json!({
            "outputText": text,
            "index": 0,
            "totalOutputTextTokenCount": is_last.then_some(response.completion.usage.output),
            "completionReason": is_last.then(|| reason(response)),
            "inputTextTokenCount": input,
        })
    };
    Box::new(move |response, event| match (event, event.text()) {
        (_, Some(text)) => {
            let full = (words == WORDS_PER_CHUNK).then(|| {
                words = 0;
                chunk(response, &std::mem::take(&mut held), false)
            });
            words += 1;
            held.push_str(text);
            full.into_iter().collect()
        }
        (ReplyEvent::MessageStop(_), _) => vec![chunk(response, &held, true)],
        _ => Vec::new(),
    })
}

fn reason(response: &ProviderResponse<'_>) -> String {
    response.stop_reason("LENGTH", "STOP_CRITERIA_MET", "FINISH").to_owned()
}
