//! Lookups on lists and maps.

use std::collections::{BTreeMap, HashMap};

use super::expression::condition;
use super::{CompareLookups as _, Expression, Lookup, Operand, Part, Q};

/// What holds several things.
pub trait Collection: 'static {
    /// How many.
    fn length(&self) -> usize;
}

/// What holds several things in a row.
pub trait List: Collection {
    /// One of them.
    type Item: 'static;

    /// They.
    fn items(&self) -> &[Self::Item];
}

/// What holds things by keys.
pub trait KeyedCollection: Collection {
    /// Whether there is one of that key.
    fn has(&self, key: &str) -> bool;
}

/// Lookups on lists and maps.
pub trait CollectionLookups: Expression<Value: Collection> {
    /// How many are in it.
    fn len(self) -> Part<Self, usize> {
        Part::new(self, "len", Collection::length)
    }

    /// It is there, and nothing is in it.
    fn is_empty(self) -> Q<Self::Row> {
        self.len().eq(0)
    }
}

/// Lookups on lists.
pub trait ListLookups: Expression<Value: List> {
    /// That is in it: a string, or one of AWS's names.
    fn has(self, value: impl AsRef<str>) -> Q<Self::Row>
    where
        <Self::Value as List>::Item: AsRef<str>,
    {
        let value = value.as_ref().to_owned();
        condition(self, Lookup::Has, Operand::Text(value.clone()), move |list| {
            list.items().iter().any(|item| item.as_ref() == value)
        })
    }

    /// The closure holds for one of it.
    fn any(
        self,
        test: impl Fn(&<Self::Value as List>::Item) -> bool + Send + Sync + 'static,
    ) -> Q<Self::Row> {
        condition(self, Lookup::Any, Operand::Closure, move |list| list.items().iter().any(&test))
    }
}

/// Lookups on maps.
pub trait MapLookups: Expression<Value: KeyedCollection> {
    /// It has that key.
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
