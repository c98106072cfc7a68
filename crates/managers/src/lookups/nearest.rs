//! Suggestions for misspelled names.

/// Returns `no field `x`; did you mean `y`? there are: …`.
pub(super) fn unknown<'a>(
    what: &str,
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
    let meant = nearest.map_or_else(String::new, |(_, known)| format!(" did you mean `{known}`?"));
    let known: Vec<&str> = known.collect();
    format!("no {what} `{name}`;{meant} there are: {}", known.join(", "))
}

/// Returns the edit distance: how many letters have to be inserted, removed or replaced.
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
