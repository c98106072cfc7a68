//! AWS's API description, to hold JSON to.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

static BEDROCK: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/local/api/bedrock.json")))
});
static RUNTIME: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/local/api/bedrock-runtime.json")))
});

fn read(description: &str) -> Value {
    serde_json::from_str(description).unwrap()
}

/// One of the two services.
#[derive(Clone, Copy, Debug)]
pub enum Service {
    ControlPlane,
    Runtime,
}

impl Service {
    fn description(self) -> &'static Value {
        match self {
            Self::ControlPlane => &BEDROCK,
            Self::Runtime => &RUNTIME,
        }
    }

    pub fn shape(self, name: &str) -> &'static Value {
        let shape = &self.description()["shapes"][name];
        assert!(shape.is_object(), "no shape is named {name}");
        shape
    }

    /// The name of an operation's input or output shape.
    pub fn shape_of(self, operation: &str, direction: &str) -> &'static str {
        let shape = &self.description()["operations"][operation][direction]["shape"];
        shape.as_str().unwrap_or_else(|| panic!("{operation} has no {direction}"))
    }

    /// The errors that the service describes, with their statuses.
    pub fn errors(self) -> Vec<(&'static str, u16)> {
        let shapes = self.description()["shapes"].as_object().unwrap();
        let status =
            |shape: &Value| u16::try_from(shape["error"]["httpStatusCode"].as_u64().unwrap()).unwrap();
        shapes
            .iter()
            .filter(|(_, shape)| shape["exception"] == true)
            .map(|(name, shape)| (name.as_str(), status(shape)))
            .collect()
    }

    /// What a body of that shape says, by the description: without members that are not described or are `null`, and
    /// with numbers and times in one form.
    pub fn described(self, shape_name: &str, body: &Value) -> Value {
        let shape = self.shape(shape_name);
        if shape["document"] == true {
            return of_document(body);
        }
        match (shape["type"].as_str().unwrap(), body) {
            ("structure", Value::Object(members)) => {
                let described = |(name, value): (&String, &Value)| {
                    let member = &shape["members"][name];
                    let in_body = member["location"].is_null() && !value.is_null();
                    let inner = member["shape"].as_str().filter(|_| in_body)?;
                    Some((name.clone(), self.described(inner, value)))
                };
                members.iter().filter_map(described).collect::<Map<_, _>>().into()
            }
            ("list", Value::Array(items)) => {
                let inner = shape["member"]["shape"].as_str().unwrap();
                items.iter().map(|item| self.described(inner, item)).collect()
            }
            ("map", Value::Object(entries)) => {
                let inner = shape["value"]["shape"].as_str().unwrap();
                let entry = |(key, value): (&String, &Value)| (key.clone(), self.described(inner, value));
                entries.iter().map(entry).collect::<Map<_, _>>().into()
            }
            // AWS's floats have the precision of an f32, whatever is written.
            ("float", Value::Number(number)) => json!(number.as_f64().unwrap() as f32),
            ("integer" | "long" | "double", Value::Number(_)) => of_document(body),
            ("timestamp", Value::String(time)) => {
                json!(time.parse::<Timestamp>().map_or_else(|_| time.clone(), |time| time.to_string()))
            }
            (_, scalar) => scalar.clone(),
        }
    }
}

/// A document with its numbers by value: `1.0` is `1`.
fn of_document(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(of_document).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), of_document(value));
            members.iter().map(member).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Where two described values differ. Ours may have empty members of what AWS promises and left out.
pub fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", theirs, ours, &mut found);
    found
}

fn compare(path: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, value) in theirs {
                let path = format!("{path}/{name}");
                match ours.get(name) {
                    Some(ours) => compare(&path, value, ours, found),
                    None => found.push(format!("{path} is lost: {value}")),
                }
            }
            for (name, value) in ours {
                if !theirs.contains_key(name) && !is_empty(value) {
                    found.push(format!("{path}/{name} is made up: {value}"));
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{path}/{index}"), theirs, ours, found);
            }
        }
        _ if theirs == ours => {}
        _ => found.push(format!("{path}: AWS says {theirs}, we say {ours}")),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}
