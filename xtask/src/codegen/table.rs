//! `resources.toml`: the hand-made table beside the description.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::result::Result;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// AWS's shape name to ours.
    pub(crate) rename: BTreeMap<String, String>,
    /// An enum's wire value to our variant.
    pub(crate) variants: BTreeMap<String, String>,
    pub(crate) by_hand: ByHand,
    pub(crate) module: Vec<Module>,
    pub(crate) resource: Vec<Resource>,
    pub(crate) not_at_root: BTreeMap<String, Vec<String>>,
    /// An enum to the values that AWS sends and its description lacks.
    pub(crate) also_sent: BTreeMap<String, Vec<String>>,
    pub(crate) sdk: SdkDepartures,
    /// A type to what it is, in a sentence.
    pub(crate) docs: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByHand {
    pub(crate) operations: Vec<String>,
    pub(crate) shapes: Vec<String>,
    /// The operations that no resource of the table has, each with how it is called.
    pub(crate) reached: IndexMap<String, String>,
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

/// What managers, querysets and bound models offer for a resource.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) module: String,
    pub(crate) get: Option<String>,
    pub(crate) list: Option<String>,
    pub(crate) create: Option<String>,
    pub(crate) update: Option<String>,
    pub(crate) delete: Option<String>,
    pub(crate) stop: Option<String>,
    /// A method to its operation.
    pub(crate) verbs: IndexMap<String, String>,
    pub(crate) key: Option<Key>,
    /// A type to the fields that make its key.
    pub(crate) keys: IndexMap<String, Vec<String>>,
    /// The fields of a row that tell it from the others; the key's where nothing is said.
    pub(crate) identity: Option<String>,
    /// The field with the ARN that tags hang on.
    pub(crate) arn: Option<String>,
    /// The resource in which its list lies, and the method that gives it: `AutomatedReasoningPolicy.test_cases`.
    pub(crate) of: Option<String>,
    /// A list parameter to the condition that it applies: `providerName iexact`.
    pub(crate) push: IndexMap<String, String>,
    /// A field to AWS's name for the order by it.
    pub(crate) orders: IndexMap<String, String>,
    pub(crate) status: Option<Status>,
    /// Whether Bedrock invokes it, and the rows of its list, by the ARN that is its key.
    pub(crate) invocable: bool,
    /// Whether it is there without the control plane.
    pub(crate) always: bool,
    /// The responses, besides, that are bound to a session.
    pub(crate) also_bound: Vec<String>,
    /// A method to where it leads: `base_model_arn -> AnyModel`.
    pub(crate) relations: IndexMap<String, String>,
}

/// What one of a resource is found by.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    /// A string that stands in this field.
    Field(String),
    /// A type with parts, by the operation's parameter; `?` after one that may be left out.
    Parts {
        #[serde(rename = "type")]
        key_type: String,
        parts: IndexMap<String, String>,
        /// Whether the type is written by hand.
        #[serde(default)]
        by_hand: bool,
    },
}

/// What `wait` watches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub(crate) field: String,
    pub(crate) ready: Vec<String>,
    pub(crate) failed: Vec<String>,
    pub(crate) reasons: Option<String>,
}

impl Resource {
    /// The type of its key.
    pub(crate) fn key_type(&self) -> &str {
        match &self.key {
            Some(Key::Parts { key_type, .. }) => key_type,
            _ => "String",
        }
    }
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

pub(crate) fn read(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}
