//! What no description knows, put into an answer by the shapes of the description.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::description::{Kind, Operation, Service, Shape};
use crate::faults::fault::Effect;

/// Which strange thing.
#[derive(Clone, Copy, PartialEq)]
enum Strange {
    Field,
    EnumValue,
    UnionMember,
}

impl Effect {
    /// Puts something unknown into an answer, where this is what the fault does.
    pub(super) fn estrange(&self, service: &Service, operation: &Operation, answer: &mut Answer) {
        let strange = match self {
            Self::UnknownFields {} => Strange::Field,
            Self::UnknownEnumValues {} => Strange::EnumValue,
            Self::UnknownUnionMembers {} => Strange::UnionMember,
            _ => return,
        };
        let Some(output) = operation.output.as_ref().and_then(|output| service.shape(&output.shape)) else {
            return;
        };
        // A payload is the body itself.
        let body = output
            .payload
            .as_deref()
            .and_then(|payload| service.shape(&output.member(payload)?.shape))
            .unwrap_or(output);
        match answer {
            Answer::Json(value) => strange.into_value(service, body, value),
            Answer::Events { events, .. } => {
                for event in events {
                    let member = body.member(event.name).and_then(|member| service.shape(&member.shape));
                    if let Some(shape) = member {
                        strange.into_value(service, shape, &mut event.payload);
                    }
                }
            }
            Answer::Bytes { body, .. } => {
                let maker_s = serde_json::from_slice(body).ok().filter(Value::is_object);
                if let Some(mut value) = maker_s.filter(|_| strange == Strange::Field) {
                    value["futureField"] = json!({ "futureMember": true });
                    *body = value.to_string().into_bytes();
                }
            }
            Answer::Duplex { .. } => {}
        }
    }
}

impl Strange {
    fn into_value(self, service: &Service, shape: &Shape, value: &mut Value) {
        if shape.document {
            return;
        }
        let inner = |name: &str| service.shape(name);
        match (shape.kind, &mut *value) {
            (Kind::Structure, Value::Object(members)) => {
                for (name, value) in &mut *members {
                    if let Some(shape) = shape.member(name).and_then(|member| inner(&member.shape)) {
                        self.into_value(service, shape, value);
                    }
                }
                // One member more would make a union two.
                if self == Self::Field && !shape.union {
                    members.insert("futureField".to_owned(), json!({ "futureMember": true }));
                }
                if self == Self::UnionMember && shape.union {
                    *value = json!({ "futureMember": { "text": "future" } });
                }
            }
            (Kind::List, Value::Array(items)) => {
                if let Some(shape) = shape.member.as_ref().and_then(|member| inner(&member.shape)) {
                    items.iter_mut().for_each(|item| self.into_value(service, shape, item));
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                if let Some(shape) = shape.value.as_ref().and_then(|value| inner(&value.shape)) {
                    entries.values_mut().for_each(|entry| self.into_value(service, shape, entry));
                }
            }
            (Kind::String, Value::String(text)) if self == Self::EnumValue && !shape.values.is_empty() => {
                "FUTURE_VALUE".clone_into(text);
            }
            _ => {}
        }
    }
}
