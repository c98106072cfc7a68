//! Creates a value that matches a JSON schema, from the names and numbers of a text.

use serde_json::{Map, Value, json};

use crate::model::names;
use crate::model::prompt::Prompt;

/// The limit of nesting, since schemas can be recursive.
const MAX_DEPTH: usize = 8;

/// The names and numbers of a text, which fill a schema in their order.
#[derive(Debug, Default)]
pub(crate) struct Material {
    pub(crate) names: Vec<String>,
    pub(crate) numbers: Vec<f64>,
    /// The value of a string if no name is left.
    pub(crate) text: String,
}

impl Material {
    /// Finds the names and numbers of a text.
    pub(crate) fn from_text(text: &str) -> Self {
        Self { names: names::names_in(text), numbers: numbers(text), text: text.to_owned() }
    }

    fn name(&mut self) -> String {
        if self.names.is_empty() { self.text.clone() } else { self.names.remove(0) }
    }

    fn number(&mut self) -> Option<f64> {
        if self.numbers.is_empty() { None } else { Some(self.numbers.remove(0)) }
    }
}

/// Returns the text of the last turn, or, if it has no names or numbers ("Format that."), the newest user text that has some.
pub(crate) fn material_text(prompt: &Prompt) -> String {
    let last = prompt.last_text();
    let has_material = |text: &String| !names::names_in(text).is_empty() || !numbers(text).is_empty();
    match has_material(&last) {
        true => last,
        false => prompt.user_texts().find(has_material).unwrap_or(last),
    }
}

/// Creates the value. It uses the schema's constants, defaults and first enum values, and fills all required properties (all
/// properties if none is required) with strings and numbers from the material.
pub(crate) fn sample(schema: &Value, material: &mut Material) -> Value {
    sample_at(schema, schema, material, MAX_DEPTH)
}

fn sample_at(schema: &Value, root: &Value, material: &mut Material, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or(Value::Null, |target| sample_at(target, root, material, depth - 1));
    }
    for fixed in [&schema["const"], &schema["default"], &schema["enum"][0]] {
        if !fixed.is_null() {
            return fixed.clone();
        }
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[choice].get(0) {
            return sample_at(first, root, material, depth - 1);
        }
    }
    match kind(schema) {
        "object" => object(schema, root, material, depth),
        "array" => json!([sample_at(&schema["items"], root, material, depth - 1)]),
        "integer" => json!(number(schema, material).trunc() as i64),
        "number" => json!(number(schema, material)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => Value::String(material.name()),
    }
}

fn kind(schema: &Value) -> &str {
    let named = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    named.unwrap_or(if schema["properties"].is_object() { "object" } else { "string" })
}

fn object(schema: &Value, root: &Value, material: &mut Material, depth: usize) -> Value {
    let properties = schema["properties"].as_object();
    let mut names: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        names = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
    }
    let property = |name: &str| {
        let schema = properties.and_then(|properties| properties.get(name)).unwrap_or(&Value::Null);
        (name.to_owned(), sample_at(schema, root, material, depth - 1))
    };
    names.into_iter().map(property).collect::<Map<_, _>>().into()
}

fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    words
        .filter_map(|word| word.trim_end_matches('.').parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect()
}

fn number(schema: &Value, material: &mut Material) -> f64 {
    let bound = |name: &str| schema[name].as_f64();
    let number = material.number().or_else(|| bound("minimum")).unwrap_or(1.0);
    let number = bound("minimum").map_or(number, |minimum| number.max(minimum));
    bound("maximum").map_or(number, |maximum| number.min(maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_properties_are_filled() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"}, "days": {"type": "integer", "maximum": 3}, "note": {"type": "string"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "days", "unit"],
        });
        let mut material =
            Material { names: vec!["Paris".into()], numbers: vec![5.0], text: "weather".into() };
        assert_eq!(sample(&schema, &mut material), json!({"city": "Paris", "days": 3, "unit": "celsius"}));
    }

    #[test]
    fn recursive_schemas_end() {
        let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]});
        assert!(sample(&schema, &mut Material::default()).is_object());
        assert_eq!(sample(&json!({"$ref": "#"}), &mut Material::default()), Value::Null);
    }

    #[test]
    fn odd_schemas_have_values() {
        for schema in
            [json!(null), json!([]), json!("x"), json!({"type": ["null", "string"]}), json!({"enum": []})]
        {
            sample(&schema, &mut Material::default());
        }
        assert_eq!(sample(&json!({"type": "object"}), &mut Material::default()), json!({}));
    }

    #[test]
    fn numbers_are_found() {
        assert_eq!(numbers("add 2 and -3.5. Then 7"), [2.0, -3.5, 7.0]);
    }
}
