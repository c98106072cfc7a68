//! Lookups that are written as strings, as conditions on a value by itself.
//!
//! A row or a field is not a parameter of these types, and the tests are function pointers. So this code is compiled once,
//! and not for each field and each lookup in every crate that uses a list.

use std::borrow::Cow;

use jiff::Timestamp;

use super::compare::{comparison, one_of};
use super::nearest::unknown;
use super::text::{contains, ends_with, starts_with};
use super::{Comparable, Expression, Itself, Lookup, Q, TextLookups as _, TimeLookups as _};

/// Compares a value with the operand.
type Test<V> = fn(&V, &V) -> bool;

const TEXT: &[&str] = &[
    "exact",
    "ne",
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "in",
    "gt",
    "gte",
    "lt",
    "lte",
    "range",
    "regex",
    "iregex",
    "isnull",
];
const COMPARED: &[&str] = &["exact", "ne", "in", "gt", "gte", "lt", "lte", "range", "isnull"];
const TIME: &[&str] = &[
    "exact", "ne", "in", "gt", "gte", "lt", "lte", "range", "isnull", "date", "year", "month", "day", "hour",
    "minute", "second", "week", "week_day", "quarter",
];
pub(super) const TEXT_LIST: &[&str] = &["has", "contains", "len", "isnull"];
pub(super) const MAP: &[&str] = &["has_key", "len", "isnull"];
pub(super) const OPAQUE: &[&str] = &["isnull"];

/// Returns whether any field has a lookup with this name.
pub(super) fn is_lookup(name: &str) -> bool {
    [TEXT, TIME, TEXT_LIST, MAP].iter().any(|known| known.contains(&name))
}

/// Creates a condition on a text.
pub(super) fn text(path: &'static str, lookup: &[&str], operand: &str) -> Result<Q<str>, String> {
    let value = Itself::<str>::new(path.into());
    let plain =
        |lookup, operand: &str, test: Test<str>| super::text::text(value.clone(), lookup, operand, test);
    let folded = |lookup, test: Test<str>| super::text::ignoring_case(value.clone(), lookup, operand, test);
    Ok(match lookup {
        [] | ["exact"] => plain(Lookup::Exact, operand, PartialEq::eq),
        ["ne"] => plain(Lookup::Ne, operand, PartialEq::ne),
        ["iexact"] => folded(Lookup::Iexact, PartialEq::eq),
        ["contains"] => plain(Lookup::Contains, operand, contains),
        ["icontains"] => folded(Lookup::Icontains, contains),
        ["startswith"] => plain(Lookup::Startswith, operand, starts_with),
        ["istartswith"] => folded(Lookup::Istartswith, starts_with),
        ["endswith"] => plain(Lookup::Endswith, operand, ends_with),
        ["iendswith"] => folded(Lookup::Iendswith, ends_with),
        ["in"] => value.is_in(comma_separated(operand)?),
        ["gt"] => plain(Lookup::Gt, operand, PartialOrd::gt),
        ["gte"] => plain(Lookup::Gte, operand, PartialOrd::ge),
        ["lt"] => plain(Lookup::Lt, operand, PartialOrd::lt),
        ["lte"] => plain(Lookup::Lte, operand, PartialOrd::le),
        ["range"] => {
            let [from, to] = range_ends(operand)?;
            plain(Lookup::Gte, from, PartialOrd::ge) & plain(Lookup::Lte, to, PartialOrd::le)
        }
        ["regex"] => value.regex(operand),
        ["iregex"] => value.iregex(operand),
        ["isnull"] => value.is_null(parse(operand)?),
        other => return Err(no_lookup(other, TEXT)),
    })
}

