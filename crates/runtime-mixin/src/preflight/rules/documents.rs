//! Documents.

use bedrock_orm_models::ContentBlock;

use crate::preflight::draft::{Block, Draft};
use crate::preflight::facts::ModelFacts;
use crate::preflight::finding::Report;
use crate::preflight::rule::Rule;

/// A message with a document has a text, too.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>
pub(super) const TEXT: Rule = Rule { name: "document-text", mend };

fn mend(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    for turn in &mut draft.turns {
        let document = turn.blocks.iter().find(|block| matches!(block.content, ContentBlock::Document(_)));
        let has_text =
            |block: &Block| matches!(block.content, ContentBlock::Text(_) | ContentBlock::GuardContent(_));
        if let Some(document) = document
            && !turn.blocks.iter().any(has_text)
        {
            report.refused(document.place, "the message has a document and no text", "a text is added");
            turn.blocks.insert(0, Block::added("Read the document."));
        }
    }
}
