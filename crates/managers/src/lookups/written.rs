//! Lookups that are written as strings, as conditions on a value by itself.
//!
//! A row or a field is not a parameter of these types. So this code is compiled once, and not for each field in every crate
//! that uses a list.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::nearest::unknown;
use super::{Comparable, CompareLookups, Expression, Itself, Q, TextLookups as _, TimeLookups as _};

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
    Ok(match lookup {
        [] | ["exact"] => value.eq(operand),
        ["ne"] => value.ne(operand),
        ["iexact"] => value.iexact(operand),
        ["contains"] => value.contains(operand),
        ["icontains"] => value.icontains(operand),
        ["startswith"] => value.startswith(operand),
        ["istartswith"] => value.istartswith(operand),
        ["endswith"] => value.endswith(operand),
        ["iendswith"] => value.iendswith(operand),
        ["in"] => value.is_in(comma_separated(operand)?),
        ["gt"] => value.gt(operand),
        ["gte"] => value.gte(operand),
        ["lt"] => value.lt(operand),
        ["lte"] => value.lte(operand),
        ["range"] => {
            let [from, to] = range_ends(operand)?;
            value.clone().gte(from) & value.lte(to)
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
    Ok(match lookup {
        [] | ["exact"] => CompareLookups::eq(value, parse(operand)?),
        ["ne"] => CompareLookups::ne(value, parse(operand)?),
        ["in"] => {
            let values: Vec<E::Value> =
                comma_separated(operand)?.into_iter().map(parse).collect::<Result<_, _>>()?;
            CompareLookups::is_in(value, values)
        }
        ["gt"] => CompareLookups::gt(value, parse(operand)?),
        ["gte"] => CompareLookups::gte(value, parse(operand)?),
        ["lt"] => CompareLookups::lt(value, parse(operand)?),
        ["lte"] => CompareLookups::lte(value, parse(operand)?),
        ["range"] => {
            let [from, to] = range_ends(operand)?;
            let range: RangeInclusive<E::Value> = parse(from)?..=parse(to)?;
            value.range(range)
        }
        ["isnull"] => value.is_null(parse(operand)?),
        other => return Err(no_lookup(other, COMPARED)),
    })
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
