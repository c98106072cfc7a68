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
    /// The name of the type in error messages.
    const WHAT: &'static str;

    /// Converts the value for display and for AWS's parameters.
    fn operand(self) -> Operand;

    /// Parses the value.
    fn parse(text: &str) -> Option<Self>;

    /// A total order of the values.
    fn order(&self, other: &Self) -> Ordering;
}

/// Lookups on numbers, times, dates and booleans.
pub trait CompareLookups: Expression<Value: Comparable> {
    /// It is equal to this value.
    fn eq(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Exact, value.operand(), move |found| *found == value)
    }

    /// It exists and is not equal to this value.
    fn ne(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Ne, value.operand(), move |found| *found != value)
    }

    /// It is greater or later.
    fn gt(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Gt, value.operand(), move |found| *found > value)
    }

    /// It is equal, greater or later.
    fn gte(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Gte, value.operand(), move |found| *found >= value)
    }

    /// It is less or earlier.
    fn lt(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Lt, value.operand(), move |found| *found < value)
    }

    /// It is equal, less or earlier.
    fn lte(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Lte, value.operand(), move |found| *found <= value)
    }

    /// It is in this range: `1..=5`, `start..`. The condition consists of a lookup for each end.
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

    /// It is one of these values.
    fn is_in(self, values: impl IntoIterator<Item = Self::Value>) -> Q<Self::Row> {
        let values: Vec<Self::Value> = values.into_iter().collect();
        let operand = Operand::List(values.iter().map(|value| value.operand()).collect());
        condition(self, Lookup::In, operand, move |found| values.contains(found))
    }
}

impl<E: Expression<Value: Comparable>> CompareLookups for E {}

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl Comparable for $number {
            const WHAT: &'static str = "a whole number";

            fn operand(self) -> Operand {
                // Wider than each of these types, on every machine.
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
            const WHAT: &'static str = "a number";

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
    const WHAT: &'static str = "`true` or `false`";

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
    const WHAT: &'static str = "a time such as `2024-05-01` or `2024-05-01T12:00:00Z`";

    fn operand(self) -> Operand {
        Operand::Time(self)
    }

    /// A time with its zone. Without a zone, it is in UTC; a date alone is the start of the day.
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
    const WHAT: &'static str = "a day such as `2024-05-01`";

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
