//! Follows the relations of a bound model.

use bedrock_orm_core::{Bound, Related, Result, Session};
use futures_core::future::BoxFuture;

use crate::Relation;
use crate::relation::session_of;
use crate::resources::Get;

/// Follows the relation to its first resource; `None` if there is no key.
pub(crate) fn one<M, To: Get>(
    from: &Bound<M>,
    relation: Relation<M, To>,
) -> BoxFuture<'static, Result<Option<Bound<To>>>> {
    let key = relation.keys(from).into_iter().next();
    let (session, related) = (from.session().clone(), from.related().cloned());
    Box::pin(async move {
        match key {
            Some(key) => follow(&session, related.as_deref(), key).await.map(Some),
            None => Ok(None),
        }
    })
}

/// Follows the relation to all resources, one call after the other.
pub(crate) fn many<M, To: Get>(
    from: &Bound<M>,
    relation: Relation<M, To>,
) -> BoxFuture<'static, Result<Vec<Bound<To>>>> {
    let keys = relation.keys(from);
    let (session, related) = (from.session().clone(), from.related().cloned());
    Box::pin(async move {
        let mut found = Vec::new();
        for key in keys {
            found.push(follow(&session, related.as_deref(), key).await?);
        }
        Ok(found)
    })
}

/// Returns the prefetched resource, or gets it from AWS, bound to the session of its region.
async fn follow<To: Get>(session: &Session, related: Option<&Related>, key: To::Key) -> Result<Bound<To>> {
    let session = session_of(session, &key);
    let model = match related.and_then(|related| related.get::<To::Key, To>(&key)) {
        Some(prefetched) => prefetched.clone(),
        None => To::get(&session, key).await?,
    };
    Ok(Bound::new(model, session))
}
