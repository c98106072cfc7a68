//! Suggestions for misspelled names.

/// Returns a message about an unknown name: `no field `x`; did you mean `y`? known fields: …`.
pub(super) fn unknown<'a>(
    kind: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
) -> String {
    let known = known.into_iter();
    let letters = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let nearest = known
        .clone()
        .map(|known| (distance(&letters(name), &letters(known)), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    let suggestion = nearest.map_or_else(String::new, |(_, known)| format!(" did you mean `{known}`?"));
    let known: Vec<&str> = known.collect();
    format!("no {kind} `{name}`;{suggestion} known {kind}s: {}", known.join(", "))
}

/// Returns the edit distance: the number of letters to insert, remove or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut left = line + 1;
        let mut diagonal = line;
        for (column, with) in other.iter().enumerate() {
            let above = row[column + 1];
            row[column] = left;
            left = (diagonal + usize::from(letter != *with)).min(above + 1).min(left + 1);
            diagonal = above;
        }
        row[other.len()] = left;
    }
    row[other.len()]
}
