//! What changes while the server runs, by region.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::local::Local;
use crate::model::cache::PromptCache;
use crate::nouns;
use crate::store::Store;
use crate::store::context::Context;

#[derive(Debug, Default)]
pub(crate) struct State {
    stores: Mutex<BTreeMap<String, Store>>,
    prompt_caches: Mutex<BTreeMap<String, PromptCache>>,
}

impl State {
    /// Works on a region's things while no one else does, once all has happened that is due.
    pub(crate) fn with<R>(&self, local: &Local, region: &str, work: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let now = in_microseconds(local.clock.now());
        let due = stores.iter().filter(|(_, store)| store.agenda.is_due(now));
        let due: Vec<_> = due.map(|(region, _)| region.clone()).collect();
        for region in due {
            visit(local, &mut stores, &region, now, |cx| cx.settle());
        }
        visit(local, &mut stores, region, now, work)
    }

    /// Works on what every known region has, one after the other.
    pub(crate) fn everywhere(&self, local: &Local, mut work: impl FnMut(&mut Context<'_>)) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let now = in_microseconds(local.clock.now());
        for region in stores.keys().cloned().collect::<Vec<_>>() {
            visit(local, &mut stores, &region, now, &mut work);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.prompt_caches.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn with_prompt_cache<R>(&self, region: &str, work: impl FnOnce(&mut PromptCache) -> R) -> R {
        let mut caches = self.prompt_caches.lock().unwrap_or_else(PoisonError::into_inner);
        work(caches.entry(region.to_owned()).or_default())
    }
}

/// Works on one of the stores, which is made if it is not there yet.
fn visit<R>(
    local: &Local,
    stores: &mut BTreeMap<String, Store>,
    region: &str,
    now: Timestamp,
    work: impl FnOnce(&mut Context<'_>) -> R,
) -> R {
    let known = stores.remove(region);
    let is_new = known.is_none();
    let mut store = known.unwrap_or_default();
    let mut cx = Context { local, region, now, store: &mut store, elsewhere: stores };
    if is_new {
        nouns::furnish(&mut cx);
    }
    let result = work(&mut cx);
    stores.insert(region.to_owned(), store);
    result
}

/// As fine as AWS tells time, so that clients can tell it back.
fn in_microseconds(moment: Timestamp) -> Timestamp {
    let round = TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
    moment.round(round).unwrap_or(moment)
}
