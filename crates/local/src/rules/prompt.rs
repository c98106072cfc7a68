//! What is refused of a prompt, whichever operation it came by: one set of rules over one form. Converse has its own words for
//! what it refuses itself, and passes on the model's words for the rest; InvokeModel has the model's words for all.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::items;
use crate::model::completion::input_tokens;
use crate::model::prompt::{Prompt, Thinking, ToolChoice};
use crate::wire::error::AwsError;
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::rules::Feature;

const MOST_CACHE_POINTS: usize = 4;
const LEAST_BUDGET: u64 = 1024;
const THINKING_GUIDE: &str = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking";

/// A refusal, as the model says it and, where Converse refuses it itself, as Converse does.
#[derive(Debug)]
pub(crate) struct Refusal {
    by_model: String,
    by_converse: Option<String>,
}

type Verdict = Result<(), Refusal>;

impl Refusal {
    /// As Converse answers it.
    pub(crate) fn of_converse(self) -> AwsError {
        let by_model = self.by_model;
        let relayed = || format!("The model returned the following errors: {by_model}");
        AwsError::validation(self.by_converse.unwrap_or_else(relayed))
    }

    /// As InvokeModel answers it.
    pub(crate) fn of_invoke_model(self) -> AwsError {
        AwsError::validation(self.by_model)
    }
}

/// A refusal of the model's that Converse passes on.
fn relayed(by_model: impl Into<String>) -> Verdict {
    Err(Refusal { by_model: by_model.into(), by_converse: None })
}

/// A refusal that Converse does not leave to the model.
fn refused(by_model: impl Into<String>, by_converse: impl Into<String>) -> Verdict {
    Err(Refusal { by_model: by_model.into(), by_converse: Some(by_converse.into()) })
}

/// Refuses a prompt that its model or the service refuses. Consecutive messages of one role are accepted, as AWS does today.
pub(crate) fn check(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    check_sampling(model, prompt)?;
    check_first_message(model, prompt)?;
    check_texts(model, prompt)?;
    check_tool_use(prompt)?;
    check_forced_tools(model, prompt)?;
    check_thinking(model, prompt)?;
    check_reasoning(model, prompt)?;
    check_last_message(model, prompt)?;
    check_cache_points(prompt)?;
    check_sizes(model, prompt)
}

/// The blocks of a message, numbered.
fn blocks(message: &Value) -> impl Iterator<Item = (usize, &Value)> {
    items(&message["content"]).iter().enumerate()
}

fn is_assistants(message: &Value) -> bool {
    message["role"] == "assistant"
}

fn check_sampling(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    let given = [("temperature", prompt.temperature), ("top_p", prompt.top_p)];
    for (name, value) in given {
        let Some(value) = value else { continue };
        if !(0.0..=1.0).contains(&value) {
            return relayed(format!("{name}: range: 0..1"));
        }
        if !model.accepts(Feature::Sampling) && value < 1.0 {
            return relayed(format!("`{name}` is deprecated for this model."));
        }
    }
    let has_both = given.iter().all(|(_, value)| value.is_some());
    if has_both && !model.accepts(Feature::TemperatureWithTopP) {
        return relayed(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        );
    }
    Ok(())
}

fn check_first_message(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    let first = prompt.messages.first();
    if first.is_none() || (first.is_some_and(is_assistants) && !model.accepts(Feature::AssistantFirst)) {
        return refused(
            "messages: first message must use the \"user\" role",
            "A conversation must start with a user message. Try again with a conversation that starts with a user \
             message.",
        );
    }
    Ok(())
}

