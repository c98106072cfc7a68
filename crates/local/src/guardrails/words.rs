//! Words and phrases, and the managed list of profanities. They match whole words, whatever their case.

use serde_json::{Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::{Findings, action_taken};
use crate::guardrails::text::{contains_phrase, normalized};
use crate::json::items;

/// A short list, which is enough for tests.
const PROFANITIES: &[&str] = &["asshole", "bastard", "bullshit", "crap", "damn", "fuck", "fucking", "shit"];

pub(super) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let text = normalized(text);
    let mut findings = Findings::default();
    for word in items(&policy["words"]).iter().filter(|word| direction.enabled(word)) {
        let phrase = word["text"].as_str().unwrap_or_default();
        let detected = contains_phrase(&text, phrase);
        if detected || full {
            let action = if detected { action_taken(direction.action(word, "BLOCK")) } else { "NONE" };
            findings.push("customWords", json!({ "match": phrase, "action": action, "detected": detected }));
        }
    }
    for list in items(&policy["managedWordLists"]).iter().filter(|list| direction.enabled(list)) {
        for word in PROFANITIES.iter().filter(|word| contains_phrase(&text, word)) {
            let action = action_taken(direction.action(list, "BLOCK"));
            findings.push(
                "managedWordLists",
                json!({ "match": word, "type": list["type"], "action": action, "detected": true }),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found() {
        let policy = json!({"words": [{"text": "Project X"}], "managedWordLists": [{"type": "PROFANITY"}]});
        assert!(assess(&policy, Direction::Input, "about project x, please", false).blocks);
        assert!(!assess(&policy, Direction::Input, "about project xylophone", false).blocks);
        assert!(assess(&policy, Direction::Output, "Damn!", false).blocks);
        assert!(!assess(&policy, Direction::Output, "Scunthorpe", false).blocks);
    }

    #[test]
    fn a_direction_can_be_left_out() {
        let policy = json!({"words": [
            {"text": "secret", "inputAction": "NONE", "outputEnabled": false},
        ]});
        let input = assess(&policy, Direction::Input, "a secret", false);
        assert!(!input.blocks);
        assert_eq!(input.assessment["customWords"][0]["detected"], true);
        assert!(assess(&policy, Direction::Output, "a secret", false).assessment.is_empty());
    }
}
