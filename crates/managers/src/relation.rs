//! Relations from one resource to another.

use std::fmt;

use bedrock_orm_core::Session;

use crate::resources::{Get, Key};

/// A relation from a resource to others, such as from an inference profile to its models. `prefetch_related` takes it.
pub struct Relation<M, To: Get> {
    name: &'static str,
    keys: fn(&M) -> Vec<To::Key>,
}

impl<M, To: Get> Relation<M, To> {
    /// Creates a relation from its name and a function that returns the keys of the related resources.
    pub const fn new(name: &'static str, keys: fn(&M) -> Vec<To::Key>) -> Self {
        Self { name, keys }
    }

    /// Returns the name, such as `models`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the keys of the resources that `from` refers to.
    pub fn keys(&self, from: &M) -> Vec<To::Key> {
        (self.keys)(from)
    }
}

/// Returns the session for the key: the same account, in the region that the key names.
pub(crate) fn session_of(session: &Session, key: &impl Key) -> Session {
    key.region().and_then(|region| session.in_region(region).ok()).unwrap_or_else(|| session.clone())
}

impl<M, To: Get> Clone for Relation<M, To> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, To: Get> Copy for Relation<M, To> {}

impl<M, To: Get> fmt::Debug for Relation<M, To> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Relation").field(&self.name).finish()
    }
}
