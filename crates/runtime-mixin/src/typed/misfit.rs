//! Where a reply does not fit its type.

use std::fmt::Write as _;

use serde_json::Error as JsonError;
use serde_path_to_error::{Error as PathError, Path, Segment};

/// Where and why a reply does not fit its type.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The place and the reason, without content of the reply.
    pub(super) reason: String,
    /// The same for the model, with the content.
    pub(super) for_model: String,
}

impl Misfit {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { for_model: reason.clone(), reason }
    }

    /// Describes text that is no JSON. Messages about syntax have no content.
    pub(super) fn of_syntax(error: &JsonError) -> Self {
        Self::new(format!("the text is not JSON: {error}"))
    }

    /// Describes JSON of another form. Names that are not in the schema are content.
    pub(super) fn of_form(error: &PathError<JsonError>, names: &[&str]) -> Self {
        let message = error.inner().to_string();
        let place = place(error.path(), names);
        Self {
            for_model: format!("{}: {message}", error.path()),
            reason: format!("{place}: {}", without_content(&message)),
        }
    }
}

/// Returns the place of a value, such as `items[2].price`. Names that are content are `*`.
fn place(path: &Path, names: &[&str]) -> String {
    let mut place = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(place, "[{index}]");
            }
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                let name = if names.contains(&name.as_str()) { name } else { "*" };
                let separator = if place.is_empty() { "" } else { "." };
                let _ = write!(place, "{separator}{name}");
            }
            Segment::Unknown => place.push('?'),
        }
    }
    if place.is_empty() { "at the top level".to_owned() } else { place }
}

/// Returns serde's message without the value that it quotes.
fn without_content(message: &str) -> String {
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    let problems = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
    match (problems.into_iter().find(|problem| message.starts_with(problem)), expected) {
        (Some(problem), Some(expected)) => format!("{problem}, expected {expected}"),
        (Some(problem), None) => problem.to_owned(),
        (None, _) => "the type does not accept it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_content;

    #[test]
    fn messages_lose_the_value_that_they_quote() {
        for (message, expected) in [
            ("missing field `price`", "missing field `price`"),
            ("invalid type: string \"a, expected b\", expected u32", "invalid type, expected u32"),
            ("unknown variant `secret`, expected `a` or `b`", "unknown variant, expected `a` or `b`"),
            ("invalid value: integer `-1`, expected u32", "invalid value, expected u32"),
            ("the secret is wrong", "the type does not accept it"),
        ] {
            assert_eq!(without_content(message), expected);
        }
    }
}
