//! Checks values against their shapes, in requests and in outputs.
//!
//! A request that violates its shape is refused with AWS's message. An output is checked by the same rules, so that
//! the server never sends what the API description forbids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use crate::wire::description::{Kind, Service, Shape, ShapeName};
use crate::wire::error::{AwsError, AwsResult};

/// Members of AWS's responses that its description lacks.
const UNDESCRIBED_MEMBERS: &[(&str, &str)] = &[
    ("ApplyGuardrailResponse", "blockedResponse"),
    ("ApplyGuardrailResponse", "output"),
    ("TokenUsage", "cacheReadInputTokenCount"),
    ("TokenUsage", "cacheWriteInputTokenCount"),
    ("TokenUsage", "serverToolUsage"),
];
/// Shapes whose constraints AWS does not keep: names are longer than allowed, a list with a minimum is empty, and profiles
/// of large geographies lead to more than five regions.
const UNCHECKED: &[&str] =
    &["AutomatedReasoningPolicyDefinitionTypeValuePairList", "BrandedName", "InferenceProfileModels"];
/// Values in AWS's responses that its description forbids.
const UNDESCRIBED_OUTPUT_VALUES: &[(&str, Test)] = &[
    // The version of a draft is not a number.
    ("AutomatedReasoningPolicyVersion", |version| version == "DRAFT"),
    // A global inference profile names no region.
    ("FoundationModelArn", |arn| arn.starts_with("arn:aws:bedrock:::foundation-model/")),
    // Models that are reached through inference profiles, and models for other media.
    ("InferenceType", |inference| inference == "INFERENCE_PROFILE"),
    ("ModelModality", |modality| matches!(modality, "AUDIO" | "SPEECH" | "VIDEO")),
    // System-defined profiles have the names of models, which can contain dots.
    ("InferenceProfileName", |_| true),
    // A custom model has no name of a base model.
    ("ModelName", str::is_empty),
];
/// Values that the description forbids, and that AWS accepts and returns in recorded traffic.
const UNDESCRIBED_VALUES: &[(&str, Test)] = &[
    // Newer Claude models set a type on their tool uses, and clients send it back.
    ("ToolUseType", |kind| kind == "tool_use"),
    // Nova accepts media types.
    ("VideoFormat", |format| format.starts_with("video/")),
];
/// Members that the description requires, and that recorded responses of AWS omit if nothing was found.
const OMITTED_MEMBERS: &[(&str, &str)] = &[
    ("GuardrailSensitiveInformationPolicyAssessment", "piiEntities"),
    ("GuardrailSensitiveInformationPolicyAssessment", "regexes"),
    ("GuardrailWordPolicyAssessment", "customWords"),
    ("GuardrailWordPolicyAssessment", "managedWordLists"),
];

/// Whether AWS uses a value.
type Test = fn(&str) -> bool;

/// Checks a request against its shape. The error has AWS's message.
pub(crate) fn check_request(service: &Service, shape: &ShapeName, value: &Value) -> AwsResult<()> {
    let mut checker = Checker::new(service, Direction::Request);
    checker.visit(shape, value);
    checker.into_result()
}

/// Returns how an output violates its shape. The list is empty if the output is valid.
pub(crate) fn output_violations(service: &Service, shape: &ShapeName, value: &Value) -> Vec<String> {
    let mut checker = Checker::new(service, Direction::Output);
    checker.visit(shape, value);
    let mut violations = checker.wrong_types;
    violations.append(&mut checker.wrong_unions);
    violations.append(&mut checker.broken_constraints);
    violations
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Request,
    Output,
}

enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

/// Walks through a value and its shape, and collects the violations.
struct Checker<'a> {
    service: &'a Service,
    direction: Direction,
    path: Vec<Step<'a>>,
    wrong_types: Vec<String>,
    wrong_unions: Vec<String>,
    broken_constraints: Vec<String>,
}

impl<'a> Checker<'a> {
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

    /// Returns the first wrong type, else all broken constraints in one message, else the first wrong union. This is
    /// AWS's order.
    fn into_result(self) -> AwsResult<()> {
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

    fn visit(&mut self, name: &'a ShapeName, value: &'a Value) {
        let Some(shape) = self.service.shape_of(name) else { return };
        if shape.document || shape.eventstream {
            return;
        }
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => self.structure(name, shape, members),
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

    fn structure(&mut self, name: &'a str, shape: &'a Shape, members: &'a Map<String, Value>) {
        let value = |member: &str| members.get(member).filter(|value| !value.is_null());
        for required in &shape.required {
            let is_stream = || {
                let member = shape.member(required).and_then(|member| self.service.shape_of(&member.shape));
                member.is_some_and(|member| member.eventstream)
            };
            let may_be_omitted =
                self.direction == Direction::Output && OMITTED_MEMBERS.contains(&(name, required.as_str()));
            if value(required).is_none() && !may_be_omitted && !is_stream() {
                self.at(required, |checker| checker.broken("Value null", "Member must not be null"));
            }
        }
        let mut set = 0;
        for (member_name, member) in &shape.members {
            // Most of the members that a shape allows are not set.
            if set == members.len() {
                break;
            }
            if let Some(inner) = value(member_name) {
                set += 1;
                self.at(member_name, |checker| checker.visit(&member.shape, inner));
            }
        }
        if shape.union && set != 1 {
            self.wrong_union(name, shape);
        }
        if self.direction == Direction::Output && set != members.len() {
            self.undescribed_members(name, shape, members);
        }
    }

    fn undescribed_members(&mut self, name: &str, shape: &Shape, members: &Map<String, Value>) {
        for member in members.keys() {
            let known = shape.member(member).is_some() || UNDESCRIBED_MEMBERS.contains(&(name, member));
            if !known {
                let message = format!("{name} at '{}' has no member {member}", self.service_path());
                self.wrong_types.push(message);
            }
        }
    }

    fn list(&mut self, name: &'a str, shape: &'a Shape, items: &'a [Value], value: &'a Value) {
        for constraint in broken_constraints(name, shape, value, "") {
            self.broken(&subject(shape, value), &constraint);
        }
        let Some(member) = &shape.member else { return };
        if self.service.shape_of(&member.shape).is_some_and(|inner| inner.kind == Kind::String) {
            return self.list_of_strings(&member.shape, shape, items, value);
        }
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Item(index));
            self.visit(&member.shape, item);
            self.path.pop();
        }
    }

