//! The input of tool uses, and the content of tool results.

use bedrock_orm_models::{ContentBlock, ToolResultBlock, ToolResultContentBlock, ToolResultStatus};
use serde_json::{Map, Value};

use crate::preflight::draft::{Draft, NO_TEXT};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// The input of a tool use is a JSON object. The input of a call that was cut short is a string.
pub(super) const INPUT: Rule = Rule { name: "tool-input", mend: mend_inputs };

/// A tool result has content, and its JSON is an object.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>, and AWS's error
/// messages.
pub(super) const RESULT: Rule = Rule { name: "tool-result-content", mend: mend_results };

fn mend_inputs(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    for block in draft.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        let ContentBlock::ToolUse(tool_use) = &mut block.content else { continue };
        if !tool_use.input.is_object() {
            tool_use.input = input(std::mem::take(&mut tool_use.input));
            report.refused(block.place, "the tool's input is not a JSON object", "it becomes one");
        }
    }
}

/// Returns the input as an object. A string can hold one.
fn input(input: Value) -> Value {
    match input {
        Value::Null => Value::Object(Map::new()),
        Value::String(json) => match serde_json::from_str(&json) {
            Ok(Value::Object(input)) => Value::Object(input),
            _ => object("input", Value::String(json)),
        },
        input => object("input", input),
    }
}

fn object(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn mend_results(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    for block in draft.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let ContentBlock::ToolResult(result) = &mut block.content {
            mend_result(block.place, result, facts, report);
        }
    }
}

fn mend_result(place: Place, result: &mut ToolResultBlock, facts: &ModelFacts, report: &mut Report) {
    let is_error = result.status == Some(ToolResultStatus::Error);
    if result.content.is_empty() && (is_error || !facts.accept(ModelFeature::EmptyToolResult)) {
        let is_refused = is_error || facts.refuse(ModelFeature::EmptyToolResult);
        result.content.push(NO_TEXT.into());
        report.add(place, "the tool result is empty", "a text is added", is_refused);
    }
    if facts.accept(ModelFeature::ScalarToolResult) {
        return;
    }
    for content in &mut result.content {
        let ToolResultContentBlock::Json(json) = content else { continue };
        if !json.is_object() {
            *json = object("result", std::mem::take(json));
            report.refused(place, "the tool result's JSON is not an object", "it is put into one");
        }
    }
}
