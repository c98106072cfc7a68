//! Prompts that are one text, in which the makers' marks tell who speaks.

use self::Speaker::{Assistant, System, User};
use crate::model::prompt::{Prompt, message, text_block};

/// Who says a part of a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Speaker {
    System,
    User,
    Assistant,
}

/// Meta's: `<|start_header_id|>user<|end_header_id|> … <|eot_id|>`; of Llama 4
/// `<|header_start|>user<|header_end|> … <|eot|>`.
pub(super) fn llama(prompt: &str) -> Prompt {
    let [start, end, over] = match prompt.contains("<|header_start|>") {
        true => ["<|header_start|>", "<|header_end|>", "<|eot|>"],
        false => ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    };
    let turns = prompt.split(start).filter_map(|part| {
        let (role, text) = part.split_once(end)?;
        let speaker = match role.trim() {
            "system" => System,
            "assistant" => Assistant,
            _ => User,
        };
        Some((speaker, text.split(over).next().unwrap_or(text)))
    });
    conversation(turns, prompt)
}

/// DeepSeek's: `<｜begin▁of▁sentence｜> … <｜User｜> … <｜Assistant｜> … <｜end▁of▁sentence｜>`.
pub(super) fn deepseek(prompt: &str) -> Prompt {
    let prompt = prompt.strip_prefix("<｜begin▁of▁sentence｜>").unwrap_or(prompt);
    let mut parts = prompt.split("<｜User｜>");
    let system = parts.next().map(|text| (System, text));
    let turns = parts.flat_map(|part| {
        let (asked, said) = part.split_once("<｜Assistant｜>").unwrap_or((part, ""));
        [(User, asked), (Assistant, said.split("<｜end▁of▁sentence｜>").next().unwrap_or(said))]
    });
    conversation(system.into_iter().chain(turns), prompt)
}

/// Mistral's: `<s>[INST] … [/INST] … </s>`.
pub(super) fn mistral(prompt: &str) -> Prompt {
    let turns = prompt.split("[INST]").skip(1).flat_map(|part| {
        let (asked, said) = part.split_once("[/INST]").unwrap_or((part, ""));
        [(User, asked), (Assistant, said.split("</s>").next().unwrap_or(said))]
    });
    conversation(turns, prompt)
}

/// Anthropic's: what stands before the first `Human:` is the system's.
pub(super) fn anthropic(prompt: &str) -> Prompt {
    let mut parts = prompt.split("\n\nHuman:");
    let system = parts.next().map(|text| (System, text));
    let turns = parts.flat_map(|part| {
        let mut said = part.split("\n\nAssistant:");
        let asked = said.next().map(|text| (User, text));
        asked.into_iter().chain(said.map(|text| (Assistant, text)))
    });
    conversation(system.into_iter().chain(turns), prompt)
}

/// Its turns up to the last of the user's; what begins the answer is the model's to say. Where no user speaks, all is
/// what the user says.
fn conversation<'a>(turns: impl Iterator<Item = (Speaker, &'a str)>, whole: &str) -> Prompt {
    let turns = turns.map(|(speaker, text)| (speaker, text.trim())).filter(|(_, text)| !text.is_empty());
    let mut turns: Vec<_> = turns.collect();
    let last = turns.iter().rposition(|(speaker, _)| *speaker == User);
    let Some(last) = last else { return Prompt::of_text(whole.trim()) };
    turns.truncate(last + 1);
    let mut prompt = Prompt::default();
    for (speaker, text) in turns {
        match speaker {
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

    fn told(prompt: &Prompt) -> String {
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
    fn marks_tell_who_speaks() {
        let whole = r#"[{"text":"Be kind."}] | user: One / assistant: 1 / user: Two"#;
        let header = |role: &str| format!("<|start_header_id|>{role}<|end_header_id|>\n\n");
        let turns = [("system", "Be kind."), ("user", "One"), ("assistant", "1"), ("user", "Two")];
        let turns = turns.map(|(role, text)| format!("{}{text}<|eot_id|>", header(role))).concat();
        let prompt = format!("<|begin_of_text|>{turns}{}", header("assistant"));
        assert_eq!(told(&llama(&prompt)), whole);
        let marks = [("start_header_id", "header_start"), ("end_header_id", "header_end"), ("eot_id", "eot")];
        let of_llama_4 = marks.iter().fold(prompt, |prompt, (old, new)| prompt.replace(old, new));
        assert_eq!(told(&llama(&of_llama_4)), whole);
        let prompt = "Be kind.\n\nHuman: One\n\nAssistant: 1\n\nHuman: Two\n\nAssistant: {";
        assert_eq!(told(&anthropic(prompt)), whole);
        let prompt = "<｜begin▁of▁sentence｜>Be kind.<｜User｜>One<｜Assistant｜>1<｜end▁of▁sentence｜><｜User｜>Two<｜Assistant｜><think>\n";
        assert_eq!(told(&deepseek(prompt)), whole);
        let prompt = "<s>[INST] One [/INST] 1</s>[INST] Two [/INST]";
        assert_eq!(told(&mistral(prompt)), "[] | user: One / assistant: 1 / user: Two");
    }

    #[test]
    fn a_text_without_marks_is_the_user_s() {
        for read in [llama, mistral, anthropic, deepseek] {
            assert_eq!(told(&read(" Hi ")), "[] | user: Hi");
        }
    }
}
