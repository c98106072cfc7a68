//! Parts of a value: the year of a time, the length of a list.

use std::borrow::Cow;
use std::fmt;

use super::{Expression, Single};

/// A part of a value: the year of a time, the length of a list.
pub struct Part<E: Expression, V> {
    whole: E,
    name: &'static str,
    read: fn(&E::Value) -> V,
}

impl<E: Expression, V> Part<E, V> {
    pub(super) const fn new(whole: E, name: &'static str, read: fn(&E::Value) -> V) -> Self {
        Self { whole, name, read }
    }
}

impl<E: Expression, V: 'static> Expression for Part<E, V> {
    type Row = E::Row;
    type Value = V;

    fn path(&self) -> Cow<'static, str> {
        format!("{}__{}", self.whole.path(), self.name).into()
    }

    fn holds(&self, row: &E::Row, mut test: impl FnMut(&V) -> bool) -> bool {
        self.whole.holds(row, |whole| test(&(self.read)(whole)))
    }
}

impl<E: Single, V: 'static> Single for Part<E, V> {
    fn with<R>(&self, row: &E::Row, call: impl FnOnce(Option<&V>) -> R) -> R {
        self.whole.with(row, |whole| call(whole.map(self.read).as_ref()))
    }
}

impl<E: Expression, V> Clone for Part<E, V> {
    fn clone(&self) -> Self {
        Self { whole: self.whole.clone(), name: self.name, read: self.read }
    }
}

impl<E: Expression, V: 'static> fmt::Debug for Part<E, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Part").field(&self.path()).finish()
    }
}
