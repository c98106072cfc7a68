//! How models answer, from a data file: each rule names the models that it is about and its source.

use serde::Deserialize;

use crate::glob;

const STYLES: &str = include_str!("../../../data/model_styles.json");

/// What models of one family do otherwise than others. Of several rules that speak of the same, the last one counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StyleRule {
    models: Vec<String>,
    cache_minimum: Option<u64>,
    cache_lookback: Option<usize>,
    cites_documents: Option<bool>,
    marks_tool_uses: Option<bool>,
    signs_reasoning: Option<bool>,
    streams_tool_input_whole: Option<bool>,
    tells_cache_lifetimes: Option<bool>,
    unasked_reasoning: Option<Place>,
    source: String,
}

/// How a model answers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Style {
    /// The fewest tokens of a prefix that it caches; none where it caches nothing.
    pub(crate) cache_minimum: Option<u64>,
    /// How many blocks before a cache point it looks for a prefix of an earlier request.
    pub(crate) cache_lookback: usize,
    pub(crate) cites_documents: bool,
    /// Whether Converse marks its tool uses with `type: "tool_use"`.
    pub(crate) marks_tool_uses: bool,
    pub(crate) signs_reasoning: bool,
    /// Whether ConverseStream tells the input of a tool in one delta, `{}` where there is none.
    pub(crate) streams_tool_input_whole: bool,
    /// Whether usage tells how long what was written into the cache lasts.
    pub(crate) tells_cache_lifetimes: bool,
    /// Where it tells its reasoning though nobody asks for it.
    pub(crate) unasked_reasoning: Option<Place>,
}

/// A place in an answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
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
    pub(super) fn of(rules: &[StyleRule], model_id: &str) -> Self {
        let mut style = Self::default();
        for rule in rules.iter().filter(|rule| glob::matches_any(&rule.models, model_id)) {
            style = Self {
                cache_minimum: rule.cache_minimum.or(style.cache_minimum),
                cache_lookback: rule.cache_lookback.unwrap_or(style.cache_lookback),
                cites_documents: rule.cites_documents.unwrap_or(style.cites_documents),
                marks_tool_uses: rule.marks_tool_uses.unwrap_or(style.marks_tool_uses),
                signs_reasoning: rule.signs_reasoning.unwrap_or(style.signs_reasoning),
                streams_tool_input_whole: rule
                    .streams_tool_input_whole
                    .unwrap_or(style.streams_tool_input_whole),
                tells_cache_lifetimes: rule.tells_cache_lifetimes.unwrap_or(style.tells_cache_lifetimes),
                unasked_reasoning: rule.unasked_reasoning.or(style.unasked_reasoning),
            };
        }
        style
    }
}