/// Creates a condition on a time, or on a part of it.
pub(super) fn time(path: &'static str, lookup: &[&str], operand: &str) -> Result<Q<Timestamp>, String> {
    let time = Itself::<Timestamp>::new(path.into());
    match lookup {
        ["date", rest @ ..] => compared(time.date(), rest, operand),
        ["year", rest @ ..] => compared(time.year(), rest, operand),
        ["month", rest @ ..] => compared(time.month(), rest, operand),
        ["day", rest @ ..] => compared(time.day(), rest, operand),
        ["hour", rest @ ..] => compared(time.hour(), rest, operand),
        ["minute", rest @ ..] => compared(time.minute(), rest, operand),
        ["second", rest @ ..] => compared(time.second(), rest, operand),
        ["week", rest @ ..] => compared(time.week(), rest, operand),
        ["week_day", rest @ ..] => compared(time.week_day(), rest, operand),
        ["quarter", rest @ ..] => compared(time.quarter(), rest, operand),
        // The error message also lists the parts of a time.
        [name] if !COMPARED.contains(name) => Err(no_lookup(&[name], TIME)),
        other => compared(time, other, operand),
    }
}

/// Creates a condition on the number of a collection's values.
pub(super) fn length(path: Cow<'static, str>, lookup: &[&str], operand: &str) -> Result<Q<usize>, String> {
    compared(Itself::new(path), lookup, operand)
}

/// Creates a condition on a value with an order.
pub(super) fn compared<E: Expression<Value: Comparable>>(
    value: E,
    lookup: &[&str],
    operand: &str,
) -> Result<Q<E::Row>, String> {
    let comparison = |lookup, operand, test: Test<E::Value>| -> Result<Q<E::Row>, String> {
        Ok(comparison(value.clone(), lookup, parse(operand)?, test))
    };
    match lookup {
        [] | ["exact"] => comparison(Lookup::Exact, operand, PartialEq::eq),
        ["ne"] => comparison(Lookup::Ne, operand, PartialEq::ne),
        ["in"] => {
            let mut values = Vec::new();
            for operand in comma_separated(operand)? {
                values.push(parse(operand)?);
            }
            Ok(one_of(value, values))
        }
        ["gt"] => comparison(Lookup::Gt, operand, PartialOrd::gt),
        ["gte"] => comparison(Lookup::Gte, operand, PartialOrd::ge),
        ["lt"] => comparison(Lookup::Lt, operand, PartialOrd::lt),
        ["lte"] => comparison(Lookup::Lte, operand, PartialOrd::le),
        ["range"] => {
            let [from, to] = range_ends(operand)?;
            Ok(comparison(Lookup::Gte, from, PartialOrd::ge)? & comparison(Lookup::Lte, to, PartialOrd::le)?)
        }
        ["isnull"] => Ok(value.is_null(parse(operand)?)),
        other => Err(no_lookup(other, COMPARED)),
    }
}

/// Parses the lookup `isnull`, the last one of these lookups.
pub(super) fn is_missing(lookup: &[&str], operand: &str, known: &[&str]) -> Result<bool, String> {
    match lookup {
        ["isnull"] => parse(operand),
        other => Err(no_lookup(other, known)),
    }
}

fn parse<V: Comparable>(operand: &str) -> Result<V, String> {
    V::parse(operand).ok_or_else(|| format!("`{operand}` is not {}", V::EXPECTED))
}

/// Splits a list of values at the commas.
fn comma_separated(operand: &str) -> Result<Vec<&str>, String> {
    let values: Vec<&str> = operand.split(',').map(str::trim).collect();
    if values.contains(&"") {
        return Err(format!("`{operand}` has a blank value: separate the values with commas"));
    }
    Ok(values)
}

fn range_ends(operand: &str) -> Result<[&str; 2], String> {
    operand
        .split_once(',')
        .map(|(from, to)| [from.trim(), to.trim()])
        .ok_or_else(|| format!("`{operand}` is not a range: give both ends, separated by a comma"))
}

fn no_lookup(names: &[&str], known: &[&str]) -> String {
    if names.is_empty() {
        return format!("a lookup is missing; known lookups: {}", known.join(", "));
    }
    unknown("lookup", &names.join("__"), known.iter().copied())
}
