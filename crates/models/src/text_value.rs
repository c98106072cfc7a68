//! The values of text fields.

/// A value that is text on AWS's wire: a string, or a value of an enum.
///
/// ```
/// use bedrock_orm_models::{ModelModality, TextValue};
///
/// let known = <ModelModality as TextValue>::KNOWN;
/// assert!(known.contains(&"TEXT"));
/// assert!(known.contains(&"VIDEO"), "AWS sends it, though its description lacks it");
/// assert!(String::KNOWN.is_empty(), "a string can be anything");
/// ```
pub trait TextValue: AsRef<str> + Ord {
    /// The values that AWS is known to send. Empty if any text is possible.
    const KNOWN: &'static [&'static str];
}

impl TextValue for String {
    const KNOWN: &'static [&'static str] = &[];
}
