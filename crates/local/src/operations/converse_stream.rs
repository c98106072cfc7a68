//! ConverseStream: the answer of Converse, event by event.

use serde_json::{Value, json};

use crate::answer::{Answer, Event};
use crate::error::AwsResult;
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::piece::Piece;
use crate::model::style::Style;
use crate::operations::converse::{Turn, additional_fields, set};
use crate::request::Request;

pub(crate) async fn converse_stream(local: &Local, request: &Request) -> AwsResult<Answer> {
    let Turn { model, generation, wanted_fields, guardrail } = Turn::of(local, request).await?;
    let trace = guardrail.and_then(|guardrail| guardrail.converse_stream_trace());
    let ending = generation.completion.ending.clone();
    let echoed = ["performanceConfig", "serviceTier"].map(|it| (it, request.input.get(it).cloned()));
    let tells_input_whole = Style::of(model).streams_tool_input_whole;
    let mut index = 0;
    // The input of a tool use that is told whole, as far as it is known.
    let mut whole_input = None::<String>;
    let events = generation.told(move |completion, piece| match piece {
        Piece::Begin => vec![event("messageStart", json!({ "role": "assistant" }))],
        Piece::Start(block) => {
            whole_input = (tells_input_whole && block["toolUse"].is_object()).then(String::new);
            let start = start(block).map(|start| json!({ "contentBlockIndex": index, "start": start }));
            start.into_iter().map(|start| event("contentBlockStart", start)).collect()
        }
        Piece::Delta(delta) => match (&mut whole_input, piece.tool_input()) {
            (Some(whole), Some(fragment)) => {
                whole.push_str(fragment);
                Vec::new()
            }
            _ => vec![block_delta(index, delta)],
        },
        Piece::Stop => {
            let whole =
                whole_input.take().map(|input| if input.is_empty() { "{}".to_owned() } else { input });
            let whole = whole.map(|input| block_delta(index, &json!({ "toolUse": { "input": input } })));
            index += 1;
            let stop = event("contentBlockStop", json!({ "contentBlockIndex": index - 1 }));
            whole.into_iter().chain([stop]).collect()
        }
        Piece::End(_) => {
            let mut stop = json!({ "stopReason": completion.stop_reason });
            set(&mut stop, "additionalModelResponseFields", additional_fields(&wanted_fields, completion));
            let mut metadata = metadata(completion);
            set(&mut metadata, "trace", trace.clone());
            for (member, value) in &echoed {
                set(&mut metadata, member, value.clone());
            }
            vec![event("messageStop", stop), event("metadata", metadata)]
        }
    });
    Ok(Answer::Events { events, headers: Vec::new(), ending })
}

fn event(name: &'static str, payload: Value) -> Event {
    Event { name, payload }
}

fn block_delta(index: usize, delta: &Value) -> Event {
    event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }))
}

fn metadata(completion: &Completion) -> Value {
    json!({
        "metrics": { "latencyMs": completion.latency_ms() },
        "usage": completion.usage.to_converse_stream(),
    })
}

/// What starts a block, of those that are started.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_blocks_start() {
        assert_eq!(start(&json!({"text": "x"})), None);
        assert_eq!(start(&json!({"reasoningContent": {}})), None);
        let tool_use = json!({"toolUse": {"name": "clock", "toolUseId": "t", "input": {}}});
        assert_eq!(start(&tool_use), Some(json!({"toolUse": {"name": "clock", "toolUseId": "t"}})));
    }
}