    /// AWS reports a wrong string as a broken constraint of its list.
    fn list_of_strings(&mut self, member: &str, list: &Shape, items: &[Value], value: &Value) {
        let Some(shape) = self.service.shape(member) else { return };
        let mut broken: Vec<String> = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) if self.is_exception(member, text) => {}
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

    fn map(&mut self, name: &'a str, shape: &'a Shape, entries: &'a Map<String, Value>, value: &'a Value) {
        for constraint in broken_constraints(name, shape, value, "") {
            self.broken(&subject(shape, value), &constraint);
        }
        let key_shape =
            shape.key.as_ref().and_then(|key| Some((&*key.shape, self.service.shape_of(&key.shape)?)));
        for (key, inner) in entries {
            if let Some((key_name, key_shape)) = key_shape {
                for constraint in broken_constraints(key_name, key_shape, &Value::Null, key) {
                    let constraint = format!("Map keys must satisfy constraint: [{constraint}]");
                    self.broken(&subject(shape, value), &constraint);
                }
            }
            if let Some(value_shape) = &shape.value {
                self.at(key, |checker| checker.visit(&value_shape.shape, inner));
            }
        }
    }

    /// Returns whether AWS uses this value although its description forbids it.
    fn is_exception(&self, name: &str, text: &str) -> bool {
        let is_known = |(shape, test): &(&str, Test)| *shape == name && test(text);
        UNDESCRIBED_VALUES.iter().any(is_known)
            || self.direction == Direction::Output && UNDESCRIBED_OUTPUT_VALUES.iter().any(is_known)
    }

    fn scalar(&mut self, name: &str, shape: &Shape, value: &Value, text: &str) {
        if shape.kind == Kind::Blob && BASE64.decode(text).is_err() {
            let message = format!("The value at '{}' is not valid base64", self.service_path());
            return self.wrong_types.push(message);
        }
        if self.is_exception(name, text) {
            return;
        }
        for constraint in broken_constraints(name, shape, value, text) {
            self.broken(&subject(shape, value), &constraint);
        }
    }

    /// Visits a member, with its name on the path.
    fn at(&mut self, member: &'a str, visit: impl FnOnce(&mut Self)) {
        self.path.push(Step::Member(member));
        visit(self);
        self.path.pop();
    }

    fn broken(&mut self, subject: &str, constraint: &str) {
        let path = self.constraint_path();
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
            (Direction::Output, kind, found) => {
                format!("'{}' must be {kind:?}, not {found}", self.service_path())
            }
        };
        self.wrong_types.push(message);
    }

    fn wrong_union(&mut self, name: &str, shape: &Shape) {
        let keys: Vec<_> = shape.members.iter().map(|(member, _)| member.as_str()).collect();
        let (path, keys) = (self.service_path(), keys.join(", "));
        self.wrong_unions
            .push(format!("{name} object at {path} must set one of the following keys: {keys}."));
    }

    /// Returns a path such as `messages.1.member.content`, which constraint messages have. Indexes start at 1.
    fn constraint_path(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Member(name) => (*name).to_owned(),
            Step::Item(index) => format!("{}.member", index + 1),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    /// Returns a path such as `messages.0.content`, which the service's other messages have. Indexes start at 0.
    fn service_path(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Member(name) => (*name).to_owned(),
            Step::Item(index) => index.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }
}

/// Returns the constraints that a value breaks, without those of its members. `text` is the value of a string, a blob
/// or a key of a map.
fn broken_constraints(name: &str, shape: &Shape, value: &Value, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if UNCHECKED.contains(&name) {
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

/// Returns the size that a shape limits, and its unit.
fn measure(shape: &Shape, value: &Value, text: &str) -> (f64, &'static str) {
    match shape.kind {
        Kind::String => (text.chars().count() as f64, "length"),
        Kind::Blob => (BASE64.decode(text).map_or(0, |bytes| bytes.len()) as f64, "length"),
        Kind::List => (value.as_array().map_or(0, Vec::len) as f64, "length"),
        Kind::Map => (value.as_object().map_or(0, serde_json::Map::len) as f64, "length"),
        _ => (value.as_f64().unwrap_or_default(), "value"),
    }
}

/// Returns `Value '…'`, or `Value` if the shape is sensitive: AWS omits the value then.
fn subject(shape: &Shape, value: &Value) -> String {
    if shape.sensitive { "Value".to_owned() } else { format!("Value '{}'", plain(value)) }
}

/// Formats a value as AWS's messages do: strings have no quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Returns the name of a JSON token in AWS's messages.
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
