//! What models take and refuse, from a data file: each rule names the models that it is about and its source.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::catalogue::model::FoundationModel;
use crate::repliers::glob;

const RULES: &str = include_str!("../../data/model_rules.json");

/// One rule. Of several that speak of the same, the last one counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    models: Vec<String>,
    #[serde(default)]
    takes: BTreeSet<Feature>,
    #[serde(default)]
    refuses: BTreeSet<Feature>,
    #[serde(default)]
    most: Most,
    source: String,
}

/// What some models take and others refuse.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Feature {
    /// Thinking whose extent the model chooses.
    AdaptiveThinking,
    /// A conversation whose first message is the assistant's.
    AssistantFirst,
    BlankText,
    /// Thinking with a budget.
    BudgetedThinking,
    Converse,
    CountTokens,
    /// A tool choice of `any` or of a tool by name.
    ForcedTools,
    ForcedToolsBesideThinking,
    /// A text of nothing but a line break beside other blocks.
    LineBreakBesideContent,
    /// A last message that is the assistant's.
    Prefill,
    PrefillBesideTools,
    S3Uri,
    /// Temperature and top P.
    Sampling,
    /// A tool result's `json` that is no object.
    ScalarToolResult,
    System,
    TemperatureBesideTopP,
    TextBesideToolResult,
    Thinking,
    Tools,
    /// Images and documents whose bytes are not of their format.
    UnreadableMedia,
    UnsignedReasoning,
    /// `video/mp4` where `mp4` is meant.
    VideoMediaType,
}

/// The most that a model takes; what is not known is not limited.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Most {
    pub(crate) output_tokens: Option<u64>,
    /// Of all texts together.
    pub(crate) text_bytes: Option<u64>,
    pub(crate) images: Option<u64>,
    pub(crate) documents: Option<u64>,
    pub(crate) image_bytes: Option<u64>,
    pub(crate) document_bytes: Option<u64>,
}

/// The rules, read from the data file.
pub(super) fn read() -> Result<Vec<Rule>, String> {
    let rules: Vec<Rule> = serde_json::from_str(RULES).map_err(|error| error.to_string())?;
    match rules.iter().find(|rule| rule.source.is_empty() || rule.models.is_empty()) {
        Some(rule) => Err(format!("a rule without models or source: {rule:?}")),
        None => Ok(rules),
    }
}

/// Holds a model to the rules that are about it.
pub(super) fn apply(rules: &[Rule], model: &mut FoundationModel) {
    for rule in rules {
        if !rule.models.iter().any(|pattern| glob::matches(pattern, &model.model_id)) {
            continue;
        }
        model.refused.extend(&rule.refuses);
        model.refused.retain(|feature| !rule.takes.contains(feature));
        model.most = Most {
            output_tokens: rule.most.output_tokens.or(model.most.output_tokens),
            text_bytes: rule.most.text_bytes.or(model.most.text_bytes),
            images: rule.most.images.or(model.most.images),
            documents: rule.most.documents.or(model.most.documents),
            image_bytes: rule.most.image_bytes.or(model.most.image_bytes),
            document_bytes: rule.most.document_bytes.or(model.most.document_bytes),
        };
    }
}
