//! Assesses texts by all policies of a guardrail.

use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::guardrails::direction::Direction;
use crate::guardrails::findings::Findings;
use crate::guardrails::grounding::{self, Grounding};
use crate::guardrails::{content, sensitive, topics, words};

/// The characters of a text unit.
const UNIT: usize = 1000;
const LATENCY_MS: u64 = 20;

/// What a guardrail did with texts, from the least to the most severe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    #[default]
    Passed,
    Masked,
    Blocked,
}

impl Outcome {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Passed => "No action.",
            Self::Masked => "Guardrail masked.",
            Self::Blocked => "Guardrail blocked.",
        }
    }
}

/// A guardrail's assessment of texts.
#[derive(Debug)]
pub(crate) struct Assessment {
    pub(crate) outcome: Outcome,
    /// The texts with their masks.
    pub(crate) texts: Vec<String>,
    /// AWS's `GuardrailAssessment`.
    pub(crate) json: Value,
    pub(crate) usage: Value,
    pub(crate) coverage: Value,
}

/// What is assessed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) direction: Direction,
    pub(crate) texts: &'a [String],
    /// The number of characters of all texts, guarded or not.
    pub(crate) total: usize,
    pub(crate) grounding: &'a Grounding,
    /// Where the guardrail comes from: the request or the account.
    pub(crate) origins: &'a [&'static str],
    /// Whether the assessment includes what was checked and not found.
    pub(crate) full: bool,
}

/// Assesses texts. `guardrail` is what GetGuardrail returns.
pub(crate) fn assess(guardrail: &Value, subject: Subject<'_>) -> Assessment {
    let Subject { direction, texts, total, grounding, origins, full } = subject;
    let mut merged: Map<String, Value> = Map::new();
    let mut outcome = Outcome::default();
    let mut masked_texts = Vec::new();
    for text in texts {
        let mut masks = Vec::new();
        for (member, findings) in policies(guardrail, direction, text, full) {
            if findings.blocks {
                outcome = Outcome::Blocked;
            }
            masks.extend(findings.masks);
            if !findings.assessment.is_empty() {
                merge(merged.entry(member).or_insert_with(|| json!({})), findings.assessment);
            }
        }
        if !masks.is_empty() {
            outcome = outcome.max(Outcome::Masked);
        }
        masked_texts.push(masked(text, masks));
    }
    let grounded =
        grounding::assess(&guardrail["contextualGroundingPolicy"], direction, &texts.join("\n"), grounding);
    let guarded = texts.iter().map(|text| text.chars().count()).sum::<usize>();
    let grounded_characters =
        if grounded.assessment.is_empty() { 0 } else { guarded + grounding.characters() };
    let usage = usage(guardrail, guarded, grounded_characters);
    if grounded.blocks {
        outcome = Outcome::Blocked;
    }
    if !grounded.assessment.is_empty() {
        merged.insert("contextualGroundingPolicy".to_owned(), Value::Object(grounded.assessment));
    }
    let coverage = json!({ "textCharacters": { "guarded": guarded, "total": total.max(guarded) } });
    merged.insert(
        "invocationMetrics".to_owned(),
        json!({
            "guardrailProcessingLatency": LATENCY_MS,
            "usage": usage,
            "guardrailCoverage": coverage,
        }),
    );
    merged.insert(
        "appliedGuardrailDetails".to_owned(),
        json!({
            "guardrailId": guardrail["guardrailId"],
            "guardrailVersion": guardrail["version"],
            "guardrailArn": guardrail["guardrailArn"],
            "guardrailOrigin": origins,
            "guardrailOwnership": "SELF",
        }),
    );
    Assessment { outcome, texts: masked_texts, json: Value::Object(merged), usage, coverage }
}

fn policies(
    guardrail: &Value,
    direction: Direction,
    text: &str,
    full: bool,
) -> [(&'static str, Findings); 4] {
    let policy = |name: &str| &guardrail[name];
    [
        ("topicPolicy", topics::assess(policy("topicPolicy"), direction, text, full)),
        ("contentPolicy", content::assess(policy("contentPolicy"), direction, text, full)),
        ("wordPolicy", words::assess(policy("wordPolicy"), direction, text, full)),
        (
            "sensitiveInformationPolicy",
            sensitive::assess(policy("sensitiveInformationPolicy"), direction, text, full),
        ),
    ]
}

/// Adds a text's findings to those of the texts before it.
fn merge(policy: &mut Value, findings: Map<String, Value>) {
    for (list, entries) in findings {
        match (policy[list.as_str()].as_array_mut(), entries) {
            (Some(known), Value::Array(entries)) => known.extend(entries),
            (_, entries) => policy[list] = entries,
        }
    }
}

/// Masks a text. If two masks overlap, the first one is used.
fn masked(text: &str, mut masks: Vec<(Range<usize>, String)>) -> String {
    masks.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut result = String::new();
    let mut end = 0;
    for (range, mask) in masks {
        if range.start >= end {
            result.push_str(&text[end..range.start]);
            result.push_str(&mask);
            end = range.end;
        }
    }
    result.push_str(&text[end..]);
    result
}

fn usage(guardrail: &Value, characters: usize, grounded: usize) -> Value {
    let units = |has_policy: bool| if has_policy { characters.div_ceil(UNIT) } else { 0 };
    let sensitive = &guardrail["sensitiveInformationPolicy"];
    json!({
        "topicPolicyUnits": units(guardrail["topicPolicy"].is_object()),
        "contentPolicyUnits": units(guardrail["contentPolicy"].is_object()),
        "wordPolicyUnits": units(guardrail["wordPolicy"].is_object()),
        "sensitiveInformationPolicyUnits": units(sensitive["piiEntities"].is_array()),
        "sensitiveInformationPolicyFreeUnits": units(sensitive["regexes"].is_array()),
        "contextualGroundingPolicyUnits": grounded.div_ceil(UNIT),
        "contentPolicyImageUnits": 0,
        "automatedReasoningPolicies": 0,
        "automatedReasoningPolicyUnits": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_overlapping_masks_is_used() {
        let masks = vec![(2..5, "{B}".to_owned()), (0..3, "{A}".to_owned()), (0..1, "{C}".to_owned())];
        assert_eq!(masked("abcdef", masks), "{A}def");
        assert_eq!(masked("äöü", vec![(2..4, "{X}".to_owned())]), "ä{X}ü");
    }

    #[test]
    fn an_assessment_has_the_findings_of_all_texts() {
        let guardrail = json!({"wordPolicy": {"words": [{"text": "one"}, {"text": "two"}]}});
        let texts = ["one".to_owned(), "two".to_owned()];
        let subject = Subject {
            direction: Direction::Input,
            texts: &texts,
            total: 10,
            grounding: &Grounding::default(),
            origins: &["REQUEST"],
            full: false,
        };
        let assessment = assess(&guardrail, subject);
        assert_eq!(assessment.outcome, Outcome::Blocked);
        assert_eq!(assessment.json["wordPolicy"]["customWords"].as_array().unwrap().len(), 2);
        assert_eq!(assessment.coverage, json!({"textCharacters": {"guarded": 6, "total": 10}}));
    }
}
