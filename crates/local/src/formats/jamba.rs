//! AI21's Jamba: OpenAI's chat completions with members of its own.

use serde_json::{Value, json};

use crate::formats::{Chunks, Said, openai};
use crate::model::piece::Piece;
use crate::model::tokens::of_text;

pub(crate) fn answer(said: &Said<'_>) -> Value {
    let calls = openai::calls(said);
    let calls = (!calls.is_empty()).then_some(calls);
    let message = json!({ "role": "assistant", "content": openai::text(said), "tool_calls": calls });
    json!({
        "id": openai::id(said),
        "choices": [{ "index": 0, "message": message, "finish_reason": openai::reason(said) }],
        "usage": openai::usage(said, said.completion.usage.output),
        "meta": meta(said),
        "model": model_name(&said.asked.model.model_id),
    })
}

/// Every chunk has the usage so far. The metrics come in a chunk of their own at the end (recorded).
pub(crate) fn chunks() -> Chunks {
    let mut write = openai::chunks();
    let mut generated = 0;
    Box::new(move |said, piece| {
        generated += piece.text().map_or(0, of_text);
        let is_last = matches!(piece, Piece::End(_));
        let output = if is_last { said.completion.usage.output } else { generated };
        let mut chunks = write(said, piece);
        for chunk in &mut chunks {
            let mut own = json!({
                "id": chunk["id"], "choices": chunk["choices"], "usage": openai::usage(said, output),
            });
            if is_last {
                own["choices"][0]["delta"] = json!({ "content": "" });
                own["meta"] = meta(said);
            }
            *chunk = own;
        }
        chunks.extend(is_last.then(|| json!({})));
        chunks
    })
}

fn meta(said: &Said<'_>) -> Value {
    json!({ "requestDurationMillis": said.completion.latency_ms() })
}

/// `ai21.jamba-1-5-mini-v1:0` calls itself `jamba-1.5-mini`.
fn model_name(id: &str) -> String {
    let name = id.strip_prefix("ai21.").unwrap_or(id);
    name.rsplit_once("-v").map_or(name, |(name, _)| name).replacen("1-5", "1.5", 1)
}
