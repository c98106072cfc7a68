//! What the rules find in a request.

use std::fmt;

/// A problem of a request, and what [`repair`](super::repair) does about it. It never holds content of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the rule, such as `blank-text`.
    pub rule: &'static str,
    /// The part of the request, as it was given: `messages[3].content[0]`.
    pub place: String,
    /// What is wrong with it.
    pub problem: &'static str,
    /// What the repair does.
    pub repair: &'static str,
    /// Whether AWS is known to refuse the request for it. If not, some models refuse it.
    pub is_refused: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} ({})", self.place, self.problem, self.rule)
    }
}

/// A part of the request as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Block {
        message: usize,
        block: usize,
    },
    Message(usize),
    System(usize),
    Tool(usize),
    ToolChoice,
    ToolConfig,
    /// The part was added by a rule.
    Added,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block { message, block } => write!(formatter, "messages[{message}].content[{block}]"),
            Self::Message(message) => write!(formatter, "messages[{message}]"),
            Self::System(block) => write!(formatter, "system[{block}]"),
            Self::Tool(tool) => write!(formatter, "toolConfig.tools[{tool}]"),
            Self::ToolChoice => formatter.write_str("toolConfig.toolChoice"),
            Self::ToolConfig => formatter.write_str("toolConfig"),
            Self::Added => formatter.write_str("messages"),
        }
    }
}

/// What a rule found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) rule: &'static str,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// Adds a problem for which AWS refuses the request.
    pub(super) fn refused(&mut self, place: Place, problem: &'static str, repair: &'static str) {
        self.add(place, problem, repair, true);
    }

    /// Adds a problem. AWS refuses the request for it if `is_refused`, and else some models do.
    pub(super) fn add(
        &mut self,
        place: Place,
        problem: &'static str,
        repair: &'static str,
        is_refused: bool,
    ) {
        self.findings.push(Finding {
            rule: self.rule,
            place: place.to_string(),
            problem,
            repair,
            is_refused,
        });
    }
}
