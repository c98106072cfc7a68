//! Lookups on numbers, times, days, and yes or no.

use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::expression::condition;
use super::{Expression, Lookup, Operand, Q};

/// What has an order, but for text: numbers, times, days, yes or no.
pub trait Comparable: PartialOrd + Copy + Send + Sync + 'static {
    /// What it is called in messages.
    const WHAT: &'static str;

    /// The same, for people and for AWS's parameters.
    fn operand(self) -> Operand;

    /// The one that is written so.
    fn parse(text: &str) -> Option<Self>;

    /// An order in which every value has its place.
    fn order(&self, other: &Self) -> Ordering;
}

/// Lookups on numbers, times, days, and yes or no.
pub trait CompareLookups: Expression<Value: Comparable> {
    /// It is that.
    fn eq(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Exact, value.operand(), move |found| *found == value)
    }

    /// It is there, and is not that.
    fn ne(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Ne, value.operand(), move |found| *found != value)
    }

    /// It is greater, or later.
    fn gt(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Gt, value.operand(), move |found| *found > value)
    }

    /// It is that, or greater or later.
    fn gte(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Gte, value.operand(), move |found| *found >= value)
    }

    /// It is less, or earlier.
    fn lt(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Lt, value.operand(), move |found| *found < value)
    }

    /// It is that, or less or earlier.
    fn lte(self, value: Self::Value) -> Q<Self::Row> {
        condition(self, Lookup::Lte, value.operand(), move |found| *found <= value)
    }

    /// It is in that range: `1..=5`, `start..`. It stands for the lookups on both ends.
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

    /// It is one of those.
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
                // Wider than every one of them, on every machine.
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

    /// A time with its zone; what has none is meant in UTC, and a day alone begins it.
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
