//! Prefetches the resources that rows refer to.

use std::collections::HashMap;
use std::sync::Arc;

use bedrock_orm_core::{Bound, Related, Result, Session};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::concurrency::ConcurrencyLimit;
use crate::relation::session_of;
use crate::resources::Get;
use crate::{Page, Relation};

/// Fetches the resources of one relation, each once per execution of a query.
pub(crate) trait Prefetcher<M>: Send {
    /// Adds the resources that those rows refer to which belong to the session.
    fn load<'a>(
        &'a mut self,
        session: &'a Session,
        rows: &'a [Bound<M>],
        related: Related,
    ) -> BoxFuture<'a, Result<Related>>;
}

/// A relation of a query, to any resource.
pub(crate) trait Relates<M>: Send + Sync {
    fn name(&self) -> &'static str;

    /// Returns a fetcher of the resources, with this many concurrent calls.
    fn prefetcher(&self, concurrency: usize) -> Result<Box<dyn Prefetcher<M>>>;
}

impl<M: Send + Sync + 'static, To: Get> Relates<M> for Relation<M, To> {
    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn prefetcher(&self, concurrency: usize) -> Result<Box<dyn Prefetcher<M>>> {
        let limit = ConcurrencyLimit::new(concurrency)?;
        Ok(Box::new(Fetched { relation: *self, limit, sessions: Vec::new() }))
    }
}

/// The resources that were fetched so far. `None` if a resource does not exist.
type Known<To> = HashMap<<To as Get>::Key, Option<To>>;

/// The resources that were fetched so far in each session.
struct Fetched<M, To: Get> {
    relation: Relation<M, To>,
    limit: ConcurrencyLimit,
    sessions: Vec<(Session, Known<To>)>,
}

impl<M: Send + Sync + 'static, To: Get> Prefetcher<M> for Fetched<M, To> {
    fn load<'a>(
        &'a mut self,
        session: &'a Session,
        rows: &'a [Bound<M>],
        related: Related,
    ) -> BoxFuture<'a, Result<Related>> {
        async move {
            let place = self.sessions.iter().position(|(known, _)| known == session).unwrap_or_else(|| {
                self.sessions.push((session.clone(), HashMap::new()));
                self.sessions.len() - 1
            });
            let known = &mut self.sessions[place].1;
            let rows = rows.iter().filter(|row| row.session() == session);
            let keys: Vec<To::Key> = rows.flat_map(|row| self.relation.keys(row)).collect();
            let missing: Vec<To::Key> = keys.iter().filter(|key| !known.contains_key(key)).cloned().collect();
            let of_key = |key: &To::Key| session_of(session, key);
            known.extend(self.limit.get_all(of_key, missing).await?);
            let resources = keys.into_iter().filter_map(|key| {
                let resource = known.get(&key)?.clone()?;
                Some((key, resource))
            });
            Ok(related.with(resources.collect::<HashMap<To::Key, To>>()))
        }
        .boxed()
    }
}

/// Attaches the related resources to the rows of the page.
pub(crate) async fn prefetch<M: Send + Sync>(
    relations: &mut [Box<dyn Prefetcher<M>>],
    page: Page<Bound<M>>,
) -> Result<Page<Bound<M>>> {
    if relations.is_empty() || page.items.is_empty() {
        return Ok(page);
    }
    let mut sessions: Vec<(Session, Arc<Related>)> = Vec::new();
    for row in &page.items {
        let session = row.session();
        if sessions.iter().any(|(known, _)| known == session) {
            continue;
        }
        let mut related = Related::default();
        for relation in relations.iter_mut() {
            related = relation.load(session, &page.items, related).await?;
        }
        sessions.push((session.clone(), Arc::new(related)));
    }
    let mut rows = Vec::with_capacity(page.items.len());
    for row in page.items {
        let related = sessions.iter().find(|(session, _)| session == row.session());
        rows.push(match related {
            Some((_, related)) => row.with_related(related.clone()),
            None => row,
        });
    }
    Ok(Page { items: rows, next_token: page.next_token })
}
