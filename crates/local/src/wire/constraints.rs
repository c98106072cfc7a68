//! Values held to their shapes, in both directions.
//!
//! What a client sends is refused in AWS's words; what the server is about to answer is checked by the same
//! rules, so that no answer leaves which the description forbids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::wire::description::{Kind, Service, Shape};
use crate::wire::error::{AwsError, AwsResult};

/// Where AWS itself goes beyond its description: extra members of its answers, names longer than allowed, and a list
/// that must be there and must not be empty.
const BEYOND_DESCRIPTION: &[(&str, &str)] = &[
    ("ApplyGuardrailResponse", "blockedResponse"),
    ("ApplyGuardrailResponse", "output"),
    ("TokenUsage", "cacheReadInputTokenCount"),
    ("TokenUsage", "cacheWriteInputTokenCount"),
    ("TokenUsage", "serverToolUsage"),
];
const UNBOUNDED: &[&str] = &["AutomatedReasoningPolicyDefinitionTypeValuePairList", "BrandedName"];
/// Values of AWS's answers that its own description forbids.
const BEYOND_CONSTRAINTS: &[(&str, Sight)] = &[
    // A draft's version is no number.
    ("AutomatedReasoningPolicyVersion", |version| version == "DRAFT"),
    // A global inference profile leads to no region in particular.
    ("FoundationModelArn", |arn| arn.starts_with("arn:aws:bedrock:::foundation-model/")),
    // System-defined profiles are named after models, versions with their dots included.
    ("InferenceProfileName", |_| true),
    // Custom models have no base model's name.
    ("ModelName", str::is_empty),
];
/// Values that its description forbids, and that AWS gives and takes, as recorded.
const GIVEN_AND_TAKEN: &[(&str, Sight)] = &[
    // Newer Claude models mark their tool uses, and clients send the mark back.
    ("ToolUseType", |kind| kind == "tool_use"),
    // Nova takes media types.
    ("VideoFormat", |format| format.starts_with("video/")),
];
/// Members that its description requires, and that AWS leaves out of its answers where nothing was found, as recorded.
const LEFT_OUT: &[(&str, &str)] = &[
    ("GuardrailSensitiveInformationPolicyAssessment", "piiEntities"),
    ("GuardrailSensitiveInformationPolicyAssessment", "regexes"),
    ("GuardrailWordPolicyAssessment", "customWords"),
    ("GuardrailWordPolicyAssessment", "managedWordLists"),
];

type Sight = fn(&str) -> bool;

/// Refuses a request that its shape forbids.
pub(crate) fn check_request(service: &Service, shape: &str, value: &Value) -> AwsResult<()> {
    let mut walk = Walk::new(service, Direction::Request);
    walk.visit(shape, value);
    walk.verdict()
}

/// What an answer does that its shape forbids; nothing when all is well.
pub(crate) fn check_answer(service: &Service, shape: &str, value: &Value) -> Vec<String> {
    let mut walk = Walk::new(service, Direction::Answer);
    walk.visit(shape, value);
    [walk.wrong_types, walk.wrong_unions, walk.broken_constraints].concat()
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Request,
    Answer,
}

enum Step {
    Member(String),
    Item(usize),
}

