//! Lookups on lists and maps.

use std::collections::{BTreeMap, HashMap};

use super::expression::condition;
use super::{CompareLookups as _, Expression, Lookup, Operand, Part, Q};

/// A collection of values.
pub trait Collection: 'static {
    /// Returns the number of values.
    fn length(&self) -> usize;
}

/// A sequence of values.
pub trait List: Collection {
    /// The type of the values.
    type Item: 'static;

    /// Returns the values.
    fn items(&self) -> &[Self::Item];
}

/// A collection of values with keys.
pub trait KeyedCollection: Collection {
    /// Returns whether the collection has this key.
    fn has(&self, key: &str) -> bool;
}

/// Lookups on lists and maps.
pub trait CollectionLookups: Expression<Value: Collection> {
    /// Returns the number of values, which has lookups of its own: `len().gt(1)`.
    fn len(self) -> Part<Self, usize> {
        Part::new(self, "len", Collection::length)
    }

    /// Matches an empty collection. A missing one does not match.
    fn is_empty(self) -> Q<Self::Row> {
        self.len().eq(0)
    }
}

/// Lookups on lists.
pub trait ListLookups: Expression<Value: List> {
    /// Matches a list that contains this value: a string, or a value of an AWS enum.
    fn has(self, value: impl AsRef<str>) -> Q<Self::Row>
    where
        <Self::Value as List>::Item: AsRef<str>,
    {
        let value = value.as_ref().to_owned();
        condition(self, Lookup::Has, Operand::Text(value.clone()), move |list| {
            list.items().iter().any(|item| item.as_ref() == value)
        })
    }

    /// Matches a list if the closure returns true for at least one of its values.
    fn any(
        self,
        test: impl Fn(&<Self::Value as List>::Item) -> bool + Send + Sync + 'static,
    ) -> Q<Self::Row> {
        condition(self, Lookup::Any, Operand::Closure, move |list| list.items().iter().any(&test))
    }
}

/// Lookups on maps.
pub trait MapLookups: Expression<Value: KeyedCollection> {
    /// Matches a map that has this key.
    fn has_key(self, key: impl AsRef<str>) -> Q<Self::Row> {
        let key = key.as_ref().to_owned();
        condition(self, Lookup::HasKey, Operand::Text(key.clone()), move |map| map.has(&key))
    }
}

impl<E: Expression<Value: Collection>> CollectionLookups for E {}
impl<E: Expression<Value: List>> ListLookups for E {}
impl<E: Expression<Value: KeyedCollection>> MapLookups for E {}

impl<T: 'static> Collection for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }
}

impl<T: 'static> List for Vec<T> {
    type Item = T;

    fn items(&self) -> &[T] {
        self
    }
}

macro_rules! maps {
    ($($map:ident),*) => {
        $(
            impl<T: 'static> Collection for $map<String, T> {
                fn length(&self) -> usize {
                    self.len()
                }
            }

            impl<T: 'static> KeyedCollection for $map<String, T> {
                fn has(&self, key: &str) -> bool {
                    self.contains_key(key)
                }
            }
        )*
    };
}

maps!(BTreeMap, HashMap);
