//! Sensitive information: personal data by its kind, and the matches of regular expressions. It is blocked, or masked
//! with the kind or the expression's name in braces.

use std::ops::Range;

use fancy_regex::{Regex, RegexBuilder};
use serde_json::{Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::{Findings, action_taken};
use crate::guardrails::pii;
use crate::json::items;

/// The most backtracking steps of a user's regular expression. One that needs more finds nothing.
const BACKTRACK_LIMIT: usize = 100_000;

/// Whether a user's regular expression can be compiled.
pub(crate) fn is_valid_regex(pattern: &str) -> bool {
    compile(pattern).is_some()
}

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).backtrack_limit(BACKTRACK_LIMIT).build().ok()
}

pub(super) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let mut findings = Findings::default();
    for entity in items(&policy["piiEntities"]).iter().filter(|entity| direction.enabled(entity)) {
        let kind = entity["type"].as_str().unwrap_or_default();
        let action = direction.action(entity, entity["action"].as_str().unwrap_or("BLOCK"));
        let matches = personal_data(kind, text);
        if matches.is_empty() && full {
            findings.push(
                "piiEntities",
                json!({ "type": kind, "match": "", "action": "NONE", "detected": false }),
            );
        }
        for range in matches {
            let found = &text[range.clone()];
            findings.push(
                "piiEntities",
                json!({ "type": kind, "match": found, "action": action_taken(action), "detected": true }),
            );
            if action == "ANONYMIZE" {
                findings.masks.push((range, format!("{{{kind}}}")));
            }
        }
    }
    for regex in items(&policy["regexes"]).iter().filter(|regex| direction.enabled(regex)) {
        let action = direction.action(regex, regex["action"].as_str().unwrap_or("BLOCK"));
        let pattern = regex["pattern"].as_str().and_then(compile);
        for range in pattern.map_or_else(Vec::new, |pattern| matches(&pattern, text)) {
            let found = &text[range.clone()];
            findings.push(
                "regexes",
                json!({
                    "name": regex["name"],
                    "regex": regex["pattern"],
                    "match": found,
                    "action": action_taken(action),
                    "detected": true,
                }),
            );
            if action == "ANONYMIZE" {
                findings.masks.push((range, format!("{{{}}}", regex["name"].as_str().unwrap_or_default())));
            }
        }
    }
    findings
}

/// The places of personal data of a kind in a text.
pub(crate) fn personal_data(kind: &str, text: &str) -> Vec<Range<usize>> {
    let found = pii::pattern(kind).map_or_else(Vec::new, |pattern| matches(pattern, text));
    found.into_iter().filter(|range| pii::is_valid(kind, &text[range.clone()])).collect()
}

fn matches(pattern: &Regex, text: &str) -> Vec<Range<usize>> {
    let found = pattern.find_iter(text).map_while(Result::ok);
    found.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_masked_or_blocked() {
        let policy = json!({
            "piiEntities": [{"type": "EMAIL", "action": "ANONYMIZE"}, {"type": "PHONE", "action": "BLOCK"}],
            "regexes": [{"name": "Ticket", "pattern": r"T-\d+", "action": "ANONYMIZE"}],
        });
        let findings = assess(&policy, Direction::Input, "T-17 from a@b.org", false);
        assert!(!findings.blocks);
        let masks: Vec<_> = findings.masks.iter().map(|(_, mask)| mask.as_str()).collect();
        assert_eq!(masks, ["{EMAIL}", "{Ticket}"]);
        assert!(assess(&policy, Direction::Input, "555-123-4567", false).blocks);
    }

    #[test]
    fn regular_expressions_that_need_too_many_steps_find_nothing() {
        let policy = json!({"regexes": [
            {"name": "a", "pattern": "(", "action": "BLOCK"},
            {"name": "b", "pattern": r"(?=(a+)+$)(a+)+\1b", "action": "BLOCK"},
        ]});
        let text = "a".repeat(40);
        assert!(!assess(&policy, Direction::Input, &text, false).blocks);
    }
}
