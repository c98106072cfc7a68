//! The checks of prompts for all operations. Converse has its own messages for what it refuses itself, and relays the model's
//! message for the rest. InvokeModel always has the model's message.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::items;
use crate::model::completion::input_tokens;
use crate::model::prompt::{Prompt, Thinking, ToolChoice};
use crate::rules::refusal::{CheckResult, refuse, relay};
use crate::rules::{cache_points, tools};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::rules::Feature;

const MIN_BUDGET: u64 = 1024;
const THINKING_GUIDE: &str = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking";

/// Checks a prompt. Consecutive messages of the same role are accepted, as on AWS.
pub(crate) fn check(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    check_sampling(model, prompt)?;
    check_first_message(model, prompt)?;
    check_texts(model, prompt)?;
    check_tool_use(prompt)?;
    check_forced_tools(model, prompt)?;
    check_thinking(model, prompt)?;
    check_reasoning(model, prompt)?;
    check_last_message(model, prompt)?;
    cache_points::check(prompt)?;
    tools::check(model, prompt)?;
    check_sizes(model, prompt)
}

/// Returns the blocks of a message with their positions.
fn blocks(message: &Value) -> impl Iterator<Item = (usize, &Value)> {
    items(&message["content"]).iter().enumerate()
}

fn is_from_assistant(message: &Value) -> bool {
    message["role"] == "assistant"
}

fn check_sampling(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    let given = [("temperature", prompt.temperature), ("top_p", prompt.top_p)];
    for (name, value) in given {
        let Some(value) = value else { continue };
        if !(0.0..=1.0).contains(&value) {
            return relay(format!("{name}: range: 0..1"));
        }
        if !model.accepts(Feature::Sampling) && value < 1.0 {
            return relay(format!("`{name}` is deprecated for this model."));
        }
    }
    let has_both = given.iter().all(|(_, value)| value.is_some());
    if has_both && !model.accepts(Feature::TemperatureWithTopP) {
        return relay(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        );
    }
    Ok(())
}

fn check_first_message(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    let first = prompt.messages.first();
    if first.is_none() || (first.is_some_and(is_from_assistant) && !model.accepts(Feature::AssistantFirst)) {
        return refuse(
            "messages: first message must use the \"user\" role",
            "A conversation must start with a user message. Try again with a conversation that starts with a user \
             message.",
        );
    }
    Ok(())
}

fn check_texts(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    for (index, message) in prompt.messages.iter().enumerate() {
        for (position, block) in blocks(message) {
            let Some(text) = block["text"].as_str().filter(|text| text.trim().is_empty()) else { continue };
            let has_others = items(&message["content"]).len() > 1;
            let is_line_break = text == "\n" && has_others && model.accepts(Feature::LineBreakWithContent);
            if is_line_break || model.accepts(Feature::BlankText) {
                continue;
            }
            let wanted = if text.is_empty() { "be non-empty" } else { "contain non-whitespace text" };
            return refuse(
                format!("messages: text content blocks must {wanted}"),
                format!(
                    "The text field in the ContentBlock object at messages.{index}.content.{position} is blank. Add text \
                     to the text field, and try again."
                ),
            );
        }
    }
    Ok(())
}

/// Returns the IDs of a message's tool blocks of the client, with their positions. Server tools have other types.
fn tool_ids<'a>(message: &'a Value, kind: &'static str) -> Vec<(usize, &'a str)> {
    let of_client = |block: &Value| block["type"].is_null() || block["type"] == "tool_use";
    let tools = blocks(message).map(move |(position, block)| (position, &block[kind]));
    let tools = tools.filter(|(_, block)| block.is_object() && of_client(block));
    tools.filter_map(|(position, block)| Some((position, block["toolUseId"].as_str()?))).collect()
}

