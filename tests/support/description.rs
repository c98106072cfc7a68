//! AWS's API description, to validate JSON against.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bedrock_orm_local::RecordedRequest;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

static BEDROCK: LazyLock<Value> = LazyLock::new(|| read(bedrock_orm_api::BEDROCK));
static RUNTIME: LazyLock<Value> = LazyLock::new(|| read(bedrock_orm_api::BEDROCK_RUNTIME));

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
        assert!(shape.is_object(), "there is no shape {name}");
        shape
    }

    /// Returns the name of an operation's input or output shape.
    pub fn shape_of(self, operation: &str, direction: &str) -> &'static str {
        let shape = &self.description()["operations"][operation][direction]["shape"];
        shape.as_str().unwrap_or_else(|| panic!("{operation} has no {direction}"))
    }

    /// Returns the member of a List operation's output that contains the rows.
    pub fn list_member_of(self, operation: &str) -> &'static str {
        let members = self.shape(self.shape_of(operation, "output"))["members"].as_object().unwrap();
        let is_list = |member: &Value| self.shape(member["shape"].as_str().unwrap())["type"] == "list";
        let lists: Vec<_> = members.iter().filter(|(_, member)| is_list(member)).collect();
        assert_eq!(lists.len(), 1, "{operation} has {lists:?}");
        lists[0].0
    }

    /// Returns the errors that the service describes, with their statuses.
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

    /// Normalises a body by its shape: removes members that are `null` or not described, and unifies the form of
    /// numbers and times.
    pub fn normalized(self, shape_name: &str, body: &Value) -> Value {
        let shape = self.shape(shape_name);
        if shape["document"] == true {
            return normalized_document(body);
        }
        match (shape["type"].as_str().unwrap(), body) {
            ("structure", Value::Object(members)) => {
                let normalized = |(name, value): (&String, &Value)| {
                    let member = &shape["members"][name];
                    let in_body = member["location"].is_null() && !value.is_null();
                    let inner = member["shape"].as_str().filter(|_| in_body)?;
                    Some((name.clone(), self.normalized(inner, value)))
                };
                members.iter().filter_map(normalized).collect::<Map<_, _>>().into()
            }
            ("list", Value::Array(items)) => {
                let inner = shape["member"]["shape"].as_str().unwrap();
                items.iter().map(|item| self.normalized(inner, item)).collect()
            }
            ("map", Value::Object(entries)) => {
                let inner = shape["value"]["shape"].as_str().unwrap();
                let entry = |(key, value): (&String, &Value)| (key.clone(), self.normalized(inner, value));
                entries.iter().map(entry).collect::<Map<_, _>>().into()
            }
            // AWS's floats have the precision of an `f32`, whatever the number of written digits.
            ("float", Value::Number(number)) => json!(number.as_f64().unwrap() as f32),
            ("integer" | "long" | "double", Value::Number(_)) => normalized_document(body),
            ("timestamp", Value::String(time)) => {
                json!(time.parse::<Timestamp>().map_or_else(|_| time.clone(), |time| time.to_string()))
            }
            (_, scalar) => scalar.clone(),
        }
    }
}

/// Returns the names of all operations of both services.
pub fn operations() -> Vec<&'static str> {
    let names = |description: &'static Value| description["operations"].as_object().unwrap().keys();
    names(&BEDROCK).chain(names(&RUNTIME)).map(String::as_str).collect()
}

/// Returns the members of an operation's input in a location. An empty location means the body.
pub fn members_of(operation: &str, location: &str) -> BTreeSet<&'static str> {
    let is_there = |member: &Value| member["location"].as_str().unwrap_or_default() == location;
    let members = input_shape(operation)["members"].as_object().unwrap().iter();
    members.filter(|(_, member)| is_there(member)).map(|(name, _)| name.as_str()).collect()
}

/// Returns the input of an operation with a single key.
pub fn key_input(operation: &str, key: &str) -> Value {
    let labels: Vec<_> = members_of(operation, "uri").into_iter().collect();
    assert_eq!(labels.len(), 1, "{operation} has {labels:?}");
    json!({ labels[0]: key })
}

