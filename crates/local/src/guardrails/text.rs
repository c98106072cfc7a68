//! Finds phrases in texts as whole words, whatever their case.

/// Returns the words of a text in lowercase, with one space between and around them, so that phrases can be found as
/// whole words.
pub(super) fn normalized(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

/// Whether a normalized text has a phrase.
pub(super) fn contains_phrase(normalized_text: &str, phrase: &str) -> bool {
    let phrase = normalized(phrase);
    phrase.trim() != "" && normalized_text.contains(&phrase)
}
