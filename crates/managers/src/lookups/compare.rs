//! Lookups on numbers, times, dates and booleans.

use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::expression::condition;
use super::{Expression, Lookup, Operand, Q};

/// A value with an order, except text: a number, a time, a date or a boolean.
pub trait Comparable: PartialOrd + Copy + Send + Sync + 'static {
    /// What a value of this type has to be, for error messages: `a whole number`.
    const EXPECTED: &'static str;

    /// Converts the value for display and for AWS's parameters.
    fn operand(self) -> Operand;

    /// Parses the value.
    fn parse(text: &str) -> Option<Self>;

    /// Compares two values by a total order.
    fn order(&self, other: &Self) -> Ordering;
}

/// Lookups on numbers, times, dates and booleans.
pub trait CompareLookups: Expression<Value: Comparable> {
    /// Matches a value that is equal to this one.
    fn eq(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Exact, value, PartialEq::eq)
    }

    /// Matches a value that is not equal to this one. A missing value does not match.
    fn ne(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Ne, value, PartialEq::ne)
    }

    /// Matches a value that is greater or later than this one.
    fn gt(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Gt, value, PartialOrd::gt)
    }

    /// Matches a value that is equal to this one, or greater or later.
    fn gte(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Gte, value, PartialOrd::ge)
    }

    /// Matches a value that is less or earlier than this one.
    fn lt(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Lt, value, PartialOrd::lt)
    }

    /// Matches a value that is equal to this one, or less or earlier.
    fn lte(self, value: Self::Value) -> Q<Self::Row> {
        comparison(self, Lookup::Lte, value, PartialOrd::le)
    }

    /// Matches a value in this range: `1..=5`, `start..`. The condition consists of a lookup for each end.
    fn range(self, range: impl RangeBounds<Self::Value>) -> Q<Self::Row> {
        let from = match range.start_bound() {
            Bound::Included(start) => self.clone().gte(*start),
            Bound::Excluded(start) => self.clone().gt(*start),
            Bound::Unbounded => self.clone().is_some(),
        };
        match range.end_bound() {
            Bound::Included(end) => from & self.lte(*end),
            Bound::Excluded(end) => from & self.lt(*end),
            Bound::Unbounded => from,
        }
    }

    /// Matches a value that is equal to one of these.
    fn is_in(self, values: impl IntoIterator<Item = Self::Value>) -> Q<Self::Row> {
        let values: Vec<Self::Value> = values.into_iter().collect();
        let operand = Operand::List(values.iter().map(|value| value.operand()).collect());
        condition(self, Lookup::In, operand, move |actual| values.contains(actual))
    }
}

impl<E: Expression<Value: Comparable>> CompareLookups for E {}

/// Creates a lookup that compares with one value.
fn comparison<E: Expression<Value: Comparable>>(
    expression: E,
    lookup: Lookup,
    value: E::Value,
    test: impl Fn(&E::Value, &E::Value) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    condition(expression, lookup, value.operand(), move |actual| test(actual, &value))
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl Comparable for $number {
            const EXPECTED: &'static str = "a whole number";

            fn operand(self) -> Operand {
                // An `i128` holds every value of these types, on every platform.
                Operand::Integer(self as i128)
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        })*
    };
}

whole_numbers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

macro_rules! floats {
    ($($number:ty),*) => {
        $(impl Comparable for $number {
            const EXPECTED: &'static str = "a number";

            fn operand(self) -> Operand {
                Operand::Float(self.into())
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn order(&self, other: &Self) -> Ordering {
                self.total_cmp(other)
            }
        })*
    };
}

floats!(f32, f64);

impl Comparable for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn operand(self) -> Operand {
        Operand::Flag(self)
    }

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl Comparable for Timestamp {
    const EXPECTED: &'static str = "a time such as `2024-05-01` or `2024-05-01T12:00:00Z`";

    fn operand(self) -> Operand {
        Operand::Time(self)
    }

    /// Parses a time with its zone. Without a zone, the time is in UTC. A date is the start of the day.
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(local).ok()
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl Comparable for Date {
    const EXPECTED: &'static str = "a day such as `2024-05-01`";

    fn operand(self) -> Operand {
        Operand::Date(self)
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}
