//! Values that are read from a row.

use std::borrow::Cow;
use std::sync::Arc;

use bedrock_orm_models::{EachField, Field};

use super::{Lookup, Operand, Order, OrderKey, Q};

/// A value that is read from a row: a field, a field of each element of a list, a part of a time, a length.
///
/// The lookups are methods of this trait and of the traits for the type of the value. The prelude exports all of them.
pub trait Expression: Clone + Send + Sync + 'static {
    /// The type of the row.
    type Row: ?Sized + 'static;
    /// The type of the value.
    type Value: ?Sized + 'static;

    /// Returns the path of the value: `modelLifecycle.status`, `creationTime__year`.
    fn path(&self) -> Cow<'static, str>;

    /// Returns whether the test holds for the value, or for at least one of several values. Returns `false` if AWS
    /// omitted the value.
    fn holds(&self, row: &Self::Row, test: impl FnMut(&Self::Value) -> bool) -> bool;

    /// Matches if AWS omitted the value (`true`), or if AWS sent it (`false`).
    fn is_null(self, missing: bool) -> Q<Self::Row> {
        let path = self.path();
        let test = move |row: &Self::Row| self.holds(row, |_| true) != missing;
        Q::leaf(path, Lookup::IsNull, Operand::Flag(missing), test)
    }

    /// Matches if AWS omitted the value.
    fn is_none(self) -> Q<Self::Row> {
        self.is_null(true)
    }

    /// Matches if AWS sent the value.
    fn is_some(self) -> Q<Self::Row> {
        self.is_null(false)
    }
}

/// A value that a row has at most once, so that rows can be ordered and grouped by it.
pub trait Single: Expression<Row: Sized, Value: Sized> {
    /// Calls the closure with the value, or with `None` if AWS omitted it.
    fn with<R>(&self, row: &Self::Row, call: impl FnOnce(Option<&Self::Value>) -> R) -> R;

    /// Returns the ascending order by this value. Rows without a value come last.
    fn asc(self) -> Order<Self::Row>
    where
        Self::Value: Ord,
    {
        OrderKey::new(self, false, Ord::cmp).into()
    }

    /// Returns the descending order by this value. Rows without a value come last.
    fn desc(self) -> Order<Self::Row>
    where
        Self::Value: Ord,
    {
        OrderKey::new(self, true, Ord::cmp).into()
    }
}

impl<M: 'static, T: 'static> Expression for Field<M, T> {
    type Row = M;
    type Value = T;

    fn path(&self) -> Cow<'static, str> {
        Field::path(self).into()
    }

    fn holds(&self, row: &M, test: impl FnMut(&T) -> bool) -> bool {
        self.read(row).is_some_and(test)
    }
}

impl<M: 'static, T: 'static> Single for Field<M, T> {
    fn with<R>(&self, row: &M, call: impl FnOnce(Option<&T>) -> R) -> R {
        call(self.read(row))
    }
}

impl<M: 'static, T: 'static> Expression for EachField<M, T> {
    type Row = M;
    type Value = T;

    fn path(&self) -> Cow<'static, str> {
        EachField::path(self).into()
    }

    fn holds(&self, row: &M, test: impl FnMut(&T) -> bool) -> bool {
        self.read(row).into_iter().any(test)
    }
}

/// Creates a condition on the value.
pub(super) fn condition<E: Expression>(
    expression: E,
    lookup: Lookup,
    operand: Operand,
    test: impl Fn(&E::Value) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    Q::leaf(expression.path(), lookup, operand, move |row| expression.holds(row, &test))
}

/// Turns a condition on a value into one on the rows that have such a value.
pub(super) fn on_rows<E: Expression, V: ?Sized + 'static>(
    expression: &E,
    condition: &Q<V>,
    value: impl Fn(&E::Value) -> &V + Copy + Send + Sync + 'static,
) -> Q<E::Row> {
    condition.on_rows(&|test| {
        let expression = expression.clone();
        Arc::new(move |row: &E::Row| expression.holds(row, |actual| test(value(actual))))
    })
}
