//! The events of a streamed reply, in Converse's terms.

use futures_util::stream::BoxStream;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::tokens::words;
use crate::wire::error::AwsResult;

/// The number of characters in a fragment of a tool input.
const FRAGMENT_LENGTH: usize = 12;

/// AWS's error for a tool use whose input is not a JSON object. Source: AWS's page on troubleshooting Nova's tool use.
const INVALID_TOOL_USE: &str = "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use \
                                troubleshooting guide.";

/// An event of a streamed reply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ReplyEvent {
    /// The reply starts.
    MessageStart,
    /// A content block starts. Its texts and its input follow as deltas, even if the block contains them already.
    BlockStart(Value),
    /// A delta of the block, as in Converse.
    BlockDelta(Value),
    /// The block is complete.
    BlockStop,
    /// The reply is complete.
    MessageStop(Finish),
}

/// How a reply finished. `None` leaves a value to the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Finish {
    pub(crate) stop_reason: Option<String>,
    pub(crate) stop_sequence: Option<String>,
    /// The numbers of input and output tokens.
    pub(crate) usage: Option<(u64, u64)>,
}

/// A reply that is streamed while it is generated. It ends with [`ReplyEvent::MessageStop`] or with an error.
pub(crate) type ReplyStream = BoxStream<'static, AwsResult<ReplyEvent>>;

impl ReplyEvent {
    /// Returns the text of a text delta.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::BlockDelta(delta) => delta["text"].as_str(),
            _ => None,
        }
    }

    /// Returns the text of a reasoning delta.
    pub(crate) fn reasoning_text(&self) -> Option<&str> {
        match self {
            Self::BlockDelta(delta) => delta["reasoningContent"]["text"].as_str(),
            _ => None,
        }
    }

    /// Returns the fragment of a tool input.
    pub(crate) fn tool_input(&self) -> Option<&str> {
        match self {
            Self::BlockDelta(delta) => delta["toolUse"]["input"].as_str(),
            _ => None,
        }
    }
}

/// Returns the events of a whole block.
pub(crate) fn block_events(block: Value) -> Vec<ReplyEvent> {
    let deltas = deltas(&block).into_iter().map(ReplyEvent::BlockDelta);
    let mut events: Vec<_> = deltas.collect();
    events.insert(0, ReplyEvent::BlockStart(block));
    events.push(ReplyEvent::BlockStop);
    events
}

/// Returns the deltas of a block: texts word by word, inputs in fragments.
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

/// Returns the text word by word, then the signature.
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

/// Splits a tool input into fragments of JSON. An empty input has none.
fn fragments(input: &Value) -> Vec<String> {
    if input.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let letters: Vec<_> = input.to_string().chars().collect();
    letters.chunks(FRAGMENT_LENGTH).map(|letters| letters.iter().collect()).collect()
}

/// Appends an event to the content of the events before it.
pub(crate) fn append_to(content: &mut Vec<Value>, event: &ReplyEvent) {
    match (event, content.last_mut()) {
        (ReplyEvent::BlockStart(block), _) => {
            let mut block = block.clone();
            if block["toolUse"].is_object() {
                block["toolUse"]["input"] = json!("");
            }
            content.push(block);
        }
        (ReplyEvent::BlockDelta(delta), Some(block)) => append_delta(block, delta),
        _ => {}
    }
}

/// Parses the inputs of tools, which can be JSON texts or absent, into objects. If a token limit ended the reply
/// (`is_truncated`), an incomplete input becomes an empty object. Otherwise it is an error of the model.
pub(crate) fn parse_tool_inputs(content: &mut [Value], is_truncated: bool) -> Result<(), &'static str> {
    for tool_use in content.iter_mut().filter_map(|block| block.get_mut("toolUse")) {
        let input = match &tool_use["input"] {
            Value::Null => Some(json!({})),
            Value::String(text) if text.trim().is_empty() => Some(json!({})),
            Value::String(text) => serde_json::from_str(text).ok(),
            input => Some(input.clone()),
        };
        tool_use["input"] = match input.filter(Value::is_object) {
            Some(input) => input,
            None if is_truncated => json!({}),
            None => return Err(INVALID_TOOL_USE),
        };
    }
    Ok(())
}

fn append_delta(block: &mut Value, delta: &Value) {
    let append = |to: &mut Value, more: &str| {
        *to = format!("{}{more}", to.as_str().unwrap_or_default()).into();
    };
    if let Some(text) = delta["text"].as_str() {
        append(&mut block["text"], text);
    }
    if let Some(input) = delta["toolUse"]["input"].as_str() {
        append(&mut block["toolUse"]["input"], input);
    }
    let reasoning = &delta["reasoningContent"];
    for member in ["text", "signature"] {
        if let Some(more) = reasoning[member].as_str() {
            append(&mut block["reasoningContent"]["reasoningText"][member], more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_concatenate_to_the_input() {
        let input = json!({"city": "São Paulo", "days": 3});
        assert_eq!(fragments(&input).concat(), input.to_string());
        assert!(fragments(&input).len() > 1);
        assert!(fragments(&json!({})).is_empty());
    }

    #[test]
    fn events_append_to_the_same_content() {
        let content = vec![
            json!({ "reasoningContent": { "reasoningText": { "text": "Let me see.", "signature": "c2ln" } } }),
            json!({ "text": "The weather  in\nRome:" }),
            json!({ "toolUse": { "toolUseId": "t", "name": "weather", "input": { "city": "Rome" } } }),
            json!({ "toolUse": { "toolUseId": "u", "name": "clock", "input": {} } }),
        ];
        let mut received = Vec::new();
        for block in content.clone() {
            for event in block_events(block) {
                let event = match event {
                    ReplyEvent::BlockStart(block) if block["text"].is_string() => {
                        ReplyEvent::BlockStart(json!({ "text": "" }))
                    }
                    ReplyEvent::BlockStart(block) if block["reasoningContent"].is_object() => {
                        ReplyEvent::BlockStart(
                            json!({ "reasoningContent": { "reasoningText": { "text": "" } } }),
                        )
                    }
                    event => event,
                };
                append_to(&mut received, &event);
            }
        }
        assert_eq!(parse_tool_inputs(&mut received, false), Ok(()));
        assert_eq!(received, content);
    }

    #[test]
    fn tool_inputs_are_parsed_into_objects() {
        let content =
            |input: Value| vec![json!({ "toolUse": { "toolUseId": "t", "name": "n", "input": input } })];
        for (input, parsed) in [
            (json!({ "a": 1 }), json!({ "a": 1 })),
            (json!("{\"a\":1}"), json!({ "a": 1 })),
            (json!(" "), json!({})),
            (Value::Null, json!({})),
        ] {
            let mut content_blocks = content(input);
            assert_eq!(parse_tool_inputs(&mut content_blocks, false), Ok(()));
            assert_eq!(content_blocks, content(parsed));
        }
        for input in [json!("{\"ci"), json!("7"), json!([1]), json!(7)] {
            assert!(parse_tool_inputs(&mut content(input.clone()), false).is_err(), "{input}");
            let mut cut = content(input);
            assert_eq!(parse_tool_inputs(&mut cut, true), Ok(()));
            assert_eq!(cut, content(json!({})));
        }
    }
}
