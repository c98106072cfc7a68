//! The roles of messages.

use bedrock_orm_models::{ContentBlock, ConversationRole};

use crate::preflight::draft::{Block, Draft, NO_TEXT, Turn};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::Report;
use crate::preflight::rule::Rule;

/// The first message is the user's.
pub(super) const FIRST: Rule = Rule { name: "first-message", mend: mend_first };

/// Roles alternate. AWS accepts repeated roles of most models by now.
pub(super) const REPEATED: Rule = Rule { name: "repeated-roles", mend: mend_repeated };

/// Tool results are in a message of their own, if the model wants that.
pub(super) const TOOL_RESULTS_ALONE: Rule = Rule { name: "text-with-tool-result", mend: mend_mixed };

fn mend_first(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if let Some(first) = draft.turns.first()
        && first.is_from_assistant()
        && !facts.accept(ModelFeature::AssistantFirst)
    {
        let problem = "the first message is not the user's";
        report.refused(first.place, problem, "a message of the user is added before it");
        draft.turns.insert(0, Turn::added(ConversationRole::User, NO_TEXT));
    }
}

fn mend_repeated(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if facts.accept(ModelFeature::RepeatedRoles) {
        return;
    }
    let is_refused = facts.refuse(ModelFeature::RepeatedRoles);
    let keeps_results_alone = facts.refuse(ModelFeature::TextWithToolResult);
    let mut merged: Vec<Turn> = Vec::with_capacity(draft.turns.len());
    for turn in draft.turns.drain(..) {
        match merged.last_mut() {
            Some(last)
                if last.role == turn.role && can_merge(last, &turn, is_refused, keeps_results_alone) =>
            {
                let problem = "the message has the role of the one before";
                report.add(turn.place, problem, "the two are merged", is_refused);
                last.blocks.extend(turn.blocks);
            }
            _ => merged.push(turn),
        }
    }
    draft.turns = merged;
}

/// Returns whether two messages can be merged. If it is not known that the model wants it, only texts are, with their cache points: other content
/// has limits for each message.
fn can_merge(one: &Turn, other: &Turn, is_refused: bool, keeps_results_alone: bool) -> bool {
    if !one.is_from_user() && !one.is_from_assistant() {
        return false;
    }
    if is_refused {
        return !(keeps_results_alone && one.has_tool_result() != other.has_tool_result());
    }
    one.blocks.iter().chain(&other.blocks).all(is_text)
}

fn is_text(block: &Block) -> bool {
    matches!(
        block.content,
        ContentBlock::Text(_)
            | ContentBlock::GuardContent(_)
            | ContentBlock::CitationsContent(_)
            | ContentBlock::CachePoint(_)
    )
}

fn mend_mixed(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if !facts.refuse(ModelFeature::TextWithToolResult) {
        return;
    }
    let alternates = facts.refuse(ModelFeature::RepeatedRoles);
    let mut split: Vec<Turn> = Vec::with_capacity(draft.turns.len());
    for mut turn in draft.turns.drain(..) {
        let others = take_others(&mut turn);
        if !others.is_empty() {
            report.refused(turn.place, "a tool result is beside other content", "the message is split");
        }
        let rest = Turn { place: turn.place, role: turn.role.clone(), blocks: others };
        for part in [turn, rest].into_iter().filter(|part| !part.blocks.is_empty()) {
            if alternates && split.last().is_some_and(|last| last.role == part.role) {
                split.push(Turn::added(opposite(&part.role), NO_TEXT));
            }
            split.push(part);
        }
    }
    draft.turns = split;
}

/// Takes what is beside the tool results. A cache point alone stays with them.
fn take_others(turn: &mut Turn) -> Vec<Block> {
    let is_other = |block: &Block| block.tool_result().is_none() && !block.is_cache_point();
    if !turn.is_from_user() || !turn.has_tool_result() || !turn.blocks.iter().any(is_other) {
        return Vec::new();
    }
    turn.blocks.extract_if(.., |block| block.tool_result().is_none()).collect()
}

fn opposite(role: &ConversationRole) -> ConversationRole {
    match role {
        ConversationRole::Assistant => ConversationRole::User,
        _ => ConversationRole::Assistant,
    }
}
