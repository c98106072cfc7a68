//! Reasoning in the history.

use bedrock_orm_models::{ContentBlock, ReasoningContentBlock};

use crate::preflight::draft::{Block, Draft};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::Report;
use crate::preflight::rule::Rule;

/// Reasoning must go back with its signature, as it came: redacted blocks, and signatures without text, too. Claude refuses
/// a block without a signature. An empty signature is not one: every model refuses it.
///
/// Sources: <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>, and AWS's error
/// messages.
pub(super) const REASONING: Rule = Rule { name: "reasoning", mend };

fn mend(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    for turn in &mut draft.turns {
        turn.blocks.iter_mut().for_each(|block| remove_empty_signature(block, report));
        turn.blocks.retain(|block| is_kept(block, facts, report));
    }
}

fn remove_empty_signature(block: &mut Block, report: &mut Report) {
    if let ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)) =
        &mut block.content
        && reasoning.signature.as_ref().is_some_and(String::is_empty)
    {
        reasoning.signature = None;
        report.refused(block.place, "the signature of the reasoning is empty", "the signature is removed");
    }
}

fn is_kept(block: &Block, facts: &ModelFacts, report: &mut Report) -> bool {
    const REMOVED: &str = "the reasoning is removed";
    let Some(reasoning) = block.content.as_reasoning() else { return true };
    if facts.refuse(ModelFeature::ReasoningInHistory) {
        report.refused(block.place, "the model takes no such reasoning in the history", REMOVED);
        return false;
    }
    let ReasoningContentBlock::ReasoningText(reasoning) = reasoning else { return true };
    if reasoning.signature.is_some() || facts.accept(ModelFeature::UnsignedReasoning) {
        return true;
    }
    if facts.refuse(ModelFeature::UnsignedReasoning) {
        report.refused(block.place, "the reasoning has no signature", REMOVED);
        return false;
    }
    if reasoning.text.trim().is_empty() {
        report.add(block.place, "the reasoning has neither text nor signature", REMOVED, false);
        return false;
    }
    true
}
