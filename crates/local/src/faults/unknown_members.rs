//! Adds to an output what the description does not have: members of structures and unions, and values of enums.

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::faults::effect::Effect;
use crate::wire::description::{Kind, Operation, Service, Shape};
use crate::wire::output::{Event, Output};

/// What is unknown.
#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    Member,
    EnumValue,
    UnionMember,
}

impl Effect {
    /// Adds something unknown to an output, if that is the effect.
    pub(super) fn with_unknown_members(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        output: Output,
    ) -> Output {
        let unknown = match self {
            Self::UnknownFields {} => Unknown::Member,
            Self::UnknownEnumValues {} => Unknown::EnumValue,
            Self::UnknownUnionMembers {} => Unknown::UnionMember,
            _ => return output,
        };
        let Some(shape) = operation.output.as_ref().and_then(|output| service.shape(&output.shape)) else {
            return output;
        };
        // A payload is the body itself.
        let body = shape
            .payload
            .as_deref()
            .and_then(|payload| service.shape(&shape.member(payload)?.shape))
            .unwrap_or(shape);
        match output {
            Output::Json(mut value) => {
                unknown.add_to(service, body, &mut value);
                Output::Json(value)
            }
            Output::Events { events, headers, ending } => {
                let changed = move |mut event: Event| {
                    let member = body.member(event.name).and_then(|member| service.shape(&member.shape));
                    if let Some(shape) = member {
                        unknown.add_to(service, shape, &mut event.payload);
                    }
                    event
                };
                let events = events.map(move |event| event.map(changed)).boxed();
                Output::Events { events, headers, ending }
            }
            Output::Bytes { body, headers } if unknown == Unknown::Member => {
                Output::Bytes { body: with_unknown_member(body), headers }
            }
            output => output,
        }
    }
}

/// Adds a member to a provider's JSON structure. Leaves other bodies as they are.
fn with_unknown_member(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice(&body) {
        Ok(Value::Object(mut members)) => {
            members.insert("futureField".to_owned(), json!({ "futureMember": true }));
            Value::Object(members).to_string().into_bytes()
        }
        _ => body,
    }
}

impl Unknown {
    fn add_to(self, service: &Service, shape: &Shape, value: &mut Value) {
        if shape.document {
            return;
        }
        let inner = |name: &str| service.shape(name);
        match (shape.kind, &mut *value) {
            (Kind::Structure, Value::Object(members)) => {
                for (name, value) in &mut *members {
                    if let Some(shape) = shape.member(name).and_then(|member| inner(&member.shape)) {
                        self.add_to(service, shape, value);
                    }
                }
                // A union has one member only.
                if self == Self::Member && !shape.union {
                    members.insert("futureField".to_owned(), json!({ "futureMember": true }));
                }
                if self == Self::UnionMember && shape.union {
                    *value = json!({ "futureMember": { "text": "future" } });
                }
            }
            (Kind::List, Value::Array(items)) => {
                if let Some(shape) = shape.member.as_ref().and_then(|member| inner(&member.shape)) {
                    items.iter_mut().for_each(|item| self.add_to(service, shape, item));
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                if let Some(shape) = shape.value.as_ref().and_then(|value| inner(&value.shape)) {
                    entries.values_mut().for_each(|entry| self.add_to(service, shape, entry));
                }
            }
            (Kind::String, Value::String(text)) if self == Self::EnumValue && !shape.values.is_empty() => {
                "FUTURE_VALUE".clone_into(text);
            }
            _ => {}
        }
    }
}
