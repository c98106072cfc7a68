//! Cohere's Command R.

use serde_json::{Value, json};

use crate::error::AwsResult;
use crate::makers::body::{required_text, text_prompt};
use crate::makers::{Chunks, Said};
use crate::model::piece::Piece;
use crate::model::prompt::{Prompt, items, message, text_block};

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

pub(crate) fn chunks() -> Chunks {
    Box::new(|said, piece| match (piece, piece.text()) {
        (Piece::Begin, _) => vec![json!({
            "event_type": "stream-start", "is_finished": false, "generation_id": said.local.ids.uuid(),
        })],
        (_, Some(text)) => {
            vec![json!({ "event_type": "text-generation", "is_finished": false, "text": text })]
        }
        (Piece::End(_), _) => {
            let answer = answer(said);
            vec![json!({
                "event_type": "stream-end",
                "is_finished": true,
                "finish_reason": answer["finish_reason"],
                "response": answer,
            })]
        }
        _ => Vec::new(),
    })
}
