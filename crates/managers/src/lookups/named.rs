//! Fields by name, for lookups that are written as strings.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use bedrock_orm_models::{EachField, Field, TextValue};
use jiff::Timestamp;

use super::nearest::unknown;
use super::{
    CollectionLookups as _, Comparable, CompareLookups, Expression, KeyedCollection, List, ListLookups as _,
    MapLookups as _, Order, OrderKey, Q, TextLookups, TimeLookups as _,
};

/// A field that can be found by its name.
pub trait NamedField<M>: Sync {
    /// Returns the path of the field on AWS's wire: `modelLifecycle.status`.
    fn path(&self) -> &'static str;

    /// Creates a condition from the names of a lookup (`year`, `gte`; an empty slice is `exact`) and its operand as
    /// text.
    ///
    /// # Errors
    ///
    /// A message that explains what is invalid.
    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<M>, String>;

    /// Returns the values that AWS is known to send, if the field is an enum. Empty for other fields.
    fn known_values(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the order by this field. `None` if it has no order.
    fn order(&self, descending: bool) -> Option<Order<M>>;
}

/// A field as a whole, not a part of its value.
pub trait Located: Expression {
    /// Returns the path of the field.
    fn wire_path(&self) -> &'static str;

    /// Returns the order by this field. `None` if a row has several values.
    fn key(
        &self,
        descending: bool,
        order: fn(&Self::Value, &Self::Value) -> Ordering,
    ) -> Option<Order<Self::Row>>;
}

impl<M: 'static, T: 'static> Located for Field<M, T> {
    fn wire_path(&self) -> &'static str {
        Self::path(self)
    }

    fn key(&self, descending: bool, order: fn(&T, &T) -> Ordering) -> Option<Order<M>> {
        Some(OrderKey::new(*self, descending, order).into())
    }
}

impl<M: 'static, T: 'static> Located for EachField<M, T> {
    fn wire_path(&self) -> &'static str {
        Self::path(self)
    }

    fn key(&self, _: bool, _: fn(&T, &T) -> Ordering) -> Option<Order<M>> {
        None
    }
}

macro_rules! named {
    ($($(#[$doc:meta])* $kind:ident),*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $kind<F>(pub F);
        )*
    };
}

named! {
    /// A string, or a value of an AWS enum.
    Text,
    /// A number.
    Number,
    /// A time.
    Time,
    /// A boolean.
    Flag,
    /// A list of strings or of values of an AWS enum.
    TextList,
    /// A map.
    Map,
    /// A value whose only lookup is `isnull`.
    Opaque
}

impl<F: Located<Value: TextValue>> NamedField<F::Row> for Text<F> {
    fn path(&self) -> &'static str {
        self.0.wire_path()
    }

    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
        let field = self.0.clone();
        Ok(match lookup {
            [] | ["exact"] => field.eq(operand),
            ["ne"] => field.ne(operand),
            ["iexact"] => field.iexact(operand),
            ["contains"] => field.contains(operand),
            ["icontains"] => field.icontains(operand),
            ["startswith"] => field.startswith(operand),
            ["istartswith"] => field.istartswith(operand),
            ["endswith"] => field.endswith(operand),
            ["iendswith"] => field.iendswith(operand),
            ["in"] => field.is_in(comma_separated(operand)?),
            ["gt"] => field.gt(operand),
            ["gte"] => field.gte(operand),
            ["lt"] => field.lt(operand),
            ["lte"] => field.lte(operand),
            ["range"] => {
                let [from, to] = range_ends(operand)?;
                field.clone().gte(from) & field.lte(to)
            }
            ["regex"] => field.regex(operand),
            ["iregex"] => field.iregex(operand),
            ["isnull"] => field.is_null(parse(operand)?),
            other => return Err(no_lookup(other, TEXT)),
        })
    }

    fn known_values(&self) -> &'static [&'static str] {
        F::Value::KNOWN
    }

    fn order(&self, descending: bool) -> Option<Order<F::Row>> {
        self.0.key(descending, Ord::cmp)
    }
}

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
const TEXT_LIST: &[&str] = &["has", "contains", "len", "isnull"];
const MAP: &[&str] = &["has_key", "len", "isnull"];
const OPAQUE: &[&str] = &["isnull"];

/// Returns whether any field has a lookup with this name.
pub(super) fn is_lookup(name: &str) -> bool {
    [TEXT, TIME, TEXT_LIST, MAP].iter().any(|known| known.contains(&name))
}

