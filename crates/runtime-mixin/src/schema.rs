//! JSON schemas of Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// Returns the JSON schema of a type, as models accept it for the input of a tool: of an object, without references except in
/// recursive types, and without the members `$schema`, `title` and `description` at the top, which some models refuse.
///
/// ```
/// #[derive(schemars::JsonSchema)]
/// struct City {
///     /// The name of the city.
///     name: String,
/// }
///
/// let schema = bedrock_orm::schema_of::<City>();
/// assert_eq!(schema["properties"]["name"]["description"], "The name of the city.");
/// assert_eq!(schema["required"], serde_json::json!(["name"]));
/// ```
///
/// Source: [the schemas that Nova
/// accepts](https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html).
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    match Value::from(settings.into_generator().into_root_schema_for::<T>()) {
        Value::Object(mut schema) => {
            for name in ["$schema", "title", "description"] {
                schema.remove(name);
            }
            // Any JSON: the input of a tool is an object.
            schema.is_empty().then(|| schema.insert("type".to_owned(), json!("object")));
            Value::Object(schema)
        }
        _ => json!({"type": "object"}),
    }
}

#[cfg(test)]
mod tests {
    #![allow(dead_code)] // the types are only described
    use std::collections::HashMap;

    use super::*;

    /// A place.
    #[derive(JsonSchema)]
    struct Place {
        /// The city.
        city: String,
        coordinates: Option<Coordinates>,
    }

    #[derive(JsonSchema)]
    struct Coordinates {
        latitude: f64,
        longitude: f64,
    }

    #[derive(JsonSchema)]
    struct Tree {
        children: Vec<Tree>,
    }

    #[test]
    fn a_schema_has_no_references_and_only_what_models_accept_at_the_top() {
        let schema = schema_of::<Place>();
        let mut members: Vec<_> = schema.as_object().into_iter().flatten().map(|(name, _)| name).collect();
        members.sort();
        assert_eq!(members, ["properties", "required", "type"]);
        assert_eq!(schema["required"], json!(["city"]));
        assert!(!schema.to_string().contains("$ref"), "{schema}");
        assert!(schema.to_string().contains("latitude"), "{schema}");
    }

    #[test]
    fn a_recursive_type_keeps_its_references() {
        let schema = schema_of::<Tree>();
        assert_eq!(schema["type"], "object");
        assert!(schema.to_string().contains("$ref"), "{schema}");
    }

    #[test]
    fn any_json_is_an_object() {
        assert_eq!(schema_of::<Value>()["type"], "object");
        assert_eq!(schema_of::<HashMap<String, String>>()["type"], "object");
        assert_eq!(schema_of::<Vec<u8>>()["type"], "array");
    }
}
