//! Blank texts.

use bedrock_orm_models::SystemContentBlock;

use crate::preflight::draft::{Block, Draft, NO_TEXT, Turn};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::Report;
use crate::preflight::rule::Rule;

/// A text block has text. A history that holds a blank one is refused in every later turn.
pub(super) const MESSAGES: Rule = Rule { name: "blank-text", mend: mend_messages };

/// A system prompt has text.
pub(super) const SYSTEM: Rule = Rule { name: "blank-system-prompt", mend: mend_system };

fn mend_messages(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    let is_blank = |block: &Block| block.is_blank() && !facts.accept(ModelFeature::BlankText);
    for turn in &mut draft.turns {
        let had_blank = turn.blocks.iter().any(is_blank);
        let has_content = turn.blocks.iter().any(|block| !is_blank(block) && !block.is_cache_point());
        let repair = if has_content { "the block is removed" } else { "it is replaced" };
        turn.blocks.retain(|block| {
            if is_blank(block) {
                report.refused(block.place, "the text is blank", repair);
            }
            !is_blank(block)
        });
        if !has_content {
            if !had_blank {
                report.refused(turn.place, "the message has no content", "a text is added");
            }
            add_text(turn);
        }
    }
}

/// Adds a text before the cache points. Without the message, roles could repeat, and the assistant's could be the last.
fn add_text(turn: &mut Turn) {
    turn.blocks.insert(0, Block::added(NO_TEXT));
}

fn mend_system(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if facts.accept(ModelFeature::BlankText) {
        return;
    }
    let blank = |block: &SystemContentBlock| matches!(block, SystemContentBlock::Text(text) if text.trim().is_empty());
    draft.system.retain(|(place, block)| {
        if blank(block) {
            // Not recorded, so it is not certain that every model refuses it.
            report.add(*place, "the system prompt is blank", "the block is removed", false);
        }
        !blank(block)
    });
    // A cache point needs something to cache.
    let is_cache_point = |block: &SystemContentBlock| matches!(block, SystemContentBlock::CachePoint(_));
    if report.findings.iter().any(|finding| finding.rule == SYSTEM.name)
        && draft.system.iter().all(|(_, block)| is_cache_point(block))
    {
        draft.system.clear();
        draft.request.system = None;
    }
}
