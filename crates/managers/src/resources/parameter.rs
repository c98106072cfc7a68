//! What AWS's List operations take.

use std::fmt;

use jiff::Timestamp;

/// A parameter of a List operation, as a query can set it.
pub struct Parameter<P> {
    /// AWS's name for it: `nameContains`.
    pub name: &'static str,
    /// The value that is set, as text.
    pub read: fn(&P) -> Option<String>,
    /// How it is set.
    pub set: Set<P>,
    /// What AWS lets through; a value that does not match would be refused.
    pub pattern: Option<&'static str>,
    /// How long a value may be.
    pub longest: Option<usize>,
    /// The condition that it answers to.
    pub pushes: Option<Pushes>,
}

/// How a parameter is set.
pub enum Set<P> {
    /// From text: a string, or one of AWS's names.
    Text(fn(P, &str) -> P),
    /// From a time.
    Time(fn(P, Timestamp) -> P),
    /// From yes or no.
    Flag(fn(P, bool) -> P),
}

/// The condition on a row that AWS applies itself when a parameter is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushes {
    /// The path of the field.
    pub path: &'static str,
    /// What is asked of it.
    pub lookup: PushedLookup,
}

/// What AWS can ask of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushedLookup {
    /// It is that value.
    Exact,
    /// It is that text, in any case of letters.
    Iexact,
    /// That text is in it.
    Contains,
    /// It is a later time.
    After,
    /// It is an earlier time.
    Before,
    /// That value is in the list.
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
