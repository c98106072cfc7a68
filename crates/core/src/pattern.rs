//! Patterns of model IDs, as the caller writes them.

/// Returns whether an ID matches a pattern, in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, id: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == id };
    let Some(mut left) = id.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, id, is_match) in [
            ("a.b-v1:0", "a.b-v1:0", true),
            ("a.b-v1:0", "us.a.b-v1:0", false),
            ("*a.b-v1:0", "us.a.b-v1:0", true),
            ("*a.b-v1:0", "a.b-v1:0", true),
            ("*", "", true),
            ("a*", "b", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("*b*", "abc", true),
            ("a*bc*bc", "abc", false),
        ] {
            assert_eq!(matches(pattern, id), is_match, "{pattern} {id}");
        }
    }
}
