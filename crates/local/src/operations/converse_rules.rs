//! What AWS wants of a conversation beyond its shapes, in AWS's words where they are known.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::FoundationModel;
use crate::catalogue::rules::Feature;
use crate::error::{AwsError, AwsResult};
use crate::model::completion::{TOOL_USE, is_clients};
use crate::model::prompt::items;
use crate::model::provider_fields::wants_reasoning;

const MOST_CACHE_POINTS: usize = 4;

/// What some models say to a temperature beside a top P.
pub(crate) const ONE_SAMPLER: &str =
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";

/// Refuses a Converse input that AWS refuses. Consecutive messages of one role are accepted, as AWS does today.
pub(crate) fn check(model: &FoundationModel, input: &Value) -> AwsResult<()> {
    let messages = items(&input["messages"]);
    check_model(model, input)?;
    if messages.first().is_none_or(|message| message["role"] == "assistant") {
        return refuse(
            "A conversation must start with a user message. Try again with a conversation that starts with a user \
             message.",
        );
    }
    check_tools(&input["toolConfig"])?;
    for (index, message) in messages.iter().enumerate() {
        check_message(index, message)?;
    }
    if input["toolConfig"].is_null() && has_tool_blocks(messages) {
        return refuse(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    }
    check_tool_results(messages)?;
    check_makers_wishes(model, input)?;
    check_end(messages, input)?;
    check_cache_points(input)
}

fn refuse(message: impl Into<String>) -> AwsResult<()> {
    Err(AwsError::validation(message))
}

fn check_model(model: &FoundationModel, input: &Value) -> AwsResult<()> {
    if !model.takes(Feature::Converse) {
        return refuse(
            "This action doesn't support the model that you provided. Try again with a supported model.",
        );
    }
    if !model.takes(Feature::Tools) && !input["toolConfig"].is_null() {
        return refuse("This model doesn't support tool use.");
    }
    let inference = &input["inferenceConfig"];
    if !model.takes(Feature::TemperatureBesideTopP)
        && !inference["temperature"].is_null()
        && !inference["topP"].is_null()
    {
        return refuse(format!("The model returned the following errors: {ONE_SAMPLER}"));
    }
    if !model.takes(Feature::System) && !items(&input["system"]).is_empty() {
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

fn check_message(index: usize, message: &Value) -> AwsResult<()> {
    let blocks = items(&message["content"]);
    if blocks.is_empty() {
        return refuse(format!(
            "The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to the \
             content field and try again."
        ));
    }
    for (position, block) in blocks.iter().enumerate() {
        check_block(&format!("messages.{index}.content.{position}"), block)?;
    }
    let has = |kind: &str| blocks.iter().any(|block| !block[kind].is_null());
    if has("document") && !has("text") && !has("guardContent") {
        return refuse("A text block must be included when using documents.");
    }
    if has("toolUse") && message["role"] == "user" {
        return refuse(format!(
            "The toolUse block at messages.{index}.content is not allowed in a user message."
        ));
    }
    if has("toolResult") && message["role"] == "assistant" {
        let is_servers = blocks
            .iter()
            .all(|block| block["toolResult"].is_null() || !block["toolResult"]["type"].is_null());
        if !is_servers {
            return refuse(format!(
                "The toolResult block at messages.{index}.content is not allowed in an assistant message."
            ));
        }
    }
    Ok(())
}

fn check_block(path: &str, block: &Value) -> AwsResult<()> {
    if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) {
        return refuse(format!(
            "The text field in the ContentBlock object at {path} is blank. Add text to the text field, and try again."
        ));
    }
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
    for (index, content) in items(&result["content"]).iter().enumerate() {
        let document = content.get("json");
        if document.is_some_and(|json| !json.is_object()) {
            return refuse(not_an_object(&format!("{path}.toolResult.content.{index}.json")));
        }
    }
    Ok(())
}

fn has_tool_blocks(messages: &[Value]) -> bool {
    let blocks = messages.iter().flat_map(|message| items(&message["content"]));
    blocks.into_iter().any(|block| {
        is_clients(&block["toolUse"])
            || (block["toolResult"].is_object() && block["toolResult"]["type"].is_null())
    })
}

/// Every tool use has exactly one result in the user messages that follow it at once, in whatever order.
fn check_tool_results(messages: &[Value]) -> AwsResult<()> {
    let ids = |message: &Value, kind: &str| -> Vec<String> {
        let blocks = items(&message["content"]).iter().map(|block| &block[kind]);
        let clients = blocks.filter(|block| block["type"].is_null() || block["type"] == TOOL_USE);
        clients.filter_map(|block| block["toolUseId"].as_str()).map(str::to_owned).collect()
    };
    let mut expected: Vec<String> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if message["role"] == "assistant" {
            check_answered(index, &expected)?;
            expected = ids(message, "toolUse");
            continue;
        }
        let results = ids(message, "toolResult");
        if results.len() > expected.len() {
            return refuse(format!(
                "The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of \
                 previous turn."
            ));
        }
        let unique: BTreeSet<_> = results.iter().collect();
        if unique.len() < results.len() {
            return refuse(format!(
                "The toolResult blocks at messages.{index}.content contain duplicate Ids."
            ));
        }
        expected.retain(|id| !results.contains(id));
        check_answered(index, &expected)?;
    }
    Ok(())
}

fn check_answered(index: usize, missing: &[String]) -> AwsResult<()> {
    match missing {
        [] => Ok(()),
        missing => refuse(format!(
            "Expected toolResult blocks at messages.{index}.content for the following Ids: {}",
            missing.join(", ")
        )),
    }
}

/// What some makers' models refuse and others do not.
fn check_makers_wishes(model: &FoundationModel, input: &Value) -> AwsResult<()> {
    let choice = &input["toolConfig"]["toolChoice"];
    let forced = ["any", "tool"].into_iter().find(|choice_of| choice[*choice_of].is_object());
    if let Some(forced) = forced {
        if !model.takes(Feature::ForcedTools) {
            let field = format!("toolConfig.toolChoice.{forced}");
            return refuse(format!(
                "This model doesn't support the {field} field. Remove {field} and try again."
            ));
        }
        if model.maker() == "anthropic" && wants_reasoning(&input["additionalModelRequestFields"]) {
            return refuse(
                "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.",
            );
        }
    }
    for (index, message) in items(&input["messages"]).iter().enumerate() {
        let blocks = items(&message["content"]);
        let has = |kind: &str| blocks.iter().any(|block| !block[kind].is_null());
        if model.maker() == "meta" && has("toolResult") && has("text") {
            return refuse("Conversation blocks and tool result blocks cannot be provided in the same turn.");
        }
        let unsigned = blocks.iter().position(|block| {
            let thought = &block["reasoningContent"]["reasoningText"];
            thought.is_object() && thought["signature"].is_null()
        });
        if let Some(position) = unsigned.filter(|_| model.maker() == "anthropic") {
            return refuse(format!(
                "The model returned the following errors: messages.{index}.content.{position}.thinking.signature: Field \
                 required"
            ));
        }
    }
    Ok(())
}

/// With tools, nothing may be put into the model's mouth.
fn check_end(messages: &[Value], input: &Value) -> AwsResult<()> {
    let prefilled = messages.last().is_some_and(|message| message["role"] == "assistant");
    if prefilled && !input["toolConfig"].is_null() {
        return refuse(
            "The model returned the following errors: Your API request included an `assistant` message in the final \
             position, which would pre-fill the `assistant` response. When using tools, pre-filling the `assistant` \
             response is not supported.",
        );
    }
    Ok(())
}

fn check_cache_points(input: &Value) -> AwsResult<()> {
    let content = items(&input["messages"]).iter().flat_map(|message| items(&message["content"]));
    let all = content.chain(items(&input["system"])).chain(items(&input["toolConfig"]["tools"]));
    let count = all.filter(|block| !block["cachePoint"].is_null()).count();
    if count > MOST_CACHE_POINTS {
        return refuse(format!(
            "The model returned the following errors: A maximum of {MOST_CACHE_POINTS} blocks with cache_control may \
             be provided. Found {count}."
        ));
    }
    Ok(())
}
