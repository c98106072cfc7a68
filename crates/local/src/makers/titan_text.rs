//! Amazon's Titan Text.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::Said;
use crate::makers::body::{required_text, text_prompt};
use crate::model::prompt::Prompt;
use crate::model::tokens::words;

/// Titan speaks in longer pieces than others.
const WORDS_PER_CHUNK: usize = 8;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let config = &body["textGenerationConfig"];
    text_prompt(required_text(body, "inputText")?, &config["maxTokenCount"], &config["stopSequences"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({
        "inputTextTokenCount": said.completion.usage.input,
        "results": [{
            "tokenCount": said.completion.usage.output,
            "outputText": said.completion.text(),
            "completionReason": reason(said),
        }],
    })
}

pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let text = said.completion.text();
    let spoken = words(&text);
    let mut chunks: Vec<_> = spoken
        .chunks(WORDS_PER_CHUNK)
        .map(|words| {
            json!({
                "outputText": words.concat(),
                "index": 0,
                "totalOutputTextTokenCount": null,
                "completionReason": null,
                "inputTextTokenCount": null,
            })
        })
        .collect();
    if let Some(first) = chunks.first_mut() {
        first["inputTextTokenCount"] = said.completion.usage.input.into();
    }
    if let Some(last) = chunks.last_mut() {
        last["totalOutputTextTokenCount"] = said.completion.usage.output.into();
        last["completionReason"] = json!(reason(said));
    }
    chunks
}

fn reason(said: &Said<'_>) -> String {
    said.stopped_by("LENGTH", "STOP_CRITERIA_MET", "FINISH").to_owned()
}
