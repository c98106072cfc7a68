//! The inference profiles that AWS defines, from a data file: the models of each profile prefix, and the regions that a
//! profile routes to from each region.

use std::collections::BTreeMap;

use serde::Deserialize;

const PROFILES: &str = include_str!("../../../data/inference_profiles.json");

/// Profiles with the same prefix and the same routes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileGroup {
    pub(super) prefix: String,
    models: Vec<String>,
    /// The destination regions by the region of the call. The list is empty if the destination can be any region.
    routes: BTreeMap<String, Vec<String>>,
}

/// Reads the data file.
pub(super) fn read() -> Result<Vec<ProfileGroup>, String> {
    serde_json::from_str(PROFILES).map_err(|error| error.to_string())
}

impl ProfileGroup {
    pub(super) fn has_model(&self, model: &str) -> bool {
        self.models.iter().any(|id| id == model)
    }

    /// Returns the destination regions of a call, or `None` if the profiles do not exist in its region. A region that the data
    /// file lacks (`is_known` is `false`) has the routes of another region of its geography.
    pub(super) fn route(&self, region: &str, is_known: bool) -> Option<&[String]> {
        let exact = self.routes.get(region);
        let near = || {
            let mut routes = self.routes.iter();
            routes.find(|(known, _)| geography(known) == geography(region)).map(|(_, route)| route)
        };
        exact.or_else(|| if is_known { None } else { near() }).map(Vec::as_slice)
    }

    pub(super) fn has_region(&self, region: &str) -> bool {
        self.routes.contains_key(region)
    }
}

/// Returns the geography of a region: `us-gov` of `us-gov-west-1`.
fn geography(region: &str) -> &str {
    region.rsplitn(3, '-').nth(2).unwrap_or(region)
}
