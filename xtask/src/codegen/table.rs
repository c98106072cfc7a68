//! `resources.toml`: the table that is written by hand, beside the description.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::result::Result;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Our names of AWS's shapes.
    pub(crate) rename: BTreeMap<String, String>,
    /// Our variants for enums' wire values.
    pub(crate) variants: BTreeMap<String, String>,
    pub(crate) by_hand: ByHand,
    pub(crate) module: Vec<Module>,
    pub(crate) resource: Vec<Resource>,
    pub(crate) not_at_root: BTreeMap<String, Vec<String>>,
    /// For an enum, the values that AWS sends although its description lacks them.
    pub(crate) also_sent: BTreeMap<String, Vec<String>>,
    pub(crate) sdk: SdkDepartures,
    /// The documentation of types, and of operations that are methods of one resource.
    pub(crate) docs: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByHand {
    pub(crate) operations: Vec<String>,
    pub(crate) shapes: Vec<String>,
    /// The operations that no resource of the table has, each with the call of its method.
    pub(crate) calls: IndexMap<String, String>,
}

/// Members, as `service/Shape.member`, for which the SDK differs from the description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SdkDepartures {
    /// Optional members that it stores without `Option`, with a default.
    pub(crate) defaults: Vec<String>,
    /// Required members that it stores as `Option`.
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

/// A resource: what managers, querysets and bound models offer for it. The table documents the fields.
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
    /// The operations of further methods.
    pub(crate) methods: IndexMap<String, String>,
    pub(crate) key: Option<Key>,
    /// For a type, the fields that make its key.
    pub(crate) keys: IndexMap<String, Vec<String>>,
    /// The fields that distinguish a row from the others; the key's by default.
    pub(crate) identity: Option<String>,
    /// The field with the ARN for tags.
    pub(crate) arn: Option<String>,
    /// The resource that contains its list, and the method that returns it: `AutomatedReasoningPolicy.test_cases`.
    pub(crate) of: Option<String>,
    /// For a list parameter, the condition that it applies: `providerName iexact`.
    pub(crate) push: IndexMap<String, String>,
    /// For a field, AWS's name in `sortBy`.
    pub(crate) orders: IndexMap<String, String>,
    pub(crate) status: Option<Status>,
    /// Whether Bedrock invokes it, and the rows of its list, by the ARN that is its key.
    pub(crate) invocable: bool,
    /// Whether its type can be bound without the control plane.
    pub(crate) always: bool,
    /// Further responses that are bound to a session.
    pub(crate) also_bound: Vec<String>,
    /// For a method, the relation that it follows: `base_model_arn -> AnyModel`.
    pub(crate) relations: IndexMap<String, String>,
}

/// The key that `get` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    /// A string, which this field has.
    Field(String),
    /// A type with parts, by the operation's parameter, with `?` after an optional one.
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
    /// The length of its longest pattern that matches the shape. The module with the longest match gets the shape.
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
