//! Denied topics: a text is about one when all telling words of the topic's name are in it, or one of its examples.
//!
//! A telling word has three letters or more and is no filler. It is in the text when a word there begins with it,
//! a plural's `s` aside: "Investments" is found in "an investment adviser".

use serde_json::{Value, json};

use crate::guardrails::{Direction, Findings, done, holds, normal};
use crate::json::items;

const FILLERS: &[&str] = &["about", "advice", "and", "for", "other", "the", "topic", "topics", "with"];

pub(crate) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let text = normal(text);
    let mut findings = Findings::default();
    for topic in items(&policy["topics"]).iter().filter(|topic| direction.enabled(topic)) {
        let detected = is_about(&text, topic);
        if detected || full {
            let action = if detected { done(direction.action(topic, "BLOCK")) } else { "NONE" };
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
    let words = telling_words(topic["name"].as_str().unwrap_or_default());
    let spoken = |word: &String| text.split(' ').any(|spoken| spoken.starts_with(word.trim_end_matches('s')));
    (!words.is_empty() && words.iter().all(spoken))
        || examples.into_iter().any(|example| holds(text, example))
}

/// The words of `InvestmentAdvice` or `Investment advice` that tell something.
fn telling_words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut previous = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && previous.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
        previous = letter;
    }
    let words = normal(&spaced);
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
    fn topics_are_known_by_name_or_example() {
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
