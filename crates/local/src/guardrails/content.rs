//! Content filters by a short list of words for each category.
//!
//! One word of the list gives MEDIUM confidence, two different ones HIGH. A filter of strength HIGH blocks from LOW
//! confidence on, one of MEDIUM from MEDIUM on, one of LOW from HIGH on.

use serde_json::{Value, json};

use crate::guardrails::{Direction, Findings, done, holds, normal};
use crate::json::items;

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

pub(crate) fn assess(policy: &Value, direction: Direction, text: &str, full: bool) -> Findings {
    let text = normal(text);
    let strength_member = if direction == Direction::Input { "inputStrength" } else { "outputStrength" };
    let mut findings = Findings::default();
    for filter in items(&policy["filters"]).iter().filter(|filter| direction.enabled(filter)) {
        let category = filter["type"].as_str().unwrap_or_default();
        let strength = filter[strength_member].as_str().unwrap_or("NONE");
        let confidence = match vocabulary(category).iter().filter(|word| holds(&text, word)).count() {
            0 => "NONE",
            1 => "MEDIUM",
            _ => "HIGH",
        };
        let detected =
            matches!((strength, confidence), ("HIGH" | "MEDIUM", "MEDIUM" | "HIGH") | ("LOW", "HIGH"));
        if detected || (full && strength != "NONE") {
            let action = if detected { done(direction.action(filter, "BLOCK")) } else { "NONE" };
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
    fn strength_weighs_confidence() {
        for (strength, one, two) in
            [("HIGH", true, true), ("MEDIUM", true, true), ("LOW", false, true), ("NONE", false, false)]
        {
            assert_eq!(blocks(strength, "you idiot"), one, "{strength}");
            assert_eq!(blocks(strength, "you stupid idiot"), two, "{strength}");
            assert!(!blocks(strength, "you dear friend"));
        }
    }
}
