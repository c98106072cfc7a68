//! When a rule of a script is meant.

use std::io;

use fancy_regex::{Captures, Regex};

use crate::glob;
use crate::repliers::conversation::Conversation;

/// What a conversation must be like for a [`Script`](crate::Script)'s rule. Conditions are joined by
/// [`and`](Self::and).
///
/// ```
/// use bedrock_orm_local::When;
///
/// When::text("weather").and(When::model("anthropic.*"));
/// When::regex(r"order (?<number>\d+)")?.and(When::turn(2));
/// When::tool_result_of("get_weather");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a condition is for a script"]
pub struct When {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
enum Condition {
    Model(String),
    Text(String),
    Regex(Regex),
    ToolResult(bool),
    ToolResultOf(String),
    Turn(usize),
}

impl When {
    /// Always.
    pub fn always() -> Self {
        Self::default()
    }

    /// The model's id as the request has it, or that of the foundation model behind it, is as the pattern says: `*`
    /// stands for any run of characters.
    pub fn model(pattern: impl Into<String>) -> Self {
        Self::of(Condition::Model(pattern.into()))
    }

    /// The text of the turn that waits for a reply holds this one, whatever the case.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Condition::Text(text.into().to_lowercase()))
    }

    /// That text matches a regular expression. What it captures can be used in the reply: `$1`, `$name`, `${name}`,
    /// and `$$` for a dollar sign.
    ///
    /// # Errors
    ///
    /// When the expression is none.
    pub fn regex(pattern: &str) -> io::Result<Self> {
        let told = |error| format!("the regular expression {pattern:?} cannot be used: {error}");
        let regex =
            Regex::new(pattern).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, told(error)))?;
        Ok(Self::of(Condition::Regex(regex)))
    }

    /// The turn has a tool result.
    pub fn tool_result() -> Self {
        Self::of(Condition::ToolResult(true))
    }

    /// The turn has no tool result.
    pub fn no_tool_result() -> Self {
        Self::of(Condition::ToolResult(false))
    }

    /// The turn has a result of this tool.
    pub fn tool_result_of(tool: impl Into<String>) -> Self {
        Self::of(Condition::ToolResultOf(tool.into()))
    }

    /// It is the user's nth turn, counted from 1. Messages that hold tool results alone are no turns of their own.
    pub fn turn(turn: usize) -> Self {
        Self::of(Condition::Turn(turn))
    }

    /// Both conditions.
    pub fn and(mut self, other: Self) -> Self {
        self.conditions.extend(other.conditions);
        self
    }

    fn of(condition: Condition) -> Self {
        Self { conditions: vec![condition] }
    }

    pub(super) fn is_met(&self, asked: &Conversation, text: &str) -> bool {
        self.conditions.iter().all(|condition| condition.is_met(asked, text))
    }

    /// What the first regular expression captures.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Regex(regex) => regex.captures(text).ok().flatten(),
            _ => None,
        })
    }
}

impl Condition {
    fn is_met(&self, asked: &Conversation, text: &str) -> bool {
        match self {
            Self::Model(pattern) => {
                [asked.model_id(), asked.foundation_model()].iter().any(|id| glob::matches(pattern, id))
            }
            Self::Text(part) => text.to_lowercase().contains(part),
            Self::Regex(regex) => regex.is_match(text).unwrap_or(false),
            Self::ToolResult(wanted) => asked.tool_results().is_empty() != *wanted,
            Self::ToolResultOf(tool) => asked.tool_results().iter().any(|result| {
                let id = result["toolUseId"].as_str().unwrap_or_default();
                asked.prompt.tool_use(id).is_some_and(|tool_use| tool_use["name"] == tool.as_str())
            }),
            Self::Turn(turn) => asked.turn() == *turn,
        }
    }
}
