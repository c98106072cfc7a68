//! `nouns.toml`: the hand-made table beside the description.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Result;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nouns {
    /// AWS's shape name to ours.
    pub(crate) rename: BTreeMap<String, String>,
    /// An enum's wire value to our variant.
    pub(crate) variants: BTreeMap<String, String>,
    pub(crate) by_hand: ByHand,
    pub(crate) module: Vec<Module>,
    pub(crate) not_at_root: BTreeMap<String, Vec<String>>,
    pub(crate) sdk: SdkDepartures,
    /// A type to what it is, in a sentence.
    pub(crate) docs: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByHand {
    pub(crate) operations: Vec<String>,
    pub(crate) shapes: Vec<String>,
}

/// Members, as `service/Shape.member`, that the SDK treats otherwise than the description says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SdkDepartures {
    /// Optional ones that it keeps bare, filled with a default.
    pub(crate) defaults: Vec<String>,
    /// Required ones that it keeps optional.
    pub(crate) optional: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) operations: Vec<String>,
    #[serde(default)]
    pub(crate) shapes: Vec<String>,
}

impl Module {
    /// How well it claims the shape: the length of the longest pattern that fits.
    pub(crate) fn claim(&self, service: &str, shape: &str) -> Option<usize> {
        if self.service != service {
            return None;
        }
        self.shapes
            .iter()
            .filter(|pattern| match pattern.strip_suffix('*') {
                Some(start) => shape.starts_with(start),
                None => shape == *pattern,
            })
            .map(String::len)
            .max()
    }
}

pub(crate) fn read(path: &Path) -> Result<Nouns> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}
