//! The names of lookups and their operands, for AWS's parameters and for display. Rows are matched by closures instead.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

/// A lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// The value is equal to the operand.
    Exact,
    /// The value exists and is not equal to the operand.
    Ne,
    /// The text is equal to the operand, ignoring case.
    Iexact,
    /// The text contains the operand.
    Contains,
    /// The text contains the operand, ignoring case.
    Icontains,
    /// The text starts with the operand.
    Startswith,
    /// The text starts with the operand, ignoring case.
    Istartswith,
    /// The text ends with the operand.
    Endswith,
    /// The text ends with the operand, ignoring case.
    Iendswith,
    /// The value is one of the operands.
    In,
    /// The value is greater or later.
    Gt,
    /// The value is equal, greater or later.
    Gte,
    /// The value is less or earlier.
    Lt,
    /// The value is equal, less or earlier.
    Lte,
    /// The value is missing (`true`) or exists (`false`).
    IsNull,
    /// The text matches the regular expression.
    Regex,
    /// The text matches the regular expression, ignoring ASCII case.
    Iregex,
    /// The list contains the value.
    Has,
    /// A closure returns true for an element of the list.
    Any,
    /// The map has the key.
    HasKey,
}

impl Lookup {
    /// Returns the name of the lookup, as in Django: `icontains`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Ne => "ne",
            Self::Iexact => "iexact",
            Self::Contains => "contains",
            Self::Icontains => "icontains",
            Self::Startswith => "startswith",
            Self::Istartswith => "istartswith",
            Self::Endswith => "endswith",
            Self::Iendswith => "iendswith",
            Self::In => "in",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::IsNull => "isnull",
            Self::Regex => "regex",
            Self::Iregex => "iregex",
            Self::Has => "has",
            Self::Any => "any",
            Self::HasKey => "has_key",
        }
    }
}

/// The operand of a lookup.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operand {
    /// A string, or a value of an AWS enum.
    Text(String),
    /// An integer.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
    /// A time.
    Time(Timestamp),
    /// A date.
    Date(Date),
    /// A boolean.
    Flag(bool),
    /// Several operands.
    List(Vec<Operand>),
    /// A closure.
    Closure,
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Integer(number) => number.fmt(formatter),
            Self::Float(number) => number.fmt(formatter),
            Self::Time(time) => time.fmt(formatter),
            Self::Date(date) => date.fmt(formatter),
            Self::Flag(flag) => flag.fmt(formatter),
            Self::List(operands) => {
                formatter.write_str("[")?;
                for (index, operand) in operands.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{operand}")?;
                }
                formatter.write_str("]")
            }
            Self::Closure => formatter.write_str("<closure>"),
        }
    }
}
