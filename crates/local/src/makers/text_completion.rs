//! Completions of a prompt in the form of DeepSeek and of imported models.

use serde_json::{Value, json};

use crate::makers::Said;
use crate::model::tokens::words;

pub(crate) fn answer(said: &Said<'_>) -> Value {
    choice(&said.completion.text(), Some(said.stopped_by("length", "stop", "stop")))
}

pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let text = said.completion.text();
    let mut chunks: Vec<_> = words(&text).into_iter().map(|word| choice(word, None)).collect();
    chunks.push(choice("", Some(said.stopped_by("length", "stop", "stop"))));
    chunks
}

fn choice(text: &str, stop_reason: Option<&str>) -> Value {
    json!({ "choices": [{ "text": text, "stop_reason": stop_reason }] })
}
