//! The schema of a typed reply, in the forms that Bedrock takes.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::schema::schema_of;

/// The member that holds a reply whose type is no object: Bedrock takes objects only.
pub(super) const MEMBER: &str = "value";

/// The formats of strings that structured output knows.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
const FORMATS: [&str; 10] =
    ["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"];

/// What structured output does not know. The type checks it, when the reply is read.
const CHECKED_BY_TYPE: [&str; 16] = [
    "$comment",
    "$schema",
    "default",
    "deprecated",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "minLength",
    "multipleOf",
    "pattern",
    "title",
    "uniqueItems",
];

/// The schema of a type.
pub(super) struct TypedSchema {
    tool: Value,
    native: Option<Value>,
    is_wrapped: bool,
}

impl TypedSchema {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::new(schema_of::<T>())
    }

    fn new(schema: Value) -> Self {
        let is_wrapped = schema["type"] != "object";
        let tool = if is_wrapped { wrapped(schema) } else { schema };
        let mut native = tool.clone();
        let native = make_strict(&mut native).then_some(native);
        Self { tool, native, is_wrapped }
    }

    /// Returns the schema as the input of a tool.
    pub(super) fn of_tool(&self) -> &Value {
        &self.tool
    }

    /// Returns the schema as `outputConfig` takes it. `None` if it cannot be expressed: it has maps with free keys, any JSON,
    /// tuples, or refers to itself.
    pub(super) fn native(&self) -> Option<&Value> {
        self.native.as_ref()
    }

    /// Returns whether the reply is the only member of an object.
    pub(super) fn is_wrapped(&self) -> bool {
        self.is_wrapped
    }

    /// Returns the names in the schema: those of members and of variants. Other names in a reply are its content.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect_names(&self.tool, &mut names);
        names
    }
}

/// Returns an object with the schema as its only member.
fn wrapped(mut schema: Value) -> Value {
    let definitions = schema.as_object_mut().and_then(|schema| schema.remove("$defs"));
    let mut object = json!({"type": "object", "properties": {MEMBER: schema}, "required": [MEMBER]});
    if let Some(definitions) = definitions {
        object["$defs"] = definitions;
    }
    object
}

/// Makes a schema fit structured output: closed objects whose members are all required, and no limits of numbers, strings
/// and lists. A member that a type can leave out can still be null, or is given its value. Returns whether the schema fits.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
fn make_strict(schema: &mut Value) -> bool {
    // `true` is any JSON.
    let Value::Object(schema) = schema else { return false };
    let is_unknown = ["$ref", "if", "not", "patternProperties", "prefixItems"];
    if is_unknown.iter().any(|word| schema.contains_key(*word)) {
        return false;
    }
    schema.retain(|word, _| !CHECKED_BY_TYPE.contains(&word.as_str()));
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| !FORMATS.contains(&format)) {
        schema.remove("format");
    }
    if schema.get("minItems").and_then(Value::as_u64).is_some_and(|count| count > 1) {
        schema.remove("minItems");
    }
    if let Some(variants) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), variants);
    }
    let variants =
        ["anyOf", "allOf"].into_iter().filter_map(|word| Some(schema.get(word)?.as_array()?.len()));
    let has_variants = variants.sum::<usize>() > 0;
    if schema.get("type").is_some_and(is_object_type) {
        return make_object_strict(schema) && make_parts_strict(schema);
    }
    let is_any = !["type", "enum", "const"].iter().any(|word| schema.contains_key(*word)) && !has_variants;
    let is_list_of_any =
        schema.get("type").is_some_and(|kind| *kind == "array") && !schema.contains_key("items");
    !is_any && !is_list_of_any && make_parts_strict(schema)
}

fn is_object_type(kind: &Value) -> bool {
    *kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| *kind == "object"))
}

fn make_object_strict(schema: &mut Map<String, Value>) -> bool {
    let is_closed = schema.get("additionalProperties").is_none_or(|more| *more == json!(false));
    let has_members = schema.get("properties").is_some();
    let has_variants = schema.contains_key("anyOf");
    if !is_closed || !(has_members || has_variants) {
        // A map with free keys.
        return false;
    }
    let members = schema.get("properties").and_then(Value::as_object);
    let names: Vec<Value> = members.into_iter().flat_map(Map::keys).map(|name| json!(name)).collect();
    schema.insert("required".to_owned(), Value::Array(names));
    schema.insert("additionalProperties".to_owned(), json!(false));
    // Members beside variants, as of an internally tagged enum: closing either would exclude the other.
    !(has_members && has_variants)
}

fn make_parts_strict(schema: &mut Map<String, Value>) -> bool {
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    if !members.into_iter().flat_map(|members| members.values_mut()).all(make_strict) {
        return false;
    }
    if schema.get_mut("items").is_some_and(|items| !make_strict(items)) {
        return false;
    }
    ["anyOf", "allOf"].into_iter().all(|word| {
        let variants = schema.get_mut(word).and_then(Value::as_array_mut);
        variants.into_iter().flatten().all(make_strict)
    })
}

fn collect_names<'a>(schema: &'a Value, names: &mut Vec<&'a str>) {
    match schema {
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(Map::keys).map(String::as_str));
            names.extend(members.get("const").and_then(Value::as_str));
            let listed = members.get("enum").and_then(Value::as_array);
            names.extend(listed.into_iter().flatten().filter_map(Value::as_str));
            members.values().for_each(|part| collect_names(part, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect_names(part, names)),
        _ => {}
    }
}
