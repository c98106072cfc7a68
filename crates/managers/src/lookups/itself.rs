//! A value by itself.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::Expression;

/// A value by itself, not in a row. Its lookups are conditions on the value.
pub(super) struct Itself<V: ?Sized> {
    path: Cow<'static, str>,
    value: PhantomData<fn(&V)>,
}

impl<V: ?Sized> Itself<V> {
    /// Creates the value that rows have at this path.
    pub(super) const fn new(path: Cow<'static, str>) -> Self {
        Self { path, value: PhantomData }
    }
}

impl<V: ?Sized + 'static> Expression for Itself<V> {
    type Row = V;
    type Value = V;

    fn path(&self) -> Cow<'static, str> {
        self.path.clone()
    }

    fn holds(&self, value: &V, mut test: impl FnMut(&V) -> bool) -> bool {
        test(value)
    }
}

impl<V: ?Sized> Clone for Itself<V> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), value: PhantomData }
    }
}