struct Walk<'a> {
    service: &'a Service,
    direction: Direction,
    path: Vec<Step>,
    wrong_types: Vec<String>,
    wrong_unions: Vec<String>,
    broken_constraints: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(service: &'a Service, direction: Direction) -> Self {
        Self {
            service,
            direction,
            path: Vec::new(),
            wrong_types: Vec::new(),
            wrong_unions: Vec::new(),
            broken_constraints: Vec::new(),
        }
    }

    /// AWS reads a request before it judges it, and reports all broken constraints at once.
    fn verdict(self) -> AwsResult<()> {
        if let Some(message) = self.wrong_types.into_iter().next() {
            return Err(AwsError::serialization(message));
        }
        match self.broken_constraints.len() {
            0 => {}
            1 => {
                let only = self.broken_constraints.concat();
                return Err(AwsError::validation(format!("1 validation error detected: {only}")));
            }
            count => {
                let all = self.broken_constraints.join("; ");
                return Err(AwsError::validation(format!("{count} validation errors detected: {all}")));
            }
        }
        self.wrong_unions.into_iter().next().map_or(Ok(()), |message| Err(AwsError::validation(message)))
    }

    fn visit(&mut self, name: &str, value: &Value) {
        let service = self.service;
        let Some(shape) = service.shape(name) else { return };
        if shape.document || shape.eventstream {
            return;
        }
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(_)) => self.structure(name, shape, value),
            (Kind::List, Value::Array(items)) => self.list(name, shape, items, value),
            (Kind::Map, Value::Object(entries)) => self.map(name, shape, entries, value),
            (Kind::String | Kind::Blob, Value::String(text)) => self.scalar(name, shape, value, text),
            (Kind::Timestamp, Value::String(text)) if text.parse::<jiff::Timestamp>().is_ok() => {}
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Float | Kind::Double, Value::Number(_)) => self.scalar(name, shape, value, ""),
            (Kind::Integer | Kind::Long, Value::Number(number))
                if number.as_f64().is_some_and(|number| number.fract() == 0.0) =>
            {
                self.scalar(name, shape, value, "");
            }
            (kind, other) => self.wrong_type(kind, other),
        }
    }

    fn structure(&mut self, name: &str, shape: &Shape, value: &Value) {
        for required in &shape.required {
            let streams = || {
                let member = shape.member(required).and_then(|member| self.service.shape(&member.shape));
                member.is_some_and(|member| member.eventstream)
            };
            let may_lack =
                self.direction == Direction::Answer && LEFT_OUT.contains(&(name, required.as_str()));
            if value[required.as_str()].is_null() && !may_lack && !streams() {
                self.at(required, |walk| walk.broken("Value null", "Member must not be null"));
            }
        }
        for (member_name, member) in &shape.members {
            let inner = &value[member_name.as_str()];
            if !inner.is_null() {
                self.at(member_name, |walk| walk.visit(&member.shape, inner));
            }
        }
        if shape.union {
            let set = shape.members.iter().filter(|(member, _)| !value[member.as_str()].is_null()).count();
            if set != 1 {
                self.wrong_union(name, shape);
            }
        }
        if self.direction == Direction::Answer {
            self.undescribed_members(name, shape, value);
        }
    }

    fn undescribed_members(&mut self, name: &str, shape: &Shape, value: &Value) {
        for member in value.as_object().into_iter().flat_map(|object| object.keys()) {
            let known = shape.member(member).is_some() || BEYOND_DESCRIPTION.contains(&(name, member));
            if !known {
                let message = format!("{name} at '{}' has no member {member}", self.dotted());
                self.wrong_types.push(message);
            }
        }
    }

    fn list(&mut self, name: &str, shape: &Shape, items: &[Value], value: &Value) {
        for constraint in broken_constraints(name, shape, value, "") {
            self.broken(&subject(shape, value), &constraint);
        }
        let Some(member) = &shape.member else { return };
        if self.service.shape(&member.shape).is_some_and(|inner| inner.kind == Kind::String) {
            return self.list_of_strings(&member.shape, shape, items, value);
        }
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Item(index));
            self.visit(&member.shape, item);
            self.path.pop();
        }
    }

    /// AWS blames the list for a string in it.
    fn list_of_strings(&mut self, member: &str, list: &Shape, items: &[Value], value: &Value) {
        let Some(shape) = self.service.shape(member) else { return };
        let mut broken: Vec<String> = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) => broken.extend(broken_constraints(member, shape, item, text)),
                None => self.wrong_type(Kind::String, item),
            }
        }
        broken.dedup();
        if !broken.is_empty() {
            let constraint = format!("Member must satisfy constraint: [{}]", broken.join(", "));
            self.broken(&subject(list, value), &constraint);
        }
    }

    fn map(&mut self, name: &str, shape: &Shape, entries: &serde_json::Map<String, Value>, value: &Value) {
        for constraint in broken_constraints(name, shape, value, "") {
            self.broken(&subject(shape, value), &constraint);
        }
        let key_shape =
            shape.key.as_ref().and_then(|key| Some((&key.shape, self.service.shape(&key.shape)?)));
        for (key, inner) in entries {
            if let Some((key_name, key_shape)) = key_shape {
                for constraint in broken_constraints(key_name, key_shape, &Value::Null, key) {
                    let constraint = format!("Map keys must satisfy constraint: [{constraint}]");
                    self.broken(&subject(shape, value), &constraint);
                }
            }
            if let Some(value_shape) = &shape.value {
                self.at(key, |walk| walk.visit(&value_shape.shape, inner));
            }
        }
    }

    fn scalar(&mut self, name: &str, shape: &Shape, value: &Value, text: &str) {
        if shape.kind == Kind::Blob && BASE64.decode(text).is_err() {
            let message = format!("The value at '{}' is not valid base64", self.dotted());
            return self.wrong_types.push(message);
        }
        let is_known = |(beyond, is_so): &(&str, Sight)| *beyond == name && is_so(text);
        if GIVEN_AND_TAKEN.iter().any(is_known)
            || self.direction == Direction::Answer && BEYOND_CONSTRAINTS.iter().any(is_known)
        {
            return;
        }
        for constraint in broken_constraints(name, shape, value, text) {
            self.broken(&subject(shape, value), &constraint);
        }
    }

    fn at(&mut self, member: &str, visit: impl FnOnce(&mut Self)) {
        self.path.push(Step::Member(member.to_owned()));
        visit(self);
        self.path.pop();
    }

    fn broken(&mut self, subject: &str, constraint: &str) {
        let path = self.coral_path();
        self.broken_constraints
            .push(format!("{subject} at '{path}' failed to satisfy constraint: {constraint}"));
    }

    fn wrong_type(&mut self, expected: Kind, found: &Value) {
        let message = match (self.direction, expected, found) {
            (Direction::Request, _, Value::Object(_)) => {
                "Start of structure or map found where not expected.".to_owned()
            }
            (Direction::Request, _, Value::Array(_)) => "Start of list found where not expected".to_owned(),
            (Direction::Request, Kind::Structure | Kind::Map, _) => "Unexpected field type".to_owned(),
            (Direction::Request, kind, found) => {
                format!("{} can not be converted to {}", token(found), java_type(kind))
            }
            (Direction::Answer, kind, found) => {
                format!("'{}' must be {kind:?}, not {found}", self.dotted())
            }
        };
        self.wrong_types.push(message);
    }

    fn wrong_union(&mut self, name: &str, shape: &Shape) {
        let keys: Vec<_> = shape.members.iter().map(|(member, _)| member.as_str()).collect();
        let (path, keys) = (self.dotted(), keys.join(", "));
        self.wrong_unions
            .push(format!("{name} object at {path} must set one of the following keys: {keys}."));
    }

    /// `messages.1.member.content`: the form of constraint messages, counted from one.
    fn coral_path(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Member(name) => name.clone(),
            Step::Item(index) => format!("{}.member", index + 1),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    /// `messages.0.content`: the form of the service's own messages, counted from zero.
    fn dotted(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Member(name) => name.clone(),
            Step::Item(index) => index.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }
}

