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
