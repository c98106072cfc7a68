//! How one noun leads to another.

use std::fmt;

use bedrock_orm_core::Session;

use crate::resources::{Get, Key};

/// A way from a thing to others: from an inference profile to its models. It is what `prefetch_related` takes.
pub struct Relation<M, To: Get> {
    name: &'static str,
    keys: fn(&M) -> Vec<To::Key>,
}

impl<M, To: Get> Relation<M, To> {
    /// A relation of that name, with the keys that a thing leads to.
    pub const fn new(name: &'static str, keys: fn(&M) -> Vec<To::Key>) -> Self {
        Self { name, keys }
    }

    /// What it is called: `models`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The keys of what that thing leads to.
    pub fn keys(&self, from: &M) -> Vec<To::Key> {
        (self.keys)(from)
    }
}

/// The session that has what that key leads to: the same account, in the region that the key names.
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
