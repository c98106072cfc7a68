//! Counts tokens by a simple rule.
//!
//! A run of letters or digits is one token for each six characters, rounded up. Any other visible character is one token.
//! White space belongs to the token after it. An image has 1,000 tokens, a video 5,000, and other bytes have one token for
//! each four bytes, rounded up.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

/// The limit of characters in a token.
const MAX_TOKEN_LENGTH: usize = 6;
const IMAGE: u64 = 1_000;
const VIDEO: u64 = 5_000;
const BYTES_PER_TOKEN: usize = 4;

/// Returns the tokens of a text, each with the white space before it. White space at the end of the text belongs to no
/// token.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let length = first_token(rest)?;
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

/// Returns the length of the first token in bytes.
fn first_token(text: &str) -> Option<usize> {
    let blank = text.find(|c: char| !c.is_whitespace())?;
    let visible = &text[blank..];
    let word = visible.chars().take_while(|c| c.is_alphanumeric()).take(MAX_TOKEN_LENGTH);
    let length: usize = word.map(char::len_utf8).sum();
    let length = if length == 0 { visible.chars().next()?.len_utf8() } else { length };
    Some(blank + length)
}

/// Returns the number of [`tokens`] of a text.
pub(crate) fn count_in_text(text: &str) -> u64 {
    let (mut count, mut run) = (0, 0);
    for character in text.chars() {
        if character.is_alphanumeric() {
            count += u64::from(run % MAX_TOKEN_LENGTH == 0);
            run += 1;
        } else {
            count += u64::from(!character.is_whitespace());
            run = 0;
        }
    }
    count
}

/// Splits a text before white space: a stream sends one word in each delta.
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

/// Returns the number of tokens of Converse content: texts by the rule, media by their kind, and other values as JSON.
pub(crate) fn count_in_content(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(count_in_content).sum(),
        Value::Object(members) => members.iter().map(|(name, inner)| count_in_member(name, inner)).sum(),
        _ => 0,
    }
}

/// Returns the number of tokens of content blocks.
pub(crate) fn count_in_blocks(content: &[Value]) -> u64 {
    content.iter().map(count_in_content).sum()
}

fn count_in_member(name: &str, value: &Value) -> u64 {
    match (name, value) {
        ("cachePoint" | "format" | "role" | "signature" | "status" | "toolUseId" | "type", _) => 0,
        ("image", _) => IMAGE,
        ("video", _) => VIDEO,
        ("bytes" | "redactedContent", Value::String(base64)) => {
            let bytes = BASE64.decode(base64).map_or(0, |bytes| bytes.len());
            bytes.div_ceil(BYTES_PER_TOKEN) as u64
        }
        ("input" | "inputSchema" | "json", document) => count_in_text(&document.to_string()),
        (_, Value::String(text)) => count_in_text(text),
        (_, inner) => count_in_content(inner),
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
            assert_eq!(count_in_text(text), count, "{text}");
        }
    }

    #[test]
    fn the_count_is_that_of_the_tokens() {
        let characters: Vec<char> = "abc XYZ019 \n\t\u{b}.,“”é日本\u{a0}²½".chars().collect();
        let mut text = String::new();
        for number in 0..2000_u32 {
            text.push(characters[(number.wrapping_mul(2_654_435_761) >> 16) as usize % characters.len()]);
            assert_eq!(count_in_text(&text), tokens(&text).count() as u64, "{text:?}");
        }
    }

    #[test]
    fn tokens_and_words_concatenate_to_the_text() {
        let text = "  Hello, big  wide\nworld! ";
        assert_eq!(tokens(text).collect::<String>(), text.trim_end());
        assert_eq!(words(text).concat(), text);
        assert_eq!(words("one two  three"), ["one", " two", "  three"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn content_of_each_kind_is_counted() {
        assert_eq!(count_in_content(&json!([{"role": "user", "content": [{"text": "Hello, world!"}]}])), 4);
        assert_eq!(
            count_in_content(&json!([{"image": {"format": "png", "source": {"bytes": "AAAA"}}}])),
            IMAGE
        );
        assert_eq!(count_in_content(&json!([{"cachePoint": {"type": "default"}}])), 0);
        assert!(
            count_in_content(
                &json!({"toolUse": {"toolUseId": "x", "name": "clock", "input": {"zone": "UTC"}}})
            ) > 1
        );
    }
}