/// The constraints of its own that a value breaks. `text` is the value of a string, a blob or a map's key.
fn broken_constraints(name: &str, shape: &Shape, value: &Value, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if UNBOUNDED.contains(&name) {
        return broken;
    }
    let (size, unit) = measure(shape, value, text);
    if let Some(max) = shape.max.filter(|max| size > *max) {
        broken.push(format!("Member must have {unit} less than or equal to {max}"));
    }
    if let Some(min) = shape.min.filter(|min| size < *min) {
        broken.push(format!("Member must have {unit} greater than or equal to {min}"));
    }
    if !shape.values.is_empty() && !shape.values.iter().any(|allowed| allowed == text) {
        broken.push(format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")));
    }
    if let Some(pattern) = shape.pattern.as_ref().filter(|pattern| !pattern.accepts(text)) {
        broken.push(format!("Member must satisfy regular expression pattern: {}", pattern.source));
    }
    broken
}

/// What a shape's bounds bound.
fn measure(shape: &Shape, value: &Value, text: &str) -> (f64, &'static str) {
    match shape.kind {
        Kind::String => (text.chars().count() as f64, "length"),
        Kind::Blob => (BASE64.decode(text).map_or(0, |bytes| bytes.len()) as f64, "length"),
        Kind::List => (value.as_array().map_or(0, Vec::len) as f64, "length"),
        Kind::Map => (value.as_object().map_or(0, serde_json::Map::len) as f64, "length"),
        _ => (value.as_f64().unwrap_or_default(), "value"),
    }
}

/// `Value '…'`, or `Value` alone where AWS keeps the value to itself.
fn subject(shape: &Shape, value: &Value) -> String {
    if shape.sensitive { "Value".to_owned() } else { format!("Value '{}'", plain(value)) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        _ => "STRING_VALUE",
    }
}

fn java_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "Integer",
        Kind::Long => "Long",
        Kind::Float => "Float",
        Kind::Double => "Double",
        Kind::Boolean => "Boolean",
        Kind::Blob => "Blob",
        Kind::Timestamp => "Timestamp",
        Kind::List => "List",
        Kind::Structure | Kind::Map => "Map",
        Kind::String => "String",
    }
}
