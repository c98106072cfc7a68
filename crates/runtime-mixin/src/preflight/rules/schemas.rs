//! The schemas of tools.

use bedrock_orm_models::{Tool, ToolInputSchema, ToolSpecification};
use serde_json::{Map, Value, json};

use crate::preflight::draft::{Draft, tools};
use crate::preflight::facts::{ModelFacts, ModelFeature};
use crate::preflight::finding::{Place, Report};
use crate::preflight::rule::Rule;

/// A tool's schema has the type `object`.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html>, and AWS's error
/// message.
pub(super) const TYPE: Rule = Rule { name: "schema-type", mend: mend_types };

/// Claude takes no `oneOf`, `anyOf` or `allOf` at a schema's top level. One such tool refuses the whole request.
pub(super) const UNION: Rule = Rule { name: "schema-union", mend: mend_unions };

/// Strict tools take no `oneOf`, and no more than 24 optional parameters together.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>, and AWS's error messages.
pub(super) const STRICT: Rule = Rule { name: "strict-schema", mend: mend_strict };

const UNIONS: [&str; 3] = ["oneOf", "anyOf", "allOf"];
const MAX_OPTIONAL: usize = 24;

/// Returns the schemas of all tools.
fn schemas(draft: &mut Draft) -> impl Iterator<Item = (Place, &mut Map<String, Value>)> {
    specifications(draft).filter_map(|(place, tool)| match &mut tool.input_schema {
        ToolInputSchema::Json(Value::Object(schema)) => Some((place, schema)),
        _ => None,
    })
}

fn specifications(draft: &mut Draft) -> impl Iterator<Item = (Place, &mut ToolSpecification)> {
    tools(&mut draft.request).iter_mut().enumerate().filter_map(|(index, tool)| match tool {
        Tool::ToolSpec(specification) => Some((Place::Tool(index), specification)),
        _ => None,
    })
}

fn mend_types(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    for (place, schema) in schemas(draft) {
        if !schema.contains_key("type") {
            report.refused(place, "the schema has no type", "it gets the type object");
            schema.insert("type".to_owned(), json!("object"));
        }
    }
}

fn mend_unions(draft: &mut Draft, facts: &ModelFacts, report: &mut Report) {
    if !facts.refuse(ModelFeature::UnionSchema) {
        return;
    }
    for (place, schema) in schemas(draft) {
        for keyword in UNIONS {
            let Some(variants) = schema.remove(keyword) else { continue };
            let problem = "the schema has oneOf, anyOf or allOf at its top level";
            report.refused(place, problem, "its properties are merged into one object");
            merge(schema, variants, keyword == "allOf");
        }
    }
}

/// Merges the properties of a union's variants. Only `allOf` requires what a variant requires.
fn merge(schema: &mut Map<String, Value>, variants: Value, keeps_required: bool) {
    let Value::Array(variants) = variants else { return };
    for variant in variants {
        let Value::Object(mut variant) = variant else { continue };
        if let Some(Value::Object(properties)) = variant.remove("properties")
            && let Value::Object(all) = schema.entry("properties").or_insert_with(|| json!({}))
        {
            properties.into_iter().for_each(|(name, property)| {
                all.entry(name).or_insert(property);
            });
        }
        if keeps_required
            && let Some(Value::Array(required)) = variant.remove("required")
            && let Value::Array(all) = schema.entry("required").or_insert_with(|| json!([]))
        {
            for name in required {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
    }
}

fn mend_strict(draft: &mut Draft, _: &ModelFacts, report: &mut Report) {
    const LOOSENED: &str = "the tool is no longer strict";
    for (place, tool) in specifications(draft).filter(|(_, tool)| tool.strict == Some(true)) {
        if has_one_of(schema_of(tool)) {
            report.refused(place, "a strict tool's schema has oneOf", LOOSENED);
            tool.strict = None;
        }
    }
    let mut strict: Vec<_> = specifications(draft)
        .filter(|(_, tool)| tool.strict == Some(true))
        .map(|(place, tool)| (optional_parameters(schema_of(tool)), place, tool))
        .collect();
    let mut total: usize = strict.iter().map(|(optional, ..)| optional).sum();
    while total > MAX_OPTIONAL {
        let most = strict.iter().enumerate().max_by_key(|(_, (optional, ..))| *optional);
        let Some((most, _)) = most else { return };
        let (optional, place, tool) = strict.remove(most);
        let problem = "strict tools have more than 24 optional parameters together, this one the most";
        report.refused(place, problem, LOOSENED);
        tool.strict = None;
        total -= optional;
    }
}

fn schema_of(tool: &ToolSpecification) -> &Value {
    match &tool.input_schema {
        ToolInputSchema::Json(schema) => schema,
        _ => &Value::Null,
    }
}

/// Returns the schemas inside a schema.
fn nested(schema: &Value) -> Vec<&Value> {
    let mut nested = Vec::new();
    for keyword in ["properties", "$defs", "definitions"] {
        if let Some(schemas) = schema[keyword].as_object() {
            nested.extend(schemas.values());
        }
    }
    for keyword in UNIONS {
        if let Some(schemas) = schema[keyword].as_array() {
            nested.extend(schemas);
        }
    }
    for keyword in ["items", "additionalProperties", "not"] {
        nested.extend(schema.get(keyword));
    }
    nested
}

fn has_one_of(schema: &Value) -> bool {
    schema.get("oneOf").is_some() || nested(schema).into_iter().any(has_one_of)
}

/// Counts the properties that are not required, also of the objects inside.
fn optional_parameters(schema: &Value) -> usize {
    let properties = schema["properties"].as_object().map(Map::keys).into_iter().flatten();
    let required = schema["required"].as_array();
    let is_required =
        |name: &String| required.is_some_and(|required| required.iter().any(|known| known == name));
    properties.filter(|name| !is_required(name)).count()
        + nested(schema).into_iter().map(optional_parameters).sum::<usize>()
}
