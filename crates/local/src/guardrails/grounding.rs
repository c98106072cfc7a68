//! Contextual grounding: how much of an answer stands in its source, and how much of the question in the answer.
//!
//! GROUNDING is the share of the answer's telling words that are in the grounding sources, RELEVANCE the share of the
//! query's telling words that are in the answer, both to two digits. A telling word has a digit or four letters, and
//! is none of a few common ones; where there is none, the score is 1. A score below its threshold is a finding. Only answers are looked at, and only where
//! both a source and a query are marked as such.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::guardrails::{Direction, Findings, done, normal};
use crate::json::items;

/// Words that tell nothing.
const COMMON: &[&str] = &[
    "does", "from", "have", "that", "their", "there", "they", "this", "were", "what", "when", "where",
    "which", "will", "with", "your",
];

/// What an answer is held to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grounding {
    source: String,
    query: String,
}

impl Grounding {
    /// From texts that are marked for a guardrail: `{"text": …, "qualifiers": […]}`.
    pub(crate) fn of<'a>(marked: impl Iterator<Item = &'a Value>) -> Self {
        let mut grounding = Self::default();
        for block in marked {
            let text = block["text"].as_str().unwrap_or_default();
            for qualifier in items(&block["qualifiers"]) {
                let whole = match qualifier.as_str() {
                    Some("grounding_source") => &mut grounding.source,
                    Some("query") => &mut grounding.query,
                    _ => continue,
                };
                whole.push_str(text);
                whole.push('\n');
            }
        }
        grounding
    }

    pub(super) fn is_whole(&self) -> bool {
        !self.source.is_empty() && !self.query.is_empty()
    }

    pub(super) fn characters(&self) -> usize {
        self.source.chars().count() + self.query.chars().count()
    }
}

pub(super) fn assess(policy: &Value, direction: Direction, answer: &str, grounding: &Grounding) -> Findings {
    let mut findings = Findings::default();
    if direction == Direction::Input || !grounding.is_whole() || answer.trim().is_empty() {
        return findings;
    }
    for filter in items(&policy["filters"]).iter().filter(|filter| filter["enabled"] != false) {
        let score = match filter["type"].as_str() {
            Some("RELEVANCE") => share(&grounding.query, answer),
            _ => share(answer, &grounding.source),
        };
        let threshold = filter["threshold"].as_f64().unwrap_or_default();
        let detected = score < threshold;
        let action = if detected { done(filter["action"].as_str().unwrap_or("BLOCK")) } else { "NONE" };
        findings.push(
            "filters",
            json!({
                "type": filter["type"],
                "threshold": threshold,
                "score": score,
                "action": action,
                "detected": detected,
            }),
        );
    }
    findings
}

/// The share of one text's telling words that another text has, too.
fn share(of: &str, within: &str) -> f64 {
    let (of, within) = (normal(of), normal(within));
    let (of, within) = (telling(&of), telling(&within));
    if of.is_empty() {
        return 1.0;
    }
    let common = of.intersection(&within).count();
    (100.0 * common as f64 / of.len() as f64).round() / 100.0
}

fn telling(normal_text: &str) -> BTreeSet<&str> {
    let tells =
        |word: &&str| (word.chars().count() > 3 || word.contains(char::is_numeric)) && !COMMON.contains(word);
    normal_text.split(' ').filter(tells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_the_score() {
        let source = "London is the capital of the United Kingdom. Tokyo is the capital of Japan.";
        assert_eq!(share("The capital of Japan is Tokyo.", source), 1.0);
        assert_eq!(share("The capital of Japan is Kyoto.", source), 0.67);
        assert_eq!(share("Bananas.", source), 0.0);
        assert_eq!(share("Yes!", source), 1.0, "nothing to hold against it");
    }

    #[test]
    fn answers_alone_are_assessed() {
        let policy = json!({"filters": [{"type": "GROUNDING", "threshold": 0.7}, {"type": "RELEVANCE", "threshold": 0.5}]});
        let marked = [
            json!({"text": "Tokyo is the capital of Japan.", "qualifiers": ["grounding_source"]}),
            json!({"text": "What is the capital of Japan?", "qualifiers": ["query"]}),
        ];
        let grounding = Grounding::of(marked.iter());
        let found = |direction, answer| assess(&policy, direction, answer, &grounding);
        assert!(!found(Direction::Output, "The capital of Japan is Tokyo.").blocks);
        let invented = found(Direction::Output, "Kyoto has many temples.");
        assert!(invented.blocks);
        assert_eq!(invented.assessment["filters"][0]["score"], 0.0);
        assert!(found(Direction::Input, "Kyoto has many temples.").assessment.is_empty());
        let half = Grounding::of(marked[..1].iter());
        assert!(assess(&policy, Direction::Output, "Kyoto", &half).assessment.is_empty());
    }
}
