//! How one noun leads to another.

use std::fmt;

use bedrock_orm_core::{Bound, Result};

use crate::resources::Get;

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

/// The one thing that it leads to, where it leads to any.
pub(crate) async fn one<M: Sync, To: Get>(
    from: &Bound<M>,
    relation: Relation<M, To>,
) -> Result<Option<Bound<To>>> {
    match relation.keys(from).into_iter().next() {
        Some(key) => fetch(from, key).await.map(Some),
        None => Ok(None),
    }
}

/// All that it leads to, one after the other.
pub(crate) async fn many<M: Sync, To: Get>(
    from: &Bound<M>,
    relation: Relation<M, To>,
) -> Result<Vec<Bound<To>>> {
    let mut found = Vec::new();
    for key in relation.keys(from) {
        found.push(fetch(from, key).await?);
    }
    Ok(found)
}

/// What was fetched beforehand, or else what AWS has.
async fn fetch<M: Sync, To: Get>(from: &Bound<M>, key: To::Key) -> Result<Bound<To>> {
    let there = from.related().and_then(|related| related.get::<To::Key, To>(&key));
    let model = match there {
        Some(there) => there.clone(),
        None => To::fetch(from.session(), key).await?,
    };
    Ok(from.bind(model))
}
