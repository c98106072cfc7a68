//! The direction of a text: to the model or from it.

use serde_json::Value;

/// Whether a text goes to the model or comes from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Input,
    Output,
}

impl Direction {
    /// Whether an entry of a policy is enabled in this direction.
    pub(super) fn enabled(self, entry: &Value) -> bool {
        let member = if self == Self::Input { "inputEnabled" } else { "outputEnabled" };
        entry[member].as_bool().unwrap_or(true)
    }

    /// The action for a finding of this entry: the entry's action in this direction, or else `default`.
    pub(super) fn action<'a>(self, entry: &'a Value, default: &'a str) -> &'a str {
        let member = if self == Self::Input { "inputAction" } else { "outputAction" };
        entry[member].as_str().unwrap_or(default)
    }
}
