//! What models take and refuse, from a data file: each rule names the models that it is about and its source.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::glob;

const RULES: &str = include_str!("../../../data/model_rules.json");

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

/// What a model accepts, as far as the rules know. Features that no rule refuses are accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    pub(super) refused: BTreeSet<Feature>,
    pub(crate) most: Most,
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

impl Accepted {
    /// Applies the rules for a model ID.
    pub(super) fn of(rules: &[Rule], model_id: &str) -> Self {
        let mut accepted = Self::default();
        for rule in rules.iter().filter(|rule| glob::matches_any(&rule.models, model_id)) {
            accepted.refused.extend(&rule.refuses);
            accepted.refused.retain(|feature| !rule.takes.contains(feature));
            accepted.most = Most {
                output_tokens: rule.most.output_tokens.or(accepted.most.output_tokens),
                text_bytes: rule.most.text_bytes.or(accepted.most.text_bytes),
                images: rule.most.images.or(accepted.most.images),
                documents: rule.most.documents.or(accepted.most.documents),
                image_bytes: rule.most.image_bytes.or(accepted.most.image_bytes),
                document_bytes: rule.most.document_bytes.or(accepted.most.document_bytes),
            };
        }
        accepted
    }
}
