//! System prompts.

use bedrock_orm_models::{ContentBlock, SystemContentBlock};

use crate::preflight::draft::{Block, Draft};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::Report;
use crate::preflight::rule::Rule;

/// Some models take no system prompt. The first user message can have it.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>
pub(super) const SYSTEM_PROMPT: Rule = Rule { name: "system-prompt", mend };

fn mend(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if draft.system.is_empty() || !facts.refuse(ModelFeature::SystemPrompt) {
        return;
    }
    // A stored prompt has its messages elsewhere.
    let Some(first) = draft.turns.first_mut().filter(|turn| turn.is_from_user()) else { return };
    let problem = "the model takes no system prompt";
    let moved = draft.system.drain(..).filter_map(|(place, block)| {
        report.refused(place, problem, "it is moved into the first message");
        Some(Block { place, content: content(block)? })
    });
    first.blocks.splice(0..0, moved);
    draft.request.system = None;
}

/// Returns the block as one of a message. A blank text is left out.
fn content(block: SystemContentBlock) -> Option<ContentBlock> {
    match block {
        SystemContentBlock::Text(text) if text.trim().is_empty() => None,
        SystemContentBlock::Text(text) => Some(ContentBlock::Text(text)),
        SystemContentBlock::GuardContent(content) => Some(ContentBlock::GuardContent(content)),
        SystemContentBlock::CachePoint(point) => Some(ContentBlock::CachePoint(point)),
        _ => None,
    }
}