macro_rules! compared {
    ($($kind:ident),*) => {
        $(impl<F: Located<Value: Comparable>> NamedField<F::Row> for $kind<F> {
            fn path(&self) -> &'static str {
                self.0.wire_path()
            }

            fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
                compared(self.0.clone(), lookup, operand)
            }

            fn order(&self, descending: bool) -> Option<Order<F::Row>> {
                self.0.key(descending, Comparable::order)
            }
        })*
    };
}

compared!(Number, Flag);

impl<F: Located<Value = Timestamp>> NamedField<F::Row> for Time<F> {
    fn path(&self) -> &'static str {
        self.0.wire_path()
    }

    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
        let field = self.0.clone();
        match lookup {
            ["date", rest @ ..] => compared(field.date(), rest, operand),
            ["year", rest @ ..] => compared(field.year(), rest, operand),
            ["month", rest @ ..] => compared(field.month(), rest, operand),
            ["day", rest @ ..] => compared(field.day(), rest, operand),
            ["hour", rest @ ..] => compared(field.hour(), rest, operand),
            ["minute", rest @ ..] => compared(field.minute(), rest, operand),
            ["second", rest @ ..] => compared(field.second(), rest, operand),
            ["week", rest @ ..] => compared(field.week(), rest, operand),
            ["week_day", rest @ ..] => compared(field.week_day(), rest, operand),
            ["quarter", rest @ ..] => compared(field.quarter(), rest, operand),
            // The error message also lists the parts of a time.
            [name] if !COMPARED.contains(name) => Err(no_lookup(&[name], TIME)),
            other => compared(field, other, operand),
        }
    }

    fn order(&self, descending: bool) -> Option<Order<F::Row>> {
        self.0.key(descending, Comparable::order)
    }
}

impl<F: Located<Value: List<Item: TextValue>>> NamedField<F::Row> for TextList<F> {
    fn path(&self) -> &'static str {
        self.0.wire_path()
    }

    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
        let field = self.0.clone();
        match lookup {
            ["has" | "contains"] => Ok(field.has(operand)),
            ["len", rest @ ..] => compared(field.len(), rest, operand),
            ["isnull"] => Ok(field.is_null(parse(operand)?)),
            other => Err(no_lookup(other, TEXT_LIST)),
        }
    }

    fn known_values(&self) -> &'static [&'static str] {
        <F::Value as List>::Item::KNOWN
    }

    fn order(&self, _: bool) -> Option<Order<F::Row>> {
        None
    }
}

impl<F: Located<Value: KeyedCollection>> NamedField<F::Row> for Map<F> {
    fn path(&self) -> &'static str {
        self.0.wire_path()
    }

    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
        let field = self.0.clone();
        match lookup {
            ["has_key"] => Ok(field.has_key(operand)),
            ["len", rest @ ..] => compared(field.len(), rest, operand),
            ["isnull"] => Ok(field.is_null(parse(operand)?)),
            other => Err(no_lookup(other, MAP)),
        }
    }

    fn order(&self, _: bool) -> Option<Order<F::Row>> {
        None
    }
}

impl<F: Located> NamedField<F::Row> for Opaque<F> {
    fn path(&self) -> &'static str {
        self.0.wire_path()
    }

    fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
        match lookup {
            ["isnull"] => Ok(self.0.clone().is_null(parse(operand)?)),
            other => Err(no_lookup(other, OPAQUE)),
        }
    }

    fn order(&self, _: bool) -> Option<Order<F::Row>> {
        None
    }
}

fn compared<E: Expression<Value: Comparable>>(
    field: E,
    lookup: &[&str],
    operand: &str,
) -> Result<Q<E::Row>, String> {
    Ok(match lookup {
        [] | ["exact"] => CompareLookups::eq(field, parse(operand)?),
        ["ne"] => CompareLookups::ne(field, parse(operand)?),
        ["in"] => {
            let values: Vec<E::Value> =
                comma_separated(operand)?.into_iter().map(parse).collect::<Result<_, _>>()?;
            CompareLookups::is_in(field, values)
        }
        ["gt"] => CompareLookups::gt(field, parse(operand)?),
        ["gte"] => CompareLookups::gte(field, parse(operand)?),
        ["lt"] => CompareLookups::lt(field, parse(operand)?),
        ["lte"] => CompareLookups::lte(field, parse(operand)?),
        ["range"] => {
            let [from, to] = range_ends(operand)?;
            let range: RangeInclusive<E::Value> = parse(from)?..=parse(to)?;
            field.range(range)
        }
        ["isnull"] => field.is_null(parse(operand)?),
        other => return Err(no_lookup(other, COMPARED)),
    })
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
