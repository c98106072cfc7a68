//! ConverseStream: the answer of Converse, event by event.

use serde_json::{Value, json};

use crate::answer::{Answer, Event};
use crate::error::AwsResult;
use crate::local::Local;
use crate::model::prompt::items;
use crate::model::tokens::words;
use crate::operations::converse::{Turn, set};
use crate::request::Request;

/// Tool input comes in fragments of so many characters.
const FRAGMENT: usize = 12;

pub(crate) fn converse_stream(local: &Local, request: &Request) -> AwsResult<Answer> {
    let turn = Turn::of(local, request)?;
    let completion = &turn.completion;
    let mut events = vec![event("messageStart", json!({ "role": "assistant" }))];
    for (index, block) in completion.content.iter().enumerate() {
        block_events(&mut events, index, block);
    }
    let mut stop = json!({ "stopReason": completion.stop_reason });
    set(&mut stop, "additionalModelResponseFields", turn.additional_fields.clone());
    events.push(event("messageStop", stop));
    let mut metadata = json!({
        "metrics": { "latencyMs": completion.latency_ms() },
        "usage": completion.usage.to_converse(),
    });
    set(&mut metadata, "trace", turn.trace.clone());
    for echoed in ["performanceConfig", "serviceTier"] {
        set(&mut metadata, echoed, request.input.get(echoed).cloned());
    }
    events.push(event("metadata", metadata));
    Ok(Answer::Events { events, headers: Vec::new(), ending: completion.ending.clone() })
}

fn event(name: &'static str, payload: Value) -> Event {
    Event { name, payload }
}

/// Start (for those blocks that have one), deltas, stop.
fn block_events(events: &mut Vec<Event>, index: usize, block: &Value) {
    if let Some(start) = start(block) {
        events.push(event("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
    }
    for delta in deltas(block) {
        events.push(event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta })));
    }
    events.push(event("contentBlockStop", json!({ "contentBlockIndex": index })));
}

fn start(block: &Value) -> Option<Value> {
    let parts: (&str, &[&str]) = match block {
        block if block["toolUse"].is_object() => ("toolUse", &["name", "toolUseId", "type"]),
        block if block["toolResult"].is_object() => ("toolResult", &["toolUseId", "status", "type"]),
        block if block["image"].is_object() => ("image", &["format"]),
        _ => return None,
    };
    let (kind, members) = parts;
    let mut start = json!({});
    for member in members {
        set(&mut start, member, block[kind].get(member).cloned());
    }
    Some(json!({ kind: start }))
}

fn deltas(block: &Value) -> Vec<Value> {
    let text_deltas =
        |text: &str| words(text).into_iter().map(|word| json!({ "text": word })).collect::<Vec<_>>();
    if let Some(text) = block["text"].as_str() {
        return text_deltas(text);
    }
    let reasoning = &block["reasoningContent"];
    if reasoning.is_object() {
        return reasoning_deltas(reasoning)
            .into_iter()
            .map(|delta| json!({ "reasoningContent": delta }))
            .collect();
    }
    let cited = &block["citationsContent"];
    if cited.is_object() {
        let citations = items(&cited["citations"]).iter().map(|citation| json!({ "citation": citation }));
        let texts = items(&cited["content"]).iter().filter_map(|content| content["text"].as_str());
        return citations.chain(texts.flat_map(text_deltas)).collect();
    }
    if block["toolUse"].is_object() {
        let fragments = fragments(&block["toolUse"]["input"]);
        return fragments.into_iter().map(|input| json!({ "toolUse": { "input": input } })).collect();
    }
    if block["toolResult"].is_object() {
        return vec![json!({ "toolResult": block["toolResult"]["content"] })];
    }
    if block["image"].is_object() {
        return vec![json!({ "image": { "source": block["image"]["source"] } })];
    }
    Vec::new()
}

/// The text word by word, then the signature.
fn reasoning_deltas(reasoning: &Value) -> Vec<Value> {
    if let Some(redacted) = reasoning.get("redactedContent") {
        return vec![json!({ "redactedContent": redacted })];
    }
    let text = reasoning["reasoningText"]["text"].as_str().unwrap_or_default();
    let mut deltas: Vec<_> = words(text).into_iter().map(|word| json!({ "text": word })).collect();
    if let Some(signature) = reasoning["reasoningText"].get("signature") {
        deltas.push(json!({ "signature": signature }));
    }
    deltas
}

/// A tool's input as JSON, cut into pieces. A tool without arguments has none.
pub(crate) fn fragments(input: &Value) -> Vec<String> {
    if input.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let letters: Vec<_> = input.to_string().chars().collect();
    letters.chunks(FRAGMENT).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_make_the_input() {
        let input = json!({"city": "São Paulo", "days": 3});
        assert_eq!(fragments(&input).concat(), input.to_string());
        assert!(fragments(&input).len() > 1);
        assert!(fragments(&json!({})).is_empty());
    }

    #[test]
    fn only_some_blocks_start() {
        assert_eq!(start(&json!({"text": "x"})), None);
        assert_eq!(start(&json!({"reasoningContent": {}})), None);
        let tool_use = json!({"toolUse": {"name": "clock", "toolUseId": "t", "input": {}}});
        assert_eq!(start(&tool_use), Some(json!({"toolUse": {"name": "clock", "toolUseId": "t"}})));
        assert!(deltas(&tool_use).is_empty());
    }
}
