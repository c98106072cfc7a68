//! AWS's names in Rust's case conventions.

/// `RAGConfig` → `RAG`, `Config`; `s3Uri` → `s3`, `Uri`; `END_TURN` → `END`, `TURN`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.push(std::mem::take(&mut word));
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let starts = letter.is_ascii_uppercase()
            && (before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
                || (before.is_some_and(|before| before.is_ascii_uppercase())
                    && letters.get(at + 1).is_some_and(char::is_ascii_lowercase)));
        if starts {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The name as a type or a variant.
pub(crate) fn pascal(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        })
        .collect()
}

/// The name as a field, a method or a module. [`raw`] handles keywords.
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_").to_ascii_lowercase()
}

/// The identifier, raw if it is a keyword.
pub(crate) fn raw(snake: &str) -> String {
    match snake {
        "type" | "match" | "ref" | "move" | "in" | "use" => format!("r#{snake}"),
        _ => snake.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        assert_eq!(pascal("RAGConfig"), "RagConfig");
        assert_eq!(pascal("CacheTTL"), "CacheTtl");
        assert_eq!(pascal("S3DataSource"), "S3DataSource");
        assert_eq!(pascal("END_TURN"), "EndTurn");
        assert_eq!(pascal("x-aac"), "XAac");
        assert_eq!(pascal("InProgress"), "InProgress");
        assert_eq!(snake("s3Uri"), "s3_uri");
        assert_eq!(snake("resourceARN"), "resource_arn");
        assert_eq!(snake("topP"), "top_p");
    }
}
