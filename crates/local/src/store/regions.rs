//! The resources of each region, behind one lock.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::store::collections::Store;
use crate::store::context::Context;
use crate::store::resource::Resource;
use crate::world::World;

pub(crate) struct Regions {
    stores: Mutex<BTreeMap<String, Store>>,
    resources: &'static [&'static Resource],
    /// Creates the resources that a new region has from the start.
    create_built_ins: fn(&mut Context<'_>),
}

impl Regions {
    pub(crate) fn new(
        resources: &'static [&'static Resource],
        create_built_ins: fn(&mut Context<'_>),
    ) -> Self {
        Self { stores: Mutex::default(), resources, create_built_ins }
    }

    /// Performs all due steps in all regions, then runs `work` on one region, in one lock.
    pub(crate) fn with<R>(&self, world: &World, region: &str, work: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let now = in_microseconds(world.clock.now());
        let due = stores.iter().filter(|(_, store)| store.schedule.is_due(now));
        let due: Vec<_> = due.map(|(region, _)| region.clone()).collect();
        for region in due {
            self.visit(world, &mut stores, &region, now, |cx| cx.perform_due_steps());
        }
        self.visit(world, &mut stores, region, now, work)
    }

    /// Runs `work` on every region that was used so far.
    pub(crate) fn with_each(&self, world: &World, mut work: impl FnMut(&mut Context<'_>)) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let now = in_microseconds(world.clock.now());
        for region in stores.keys().cloned().collect::<Vec<_>>() {
            self.visit(world, &mut stores, &region, now, &mut work);
        }
    }

    /// Removes all resources.
    pub(crate) fn clear(&self) {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn visit<R>(
        &self,
        world: &World,
        stores: &mut BTreeMap<String, Store>,
        region: &str,
        now: Timestamp,
        work: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        let known = stores.remove(region);
        let is_new = known.is_none();
        let mut store = known.unwrap_or_default();
        let mut cx = Context {
            world,
            resources: self.resources,
            region,
            now,
            store: &mut store,
            other_regions: stores,
        };
        if is_new {
            (self.create_built_ins)(&mut cx);
        }
        let result = work(&mut cx);
        stores.insert(region.to_owned(), store);
        result
    }
}

impl fmt::Debug for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regions").field("stores", &self.stores).finish_non_exhaustive()
    }
}

/// AWS's timestamps have microseconds at most. Clients compare them for equality.
fn in_microseconds(time: Timestamp) -> Timestamp {
    let round = TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
    time.round(round).unwrap_or(time)
}
