//! The checks of Converse's input that only Converse has, with AWS's messages if they are known. The checks for all operations
//! are in `rules/prompt.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::items;
use crate::rules::media;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::rules::Feature;

/// Checks an input of Converse.
pub(crate) fn check(model: &FoundationModel, input: &Value) -> AwsResult<()> {
    check_model(model, input)?;
    check_tools(&input["toolConfig"])?;
    for (index, message) in items(&input["messages"]).iter().enumerate() {
        check_message(model, index, message)?;
    }
    media::check(model, items(&input["messages"]))
}

fn refuse(message: impl Into<String>) -> AwsResult<()> {
    Err(AwsError::validation(message))
}

fn check_model(model: &FoundationModel, input: &Value) -> AwsResult<()> {
    if !model.accepts(Feature::Converse) {
        return refuse(
            "This action doesn't support the model that you provided. Try again with a supported model.",
        );
    }
    if !model.accepts(Feature::Tools) && !input["toolConfig"].is_null() {
        return refuse("This model doesn't support tool use.");
    }
    if !model.accepts(Feature::System) && !items(&input["system"]).is_empty() {
        return refuse(
            "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
        );
    }
    Ok(())
}

fn check_tools(tool_config: &Value) -> AwsResult<()> {
    let mut names = BTreeSet::new();
    for (index, tool) in items(&tool_config["tools"]).iter().enumerate() {
        let spec = &tool["toolSpec"];
        if spec.is_null() {
            continue;
        }
        let schema = &spec["inputSchema"]["json"];
        let path = format!("toolConfig.tools.{index}.toolSpec.inputSchema.json");
        if !schema.is_object() {
            return refuse(not_an_object(&path));
        }
        if schema["type"] != "object" {
            return refuse(format!("The value at {path}.type must be one of the following: object."));
        }
        if let Some(name) = spec["name"].as_str().filter(|name| !names.insert(*name)) {
            return refuse(format!("The tool name {name} is used more than once in toolConfig.tools."));
        }
    }
    match tool_config["toolChoice"]["tool"]["name"].as_str() {
        Some(name) if !names.contains(name) => {
            refuse(format!("The tool {name} in toolConfig.toolChoice is not among toolConfig.tools."))
        }
        _ => Ok(()),
    }
}

fn not_an_object(path: &str) -> String {
    format!(
        "The format of the value at {path} is invalid. Provide a json object for the field and try again."
    )
}

fn check_message(model: &FoundationModel, index: usize, message: &Value) -> AwsResult<()> {
    let blocks = items(&message["content"]);
    if blocks.is_empty() {
        return refuse(format!(
            "The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to the \
             content field and try again."
        ));
    }
    for (position, block) in blocks.iter().enumerate() {
        check_block(model, &format!("messages.{index}.content.{position}"), block)?;
    }
    let has = |kind: &str| blocks.iter().any(|block| !block[kind].is_null());
    if has("document") && !has("text") && !has("guardContent") {
        return refuse(
            "A text block must be included when using documents. Add a text block and retry your request.",
        );
    }
    if has("toolUse") && message["role"] == "user" {
        return refuse(format!(
            "The toolUse block at messages.{index}.content is not allowed in a user message."
        ));
    }
    if has("toolResult") && message["role"] == "assistant" {
        let is_from_server = blocks
            .iter()
            .all(|block| block["toolResult"].is_null() || !block["toolResult"]["type"].is_null());
        if !is_from_server {
            return refuse(format!(
                "The toolResult block at messages.{index}.content is not allowed in an assistant message."
            ));
        }
    }
    Ok(())
}

fn check_block(model: &FoundationModel, path: &str, block: &Value) -> AwsResult<()> {
    let tool_use = &block["toolUse"];
    if tool_use.is_object() && !tool_use["input"].is_object() {
        return refuse(not_an_object(&format!("{path}.toolUse.input")));
    }
    let result = &block["toolResult"];
    if result["status"] == "error" && items(&result["content"]).is_empty() {
        return refuse(format!(
            "The content field at {path}.toolResult cannot be empty when status value is error."
        ));
    }
    let is_empty = result.is_object() && items(&result["content"]).is_empty();
    if is_empty && !model.accepts(Feature::EmptyToolResult) {
        // Not recorded: users report that the model refuses it, but not the message.
        return refuse(format!(
            "The content field at {path}.toolResult is empty. Add content to the field and try again."
        ));
    }
    for (index, content) in items(&result["content"]).iter().enumerate() {
        let document = content.get("json");
        if document.is_some_and(|json| !json.is_object()) && !model.accepts(Feature::ScalarToolResult) {
            return refuse(not_an_object(&format!("{path}.toolResult.content.{index}.json")));
        }
    }
    Ok(())
}