/// Checks that each tool use has exactly one result in the user messages directly after it, in any order.
fn check_tool_use(prompt: &Prompt) -> CheckResult {
    let has_tool_blocks = |message: &Value| {
        !tool_ids(message, "toolUse").is_empty() || !tool_ids(message, "toolResult").is_empty()
    };
    if prompt.tools.is_empty() && prompt.messages.iter().any(has_tool_blocks) {
        return refuse(
            "Requests which include `tool_use` or `tool_result` blocks must define tools",
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    }
    let mut known = BTreeSet::new();
    let mut expected: Vec<&str> = Vec::new();
    for (index, message) in prompt.messages.iter().enumerate() {
        if is_from_assistant(message) {
            check_results(index, &expected)?;
            let uses = tool_ids(message, "toolUse");
            if let Some((position, _)) = uses.iter().find(|(_, id)| !known.insert(*id)) {
                return relay(format!("messages.{index}.content.{position}: `tool_use` ids must be unique"));
            }
            expected = uses.into_iter().map(|(_, id)| id).collect();
            continue;
        }
        let results = tool_ids(message, "toolResult");
        if results.len() > expected.len() {
            let (position, id) = results.iter().find(|(_, id)| !expected.contains(id)).unwrap_or(&results[0]);
            return refuse(
                format!(
                    "messages.{index}.content.{position}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. \
                     Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                ),
                format!(
                    "The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of \
                     previous turn."
                ),
            );
        }
        let mut unique = BTreeSet::new();
        if let Some((position, id)) = results.iter().find(|(_, id)| !unique.insert(*id)) {
            return refuse(
                format!(
                    "messages.{index}.content.{position}: each tool_use must have a single result. Found multiple \
                     `tool_result` blocks with id: {id}"
                ),
                format!("The toolResult blocks at messages.{index}.content contain duplicate Ids."),
            );
        }
        expected.retain(|id| !unique.contains(id));
        check_results(index, &expected)?;
    }
    Ok(())
}

/// Refuses tool uses without results.
fn check_results(index: usize, missing: &[&str]) -> CheckResult {
    if missing.is_empty() {
        return Ok(());
    }
    let ids = missing.join(", ");
    refuse(
        format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each `tool_use` \
             block must have a corresponding `tool_result` block in the next message.",
            index.saturating_sub(1)
        ),
        format!("Expected toolResult blocks at messages.{index}.content for the following Ids: {ids}"),
    )
}

fn check_forced_tools(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    let choice = match prompt.tool_choice {
        ToolChoice::Any => "any",
        ToolChoice::Named(_) => "tool",
        ToolChoice::Auto | ToolChoice::Never => return Ok(()),
    };
    if !model.accepts(Feature::ForcedTools) {
        let field = format!("toolConfig.toolChoice.{choice}");
        let message = format!("This model doesn't support the {field} field. Remove {field} and try again.");
        return refuse(message.clone(), message);
    }
    if prompt.thinking != Thinking::Off && !model.accepts(Feature::ForcedToolsWithThinking) {
        return relay("Thinking may not be enabled when tool_choice forces tool use.");
    }
    Ok(())
}

fn check_thinking(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    if prompt.thinking == Thinking::Off {
        return Ok(());
    }
    let is_claude = model.provider() == "anthropic";
    if !model.accepts(Feature::Thinking) {
        return relay(match is_claude {
            true => "thinking: Extra inputs are not permitted",
            false => {
                "Malformed input request: #: extraneous key [reasoningConfig] is not permitted, please reformat your \
                 input and try again."
            }
        });
    }
    let budget = match prompt.thinking {
        Thinking::Adaptive if !model.accepts(Feature::AdaptiveThinking) => {
            return relay("adaptive thinking is not supported on this model");
        }
        Thinking::Enabled { .. } if !model.accepts(Feature::BudgetedThinking) => {
            return relay(
                "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                 \"output_config.effort\" to control thinking behavior.",
            );
        }
        Thinking::Enabled { budget } if is_claude => budget,
        _ => return Ok(()),
    };
    let Some(budget) = budget else {
        return relay("thinking.enabled.budget_tokens: Field required");
    };
    if budget < MIN_BUDGET {
        return relay(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {MIN_BUDGET}"
        ));
    }
    if prompt.max_tokens.is_some_and(|max_tokens| max_tokens <= budget) {
        return relay(format!(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at \
             {THINKING_GUIDE}#max-tokens-and-context-window-size"
        ));
    }
    if prompt.temperature.is_some_and(|temperature| temperature < 1.0) {
        return relay(format!(
            "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at \
             {THINKING_GUIDE}#important-considerations-when-using-extended-thinking"
        ));
    }
    Ok(())
}

/// Checks that reasoning has its signature and that no text is next to a tool result, if the model requires that.
fn check_reasoning(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    for (index, message) in prompt.messages.iter().enumerate() {
        let has = |kind: &str| blocks(message).any(|(_, block)| !block[kind].is_null());
        if has("toolResult") && has("text") && !model.accepts(Feature::TextWithToolResult) {
            let message = "Conversation blocks and tool result blocks cannot be provided in the same turn.";
            return refuse(message, message);
        }
        let mut reasoning =
            blocks(message).map(|(index, block)| (index, &block["reasoningContent"]["reasoningText"]));
        let unsigned = reasoning.find(|(_, text)| text.is_object() && text["signature"].is_null());
        if let Some((position, _)) = unsigned.filter(|_| !model.accepts(Feature::UnsignedReasoning)) {
            return relay(format!("messages.{index}.content.{position}.thinking.signature: Field required"));
        }
    }
    Ok(())
}

/// Checks that the model accepts a prefill.
fn check_last_message(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    if !prompt.messages.last().is_some_and(is_from_assistant) {
        return Ok(());
    }
    if !model.accepts(Feature::Prefill) {
        return relay(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    if !prompt.tools.is_empty() && !model.accepts(Feature::PrefillWithTools) {
        return relay(
            "Your API request included an `assistant` message in the final position, which would pre-fill the `assistant` \
             response. When using tools, pre-filling the `assistant` response is not supported.",
        );
    }
    Ok(())
}

fn check_sizes(model: &FoundationModel, prompt: &Prompt) -> CheckResult {
    if let (Some(wanted), Some(limit)) = (prompt.max_tokens, model.accepted.limits.output_tokens)
        && wanted > limit
    {
        return refuse(
            format!(
                "max_tokens: {wanted} > {limit}, which is the maximum allowed number of output tokens for {}",
                model.model_id
            ),
            format!(
                "The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens value \
                 that is lower than {limit}."
            ),
        );
    }
    let content = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let texts = content.chain(&prompt.system).filter_map(|block| block["text"].as_str());
    let bytes: u64 = texts.map(|text| text.len() as u64).sum();
    if let Some(limit) = model.accepted.limits.text_bytes.filter(|limit| bytes > *limit) {
        return relay(format!("too many total text bytes: {bytes} > {limit}"));
    }
    if model.context_window.is_some_and(|window| input_tokens(prompt) > window) {
        return relay(match model.base_id().starts_with("amazon.nova") {
            true => {
                "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try \
                 again."
            }
            false => "Input is too long for requested model.",
        });
    }
    Ok(())
}
