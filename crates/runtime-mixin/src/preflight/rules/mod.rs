//! The rules, in the order in which they apply.

mod cache_points;
mod documents;
mod reasoning;
mod roles;
mod schemas;
mod system_prompt;
mod texts;
mod tool_choice;
mod tool_config;
mod tool_content;
mod tool_results;

use super::rule::Rule;

/// A rule applies to what the rules before it leave: a message that lost its reasoning gets a text, and cache points are
/// counted last.
pub(super) const RULES: &[Rule] = &[
    reasoning::REASONING,
    tool_content::INPUT,
    tool_results::PAIRS,
    tool_content::RESULT,
    texts::MESSAGES,
    documents::TEXT,
    roles::FIRST,
    roles::REPEATED,
    roles::TOOL_RESULTS_ALONE,
    system_prompt::SYSTEM_PROMPT,
    tool_config::TOOL_CONFIG,
    tool_choice::TOOL_CHOICE,
    schemas::TYPE,
    schemas::UNION,
    schemas::STRICT,
    cache_points::CACHE_POINTS,
    cache_points::AFTER_REASONING,
    cache_points::COUNT,
    cache_points::TTL,
    texts::SYSTEM,
];
