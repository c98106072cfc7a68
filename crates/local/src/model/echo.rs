//! The default reply: what was heard, said back.

use serde_json::{Value, json};

use crate::local::Local;
use crate::model::completion::Completion;
use crate::model::prompt::{Prompt, block_text, items};
use crate::model::sample::{Material, sample};
use crate::model::tokens::{of_text, tokens};
use crate::model::tools;
use crate::reply::reasoning_block;

/// Longer prompts are said back in part.
const LONGEST_QUOTE: usize = 600;

/// The answer that a prompt gets when no reply is queued.
pub(crate) fn answer(local: &Local, prompt: &Prompt) -> Completion {
    let mut content = Vec::new();
    if prompt.reasoning {
        content.push(reasoning(prompt));
    }
    let tool_uses = tools::uses(local, prompt);
    if !tool_uses.is_empty() {
        content.extend(tool_uses);
        return Completion::whole(content);
    }
    let spoken = Spoken::within(&text(prompt), prompt);
    content.push(json!({ "text": spoken.text }));
    Completion {
        stop_reason: spoken.stop_reason.to_owned(),
        stop_sequence: spoken.stop_sequence,
        ..Completion::whole(content)
    }
}

fn text(prompt: &Prompt) -> String {
    if let Some(schema) = &prompt.answer_schema {
        return sample(schema, &mut Material { text: prompt.last_text(), ..Material::default() }).to_string();
    }
    let results = tool_results(prompt);
    if !results.is_empty() {
        return format!("Here is what I found out. {}", results.join(" "));
    }
    let mut said = vec![match prompt.last_text().trim() {
        "" => "You sent no words, and still here I am.".to_owned(),
        heard => format!("You said: “{}”", quote(heard)),
    }];
    said.extend(attachments(prompt));
    if let Some(instruction) = prompt.system.iter().find_map(block_text) {
        said.push(format!("And I was told: “{}”", quote(instruction)));
    }
    said.push("On AWS a model would answer; the local Bedrock says it back.".to_owned());
    said.join("\n")
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(LONGEST_QUOTE).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// A sentence for every tool result of the last turn.
fn tool_results(prompt: &Prompt) -> Vec<String> {
    let results =
        prompt.last_turn().into_iter().map(|block| &block["toolResult"]).filter(|result| result.is_object());
    let sentence = |result: &Value| {
        let id = result["toolUseId"].as_str().unwrap_or_default();
        let tool_use = prompt.tool_use(id).unwrap_or(&Value::Null);
        let name = tool_use["name"].as_str().unwrap_or("the tool");
        let asked = subject(&tool_use["input"]);
        let said: Vec<_> = items(&result["content"]).iter().map(result_text).collect();
        let verb = if result["status"] == "error" { "failed with" } else { "says" };
        format!("{name}{asked} {verb} {}.", said.join(", ").trim_end_matches('.'))
    };
    results.map(sentence).collect()
}

/// `(Paris)`: the values that a tool was called with.
fn subject(input: &Value) -> String {
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

/// `temperature 18, sky clear` for a flat object.
fn pairs(value: &Value) -> String {
    let Some(members) = value.as_object() else { return plain(value) };
    members.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

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

fn reasoning(prompt: &Prompt) -> Value {
    let heard = quote(&prompt.last_text());
    reasoning_block(&format!("The user said “{heard}”. I shall say it back."))
}

/// A text as far as the prompt lets it be spoken.
struct Spoken {
    text: String,
    stop_reason: &'static str,
    stop_sequence: Option<String>,
}

impl Spoken {
    fn within(text: &str, prompt: &Prompt) -> Self {
        let stop = prompt.stop_sequences.iter().filter(|stop| !stop.is_empty());
        let first = stop.filter_map(|stop| Some((text.find(stop.as_str())?, stop))).min();
        let until = first.map_or(text, |(index, _)| &text[..index]);
        match prompt.max_tokens {
            Some(most) if of_text(until) > most => {
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let text = tokens(until).take(most).collect();
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
