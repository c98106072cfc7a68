//! Parts of times, in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::{Expression, Part};

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident),*) => {
        /// Parts of a time, in UTC, numbered as in Django. Each part has lookups: `CREATION_TIME.year().gte(2024)`.
        pub trait TimeLookups: Expression<Value = Timestamp> {
            /// The date.
            fn date(self) -> Part<Self, Date> {
                Part::new(self, "date", |time| utc(time).date())
            }

            $(
                $(#[$doc])*
                fn $name(self) -> Part<Self, i64> {
                    Part::new(self, stringify!($name), |time| $name(utc(time)).into())
                }
            )*
        }
    };
}

parts! {
    /// The year.
    year,
    /// The month, 1 to 12.
    month,
    /// The day of the month, 1 to 31.
    day,
    /// The hour, 0 to 23.
    hour,
    /// The minute, 0 to 59.
    minute,
    /// The second, 0 to 59.
    second,
    /// The week by ISO 8601, 1 to 53.
    week,
    /// The day of the week, from 1 (Sunday) to 7 (Saturday).
    week_day,
    /// The quarter of the year, 1 to 4.
    quarter
}

impl<E: Expression<Value = Timestamp>> TimeLookups for E {}

fn utc(time: &Timestamp) -> DateTime {
    Offset::UTC.to_datetime(*time)
}

fn year(time: DateTime) -> i16 {
    time.year()
}

fn month(time: DateTime) -> i8 {
    time.month()
}

fn day(time: DateTime) -> i8 {
    time.day()
}

fn hour(time: DateTime) -> i8 {
    time.hour()
}

fn minute(time: DateTime) -> i8 {
    time.minute()
}

fn second(time: DateTime) -> i8 {
    time.second()
}

fn week(time: DateTime) -> i8 {
    time.date().iso_week_date().week()
}

fn week_day(time: DateTime) -> i8 {
    time.weekday().to_sunday_one_offset()
}

fn quarter(time: DateTime) -> i8 {
    (time.month() - 1) / 3 + 1
}