fn check_texts(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    for (index, message) in prompt.messages.iter().enumerate() {
        for (position, block) in blocks(message) {
            let Some(text) = block["text"].as_str().filter(|text| text.trim().is_empty()) else { continue };
            let has_others = items(&message["content"]).len() > 1;
            let is_line_break = text == "\n" && has_others && model.accepts(Feature::LineBreakWithContent);
            if is_line_break || model.accepts(Feature::BlankText) {
                continue;
            }
            let wanted = if text.is_empty() { "be non-empty" } else { "contain non-whitespace text" };
            return refused(
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

/// The ids of a message's tool blocks that are the client's affair, with their positions. Server tools have types of their own.
fn tool_ids<'a>(message: &'a Value, kind: &'static str) -> Vec<(usize, &'a str)> {
    let of_client = |block: &Value| block["type"].is_null() || block["type"] == "tool_use";
    let tools = blocks(message).map(move |(position, block)| (position, &block[kind]));
    let tools = tools.filter(|(_, block)| block.is_object() && of_client(block));
    tools.filter_map(|(position, block)| Some((position, block["toolUseId"].as_str()?))).collect()
}

/// Every tool use has exactly one result in the user messages that follow it at once, in whatever order.
fn check_tool_use(prompt: &Prompt) -> Verdict {
    let has_tool_blocks = |message: &Value| {
        !tool_ids(message, "toolUse").is_empty() || !tool_ids(message, "toolResult").is_empty()
    };
    if prompt.tools.is_empty() && prompt.messages.iter().any(has_tool_blocks) {
        return refused(
            "Requests which include `tool_use` or `tool_result` blocks must define tools",
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    }
    let mut known = BTreeSet::new();
    let mut expected: Vec<&str> = Vec::new();
    for (index, message) in prompt.messages.iter().enumerate() {
        if is_assistants(message) {
            check_answered(index, &expected)?;
            let uses = tool_ids(message, "toolUse");
            if let Some((position, _)) = uses.iter().find(|(_, id)| !known.insert(*id)) {
                return relayed(format!(
                    "messages.{index}.content.{position}: `tool_use` ids must be unique"
                ));
            }
            expected = uses.into_iter().map(|(_, id)| id).collect();
            continue;
        }
        let results = tool_ids(message, "toolResult");
        if results.len() > expected.len() {
            let (position, id) = results.iter().find(|(_, id)| !expected.contains(id)).unwrap_or(&results[0]);
            return refused(
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
            return refused(
                format!(
                    "messages.{index}.content.{position}: each tool_use must have a single result. Found multiple \
                     `tool_result` blocks with id: {id}"
                ),
                format!("The toolResult blocks at messages.{index}.content contain duplicate Ids."),
            );
        }
        expected.retain(|id| !unique.contains(id));
        check_answered(index, &expected)?;
    }
    Ok(())
}

fn check_answered(index: usize, missing: &[&str]) -> Verdict {
    if missing.is_empty() {
        return Ok(());
    }
    let ids = missing.join(", ");
    refused(
        format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each `tool_use` \
             block must have a corresponding `tool_result` block in the next message.",
            index.saturating_sub(1)
        ),
        format!("Expected toolResult blocks at messages.{index}.content for the following Ids: {ids}"),
    )
}

fn check_forced_tools(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    let choice = match prompt.tool_choice {
        ToolChoice::Any => "any",
        ToolChoice::Named(_) => "tool",
        ToolChoice::Auto | ToolChoice::Never => return Ok(()),
    };
    if !model.accepts(Feature::ForcedTools) {
        let field = format!("toolConfig.toolChoice.{choice}");
        let told = format!("This model doesn't support the {field} field. Remove {field} and try again.");
        return refused(told.clone(), told);
    }
    if prompt.thinking != Thinking::Off && !model.accepts(Feature::ForcedToolsWithThinking) {
        return relayed("Thinking may not be enabled when tool_choice forces tool use.");
    }
    Ok(())
}

fn check_thinking(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    if prompt.thinking == Thinking::Off {
        return Ok(());
    }
    let is_claude = model.provider() == "anthropic";
    if !model.accepts(Feature::Thinking) {
        return relayed(match is_claude {
            true => "thinking: Extra inputs are not permitted",
            false => {
                "Malformed input request: #: extraneous key [reasoningConfig] is not permitted, please reformat your \
                 input and try again."
            }
        });
    }
    let budget = match prompt.thinking {
        Thinking::Adaptive if !model.accepts(Feature::AdaptiveThinking) => {
            return relayed("adaptive thinking is not supported on this model");
        }
        Thinking::Enabled { .. } if !model.accepts(Feature::BudgetedThinking) => {
            return relayed(
                "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                 \"output_config.effort\" to control thinking behavior.",
            );
        }
        Thinking::Enabled { budget } if is_claude => budget,
        _ => return Ok(()),
    };
    let Some(budget) = budget else {
        return relayed("thinking.enabled.budget_tokens: Field required");
    };
    if budget < LEAST_BUDGET {
        return relayed(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET}"
        ));
    }
    if prompt.max_tokens.is_some_and(|most| most <= budget) {
        return relayed(format!(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at \
             {THINKING_GUIDE}#max-tokens-and-context-window-size"
        ));
    }
    if prompt.temperature.is_some_and(|temperature| temperature < 1.0) {
        return relayed(format!(
            "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at \
             {THINKING_GUIDE}#important-considerations-when-using-extended-thinking"
        ));
    }
    Ok(())
}

/// What the model has thought goes back with its signature, and a text does not stand beside a tool result, where a model
/// minds that.
fn check_reasoning(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    for (index, message) in prompt.messages.iter().enumerate() {
        let has = |kind: &str| blocks(message).any(|(_, block)| !block[kind].is_null());
        if has("toolResult") && has("text") && !model.accepts(Feature::TextWithToolResult) {
            let told = "Conversation blocks and tool result blocks cannot be provided in the same turn.";
            return refused(told, told);
        }
        let mut thoughts =
            blocks(message).map(|(index, block)| (index, &block["reasoningContent"]["reasoningText"]));
        let unsigned = thoughts.find(|(_, thought)| thought.is_object() && thought["signature"].is_null());
        if let Some((position, _)) = unsigned.filter(|_| !model.accepts(Feature::UnsignedReasoning)) {
            return relayed(format!(
                "messages.{index}.content.{position}.thinking.signature: Field required"
            ));
        }
    }
    Ok(())
}

/// Not every model lets words be put into its mouth.
fn check_last_message(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    if !prompt.messages.last().is_some_and(is_assistants) {
        return Ok(());
    }
    if !model.accepts(Feature::Prefill) {
        return relayed(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    if !prompt.tools.is_empty() && !model.accepts(Feature::PrefillWithTools) {
        return relayed(
            "Your API request included an `assistant` message in the final position, which would pre-fill the `assistant` \
             response. When using tools, pre-filling the `assistant` response is not supported.",
        );
    }
    Ok(())
}

fn check_cache_points(prompt: &Prompt) -> Verdict {
    let content = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let all = content.chain(&prompt.system).chain(&prompt.tools);
    let count = all.filter(|block| !block["cachePoint"].is_null()).count();
    if count > MOST_CACHE_POINTS {
        return relayed(format!(
            "A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. Found {count}."
        ));
    }
    Ok(())
}

fn check_sizes(model: &FoundationModel, prompt: &Prompt) -> Verdict {
    if let (Some(wanted), Some(most)) = (prompt.max_tokens, model.accepted.limits.output_tokens)
        && wanted > most
    {
        return refused(
            format!(
                "max_tokens: {wanted} > {most}, which is the maximum allowed number of output tokens for {}",
                model.model_id
            ),
            format!(
                "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens value \
                 that is lower than {most}."
            ),
        );
    }
    let content = prompt.messages.iter().flat_map(|message| items(&message["content"]));
    let texts = content.chain(&prompt.system).filter_map(|block| block["text"].as_str());
    let bytes: u64 = texts.map(|text| text.len() as u64).sum();
    if let Some(most) = model.accepted.limits.text_bytes.filter(|most| bytes > *most) {
        return relayed(format!("too many total text bytes: {bytes} > {most}"));
    }
    if model.context_window.is_some_and(|window| input_tokens(prompt) > window) {
        return relayed(match model.base_id().starts_with("amazon.nova") {
            true => {
                "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try \
                 again."
            }
            false => "Input is too long for requested model.",
        });
    }
    Ok(())
}
