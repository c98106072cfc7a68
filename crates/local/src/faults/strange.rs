//! What no description knows, put into an answer by the shapes of the description.

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::faults::fault::Effect;
use crate::wire::description::{Kind, Operation, Service, Shape};
use crate::wire::output::{Event, Output};

/// Which strange thing.
#[derive(Clone, Copy, PartialEq)]
enum Strange {
    Field,
    EnumValue,
    UnionMember,
}

impl Effect {
    /// An answer with something unknown in it, where this is what the fault does.
    pub(super) fn estranged(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        answer: Output,
    ) -> Output {
        let strange = match self {
            Self::UnknownFields {} => Strange::Field,
            Self::UnknownEnumValues {} => Strange::EnumValue,
            Self::UnknownUnionMembers {} => Strange::UnionMember,
            _ => return answer,
        };
        let Some(output) = operation.output.as_ref().and_then(|output| service.shape(&output.shape)) else {
            return answer;
        };
        // A payload is the body itself.
        let body = output
            .payload
            .as_deref()
            .and_then(|payload| service.shape(&output.member(payload)?.shape))
            .unwrap_or(output);
        match answer {
            Output::Json(mut value) => {
                strange.into_value(service, body, &mut value);
                Output::Json(value)
            }
            Output::Events { events, headers, ending } => {
                let estranged = move |mut event: Event| {
                    let member = body.member(event.name).and_then(|member| service.shape(&member.shape));
                    if let Some(shape) = member {
                        strange.into_value(service, shape, &mut event.payload);
                    }
                    event
                };
                let events = events.map(move |event| event.map(estranged)).boxed();
                Output::Events { events, headers, ending }
            }
            Output::Bytes { body, headers } if strange == Strange::Field => {
                Output::Bytes { body: with_field(body), headers }
            }
            answer => answer,
        }
    }
}

/// A maker's own structure with a field more; what is none stays as it is.
fn with_field(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice(&body) {
        Ok(Value::Object(mut members)) => {
            members.insert("futureField".to_owned(), json!({ "futureMember": true }));
            Value::Object(members).to_string().into_bytes()
        }
        _ => body,
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
