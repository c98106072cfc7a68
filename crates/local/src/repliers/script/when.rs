//! The conditions of a script's rules.

use std::io;

use fancy_regex::{Captures, Regex};

use crate::glob;
use crate::repliers::conversation::Conversation;

/// The condition of a [`Script`](crate::Script)'s rule. [`and`](Self::and) combines conditions.
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
#[must_use = "a condition has no effect until it is in a script"]
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
    /// Matches every conversation.
    pub fn always() -> Self {
        Self::default()
    }

    /// Matches by model: the request's model ID, or the ID of the foundation model that it leads to, matches the pattern.
    /// `*` matches any characters.
    pub fn model(pattern: impl Into<String>) -> Self {
        Self::of(Condition::Model(pattern.into()))
    }

    /// Matches if the text of the last turn contains this text, whatever its case.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Condition::Text(text.into().to_lowercase()))
    }

    /// Matches the text of the last turn by a regular expression. The reply can use what it captures: `$1`, `$name`,
    /// `${name}`, and `$$` for a dollar sign.
    ///
    /// # Errors
    ///
    /// If the expression is invalid.
    pub fn regex(pattern: &str) -> io::Result<Self> {
        let regex = Regex::new(pattern).map_err(|error| {
            let message = format!("the regular expression {pattern:?} is invalid: {error}");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        Ok(Self::of(Condition::Regex(regex)))
    }

    /// Matches if the last turn has a tool result.
    pub fn tool_result() -> Self {
        Self::of(Condition::ToolResult(true))
    }

    /// Matches if the last turn has no tool result.
    pub fn no_tool_result() -> Self {
        Self::of(Condition::ToolResult(false))
    }

    /// Matches if the last turn has a result of this tool.
    pub fn tool_result_of(tool: impl Into<String>) -> Self {
        Self::of(Condition::ToolResultOf(tool.into()))
    }

    /// Matches the user's nth turn, counted from 1. Messages that have only tool results are not counted.
    pub fn turn(turn: usize) -> Self {
        Self::of(Condition::Turn(turn))
    }

    /// Matches if both conditions match.
    pub fn and(mut self, other: Self) -> Self {
        self.conditions.extend(other.conditions);
        self
    }

    fn of(condition: Condition) -> Self {
        Self { conditions: vec![condition] }
    }

    pub(super) fn matches(&self, conversation: &Conversation, text: &str) -> bool {
        self.conditions.iter().all(|condition| condition.matches(conversation, text))
    }

    /// What the first regular expression captures in a text.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Regex(regex) => regex.captures(text).ok().flatten(),
            _ => None,
        })
    }
}

impl Condition {
    fn matches(&self, conversation: &Conversation, text: &str) -> bool {
        match self {
            Self::Model(pattern) => [conversation.model_id(), conversation.foundation_model()]
                .iter()
                .any(|id| glob::matches(pattern, id)),
            Self::Text(part) => text.to_lowercase().contains(part),
            Self::Regex(regex) => regex.is_match(text).unwrap_or(false),
            Self::ToolResult(wanted) => conversation.tool_results().is_empty() != *wanted,
            Self::ToolResultOf(tool) => conversation.tool_results().iter().any(|result| {
                let id = result["toolUseId"].as_str().unwrap_or_default();
                conversation.prompt.tool_use(id).is_some_and(|tool_use| tool_use["name"] == tool.as_str())
            }),
            Self::Turn(turn) => conversation.turn() == *turn,
        }
    }
}
