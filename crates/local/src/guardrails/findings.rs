//! What a policy finds in a text.

use std::ops::Range;

use serde_json::{Map, Value};

/// What one policy finds in a text.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The members of the policy's assessment, without empty lists.
    pub(super) assessment: Map<String, Value>,
    /// Whether a finding blocks the text.
    pub(super) blocks: bool,
    /// The parts of the text to mask, each with its replacement.
    pub(super) masks: Vec<(Range<usize>, String)>,
}

impl Findings {
    /// Adds an entry to a list of the assessment.
    pub(super) fn push(&mut self, list: &str, entry: Value) {
        self.blocks |= entry["action"] == "BLOCKED";
        match self.assessment.get_mut(list) {
            Some(Value::Array(entries)) => entries.push(entry),
            _ => {
                self.assessment.insert(list.to_owned(), Value::Array(vec![entry]));
            }
        }
    }
}

/// The name that an assessment has for an action of a policy.
pub(super) fn action_taken(action: &str) -> &'static str {
    match action {
        "BLOCK" => "BLOCKED",
        "ANONYMIZE" => "ANONYMIZED",
        _ => "NONE",
    }
}
