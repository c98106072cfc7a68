//! Patterns in which `*` matches any number of characters.

/// Returns whether the whole text matches the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<_> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(index) => text = &text[index + part.len()..],
            None => return false,
        }
    }
    text.ends_with(end)
}

/// Returns whether the whole text matches one of the patterns.
pub(crate) fn matches_any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_match_any_text() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "a.b"),
            ("anthropic.*", "anthropic.claude"),
            ("*claude*v1:0", "a.claude-3-v1:0"),
            ("a", "a"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", "ab"), ("a*b", "a"), ("ab*ba", "aba"), ("*x*y", "yx"), ("a.*", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
