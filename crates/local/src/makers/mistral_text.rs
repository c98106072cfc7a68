//! Mistral's text completions.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::Said;
use crate::makers::body::{either, required_text, text_prompt};
use crate::model::prompt::Prompt;
use crate::model::tokens::words;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let prompt = required_text(body, "prompt")?;
    let asked = prompt.rsplit("[INST]").next().unwrap_or(prompt);
    let asked = asked.split("[/INST]").next().unwrap_or(asked).trim();
    text_prompt(asked, either(body, &["max_tokens", "max_completion_tokens"]), &body["stop"])
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    json!({ "outputs": [{
        "text": said.completion.text(),
        "stop_reason": said.stopped_by("length", "stop", "stop"),
    }] })
}

pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let text = said.completion.text();
    let spoken = words(&text).into_iter();
    let mut chunks: Vec<_> =
        spoken.map(|word| json!({ "outputs": [{ "text": word, "stop_reason": null }] })).collect();
    if let Some(last) = chunks.last_mut() {
        last["outputs"][0]["stop_reason"] = json!(said.stopped_by("length", "stop", "stop"));
    }
    chunks
}
