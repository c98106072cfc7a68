//! ConverseStream: the answer of Converse, event by event.

use serde_json::{Value, json};

use crate::answer::{Answer, Event};
use crate::error::AwsResult;
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::piece::Piece;
use crate::operations::converse::{Turn, additional_fields, set};
use crate::request::Request;

pub(crate) async fn converse_stream(local: &Local, request: &Request) -> AwsResult<Answer> {
    let Turn { generation, wanted_fields, trace } = Turn::of(local, request).await?;
    let ending = generation.completion.ending.clone();
    let echoed = ["performanceConfig", "serviceTier"].map(|it| (it, request.input.get(it).cloned()));
    let mut index = 0;
    let events = generation.told(move |completion, piece| match piece {
        Piece::Begin => vec![event("messageStart", json!({ "role": "assistant" }))],
        Piece::Start(block) => {
            let start = start(block).map(|start| json!({ "contentBlockIndex": index, "start": start }));
            start.into_iter().map(|start| event("contentBlockStart", start)).collect()
        }
        Piece::Delta(delta) => {
            vec![event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }))]
        }
        Piece::Stop => {
            index += 1;
            vec![event("contentBlockStop", json!({ "contentBlockIndex": index - 1 }))]
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

fn metadata(completion: &Completion) -> Value {
    json!({
        "metrics": { "latencyMs": completion.latency_ms() },
        "usage": completion.usage.to_converse(),
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
