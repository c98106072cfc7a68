//! Tool uses and their results.

use bedrock_orm_models::{ContentBlock, ToolResultBlock, ToolResultContentBlock, ToolUseBlock};

use crate::preflight::draft::{Block, Draft, NO_TEXT, Turn};
use crate::preflight::facts::ModelFacts;
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// Each tool use has exactly one result, in the user's message directly after it. The results of parallel tool uses share
/// that message.
///
/// A tool use at the end of the conversation is left as it is: its result is still to come.
pub(super) const PAIRS: Rule = Rule { name: "tool-results", mend };

/// A result that is not where AWS expects it.
#[derive(Debug)]
struct Misplaced {
    /// The turn and the position from which it was taken.
    turn: usize,
    position: usize,
    block: Block,
}

fn mend(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    merge_calls(&mut draft.turns, report);
    let misplaced = take_misplaced(&mut draft.turns);
    // In the order of the messages, as they were taken out.
    let mut emptied: Vec<usize> = misplaced.iter().map(|result| result.turn).collect();
    let left = add_missing(&mut draft.turns, misplaced, report);
    convert_left(&mut draft.turns, left, report);
    emptied.dedup();
    remove_empty(&mut draft.turns, emptied);
}

/// Merges a message that has tool uses with the next one, if both are the assistant's: the results come after both.
fn merge_calls(turns: &mut Vec<Turn>, report: &mut Report) {
    let mut index = 0;
    while index + 1 < turns.len() {
        let has_uses = turns[index].is_from_assistant() && turns[index].tool_uses().next().is_some();
        if has_uses && turns[index + 1].is_from_assistant() {
            let next = turns.remove(index + 1);
            let problem = "the message is between a tool use and its result";
            report.refused(next.place, problem, "it is merged with the one before");
            turns[index].blocks.extend(next.blocks);
        } else {
            index += 1;
        }
    }
}

/// Returns the tool uses whose results belong into this turn.
fn expected(turns: &[Turn], index: usize) -> Vec<(Place, &ToolUseBlock)> {
    match index.checked_sub(1).and_then(|before| turns.get(before)) {
        Some(before) if before.is_from_assistant() && turns[index].is_from_user() => {
            before.tool_uses().collect()
        }
        _ => Vec::new(),
    }
}

fn id_of(block: &Block) -> Option<&str> {
    block.tool_result().map(|result| result.tool_use_id.as_str())
}

/// Takes out the results that are not where AWS expects them. Of several results of one tool use, the last one stays.
fn take_misplaced(turns: &mut [Turn]) -> Vec<Misplaced> {
    let mut misplaced = Vec::new();
    for index in 0..turns.len() {
        if !turns[index].is_from_user() {
            continue;
        }
        let mut ids: Vec<String> =
            expected(turns, index).into_iter().map(|(_, tool_use)| tool_use.tool_use_id.clone()).collect();
        let blocks = std::mem::take(&mut turns[index].blocks);
        let mut kept = Vec::with_capacity(blocks.len());
        for (position, block) in blocks.into_iter().enumerate().rev() {
            match id_of(&block) {
                Some(id) => match ids.iter().position(|expected| expected == id) {
                    Some(place) => {
                        ids.swap_remove(place);
                        kept.push(block);
                    }
                    None => misplaced.push(Misplaced { turn: index, position, block }),
                },
                None => kept.push(block),
            }
        }
        kept.reverse();
        turns[index].blocks = kept;
    }
    misplaced
}

/// Adds the results that are missing: one from elsewhere, or an error. Returns the results that have no tool use.
fn add_missing(turns: &mut [Turn], mut misplaced: Vec<Misplaced>, report: &mut Report) -> Vec<Misplaced> {
    for index in 0..turns.len() {
        let present: Vec<&str> = turns[index].blocks.iter().filter_map(id_of).collect();
        let missing = expected(turns, index);
        let missing =
            missing.into_iter().filter(|(_, tool_use)| !present.contains(&tool_use.tool_use_id.as_str()));
        let missing: Vec<(Place, ToolUseBlock)> =
            missing.map(|(place, tool_use)| (place, bare(tool_use))).collect();
        let after = turns[index].blocks.iter().rposition(|block| id_of(block).is_some());
        let position = after.map_or(0, |last| last + 1);
        let found: Vec<_> = missing
            .into_iter()
            .map(|(place, tool_use)| result_of(place, &tool_use, &mut misplaced, report))
            .collect();
        turns[index].blocks.splice(position..position, found);
    }
    misplaced
}

/// Returns the result of a tool use: the misplaced one, or else an error.
fn result_of(
    place: Place,
    tool_use: &ToolUseBlock,
    misplaced: &mut Vec<Misplaced>,
    report: &mut Report,
) -> Block {
    let is_its = |result: &Misplaced| id_of(&result.block) == Some(tool_use.tool_use_id.as_str());
    match misplaced.iter().position(is_its) {
        Some(found) => {
            let block = misplaced.remove(found).block;
            let problem = "the tool result is not in the message after its tool use";
            report.refused(block.place, problem, "it is moved there");
            block
        }
        None => {
            report.refused(place, "the tool use has no result", "a result that says so is added");
            Block::added(tool_use.error("The tool call was interrupted. It has no result."))
        }
    }
}

/// Returns the tool use without its input.
fn bare(tool_use: &ToolUseBlock) -> ToolUseBlock {
    ToolUseBlock::new(tool_use.tool_use_id.as_str(), tool_use.name.as_str(), serde_json::Value::Null)
}

/// Removes the results that are one too many, and converts those without a tool use to text.
fn convert_left(turns: &mut [Turn], left: Vec<Misplaced>, report: &mut Report) {
    let uses = turns.iter().flat_map(Turn::tool_uses);
    let ids: Vec<String> = uses.map(|(_, tool_use)| tool_use.tool_use_id.clone()).collect();
    for Misplaced { turn, position, block } in left {
        let Some(result) = block.tool_result() else { continue };
        if ids.contains(&result.tool_use_id) {
            report.refused(block.place, "the tool use has another result", "this one is removed");
            continue;
        }
        let text = text_of(result);
        let repair = if text.is_empty() { "the result is removed" } else { "it becomes a text" };
        report.refused(block.place, "the tool result has no tool use", repair);
        if !text.is_empty() {
            let blocks = &mut turns[turn].blocks;
            let position = position.min(blocks.len());
            blocks.insert(position, Block { place: block.place, content: ContentBlock::Text(text) });
        }
    }
}

fn text_of(result: &ToolResultBlock) -> String {
    let texts = result.content.iter().filter_map(|content| match content {
        ToolResultContentBlock::Text(text) => Some(text.trim().to_owned()),
        ToolResultContentBlock::Json(json) => Some(json.to_string()),
        _ => None,
    });
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Removes the messages that lost all their content, if a message of the same role is beside them. Else they get a text.
fn remove_empty(turns: &mut Vec<Turn>, emptied: Vec<usize>) {
    for index in emptied.into_iter().rev() {
        if !turns[index].blocks.iter().all(Block::is_cache_point) {
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| turns.get(before));
        let beside = [before, turns.get(index + 1)].into_iter().flatten();
        if beside.into_iter().any(Turn::is_from_user) {
            turns.remove(index);
        } else {
            turns[index].blocks.insert(0, Block::added(NO_TEXT));
        }
    }
}
