//! The format of AI21's Jamba: OpenAI's chat completions with other members.

use serde_json::{Value, json};

use crate::formats::openai;
use crate::formats::response::{ChunkWriter, ProviderResponse};
use crate::model::reply_event::ReplyEvent;
use crate::model::tokens::count_in_text;

pub(crate) fn response_body(response: &ProviderResponse<'_>) -> Value {
    let calls = openai::calls(response);
    let calls = (!calls.is_empty()).then_some(calls);
    let message = json!({ "role": "assistant", "content": openai::text(response), "tool_calls": calls });
    json!({
        "id": openai::id(response),
        "choices": [{ "index": 0, "message": message, "finish_reason": openai::reason(response) }],
        "usage": openai::usage(response, response.completion.usage.output),
        "meta": meta(response),
        "model": model_name(&response.request.model.model_id),
    })
}

/// Writes the usage so far in each chunk, and an empty chunk for the metrics at the end (recorded).
pub(crate) fn chunk_writer() -> ChunkWriter {
    let mut write = openai::chunk_writer();
    let mut generated = 0;
    Box::new(move |response, event| {
        generated += event.text().map_or(0, count_in_text);
        let is_last = matches!(event, ReplyEvent::MessageStop(_));
        let output = if is_last { response.completion.usage.output } else { generated };
        let mut chunks = write(response, event);
        for chunk in &mut chunks {
            let mut jamba_chunk = json!({
                "id": chunk["id"], "choices": chunk["choices"], "usage": openai::usage(response, output),
            });
            if is_last {
                jamba_chunk["choices"][0]["delta"] = json!({ "content": "" });
                jamba_chunk["meta"] = meta(response);
            }
            *chunk = jamba_chunk;
        }
        chunks.extend(is_last.then(|| json!({})));
        chunks
    })
}

fn meta(response: &ProviderResponse<'_>) -> Value {
    json!({ "requestDurationMillis": response.completion.latency_ms() })
}

/// Returns the name of a model in responses: `jamba-1.5-mini` for `ai21.jamba-1-5-mini-v1:0`.
fn model_name(id: &str) -> String {
    let name = id.strip_prefix("ai21.").unwrap_or(id);
    name.rsplit_once("-v").map_or(name, |(name, _)| name).replacen("1-5", "1.5", 1)
}
