//! What was created, by region.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::cache::PromptCache;
use crate::operations::async_invokes::AsyncInvokes;
use crate::operations::guardrails::Guardrails;
use crate::operations::tags::Tags;

#[derive(Debug, Default)]
pub(crate) struct State {
    regions: Mutex<BTreeMap<String, Region>>,
}

#[derive(Debug, Default)]
pub(crate) struct Region {
    pub(crate) guardrails: Guardrails,
    pub(crate) async_invokes: AsyncInvokes,
    pub(crate) tags: Tags,
    pub(crate) prompt_cache: PromptCache,
}

impl State {
    /// Works on a region's resources while no one else does.
    pub(crate) fn with<R>(&self, region: &str, work: impl FnOnce(&mut Region) -> R) -> R {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        work(regions.entry(region.to_owned()).or_default())
    }
}
