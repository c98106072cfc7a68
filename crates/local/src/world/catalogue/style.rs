//! How models reply, from a data file. Each rule names its models and its source.

use serde::Deserialize;

use crate::glob;

const STYLES: &str = include_str!("../../../data/model_styles.json");

/// How the replies of some models differ. If several rules set the same value, the last one applies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StyleRule {
    models: Vec<String>,
    cache_minimum: Option<u64>,
    cache_lookback: Option<usize>,
    cites_documents: Option<bool>,
    sets_tool_use_type: Option<bool>,
    signs_reasoning: Option<bool>,
    streams_tool_input_in_one_delta: Option<bool>,
    reports_cache_lifetimes: Option<bool>,
    unrequested_reasoning: Option<ReasoningPosition>,
    source: String,
}

/// How a model replies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Style {
    /// The minimum number of tokens of a cached prefix. `None` if the model has no cache.
    pub(crate) cache_minimum: Option<u64>,
    /// The number of blocks before a cache point at which a prefix of an earlier request can end.
    pub(crate) cache_lookback: usize,
    pub(crate) cites_documents: bool,
    /// Whether Converse sets `type: "tool_use"` on tool uses.
    pub(crate) sets_tool_use_type: bool,
    pub(crate) signs_reasoning: bool,
    /// Whether ConverseStream sends the input of a tool in one delta, and `{}` if there is no input.
    pub(crate) streams_tool_input_in_one_delta: bool,
    /// Whether usage reports how long cache writes last.
    pub(crate) reports_cache_lifetimes: bool,
    /// The position of reasoning that the request did not ask for. `None` if there is none.
    pub(crate) unrequested_reasoning: Option<ReasoningPosition>,
}

/// The position of reasoning in a reply.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ReasoningPosition {
    BeforeText,
    AfterText,
}

/// Reads the rules of the data file.
pub(super) fn read() -> Result<Vec<StyleRule>, String> {
    let rules: Vec<StyleRule> = serde_json::from_str(STYLES).map_err(|error| error.to_string())?;
    match rules.iter().find(|rule| rule.source.is_empty() || rule.models.is_empty()) {
        Some(rule) => Err(format!("a rule without models or source: {rule:?}")),
        None => Ok(rules),
    }
}

impl Style {
    /// Applies the rules for a model ID.
    pub(super) fn for_model(rules: &[StyleRule], model_id: &str) -> Self {
        let mut style = Self::default();
        for rule in rules.iter().filter(|rule| glob::matches_any(&rule.models, model_id)) {
            style = Self {
                cache_minimum: rule.cache_minimum.or(style.cache_minimum),
                cache_lookback: rule.cache_lookback.unwrap_or(style.cache_lookback),
                cites_documents: rule.cites_documents.unwrap_or(style.cites_documents),
                sets_tool_use_type: rule.sets_tool_use_type.unwrap_or(style.sets_tool_use_type),
                signs_reasoning: rule.signs_reasoning.unwrap_or(style.signs_reasoning),
                streams_tool_input_in_one_delta: rule
                    .streams_tool_input_in_one_delta
                    .unwrap_or(style.streams_tool_input_in_one_delta),
                reports_cache_lifetimes: rule
                    .reports_cache_lifetimes
                    .unwrap_or(style.reports_cache_lifetimes),
                unrequested_reasoning: rule.unrequested_reasoning.or(style.unrequested_reasoning),
            };
        }
        style
    }
}
