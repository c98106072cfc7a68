//! What a lookup is called, and what it compares with: for AWS's parameters and for people. Rows are tested without.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

/// What is asked of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// It is that.
    Exact,
    /// It is there, and is not that.
    Ne,
    /// It is that text, in any case of letters.
    Iexact,
    /// That text is in it.
    Contains,
    /// That text is in it, in any case of letters.
    Icontains,
    /// It begins so.
    Startswith,
    /// It begins so, in any case of letters.
    Istartswith,
    /// It ends so.
    Endswith,
    /// It ends so, in any case of letters.
    Iendswith,
    /// It is one of those.
    In,
    /// It is greater, or later.
    Gt,
    /// It is that, or greater or later.
    Gte,
    /// It is less, or earlier.
    Lt,
    /// It is that, or less or earlier.
    Lte,
    /// It is missing, or is not.
    IsNull,
    /// The regular expression is found in it.
    Regex,
    /// The regular expression is found in it, in any case of letters.
    Iregex,
    /// The list has that.
    Has,
    /// A closure holds for one of the list.
    Any,
    /// The map has that key.
    HasKey,
}

impl Lookup {
    /// As Django writes it: `icontains`.
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

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operand {
    /// A string, or one of AWS's names.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// A time.
    Time(Timestamp),
    /// A day.
    Date(Date),
    /// Yes or no.
    Flag(bool),
    /// Several.
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
                for (place, operand) in operands.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{operand}")?;
                }
                formatter.write_str("]")
            }
            Self::Closure => formatter.write_str("<closure>"),
        }
    }
}
