//! AWS's API description of both services: operations, shapes, constraints and HTTP bindings.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, OnceLock};

use bedrock_orm_api::{BEDROCK, BEDROCK_RUNTIME};
use fancy_regex::Regex;
use indexmap::IndexMap;
use serde::de::{Deserializer, MapAccess, Visitor};

static SERVICES: LazyLock<Result<Services, String>> = LazyLock::new(|| {
    let read = |text| serde_json::from_str::<Service>(text).map_err(|error| error.to_string());
    Ok(Services([read(BEDROCK)?, read(BEDROCK_RUNTIME)?]))
});

/// Both services, control plane first.
#[derive(Debug)]
pub(crate) struct Services([Service; 2]);

impl Services {
    /// Returns the description, which is parsed on first use.
    pub(crate) fn load() -> std::io::Result<&'static Self> {
        SERVICES.as_ref().map_err(|error| std::io::Error::other(error.as_str()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Service> {
        self.0.iter()
    }

    /// Returns the HTTP status of an error, or `None` if neither service describes the error.
    pub(crate) fn error_status(&self, code: &str) -> Option<u16> {
        let error = self.iter().find_map(|service| service.shapes.get(code)?.error.as_ref());
        error.map(|error| error.http_status_code)
    }
}

/// One service.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Service {
    pub(crate) operations: HashMap<String, Operation>,
    pub(crate) shapes: IndexMap<String, Shape>,
}

impl Service {
    pub(crate) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// Returns the shape that a part of another shape, or of an operation, of this service has.
    pub(crate) fn shape_of(&self, name: &ShapeName) -> Option<&Shape> {
        let index = *name.index.get_or_init(|| self.shapes.get_index_of(&name.name));
        self.shapes.get_index(index?).map(|(_, shape)| shape)
    }

    /// Returns whether the payload of a structure is an event stream.
    fn is_streamed(&self, structure: Option<&ShapeRef>) -> bool {
        let structure = structure.and_then(|structure| self.shape(&structure.shape));
        let payload = structure.and_then(|structure| structure.member(structure.payload.as_deref()?));
        payload.and_then(|payload| self.shape(&payload.shape)).is_some_and(|payload| payload.eventstream)
    }
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) http: Http,
    pub(crate) input: Option<ShapeRef>,
    pub(crate) output: Option<ShapeRef>,
    #[serde(default)]
    pub(crate) errors: Vec<ShapeRef>,
}

impl Operation {
    /// Returns whether the request is an event stream.
    pub(crate) fn has_streaming_input(&self, service: &Service) -> bool {
        service.is_streamed(self.input.as_ref())
    }

    /// Returns whether the response is an event stream.
    pub(crate) fn has_streaming_output(&self, service: &Service) -> bool {
        service.is_streamed(self.output.as_ref())
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) request_uri: String,
    pub(crate) response_code: u16,
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct ShapeRef {
    pub(crate) shape: ShapeName,
}

/// The name of a shape, which is looked up on first use.
#[derive(Debug, serde::Deserialize)]
#[serde(from = "String")]
pub(crate) struct ShapeName {
    name: String,
    index: OnceLock<Option<usize>>,
}

impl From<String> for ShapeName {
    fn from(name: String) -> Self {
        Self { name, index: OnceLock::new() }
    }
}

impl Deref for ShapeName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Blob,
    Timestamp,
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default, deserialize_with = "in_order")]
    pub(crate) members: Vec<(String, Member)>,
    pub(crate) member: Option<ShapeRef>,
    pub(crate) key: Option<ShapeRef>,
    pub(crate) value: Option<ShapeRef>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) pattern: Option<Pattern>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) union: bool,
    #[serde(default)]
    pub(crate) document: bool,
    #[serde(default)]
    pub(crate) eventstream: bool,
    #[serde(default)]
    pub(crate) sensitive: bool,
    pub(crate) payload: Option<String>,
    error: Option<ErrorTrait>,
}

impl Shape {
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, member)| member)
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub(crate) shape: ShapeName,
    pub(crate) location: Option<Location>,
    pub(crate) location_name: Option<String>,
}

/// The place of a member outside the body.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Location {
    Uri,
    Querystring,
    Header,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorTrait {
    http_status_code: u16,
}

/// A pattern, compiled on first use. It has to match the whole value.
#[derive(Debug, serde::Deserialize)]
#[serde(from = "String")]
pub(crate) struct Pattern {
    pub(crate) source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Pattern {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl Pattern {
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&format!("^(?:{})$", self.source)).ok()).as_ref()
    }

    /// Returns whether a value matches. If the regex engine gives up, the answer is `true`: it is worse to refuse what AWS
    /// accepts than to accept what AWS refuses.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        self.regex().is_none_or(|regex| regex.is_match(value).unwrap_or(true))
    }
}

/// Reads members in the order of the description. AWS's messages have the same order.
fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Member)>, D::Error> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Member)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a map of members")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(entry) = map.next_entry()? {
                members.push(entry);
            }
            Ok(members)
        }
    }

    deserializer.deserialize_map(Members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_services_are_parsed() {
        let services = Services::load().unwrap();
        let counts: Vec<_> = services.iter().map(|service| service.operations.len()).collect();
        assert_eq!(counts, [108, 11]);
    }

    #[test]
    fn every_pattern_compiles() {
        for service in Services::load().unwrap().iter() {
            for (name, shape) in &service.shapes {
                if let Some(pattern) = &shape.pattern {
                    assert!(pattern.regex().is_some(), "{name}: {}", pattern.source);
                }
            }
        }
    }

    #[test]
    fn every_member_has_a_shape() {
        for service in Services::load().unwrap().iter() {
            let members = service.shapes.values().flat_map(|shape| &shape.members);
            for (_, member) in members {
                assert!(service.shape(&member.shape).is_some(), "{:?}", member.shape);
            }
        }
    }

    #[test]
    fn statuses_come_from_the_description() {
        let services = Services::load().unwrap();
        assert_eq!(services.error_status("ThrottlingException"), Some(429));
        assert_eq!(services.error_status("ConflictException"), Some(400));
        assert_eq!(services.error_status("ModelErrorException"), Some(424));
        assert_eq!(services.error_status("Unknown"), None);
    }
}
