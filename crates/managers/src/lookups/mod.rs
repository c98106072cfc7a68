//! Conditions on the fields of a row.
//!
//! A lookup on a field returns a condition, a [`Q`]: `FoundationModel::PROVIDER_NAME.iexact("anthropic")`. Combine
//! conditions with `&` and `|`, and negate them with `!`. As in Django and SQL, a value that AWS omitted matches no
//! lookup except [`is_null`](Expression::is_null). `!` is plain negation: `!field.eq("x")` matches a
//! missing value, and `field.ne("x")` does not.

// `is_in` and `is_null` take a field, which is cheap to copy, and return a condition.
#![allow(clippy::wrong_self_convention)]

mod collections;
mod compare;
mod expression;
mod itself;
mod named;
mod nearest;
mod operand;
mod order;
mod parse;
mod part;
mod q;
mod text;
mod time;
mod written;

pub use collections::{Collection, CollectionLookups, KeyedCollection, List, ListLookups, MapLookups};
pub use compare::{Comparable, CompareLookups};
pub use expression::{Expression, Single};
pub use named::{Flag, Located, Map, NamedField, Number, Opaque, Text, TextList, Time};
pub use operand::{Lookup, Operand};
pub use order::{Order, OrderKey};
pub use part::Part;
pub use q::Q;
pub use text::TextLookups;
pub use time::TimeLookups;

use itself::Itself;

pub(crate) use parse::{field, known_values, order};
pub(crate) use q::Leaf;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
