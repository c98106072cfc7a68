//! Parses prompt templates: texts in which the provider's tokens mark the roles.

use self::Role::{Assistant, System, User};
use crate::model::prompt::{Prompt, message, text_block};

/// The role of a part of a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
}

/// Parses Meta's template: `<|start_header_id|>user<|end_header_id|> … <|eot_id|>`, and for Llama 4
/// `<|header_start|>user<|header_end|> … <|eot|>`.
pub(super) fn llama(prompt: &str) -> Prompt {
    let [header_start, header_end, turn_end] = match prompt.contains("<|header_start|>") {
        true => ["<|header_start|>", "<|header_end|>", "<|eot|>"],
        false => ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    };
    let turns = prompt.split(header_start).filter_map(|part| {
        let (role, text) = part.split_once(header_end)?;
        let role = match role.trim() {
            "system" => System,
            "assistant" => Assistant,
            _ => User,
        };
        Some((role, text.split(turn_end).next().unwrap_or(text)))
    });
    conversation(turns, prompt)
}

/// Parses DeepSeek's template: `<｜begin▁of▁sentence｜> … <｜User｜> … <｜Assistant｜> … <｜end▁of▁sentence｜>`.
pub(super) fn deepseek(prompt: &str) -> Prompt {
    let prompt = prompt.strip_prefix("<｜begin▁of▁sentence｜>").unwrap_or(prompt);
    let mut parts = prompt.split("<｜User｜>");
    let system = parts.next().map(|text| (System, text));
    let turns = parts.flat_map(|part| {
        let (user, assistant) = part.split_once("<｜Assistant｜>").unwrap_or((part, ""));
        [(User, user), (Assistant, assistant.split("<｜end▁of▁sentence｜>").next().unwrap_or(assistant))]
    });
    conversation(system.into_iter().chain(turns), prompt)
}

/// Parses Mistral's template: `<s>[INST] … [/INST] … </s>`.
pub(super) fn mistral(prompt: &str) -> Prompt {
    let turns = prompt.split("[INST]").skip(1).flat_map(|part| {
        let (user, assistant) = part.split_once("[/INST]").unwrap_or((part, ""));
        [(User, user), (Assistant, assistant.split("</s>").next().unwrap_or(assistant))]
    });
    conversation(turns, prompt)
}

/// Parses Anthropic's template. The text before the first `Human:` is the system prompt.
pub(super) fn anthropic(prompt: &str) -> Prompt {
    let mut parts = prompt.split("\n\nHuman:");
    let system = parts.next().map(|text| (System, text));
    let turns = parts.flat_map(|part| {
        let mut texts = part.split("\n\nAssistant:");
        let user = texts.next().map(|text| (User, text));
        user.into_iter().chain(texts.map(|text| (Assistant, text)))
    });
    conversation(system.into_iter().chain(turns), prompt)
}

/// Creates a prompt from the turns up to the user's last one. The beginning of a reply after it is ignored. Without a turn of
/// the user, the whole text is the user's.
fn conversation<'a>(turns: impl Iterator<Item = (Role, &'a str)>, whole: &str) -> Prompt {
    let turns = turns.map(|(role, text)| (role, text.trim())).filter(|(_, text)| !text.is_empty());
    let mut turns: Vec<_> = turns.collect();
    let last = turns.iter().rposition(|(role, _)| *role == User);
    let Some(last) = last else { return Prompt::from_text(whole.trim()) };
    turns.truncate(last + 1);
    let mut prompt = Prompt::default();
    for (role, text) in turns {
        match role {
            System => prompt.system.push(text_block(text)),
            User => prompt.messages.push(message("user", vec![text_block(text)])),
            Assistant => prompt.messages.push(message("assistant", vec![text_block(text)])),
        }
    }
    prompt
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(prompt: &Prompt) -> String {
        let turns = prompt.messages.iter().map(|message| {
            format!(
                "{}: {}",
                message["role"].as_str().unwrap(),
                message["content"][0]["text"].as_str().unwrap()
            )
        });
        let turns = turns.collect::<Vec<_>>().join(" / ");
        format!("{} | {turns}", json!(prompt.system))
    }

    #[test]
    fn tokens_mark_the_roles() {
        let whole = r#"[{"text":"Be kind."}] | user: One / assistant: 1 / user: Two"#;
        let header = |role: &str| format!("<|start_header_id|>{role}<|end_header_id|>\n\n");
        let turns = [("system", "Be kind."), ("user", "One"), ("assistant", "1"), ("user", "Two")];
        let turns = turns.map(|(role, text)| format!("{}{text}<|eot_id|>", header(role))).concat();
        let prompt = format!("<|begin_of_text|>{turns}{}", header("assistant"));
        assert_eq!(summary(&llama(&prompt)), whole);
        let tokens =
            [("start_header_id", "header_start"), ("end_header_id", "header_end"), ("eot_id", "eot")];
        let of_llama_4 = tokens.iter().fold(prompt, |prompt, (old, new)| prompt.replace(old, new));
        assert_eq!(summary(&llama(&of_llama_4)), whole);
        let prompt = "Be kind.\n\nHuman: One\n\nAssistant: 1\n\nHuman: Two\n\nAssistant: {";
        assert_eq!(summary(&anthropic(prompt)), whole);
        let prompt = "<｜begin▁of▁sentence｜>Be kind.<｜User｜>One<｜Assistant｜>1<｜end▁of▁sentence｜><｜User｜>Two<｜Assistant｜><think>\n";
        assert_eq!(summary(&deepseek(prompt)), whole);
        let prompt = "<s>[INST] One [/INST] 1</s>[INST] Two [/INST]";
        assert_eq!(summary(&mistral(prompt)), "[] | user: One / assistant: 1 / user: Two");
    }

    #[test]
    fn a_text_without_tokens_is_a_user_message() {
        for parse in [llama, mistral, anthropic, deepseek] {
            assert_eq!(summary(&parse(" Hi ")), "[] | user: Hi");
        }
    }
}
