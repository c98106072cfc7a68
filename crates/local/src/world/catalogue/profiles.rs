//! The inference profiles that AWS defines, from a data file: which models each geography has, and where a profile
//! leads from each region.

use std::collections::BTreeMap;

use serde::Deserialize;

const PROFILES: &str = include_str!("../../../data/inference_profiles.json");

/// Profiles of one prefix that lead the same way.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileGroup {
    pub(super) prefix: String,
    models: Vec<String>,
    /// From the region that is called to those that answer; to none in particular where that may be any.
    routes: BTreeMap<String, Vec<String>>,
}

pub(super) fn read() -> Result<Vec<ProfileGroup>, String> {
    serde_json::from_str(PROFILES).map_err(|error| error.to_string())
}

impl ProfileGroup {
    pub(super) fn leads_to(&self, model: &str) -> bool {
        self.models.iter().any(|id| id == model)
    }

    /// The regions that answer a call of this one; `None` where the profiles do not exist. A region of which nothing is
    /// known has what another one of its geography has.
    pub(super) fn route(&self, region: &str, is_known: bool) -> Option<&[String]> {
        let exact = self.routes.get(region);
        let near = || {
            let mut routes = self.routes.iter();
            routes.find(|(known, _)| geography(known) == geography(region)).map(|(_, route)| route)
        };
        exact.or_else(|| if is_known { None } else { near() }).map(Vec::as_slice)
    }

    pub(super) fn knows(&self, region: &str) -> bool {
        self.routes.contains_key(region)
    }
}

/// `us-gov` of `us-gov-west-1`.
fn geography(region: &str) -> &str {
    region.rsplitn(3, '-').nth(2).unwrap_or(region)
}
