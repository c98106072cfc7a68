//! What a guardrail makes of a text, by rules that are simple, documented and always the same.
//!
//! One file a policy. Each says what it found, whether that blocks, and what of the text is to be masked.

pub(crate) mod applied;
pub(crate) mod assessment;
pub(crate) mod checks;
mod content;
pub(crate) mod grounding;
mod pii;
pub(crate) mod sensitive;
mod topics;
mod words;

use std::ops::Range;

use serde_json::{Map, Value};

/// Which way a text goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Input,
    Output,
}

impl Direction {
    fn enabled(self, entry: &Value) -> bool {
        let member = if self == Self::Input { "inputEnabled" } else { "outputEnabled" };
        entry[member].as_bool().unwrap_or(true)
    }

    /// What is to be done with a finding of this entry: its own action for this way, else the given one.
    fn action<'a>(self, entry: &'a Value, otherwise: &'a str) -> &'a str {
        let member = if self == Self::Input { "inputAction" } else { "outputAction" };
        entry[member].as_str().unwrap_or(otherwise)
    }
}

/// What one policy makes of a text.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The members of the policy's assessment, without those that found nothing.
    assessment: Map<String, Value>,
    blocks: bool,
    masks: Vec<(Range<usize>, String)>,
}

impl Findings {
    fn push(&mut self, list: &str, entry: Value) {
        self.blocks |= entry["action"] == "BLOCKED";
        match self.assessment.get_mut(list) {
            Some(Value::Array(entries)) => entries.push(entry),
            _ => {
                self.assessment.insert(list.to_owned(), Value::Array(vec![entry]));
            }
        }
    }
}

/// How an assessment names what was done.
fn done(action: &str) -> &'static str {
    match action {
        "BLOCK" => "BLOCKED",
        "ANONYMIZE" => "ANONYMIZED",
        _ => "NONE",
    }
}

/// Lowercase words with single spaces between and around them, so that phrases can be looked for as wholes.
fn normal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

/// Whether a normal text holds a phrase, as whole words.
fn holds(normal_text: &str, phrase: &str) -> bool {
    let phrase = normal(phrase);
    phrase.trim() != "" && normal_text.contains(&phrase)
}

/// Whether a user's regular expression cannot be read.
pub(crate) fn is_no_pattern(pattern: &str) -> bool {
    sensitive::compile(pattern).is_none()
}
