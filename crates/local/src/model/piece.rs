//! A reply in the pieces in which a stream tells it, in Converse's terms.

use futures_util::stream::BoxStream;
use serde_json::{Value, json};

use crate::json::items;
use crate::model::tokens::words;
use crate::wire::error::AwsResult;

/// Tool input comes in fragments of so many characters.
const FRAGMENT: usize = 12;

/// What AWS says of a tool use whose input is no JSON object. Source: AWS's page on troubleshooting Nova's tool use.
const INVALID_TOOL_USE: &str = "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use \
                                troubleshooting guide.";

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// The model begins to speak.
    Begin,
    /// A content block begins: the block, whose texts and input are still to come in deltas.
    Start(Value),
    /// More of the block, as Converse's delta.
    Delta(Value),
    /// The block is whole.
    Stop,
    /// The model has said all.
    End(Finish),
}

/// How a reply finished, as far as who gives it can tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Finish {
    pub(crate) stop_reason: Option<String>,
    pub(crate) stop_sequence: Option<String>,
    /// Tokens of input and of output.
    pub(crate) usage: Option<(u64, u64)>,
}

/// A reply that is told while it comes to mind. It ends with [`Piece::End`], or with an error.
pub(crate) type Pieces = BoxStream<'static, AwsResult<Piece>>;

impl Piece {
    /// The text of a delta of text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Delta(delta) => delta["text"].as_str(),
            _ => None,
        }
    }

    /// The text of a delta of reasoning.
    pub(crate) fn thought(&self) -> Option<&str> {
        match self {
            Self::Delta(delta) => delta["reasoningContent"]["text"].as_str(),
            _ => None,
        }
    }

    /// The fragment of a tool's input.
    pub(crate) fn tool_input(&self) -> Option<&str> {
        match self {
            Self::Delta(delta) => delta["toolUse"]["input"].as_str(),
            _ => None,
        }
    }
}

/// A whole block, piece by piece.
pub(crate) fn of_block(block: Value) -> Vec<Piece> {
    let deltas = deltas(&block).into_iter().map(Piece::Delta);
    let mut pieces: Vec<_> = deltas.collect();
    pieces.insert(0, Piece::Start(block));
    pieces.push(Piece::Stop);
    pieces
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
fn fragments(input: &Value) -> Vec<String> {
    if input.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let letters: Vec<_> = input.to_string().chars().collect();
    letters.chunks(FRAGMENT).map(|piece| piece.iter().collect()).collect()
}

/// Puts a piece to the content that was heard before it: the way back from pieces to blocks.
pub(crate) fn hear(content: &mut Vec<Value>, piece: &Piece) {
    match (piece, content.last_mut()) {
        (Piece::Start(block), _) => {
            let mut block = block.clone();
            if block["toolUse"].is_object() {
                block["toolUse"]["input"] = json!("");
            }
            content.push(block);
        }
        (Piece::Delta(delta), Some(block)) => hear_delta(block, delta),
        _ => {}
    }
}

/// Makes objects of the inputs of tools, which may be texts of JSON or nothing. Of an answer that a limit cut short, what
/// is left unfinished is left out; else it is the model's error.
pub(crate) fn settle_inputs(content: &mut [Value], is_cut_short: bool) -> Result<(), &'static str> {
    for tool_use in content.iter_mut().filter_map(|block| block.get_mut("toolUse")) {
        let input = match &tool_use["input"] {
            Value::Null => Some(json!({})),
            Value::String(text) if text.trim().is_empty() => Some(json!({})),
            Value::String(text) => serde_json::from_str(text).ok(),
            input => Some(input.clone()),
        };
        tool_use["input"] = match input.filter(Value::is_object) {
            Some(input) => input,
            None if is_cut_short => json!({}),
            None => return Err(INVALID_TOOL_USE),
        };
    }
    Ok(())
}

fn hear_delta(block: &mut Value, delta: &Value) {
    let append = |to: &mut Value, more: &str| {
        *to = format!("{}{more}", to.as_str().unwrap_or_default()).into();
    };
    if let Some(text) = delta["text"].as_str() {
        append(&mut block["text"], text);
    }
    if let Some(input) = delta["toolUse"]["input"].as_str() {
        append(&mut block["toolUse"]["input"], input);
    }
    let thought = &delta["reasoningContent"];
    for member in ["text", "signature"] {
        if let Some(more) = thought[member].as_str() {
            append(&mut block["reasoningContent"]["reasoningText"][member], more);
        }
    }
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
    fn what_is_told_in_pieces_is_heard_as_it_was() {
        let content = vec![
            json!({ "reasoningContent": { "reasoningText": { "text": "Let me see.", "signature": "c2ln" } } }),
            json!({ "text": "The weather  in\nRome:" }),
            json!({ "toolUse": { "toolUseId": "t", "name": "weather", "input": { "city": "Rome" } } }),
            json!({ "toolUse": { "toolUseId": "u", "name": "clock", "input": {} } }),
        ];
        let mut heard = Vec::new();
        for block in content.clone() {
            for piece in of_block(block) {
                let piece = match piece {
                    Piece::Start(block) if block["text"].is_string() => Piece::Start(json!({ "text": "" })),
                    Piece::Start(block) if block["reasoningContent"].is_object() => {
                        Piece::Start(json!({ "reasoningContent": { "reasoningText": { "text": "" } } }))
                    }
                    piece => piece,
                };
                hear(&mut heard, &piece);
            }
        }
        assert_eq!(settle_inputs(&mut heard, false), Ok(()));
        assert_eq!(heard, content);
    }

    #[test]
    fn inputs_of_tools_are_objects() {
        let content =
            |input: Value| vec![json!({ "toolUse": { "toolUseId": "t", "name": "n", "input": input } })];
        for (input, settled) in [
            (json!({ "a": 1 }), json!({ "a": 1 })),
            (json!("{\"a\":1}"), json!({ "a": 1 })),
            (json!(" "), json!({})),
            (Value::Null, json!({})),
        ] {
            let mut said = content(input);
            assert_eq!(settle_inputs(&mut said, false), Ok(()));
            assert_eq!(said, content(settled));
        }
        for input in [json!("{\"ci"), json!("7"), json!([1]), json!(7)] {
            assert!(settle_inputs(&mut content(input.clone()), false).is_err(), "{input}");
            let mut cut = content(input);
            assert_eq!(settle_inputs(&mut cut, true), Ok(()));
            assert_eq!(cut, content(json!({})));
        }
    }
}
