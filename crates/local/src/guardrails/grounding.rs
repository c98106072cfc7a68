//! Contextual grounding: how much of a reply is in its source, and how much of the query is in the reply.
//!
//! GROUNDING is the share of the reply's significant words that are in the grounding sources. RELEVANCE is the share of
//! the query's significant words that are in the reply. Both have two digits. A significant word has a digit or at least
//! four letters, and is not one of a few common words. Without significant words the score is 1. A score below its
//! threshold is a finding. Only replies are assessed, and only if a source and a query are marked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::{Findings, action_taken};
use crate::guardrails::text::normalized;
use crate::json::items;

/// Words that are not significant.
const COMMON: &[&str] = &[
    "does", "from", "have", "that", "their", "there", "they", "this", "were", "what", "when", "where",
    "which", "will", "with", "your",
];

/// The source and the query that a reply is compared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grounding {
    source: String,
    query: String,
}

impl Grounding {
    /// Takes the sources and queries from texts that are marked for guardrails: `{"text": …, "qualifiers": […]}`.
    pub(crate) fn from_marked_texts<'a>(marked: impl Iterator<Item = &'a Value>) -> Self {
        let mut grounding = Self::default();
        for block in marked {
            let text = block["text"].as_str().unwrap_or_default();
            for qualifier in items(&block["qualifiers"]) {
                let part = match qualifier.as_str() {
                    Some("grounding_source") => &mut grounding.source,
                    Some("query") => &mut grounding.query,
                    _ => continue,
                };
                part.push_str(text);
                part.push('\n');
            }
        }
        grounding
    }

    /// Whether there is both a source and a query.
    pub(super) fn is_complete(&self) -> bool {
        !self.source.is_empty() && !self.query.is_empty()
    }

    pub(super) fn characters(&self) -> usize {
        self.source.chars().count() + self.query.chars().count()
    }
}

pub(super) fn assess(policy: &Value, direction: Direction, reply: &str, grounding: &Grounding) -> Findings {
    let mut findings = Findings::default();
    if direction == Direction::Input || !grounding.is_complete() || reply.trim().is_empty() {
        return findings;
    }
    for filter in items(&policy["filters"]).iter().filter(|filter| filter["enabled"] != false) {
        let score = match filter["type"].as_str() {
            Some("RELEVANCE") => shared_words(&grounding.query, reply),
            _ => shared_words(reply, &grounding.source),
        };
        let threshold = filter["threshold"].as_f64().unwrap_or_default();
        let detected = score < threshold;
        let action =
            if detected { action_taken(filter["action"].as_str().unwrap_or("BLOCK")) } else { "NONE" };
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

/// The share of one text's significant words that another text has too.
fn shared_words(of: &str, within: &str) -> f64 {
    let (of, within) = (normalized(of), normalized(within));
    let (of, within) = (significant_words(&of), significant_words(&within));
    if of.is_empty() {
        return 1.0;
    }
    let common = of.intersection(&within).count();
    (100.0 * common as f64 / of.len() as f64).round() / 100.0
}

fn significant_words(normalized_text: &str) -> BTreeSet<&str> {
    let is_significant =
        |word: &&str| (word.chars().count() > 3 || word.contains(char::is_numeric)) && !COMMON.contains(word);
    normalized_text.split(' ').filter(is_significant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_share_of_common_words() {
        let source = "London is the capital of the United Kingdom. Tokyo is the capital of Japan.";
        assert_eq!(shared_words("The capital of Japan is Tokyo.", source), 1.0);
        assert_eq!(shared_words("The capital of Japan is Kyoto.", source), 0.67);
        assert_eq!(shared_words("Bananas.", source), 0.0);
        assert_eq!(shared_words("Yes!", source), 1.0, "no significant words");
    }

    #[test]
    fn only_replies_are_assessed() {
        let policy = json!({"filters": [{"type": "GROUNDING", "threshold": 0.7}, {"type": "RELEVANCE", "threshold": 0.5}]});
        let marked = [
            json!({"text": "Tokyo is the capital of Japan.", "qualifiers": ["grounding_source"]}),
            json!({"text": "What is the capital of Japan?", "qualifiers": ["query"]}),
        ];
        let grounding = Grounding::from_marked_texts(marked.iter());
        let found = |direction, reply| assess(&policy, direction, reply, &grounding);
        assert!(!found(Direction::Output, "The capital of Japan is Tokyo.").blocks);
        let invented = found(Direction::Output, "Kyoto has many temples.");
        assert!(invented.blocks);
        assert_eq!(invented.assessment["filters"][0]["score"], 0.0);
        assert!(found(Direction::Input, "Kyoto has many temples.").assessment.is_empty());
        let half = Grounding::from_marked_texts(marked[..1].iter());
        assert!(assess(&policy, Direction::Output, "Kyoto", &half).assessment.is_empty());
    }
}
