//! Things that rows lead to, fetched beforehand.

use std::collections::HashMap;
use std::sync::Arc;

use bedrock_orm_core::{Bound, Related, Result, Session};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::pace::Pace;
use crate::relation::session_of;
use crate::resources::Get;
use crate::{Page, Relation};

/// What fetches the things of one relation, for one walk through a query: each of them once.
pub(crate) trait Prefetcher<M>: Send {
    /// Adds what those rows, which came through that session, lead to.
    fn load<'a>(
        &'a mut self,
        session: &'a Session,
        rows: Vec<&'a Bound<M>>,
        related: Related,
    ) -> BoxFuture<'a, Result<Related>>;
}

/// A relation of a query, whatever noun it leads to.
pub(crate) trait Relates<M>: Send + Sync {
    fn name(&self) -> &'static str;

    /// What fetches them, so many at once.
    fn prefetcher(&self, at_once: usize) -> Result<Box<dyn Prefetcher<M>>>;
}

impl<M: Send + Sync + 'static, To: Get> Relates<M> for Relation<M, To> {
    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn prefetcher(&self, at_once: usize) -> Result<Box<dyn Prefetcher<M>>> {
        Ok(Box::new(Fetched { relation: *self, pace: Pace::new(at_once)?, sessions: Vec::new() }))
    }
}

/// What was fetched so far; none where AWS has no such thing.
type Known<To> = HashMap<<To as Get>::Key, Option<To>>;

/// What was fetched so far in each session.
struct Fetched<M, To: Get> {
    relation: Relation<M, To>,
    pace: Pace,
    sessions: Vec<(Session, Known<To>)>,
}

impl<M: Send + Sync + 'static, To: Get> Prefetcher<M> for Fetched<M, To> {
    fn load<'a>(
        &'a mut self,
        session: &'a Session,
        rows: Vec<&'a Bound<M>>,
        related: Related,
    ) -> BoxFuture<'a, Result<Related>> {
        async move {
            let place = self.sessions.iter().position(|(known, _)| known == session).unwrap_or_else(|| {
                self.sessions.push((session.clone(), HashMap::new()));
                self.sessions.len() - 1
            });
            let known = &mut self.sessions[place].1;
            let keys: Vec<To::Key> = rows.iter().flat_map(|row| self.relation.keys(row)).collect();
            let missing: Vec<To::Key> = keys.iter().filter(|key| !known.contains_key(key)).cloned().collect();
            let of_key = |key: &To::Key| session_of(session, key);
            known.extend(self.pace.fetch(of_key, missing).await?);
            let things = keys.into_iter().filter_map(|key| {
                let thing = known.get(&key)?.clone()?;
                Some((key, thing))
            });
            Ok(related.with(things.collect::<HashMap<To::Key, To>>()))
        }
        .boxed()
    }
}

/// The page, its rows with what they lead to.
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
            let rows = page.items.iter().filter(|row| row.session() == session).collect();
            related = relation.load(session, rows, related).await?;
        }
        sessions.push((session.clone(), Arc::new(related)));
    }
    Ok(page.map(|row| match sessions.iter().find(|(session, _)| session == row.session()) {
        Some((_, related)) => row.with_related(related.clone()),
        None => row,
    }))
}
