//! AWS's API description, as far as the generator uses it.

use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::result::Result;

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Service {
    Bedrock,
    BedrockRuntime,
}

impl Service {
    pub(crate) const ALL: [Self; 2] = [Self::Bedrock, Self::BedrockRuntime];

    /// Its name in the description and in AWS's documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bedrock => "bedrock",
            Self::BedrockRuntime => "bedrock-runtime",
        }
    }

    /// The crate of its SDK, as a Rust name.
    pub(crate) fn sdk(self) -> &'static str {
        match self {
            Self::Bedrock => "aws_sdk_bedrock",
            Self::BedrockRuntime => "aws_sdk_bedrockruntime",
        }
    }

    /// The feature and module of `models` with the conversions.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Self::Bedrock => "sdk-bedrock",
            Self::BedrockRuntime => "sdk-bedrockruntime",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub(crate) operations: IndexMap<String, Operation>,
    pub(crate) shapes: IndexMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: Option<Reference>,
    pub(crate) output: Option<Reference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) shape: String,
    pub(crate) location: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) members: IndexMap<String, Reference>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    pub(crate) member: Option<Reference>,
    pub(crate) value: Option<Reference>,
    #[serde(rename = "enum")]
    pub(crate) values: Option<Vec<String>>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) pattern: Option<String>,
    #[serde(default)]
    pub(crate) union: bool,
    #[serde(default)]
    pub(crate) document: bool,
    #[serde(default)]
    pub(crate) eventstream: bool,
    #[serde(default)]
    pub(crate) exception: bool,
}

impl Shape {
    /// The shapes of its members, items or values.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.members.values().chain(&self.member).chain(&self.value).map(|part| part.shape.as_str())
    }

    /// Whether it becomes its own Rust type.
    pub(crate) fn is_type(&self) -> bool {
        self.values.is_some() || (self.kind == "structure" && !self.document && !self.exception)
    }
}

/// The folder of the descriptions.
const FOLDER: &str = "crates/api";

/// Reads both descriptions.
pub(crate) fn read(root: &Path) -> Result<Vec<(Service, Description)>> {
    Service::ALL
        .into_iter()
        .map(|service| {
            let path = root.join(FOLDER).join(format!("{}.json", service.name()));
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok((service, serde_json::from_str(&text)?))
        })
        .collect()
}
