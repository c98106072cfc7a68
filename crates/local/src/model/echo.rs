//! The default reply, an echo of the prompt.

use serde_json::{Value, json};

use crate::json::items;
use crate::model::completion::{Completion, TOOL_USE};
use crate::model::prompt::Prompt;
use crate::model::reply::{reasoning_block, unsigned_reasoning_block};
use crate::model::sample::{Material, material_text, sample};
use crate::model::server_tools::ServerTools;
use crate::model::tokens::{count_in_text, tokens};
use crate::model::{citations, tools};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::style::Style;
use crate::world::ids::Ids;

/// The limit of characters in a quote of the prompt.
const MAX_QUOTE: usize = 600;

/// Returns the reply to a prompt if no replier has one.
pub(crate) fn reply(ids: &Ids, model: &FoundationModel, prompt: &Prompt) -> Completion {
    let style = model.style;
    let mut content: Vec<_> = prompt.reasoning.then(|| reasoning(style, prompt)).into_iter().collect();
    let server_tools = ServerTools::call(ids, prompt);
    let mut tool_uses = tools::tool_uses(ids, prompt);
    if !tool_uses.is_empty() {
        if !server_tools.blocks.is_empty() {
            // Nova sets the type of the client's tool uses only next to its own tools (recorded).
            tool_uses.iter_mut().for_each(|block| block["toolUse"]["type"] = json!(TOOL_USE));
        }
        content.extend(server_tools.blocks.into_iter().chain(tool_uses));
        return Completion::whole(content);
    }
    let limited = LimitedText::new(without_prefill(&text(prompt), prompt), prompt);
    content.extend(server_tools.blocks);
    content.push(json!({ "text": limited.text }));
    if limited.stop_reason == "end_turn" {
        content.extend(server_tools.citations);
        if style.cites_documents && prompt.output_schema.is_none() {
            content.extend(citations::citation_blocks(prompt));
        }
    }
    Completion {
        stop_reason: limited.stop_reason.to_owned(),
        stop_sequence: limited.stop_sequence,
        ..Completion::whole(content)
    }
}

/// Removes the prefill from the beginning of a text.
fn without_prefill<'a>(text: &'a str, prompt: &Prompt) -> &'a str {
    let prefill = prompt.prefill().unwrap_or_default().trim_end();
    text.strip_prefix(prefill).unwrap_or(text)
}

/// Returns the text of the reply, without limits.
fn text(prompt: &Prompt) -> String {
    if let Some(schema) = &prompt.output_schema {
        return sample(schema, &mut Material::from_text(&material_text(prompt))).to_string();
    }
    let results = tool_results(prompt);
    if !results.is_empty() {
        return format!("Here is what I found out. {}", results.join(" "));
    }
    let mut lines = vec![match prompt.last_text().trim() {
        "" => "You sent no text.".to_owned(),
        text => format!("You said: “{}”", quote(text)),
    }];
    lines.extend(attachments(prompt));
    lines.push("On AWS a model would answer; the local Bedrock says it back.".to_owned());
    lines.join("\n")
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(MAX_QUOTE).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// Returns a sentence for each tool result of the last turn.
fn tool_results(prompt: &Prompt) -> Vec<String> {
    let results =
        prompt.last_turn().into_iter().map(|block| &block["toolResult"]).filter(|result| result.is_object());
    let sentence = |result: &Value| {
        let id = result["toolUseId"].as_str().unwrap_or_default();
        let tool_use = prompt.tool_use(id).unwrap_or(&Value::Null);
        let name = tool_use["name"].as_str().unwrap_or("the tool");
        let arguments = arguments(&tool_use["input"]);
        let outputs: Vec<_> = items(&result["content"]).iter().map(result_text).collect();
        let verb = if result["status"] == "error" { "failed with" } else { "says" };
        format!("{name}{arguments} {verb} {}.", outputs.join(", ").trim_end_matches('.'))
    };
    results.map(sentence).collect()
}

/// Returns the values of a tool input, such as ` (Paris)`.
fn arguments(input: &Value) -> String {
    let values = input.as_object().into_iter().flatten().map(|(_, value)| plain(value));
    let values: Vec<_> = values.collect();
    if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) }
}

fn result_text(block: &Value) -> String {
    match block {
        Value::Object(members) if members.contains_key("text") => plain(&members["text"]),
        Value::Object(members) if members.contains_key("json") => pairs(&members["json"]),
        Value::Object(members) => members.keys().map(|kind| format!("a {kind}")).collect(),
        other => plain(other),
    }
}

/// Returns `temperature 18, sky clear` for a flat object.
fn pairs(value: &Value) -> String {
    let Some(members) = value.as_object() else { return plain(value) };
    members.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns a sentence for each medium of the last turn.
fn attachments(prompt: &Prompt) -> Vec<String> {
    let describe = |block: &&Value| {
        let kind =
            ["document", "image", "video", "audio"].into_iter().find(|kind| block[*kind].is_object())?;
        let name = block[kind]["name"].as_str().map_or_else(String::new, |name| format!(" called “{name}”"));
        let article = if matches!(kind, "image" | "audio") { "an" } else { "a" };
        Some(format!("With it came {article} {kind}{name}."))
    };
    prompt.last_turn().iter().filter_map(describe).collect()
}

fn reasoning(style: Style, prompt: &Prompt) -> Value {
    let text = format!("The user said “{}”. I say it back.", quote(&prompt.last_text()));
    if style.signs_reasoning { reasoning_block(&text) } else { unsigned_reasoning_block(&text) }
}

/// A text within the limits of a prompt: its stop sequences and its maximum of tokens.
struct LimitedText {
    text: String,
    stop_reason: &'static str,
    stop_sequence: Option<String>,
}

impl LimitedText {
    fn new(text: &str, prompt: &Prompt) -> Self {
        let stop = prompt.stop_sequences.iter().filter(|stop| !stop.is_empty());
        let first = stop.filter_map(|stop| Some((text.find(stop.as_str())?, stop))).min();
        let until = first.map_or(text, |(index, _)| &text[..index]);
        match prompt.max_tokens {
            Some(max) if count_in_text(until) > max => {
                let max = usize::try_from(max).unwrap_or(usize::MAX);
                let text = tokens(until).take(max).collect();
                Self { text, stop_reason: "max_tokens", stop_sequence: None }
            }
            _ => Self {
                text: until.to_owned(),
                stop_reason: if first.is_some() { "stop_sequence" } else { "end_turn" },
                stop_sequence: first.map(|(_, stop)| stop.clone()),
            },
        }
    }
}
