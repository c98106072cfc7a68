//! Content filters, by a short list of words for each category.
//!
//! One word of the list gives MEDIUM confidence, two different ones HIGH. A filter of strength HIGH blocks texts of LOW
//! confidence or more, a filter of strength MEDIUM texts of MEDIUM or more, and a filter of strength LOW texts of HIGH.

use serde_json::{Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::{Findings, action_taken};
use crate::guardrails::text::{contains_phrase, normalized};
use crate::json::items;

/// The words of a category.
pub(super) fn vocabulary(category: &str) -> &'static [&'static str] {
    match category {
        "HATE" => {
            &["ethnic cleansing", "hate those people", "inferior race", "racial purity", "subhuman", "vermin"]
        }
        "INSULTS" => &["dumb", "idiot", "imbecile", "loser", "moron", "stupid", "worthless"],
        "MISCONDUCT" => &[
            "counterfeit",
            "forge a passport",
            "hack into",
            "launder money",
            "pick a lock",
            "shoplift",
            "steal",
        ],
        "PROMPT_ATTACK" => &[
            "developer mode",
            "disregard your instructions",
            "ignore all previous instructions",
            "ignore previous instructions",
            "ignore your instructions",
            "jailbreak",
            "pretend you have no rules",
            "reveal your system prompt",
        ],
        "JAILBREAK" => &["developer mode", "jailbreak", "pretend you have no rules"],
        "PROMPT_INJECTION" => &[
            "disregard your instructions",
            "ignore all previous instructions",
            "ignore previous instructions",
            "ignore your instructions",
        ],
        "PROMPT_LEAKAGE" => &["reveal your system prompt"],
        "SEXUAL" => &["erotic", "nude", "porn", "pornography", "sexual", "strip naked"],
        "VIOLENCE" => &["bomb", "kill", "massacre", "murder", "shoot", "slaughter", "stab", "torture"],
        _ => &[],
    }
}

pub(super) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let text = normalized(text);
    let strength_member = if direction == Direction::Input { "inputStrength" } else { "outputStrength" };
    let mut findings = Findings::default();
    for filter in items(&policy["filters"]).iter().filter(|filter| direction.enabled(filter)) {
        let category = filter["type"].as_str().unwrap_or_default();
        let strength = filter[strength_member].as_str().unwrap_or("NONE");
        let confidence = match vocabulary(category).iter().filter(|word| contains_phrase(&text, word)).count()
        {
            0 => "NONE",
            1 => "MEDIUM",
            _ => "HIGH",
        };
        let detected =
            matches!((strength, confidence), ("HIGH" | "MEDIUM", "MEDIUM" | "HIGH") | ("LOW", "HIGH"));
        if detected || (full && strength != "NONE") {
            let action = if detected { action_taken(direction.action(filter, "BLOCK")) } else { "NONE" };
            findings.push(
                "filters",
                json!({
                    "type": category,
                    "confidence": confidence,
                    "filterStrength": strength,
                    "action": action,
                    "detected": detected,
                }),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(strength: &str, text: &str) -> bool {
        let filter = json!({"type": "INSULTS", "inputStrength": strength, "outputStrength": "NONE"});
        assess(&json!({"filters": [filter]}), Direction::Input, text, false).blocks
    }

    #[test]
    fn a_filter_blocks_by_strength_and_confidence() {
        for (strength, one, two) in
            [("HIGH", true, true), ("MEDIUM", true, true), ("LOW", false, true), ("NONE", false, false)]
        {
            assert_eq!(blocks(strength, "you idiot"), one, "{strength}");
            assert_eq!(blocks(strength, "you stupid idiot"), two, "{strength}");
            assert!(!blocks(strength, "you dear friend"));
        }
    }
}
