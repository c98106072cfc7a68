//! What models accept and refuse, from a data file. Each rule names its models and its source.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::glob;

const RULES: &str = include_str!("../../../data/model_rules.json");

/// A rule. If several rules set the same value, the last one applies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    models: Vec<String>,
    #[serde(default)]
    accepts: BTreeSet<Feature>,
    #[serde(default)]
    refuses: BTreeSet<Feature>,
    #[serde(default)]
    limits: Limits,
    source: String,
}

/// A feature that some models accept and others refuse.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Feature {
    /// Thinking with a budget that the model chooses.
    AdaptiveThinking,
    /// A conversation whose first message is the assistant's.
    AssistantFirst,
    BlankText,
    /// Thinking with a budget in the request.
    BudgetedThinking,
    Converse,
    CountTokens,
    /// A successful tool result without content.
    EmptyToolResult,
    /// A tool choice of `any` or of a tool by name.
    ForcedTools,
    ForcedToolsWithThinking,
    /// A text block that is only a line break, next to other blocks.
    LineBreakWithContent,
    /// A conversation whose last message is the assistant's.
    Prefill,
    PrefillWithTools,
    S3Uri,
    /// Temperature and top P.
    Sampling,
    /// A tool result whose `json` is not an object.
    ScalarToolResult,
    System,
    TemperatureWithTopP,
    TextWithToolResult,
    Thinking,
    Tools,
    /// `oneOf`, `anyOf` or `allOf` at the top level of a tool's schema.
    UnionSchema,
    /// Images and documents whose bytes do not match their format.
    UnreadableMedia,
    UnsignedReasoning,
    /// The video format `video/mp4` in place of `mp4`.
    VideoMediaType,
}

/// What a model accepts. Features that no rule refuses are accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    pub(super) refused: BTreeSet<Feature>,
    pub(crate) limits: Limits,
}

/// The limits of a model's requests. `None` is no known limit.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) output_tokens: Option<u64>,
    /// The bytes of all texts together.
    pub(crate) text_bytes: Option<u64>,
    pub(crate) images: Option<u64>,
    pub(crate) documents: Option<u64>,
    pub(crate) image_bytes: Option<u64>,
    pub(crate) document_bytes: Option<u64>,
}

/// Reads the rules of the data file.
pub(super) fn read() -> Result<Vec<Rule>, String> {
    let rules: Vec<Rule> = serde_json::from_str(RULES).map_err(|error| error.to_string())?;
    match rules.iter().find(|rule| rule.source.is_empty() || rule.models.is_empty()) {
        Some(rule) => Err(format!("a rule without models or source: {rule:?}")),
        None => Ok(rules),
    }
}

impl Accepted {
    /// Applies the rules for a model ID.
    pub(super) fn for_model(rules: &[Rule], model_id: &str) -> Self {
        let mut accepted = Self::default();
        for rule in rules.iter().filter(|rule| glob::matches_any(&rule.models, model_id)) {
            accepted.refused.extend(&rule.refuses);
            accepted.refused.retain(|feature| !rule.accepts.contains(feature));
            accepted.limits = Limits {
                output_tokens: rule.limits.output_tokens.or(accepted.limits.output_tokens),
                text_bytes: rule.limits.text_bytes.or(accepted.limits.text_bytes),
                images: rule.limits.images.or(accepted.limits.images),
                documents: rule.limits.documents.or(accepted.limits.documents),
                image_bytes: rule.limits.image_bytes.or(accepted.limits.image_bytes),
                document_bytes: rule.limits.document_bytes.or(accepted.limits.document_bytes),
            };
        }
        accepted
    }
}
