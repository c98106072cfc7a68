//! Things that are read from a row.

use std::borrow::Cow;

use bedrock_orm_models::{EachField, Field};

use super::{Lookup, Operand, Order, OrderKey, Q};

/// A thing that is read from a row: a field, a field of each thing in a list, a part of a time, a length.
///
/// The lookups on it are methods of this trait and of the traits for its kind of value, all of them in the prelude.
pub trait Expression: Clone + Send + Sync + 'static {
    /// The row.
    type Row: 'static;
    /// What is read.
    type Value: 'static;

    /// Where it stands: `modelLifecycle.status`, `creationTime__year`.
    fn path(&self) -> Cow<'static, str>;

    /// Whether the test holds for what is read, or for any of it where it is several; false where it is missing.
    fn holds(&self, row: &Self::Row, test: impl FnMut(&Self::Value) -> bool) -> bool;

    /// Whether AWS left it out (`true`) or not (`false`).
    fn is_null(self, missing: bool) -> Q<Self::Row> {
        let path = self.path();
        let test = move |row: &Self::Row| self.holds(row, |_| true) != missing;
        Q::leaf(path, Lookup::IsNull, Operand::Flag(missing), test)
    }

    /// AWS left it out.
    fn is_none(self) -> Q<Self::Row> {
        self.is_null(true)
    }

    /// It is there.
    fn is_some(self) -> Q<Self::Row> {
        self.is_null(false)
    }
}

/// What is read once from a row, and so can be ordered and grouped by.
pub trait Single: Expression {
    /// Calls with its value.
    fn with<R>(&self, row: &Self::Row, call: impl FnOnce(Option<&Self::Value>) -> R) -> R;

    /// Rising; rows without a value come last.
    fn asc(self) -> Order<Self::Row>
    where
        Self::Value: Ord,
    {
        OrderKey::new(self, false, Ord::cmp).into()
    }

    /// Falling; rows without a value come last.
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

/// A condition on that thing.
pub(super) fn condition<E: Expression>(
    expression: E,
    lookup: Lookup,
    operand: Operand,
    test: impl Fn(&E::Value) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    Q::leaf(expression.path(), lookup, operand, move |row| expression.holds(row, &test))
}
