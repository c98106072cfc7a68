//! Cohere's Command R.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::Said;
use crate::makers::body::{required_text, text_prompt};
use crate::model::prompt::{Prompt, items, message, text_block};
use crate::model::tokens::words;

pub(crate) fn read(body: &Value) -> AwsResult<Prompt> {
    let mut prompt =
        text_prompt(required_text(body, "message")?, &body["max_tokens"], &body["stop_sequences"])?;
    prompt.system = body["preamble"].as_str().map(text_block).into_iter().collect();
    let history = items(&body["chat_history"]).iter().map(|turn| {
        let role = if turn["role"] == "CHATBOT" { "assistant" } else { "user" };
        message(role, vec![text_block(turn["message"].as_str().unwrap_or_default())])
    });
    prompt.messages = history.chain(prompt.messages).collect();
    Ok(prompt)
}

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let text = said.completion.text();
    let mut history = items(&said.asked.body["chat_history"]).to_vec();
    history.push(json!({ "role": "USER", "message": said.asked.body["message"] }));
    history.push(json!({ "role": "CHATBOT", "message": text }));
    json!({
        "response_id": said.id,
        "text": text,
        "generation_id": said.local.ids.uuid(),
        "chat_history": history,
        "finish_reason": said.stopped_by("MAX_TOKENS", "STOP_SEQUENCE", "COMPLETE"),
    })
}

pub(crate) fn chunks(said: &Said<'_>) -> Vec<Value> {
    let answer = answer(said);
    let text = said.completion.text();
    let start = json!({
        "event_type": "stream-start", "is_finished": false, "generation_id": answer["generation_id"],
    });
    let spoken = words(&text)
        .into_iter()
        .map(|word| json!({ "event_type": "text-generation", "is_finished": false, "text": word }));
    let mut chunks: Vec<_> = std::iter::once(start).chain(spoken).collect();
    chunks.push(json!({
        "event_type": "stream-end",
        "is_finished": true,
        "finish_reason": answer["finish_reason"],
        "response": answer,
    }));
    chunks
}
