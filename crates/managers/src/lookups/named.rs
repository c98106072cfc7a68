//! Fields by name, for lookups that are written as strings.

use std::cmp::Ordering;

use bedrock_orm_models::{EachField, Field, TextValue};
use jiff::Timestamp;

use super::expression::on_rows;
use super::written;
use super::{
    Collection, CollectionLookups as _, Comparable, Expression, Itself, KeyedCollection, List,
    ListLookups as _, MapLookups as _, Order, OrderKey, Q,
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
pub trait Located: Expression<Row: Sized, Value: Sized> {
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
        let condition = written::text(self.path(), lookup, operand)?;
        Ok(on_rows(&self.0, &condition, AsRef::as_ref))
    }

    fn known_values(&self) -> &'static [&'static str] {
        F::Value::KNOWN
    }

    fn order(&self, descending: bool) -> Option<Order<F::Row>> {
        self.0.key(descending, Ord::cmp)
    }
}

macro_rules! compared {
    ($($kind:ident),*) => {
        $(impl<F: Located<Value: Comparable>> NamedField<F::Row> for $kind<F> {
            fn path(&self) -> &'static str {
                self.0.wire_path()
            }

            fn condition(&self, lookup: &[&str], operand: &str) -> Result<Q<F::Row>, String> {
                let condition = written::compared(Itself::new(self.path().into()), lookup, operand)?;
                Ok(on_rows(&self.0, &condition, |value| value))
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
        let condition = written::time(self.path(), lookup, operand)?;
        Ok(on_rows(&self.0, &condition, |time| time))
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
            ["len", rest @ ..] => length(field, rest, operand),
            other => Ok(field.is_null(written::is_missing(other, operand, written::TEXT_LIST)?)),
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
            ["len", rest @ ..] => length(field, rest, operand),
            other => Ok(field.is_null(written::is_missing(other, operand, written::MAP)?)),
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
        Ok(self.0.clone().is_null(written::is_missing(lookup, operand, written::OPAQUE)?))
    }

    fn order(&self, _: bool) -> Option<Order<F::Row>> {
        None
    }
}

/// Creates a condition on the number of values.
fn length<E: Expression<Value: Collection>>(
    collection: E,
    lookup: &[&str],
    operand: &str,
) -> Result<Q<E::Row>, String> {
    let length = collection.len();
    let condition = written::length(length.path(), lookup, operand)?;
    Ok(on_rows(&length, &condition, |length| length))
}
