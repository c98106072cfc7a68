//! The parameters of AWS's List operations.

use std::fmt;

use jiff::Timestamp;

/// A parameter of a List operation, which a query can set.
pub struct Parameter<P> {
    /// AWS's name: `nameContains`.
    pub name: &'static str,
    /// Returns the value as text, if it is set.
    pub read: fn(&P) -> Option<String>,
    /// Sets the value.
    pub set: Set<P>,
    /// The pattern of the values that AWS accepts.
    pub pattern: Option<&'static str>,
    /// The largest number of characters of a value.
    pub longest: Option<usize>,
    /// The condition that the parameter expresses.
    pub pushes: Option<Pushes>,
}

/// How a parameter is set.
pub enum Set<P> {
    /// From text: a string, or a value of an AWS enum.
    Text(fn(P, &str) -> P),
    /// From a time.
    Time(fn(P, Timestamp) -> P),
    /// From a boolean.
    Flag(fn(P, bool) -> P),
}

/// The condition on a row that AWS applies if the parameter is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushes {
    /// The path of the field.
    pub path: &'static str,
    /// The lookup.
    pub lookup: PushedLookup,
}

/// A lookup that AWS applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushedLookup {
    /// The field is equal to the value.
    Exact,
    /// The field is equal to the text, ignoring case.
    Iexact,
    /// The field contains the text.
    Contains,
    /// The field is a later time.
    After,
    /// The field is an earlier time.
    Before,
    /// The list contains the value.
    Has,
}

impl<P> fmt::Debug for Parameter<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Parameter")
            .field("name", &self.name)
            .field("pushes", &self.pushes)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Set<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text",
            Self::Time(_) => "Time",
            Self::Flag(_) => "Flag",
        })
    }
}
