//! Denied topics. A text is about a topic if it has all significant words of the topic's name, or one of its examples.
//!
//! A significant word has three letters or more and is not a filler. The text has it if one of the text's words begins
//! with it, without the `s` of a plural: "Investments" is found in "an investment adviser".

use serde_json::{Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::{Findings, action_taken};
use crate::guardrails::text::{contains_phrase, normalized};
use crate::json::items;

const FILLERS: &[&str] = &["about", "advice", "and", "for", "other", "the", "topic", "topics", "with"];

pub(super) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let text = normalized(text);
    let mut findings = Findings::default();
    for topic in items(&policy["topics"]).iter().filter(|topic| direction.enabled(topic)) {
        let detected = is_about(&text, topic);
        if detected || full {
            let action = if detected { action_taken(direction.action(topic, "BLOCK")) } else { "NONE" };
            findings.push(
                "topics",
                json!({ "name": topic["name"], "type": "DENY", "action": action, "detected": detected }),
            );
        }
    }
    findings
}

fn is_about(text: &str, topic: &Value) -> bool {
    let examples = items(&topic["examples"]).iter().filter_map(Value::as_str);
    let words = significant_words(topic["name"].as_str().unwrap_or_default());
    let is_in_text =
        |word: &String| text.split(' ').any(|in_text| in_text.starts_with(word.trim_end_matches('s')));
    (!words.is_empty() && words.iter().all(is_in_text))
        || examples.into_iter().any(|example| contains_phrase(text, example))
}

/// The significant words of a name such as `InvestmentAdvice` or `Investment advice`.
fn significant_words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut previous = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && previous.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
        previous = letter;
    }
    let words = normalized(&spaced);
    let words = words.split(' ').filter(|word| word.len() > 2 && !FILLERS.contains(word));
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(name: &str, examples: &[&str], text: &str) -> bool {
        let policy =
            json!({"topics": [{"name": name, "definition": "…", "type": "DENY", "examples": examples}]});
        assess(&policy, Direction::Input, text, false).blocks
    }

    #[test]
    fn topics_are_found_by_name_or_example() {
        assert!(detected("Weather", &[], "What is the weather like in Paris?"));
        assert!(detected("InvestmentAdvice", &[], "Which investments are safe?"));
        assert!(!detected("Investment funds", &[], "Which investments are safe?"));
        assert!(detected(
            "Money",
            &["Where should I put my savings?"],
            "Tell me: where should I put my savings?!"
        ));
        assert!(!detected("Weather", &[], "Hello"));
        assert!(!detected("??", &[""], "??"));
    }
}
