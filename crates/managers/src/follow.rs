//! Where a bound model's relations lead.

use bedrock_orm_core::{Bound, Result};

use crate::Relation;
use crate::relation::session_of;
use crate::resources::Get;

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

/// What was fetched beforehand, or else what AWS has, bound to the session of its region.
async fn fetch<M: Sync, To: Get>(from: &Bound<M>, key: To::Key) -> Result<Bound<To>> {
    let session = session_of(from.session(), &key);
    let there = from.related().and_then(|related| related.get::<To::Key, To>(&key));
    let model = match there {
        Some(there) => there.clone(),
        None => To::fetch(&session, key).await?,
    };
    Ok(Bound::new(model, session))
}