fn input_shape(operation: &str) -> &'static Value {
    let service = [Service::ControlPlane, Service::Runtime]
        .into_iter()
        .find(|service| service.description()["operations"][operation].is_object());
    let service = service.unwrap_or_else(|| panic!("there is no operation {operation}"));
    service.shape(service.shape_of(operation, "input"))
}

/// Reads a request by its description and returns its labels, query, and body in one object with the members' names.
/// Values of the query are strings. An idempotency token must be present; it is omitted from the result if the SDK
/// generated it.
pub fn input_of(request: &RecordedRequest) -> Value {
    let name = request.operation.as_deref().unwrap_or_else(|| panic!("{} is not an operation", request.path));
    let description =
        [&*BEDROCK, &*RUNTIME].into_iter().find(|it| it["operations"][name].is_object()).unwrap();
    let operation = &description["operations"][name];
    assert_eq!(request.method, operation["http"]["method"].as_str().unwrap(), "{name}");
    let shape = &description["shapes"][operation["input"]["shape"].as_str().unwrap()];
    let member_at = |location: &str, wire_name: &str| {
        let is_it = |(_, member): &(&String, &Value)| {
            member["location"] == location && member["locationName"] == wire_name
        };
        let member = shape["members"].as_object().unwrap().iter().find(is_it);
        member
            .map(|(name, _)| name.clone())
            .unwrap_or_else(|| panic!("{name} has no {wire_name} in its {location}"))
    };
    let mut input = Map::new();

    let template = operation["http"]["requestUri"].as_str().unwrap();
    let (expected_part, sent_part): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), request.path.split('/').collect());
    assert_eq!(expected_part.len(), sent_part.len(), "{name}: {} does not match {template}", request.path);
    for (expected_part, sent_part) in expected_part.into_iter().zip(sent_part) {
        match expected_part.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) => drop(input.insert(member_at("uri", label), json!(decoded(sent_part)))),
            None => {
                assert_eq!(expected_part, sent_part, "{name}: {} does not match {template}", request.path);
            }
        }
    }
    for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        input.insert(member_at("querystring", &decoded(key)), json!(decoded(value)));
    }
    let body = request.json();
    match shape["payload"].as_str() {
        Some(payload) => drop(input.insert(payload.to_owned(), body)),
        None => input.extend(body.as_object().cloned().unwrap_or_default()),
    }
    for (member, _) in
        shape["members"].as_object().unwrap().iter().filter(|(_, it)| it["location"] == "header")
    {
        let wire_name = shape["members"][member]["locationName"].as_str().unwrap();
        if let Some(value) = request.header(wire_name).filter(|_| wire_name.starts_with("x-amz")) {
            input.insert(member.clone(), json!(value));
        }
    }
    for (member, it) in shape["members"].as_object().unwrap() {
        assert!(it["idempotencyToken"] != true || input.contains_key(member), "{name} has no {member}");
    }
    input.retain(|member, value| {
        let known = &shape["members"][member];
        assert!(known.is_object(), "{name} has no {member}");
        known["idempotencyToken"] != true || !is_uuid(value)
    });
    input.into()
}

fn is_uuid(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Normalises the numbers in a document: `1.0` becomes `1`.
fn normalized_document(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(normalized_document).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), normalized_document(value));
            members.iter().map(member).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Returns the differences between two normalised values. `ours` may have empty values for required members that AWS
/// omitted.
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
                    None => found.push(format!("{path} is missing: {value}")),
                }
            }
            for (name, value) in ours {
                if !theirs.contains_key(name) && !is_empty(value) {
                    found.push(format!("{path}/{name} is unexpected: {value}"));
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{path}/{index}"), theirs, ours, found);
            }
        }
        _ if theirs == ours => {}
        _ => found.push(format!("{path}: AWS has {theirs}, we have {ours}")),
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
