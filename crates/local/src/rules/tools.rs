//! The checks of tools' schemas.

use serde_json::Value;

use crate::json::items;
use crate::model::prompt::Prompt;
use crate::rules::refusal::{CheckResult, relay};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::rules::Feature;

/// The optional parameters of all strict tools together.
const MAX_OPTIONAL: usize = 24;
const UNIONS: [&str; 3] = ["oneOf", "anyOf", "allOf"];

/// Checks the schemas of a prompt's tools.
///
/// Source for strict tools: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
pub(super) fn check(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    let mut optional = 0;
    let tools = prompt.tools.iter().map(|tool| &tool["toolSpec"]).filter(|tool| tool.is_object());
    for (index, tool) in tools.enumerate() {
        let schema = &tool["inputSchema"]["json"];
        if !model.accepts(Feature::UnionSchema) && UNIONS.iter().any(|keyword| schema.get(keyword).is_some())
        {
            return relay(format!(
                "tools.{index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
            ));
        }
        if tool["strict"] == true {
            if has_one_of(schema) {
                // Users report only the end of the message.
                return relay(format!("tools.{index}.custom: Schema type 'oneOf' is not supported"));
            }
            optional += optional_parameters(schema);
        }
    }
    if optional > MAX_OPTIONAL {
        return relay(format!(
            "Schemas contains too many optional parameters ({optional}), which would make grammar compilation inefficient. \
             Reduce the number of optional parameters in your tool schemas (limit: {MAX_OPTIONAL})."
        ));
    }
    Ok(())
}

/// Returns the schemas directly inside a schema.
fn inner(schema: &Value) -> Vec<&Value> {
    let named = ["properties", "$defs"].into_iter().filter_map(|member| schema[member].as_object());
    let listed = UNIONS.into_iter().flat_map(|keyword| items(&schema[keyword]));
    let single = ["items", "additionalProperties"].into_iter().map(|member| &schema[member]);
    named
        .flat_map(|schemas| schemas.values())
        .chain(listed)
        .chain(single)
        .filter(|inner| inner.is_object())
        .collect()
}

fn has_one_of(schema: &Value) -> bool {
    schema.get("oneOf").is_some() || inner(schema).into_iter().any(has_one_of)
}

fn optional_parameters(schema: &Value) -> usize {
    let required = items(&schema["required"]);
    let names = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
    let own = names.filter(|name| !required.iter().any(|required| required == *name)).count();
    own + inner(schema).into_iter().map(optional_parameters).sum::<usize>()
}
