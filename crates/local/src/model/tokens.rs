//! Tokens by a rule that anyone can check.
//!
//! A run of letters or digits is a token for every six characters begun; every other visible character is one of
//! its own. White space belongs to the token after it. An image counts 1,000, a video 5,000, and what comes as
//! bytes one for every four of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

const LONGEST: usize = 6;
const IMAGE: u64 = 1_000;
const VIDEO: u64 = 5_000;
const BYTES_PER_TOKEN: usize = 4;

/// The tokens of a text, each with the white space before it. Put together again they are the text, but for
/// white space at its end.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let length = first_token(rest)?;
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

fn first_token(text: &str) -> Option<usize> {
    let blank = text.find(|c: char| !c.is_whitespace())?;
    let visible = &text[blank..];
    let word = visible.chars().take_while(|c| c.is_alphanumeric()).take(LONGEST);
    let length: usize = word.map(char::len_utf8).sum();
    let length = if length == 0 { visible.chars().next()?.len_utf8() } else { length };
    Some(blank + length)
}

pub(crate) fn of_text(text: &str) -> u64 {
    tokens(text).count() as u64
}

/// The words of a text, as a stream sends them: tokens up to the next white space.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (index, character) in text.char_indices() {
        if character.is_whitespace() && in_word {
            words.push(&text[start..index]);
            (start, in_word) = (index, false);
        } else if !character.is_whitespace() {
            in_word = true;
        }
    }
    words.push(&text[start..]);
    words.retain(|word| !word.is_empty());
    words
}

/// The tokens of Converse content, whatever is in it: texts by the rule, media by their kind, the rest as JSON.
pub(crate) fn of_content(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(of_content).sum(),
        Value::Object(members) => members.iter().map(|(name, inner)| of_member(name, inner)).sum(),
        _ => 0,
    }
}

pub(crate) fn of_blocks(content: &[Value]) -> u64 {
    content.iter().map(of_content).sum()
}

fn of_member(name: &str, value: &Value) -> u64 {
    match (name, value) {
        ("cachePoint" | "format" | "role" | "signature" | "status" | "toolUseId" | "type", _) => 0,
        ("image", _) => IMAGE,
        ("video", _) => VIDEO,
        ("bytes" | "redactedContent", Value::String(base64)) => {
            let bytes = BASE64.decode(base64).map_or(0, |bytes| bytes.len());
            bytes.div_ceil(BYTES_PER_TOKEN) as u64
        }
        ("input" | "inputSchema" | "json", document) => of_text(&document.to_string()),
        (_, Value::String(text)) => of_text(text),
        (_, inner) => of_content(inner),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_counted_by_the_rule() {
        for (text, count) in [
            ("", 0),
            ("   ", 0),
            ("Hi", 1),
            ("Hello, world!", 4),
            ("unbelievable", 2),
            ("ça va?", 3),
            ("日本", 1),
        ] {
            assert_eq!(of_text(text), count, "{text}");
        }
    }

    #[test]
    fn nothing_is_lost_in_tokens_or_words() {
        let text = "  Hello, big  wide\nworld! ";
        assert_eq!(tokens(text).collect::<String>(), text.trim_end());
        assert_eq!(words(text).concat(), text);
        assert_eq!(words("one two  three"), ["one", " two", "  three"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn content_of_every_kind_counts() {
        assert_eq!(of_content(&json!([{"role": "user", "content": [{"text": "Hello, world!"}]}])), 4);
        assert_eq!(of_content(&json!([{"image": {"format": "png", "source": {"bytes": "AAAA"}}}])), IMAGE);
        assert_eq!(of_content(&json!([{"cachePoint": {"type": "default"}}])), 0);
        assert!(
            of_content(&json!({"toolUse": {"toolUseId": "x", "name": "clock", "input": {"zone": "UTC"}}}))
                > 1
        );
    }
}
