//! Amazon's Titan Text.

use serde_json::{Value, json};

use crate::formats::body::{required_text, text_prompt};
use crate::formats::{Chunks, Said};
use crate::model::piece::Piece;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;

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

/// The last words come with the reason to stop: they wait until it is known that others follow.
pub(crate) fn chunks() -> Chunks {
    let (mut held, mut words, mut is_first) = (String::new(), 0, true);
    let mut chunk = move |said: &Said<'_>, text: &str, is_last: bool| {
        let input = std::mem::take(&mut is_first).then_some(said.completion.usage.input);
        json!({
            "outputText": text,
            "index": 0,
            "totalOutputTextTokenCount": is_last.then_some(said.completion.usage.output),
            "completionReason": is_last.then(|| reason(said)),
            "inputTextTokenCount": input,
        })
    };
    Box::new(move |said, piece| match (piece, piece.text()) {
        (_, Some(text)) => {
            let full = (words == WORDS_PER_CHUNK).then(|| {
                words = 0;
                chunk(said, &std::mem::take(&mut held), false)
            });
            words += 1;
            held.push_str(text);
            full.into_iter().collect()
        }
        (Piece::End(_), _) => vec![chunk(said, &held, true)],
        _ => Vec::new(),
    })
}

fn reason(said: &Said<'_>) -> String {
    said.stopped_by("LENGTH", "STOP_CRITERIA_MET", "FINISH").to_owned()
}
