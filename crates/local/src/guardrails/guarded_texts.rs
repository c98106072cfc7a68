//! The texts of a prompt that a guardrail assesses.

use serde_json::Value;

use crate::json::items;
use crate::model::prompt::{Prompt, block_text};

/// The parts of a prompt that a guardrail assesses whole, even if only some blocks are marked for guardrails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    pub(crate) whole_system: bool,
    pub(crate) whole_messages: bool,
}

/// The number of characters of all texts, assessed or not.
pub(super) fn count_characters(prompt: &Prompt) -> usize {
    blocks(prompt).filter_map(block_text).map(|text| text.chars().count()).sum()
}

/// The texts that are marked for guardrails: `{"text": …, "qualifiers": […]}`.
pub(super) fn marked_texts(prompt: &Prompt) -> impl Iterator<Item = &Value> {
    blocks(prompt).map(|block| &block["guardContent"]["text"]).filter(|text| text.is_object())
}

/// The texts to assess. If blocks are marked for guardrails, these are the marked ones, without grounding sources and
/// queries. Otherwise they are all texts of the messages. A wider scope adds all texts of its parts.
pub(super) fn guarded_texts(prompt: &mut Prompt, scope: Scope) -> Vec<&mut Value> {
    let has_marked = marked_texts(prompt).next().is_some();
    let messages =
        prompt.messages.iter_mut().filter_map(|message| message.get_mut("content")?.as_array_mut()).flatten();
    let of_messages = messages.filter_map(|block| match (scope.whole_messages, has_marked) {
        (true, _) => any_text(block),
        (false, true) => marked_text(block),
        (false, false) => plain_text(block),
    });
    let of_system = prompt.system.iter_mut().filter_map(|block| match scope.whole_system {
        true => any_text(block),
        false => marked_text(block),
    });
    of_messages.chain(of_system).collect()
}

fn blocks(prompt: &Prompt) -> impl Iterator<Item = &Value> {
    prompt.messages.iter().flat_map(|message| items(&message["content"])).chain(&prompt.system)
}

fn any_text(block: &mut Value) -> Option<&mut Value> {
    match block["text"].is_string() {
        true => plain_text(block),
        false => block.get_mut("guardContent")?.get_mut("text")?.get_mut("text"),
    }
}

fn plain_text(block: &mut Value) -> Option<&mut Value> {
    block.get_mut("text").filter(|text| text.is_string())
}

fn marked_text(block: &mut Value) -> Option<&mut Value> {
    let marked = block.get_mut("guardContent")?.get_mut("text")?;
    let qualifiers = items(&marked["qualifiers"]);
    let is_guarded = qualifiers.is_empty() || qualifiers.iter().any(|qualifier| qualifier == "guard_content");
    marked.get_mut("text").filter(|text| is_guarded && text.is_string())
}
