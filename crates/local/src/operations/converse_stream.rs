//! ConverseStream: the response of Converse, event by event.

use serde_json::{Value, json};

use crate::formats::converse::additional_fields;
use crate::json::set;
use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::reply_event::ReplyEvent;
use crate::operations::converse::ConverseTurn;
use crate::operations::turn::Turn;
use crate::wire::error::AwsResult;
use crate::wire::output::{Event, Output};
use crate::wire::request::Request;

pub(crate) async fn converse_stream(local: &Local, request: &Request) -> AwsResult<Output> {
    let ConverseTurn { model, turn, requested_fields } = ConverseTurn::take(local, request).await?;
    let Turn { generation, guardrails, .. } = turn;
    let trace = guardrails.and_then(|guardrails| guardrails.converse_stream_trace());
    let ending = generation.completion.ending.clone();
    let repeated = ["performanceConfig", "serviceTier"].map(|it| (it, request.input.get(it).cloned()));
    let sends_input_whole = model.style.streams_tool_input_in_one_delta;
    let mut index = 0;
    // The input of a tool use so far, for models that send it whole.
    let mut whole_input = None::<String>;
    let events = generation.into_events(move |completion, reply_event| match reply_event {
        ReplyEvent::MessageStart => vec![event("messageStart", json!({ "role": "assistant" }))],
        ReplyEvent::BlockStart(block) => {
            whole_input = (sends_input_whole && block["toolUse"].is_object()).then(String::new);
            let start = start(&block).map(|start| json!({ "contentBlockIndex": index, "start": start }));
            start.into_iter().map(|start| event("contentBlockStart", start)).collect()
        }
        ReplyEvent::BlockDelta(delta) => {
            if let Some(whole) = &mut whole_input
                && let Some(fragment) = delta["toolUse"]["input"].as_str()
            {
                whole.push_str(fragment);
                return Vec::new();
            }
            vec![block_delta(index, delta)]
        }
        ReplyEvent::BlockStop => {
            let whole =
                whole_input.take().map(|input| if input.is_empty() { "{}".to_owned() } else { input });
            let whole = whole.map(|input| block_delta(index, json!({ "toolUse": { "input": input } })));
            index += 1;
            let stop = event("contentBlockStop", json!({ "contentBlockIndex": index - 1 }));
            whole.into_iter().chain([stop]).collect()
        }
        ReplyEvent::MessageStop(_) => {
            let mut stop = json!({ "stopReason": completion.stop_reason });
            set(&mut stop, "additionalModelResponseFields", additional_fields(&requested_fields, completion));
            let mut metadata = metadata(completion);
            set(&mut metadata, "trace", trace.clone());
            for (member, value) in &repeated {
                set(&mut metadata, member, value.clone());
            }
            vec![event("messageStop", stop), event("metadata", metadata)]
        }
    });
    Ok(Output::Events { events, headers: Vec::new(), ending })
}

fn event(name: &'static str, payload: Value) -> Event {
    Event { name, payload }
}

fn block_delta(index: usize, delta: Value) -> Event {
    let mut payload = json!({ "contentBlockIndex": index, "delta": null });
    // `json!` would copy it.
    payload["delta"] = delta;
    event("contentBlockDelta", payload)
}

fn metadata(completion: &Completion) -> Value {
    json!({
        "metrics": { "latencyMs": completion.latency_ms() },
        "usage": completion.usage.to_converse_stream(),
    })
}

/// Returns the start of a content block, for the kinds that have a start.
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
    fn only_some_kinds_of_blocks_have_a_start() {
        assert_eq!(start(&json!({"text": "x"})), None);
        assert_eq!(start(&json!({"reasoningContent": {}})), None);
        let tool_use = json!({"toolUse": {"name": "clock", "toolUseId": "t", "input": {}}});
        assert_eq!(start(&tool_use), Some(json!({"toolUse": {"name": "clock", "toolUseId": "t"}})));
    }
}
