//! Finds the names in a text by simple rules.
//!
//! Text in quotation marks is a name. If there is none, the first of these rules that finds names applies:
//!
//! 1. Runs of capitalized words after a preposition: `in Rome and Paris`.
//! 2. Runs of capitalized words within a sentence.
//! 3. The word after a preposition of place.
//! 4. Runs of capitalized words at the beginning of a sentence.
//! 5. The first word, if its script has no capitals.
//!
//! An abbreviation of two capitals belongs to the name before it: `San Francisco, CA` is one name.

/// Prepositions before a place, in some languages.
const PLACE_PREPOSITIONS: &[&str] =
    &["at", "em", "en", "for", "für", "in", "near", "à", "в", "во", "на", "في", "در", "में", "在"];

/// Other prepositions before a name. A lowercase word after one of them is not a name.
const PREPOSITIONS: &[&str] =
    &["aus", "de", "from", "nach", "of", "para", "pour", "to", "von", "для", "из", "من", "به"];

/// Conjunctions between two names.
const CONJUNCTIONS: &[&str] = &["and", "et", "oder", "or", "ou", "und", "y", "и", "و", "和"];

/// Capitalized words that are not names.
const COMMON: &[&str] = &[
    "A", "And", "Are", "Can", "Do", "He", "How", "I", "In", "Is", "It", "My", "Please", "She", "Tell",
    "That", "The", "They", "This", "We", "What", "Which", "Who", "You", "Your",
];

const QUOTES: &[(char, char)] =
    &[('"', '"'), ('\'', '\''), ('‘', '’'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」'), ('『', '』')];

/// Quotation marks that are also apostrophes.
const APOSTROPHES: &[char] = &['\'', '’'];

/// The limit of characters in a name. Longer quotes are not names.
const MAX_LENGTH: usize = 80;

/// Returns the names in a text, each once.
pub(crate) fn names_in(text: &str) -> Vec<String> {
    let quoted = quoted(text);
    if !quoted.is_empty() {
        return unique(quoted);
    }
    let words = words(text);
    let (after_preposition, others): (Vec<_>, Vec<_>) =
        runs(&words, false).into_iter().partition(|run| run.is_after_preposition);
    let first_word = || words.first().map(|word| word.bare).filter(|word| has_no_case(word));
    let rules: [&dyn Fn() -> Vec<String>; 5] = [
        &|| names_of(&after_preposition),
        &|| names_of(&others),
        &|| after_place_prepositions(&words),
        &|| names_of(&runs(&words, true)),
        &|| first_word().map(str::to_owned).into_iter().collect(),
    ];
    unique(rules.into_iter().map(|rule| rule()).find(|names| !names.is_empty()).unwrap_or_default())
}

/// Returns the names in a text, with abbreviations as separate names: `Queens` and `NY`.
pub(crate) fn split_names_in(text: &str) -> Vec<String> {
    let names = names_in(text).into_iter();
    names.flat_map(|name| name.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A word of a text.
struct Word<'a> {
    /// The word with punctuation.
    text: &'a str,
    /// The word without punctuation.
    bare: &'a str,
    starts_sentence: bool,
}

impl Word<'_> {
    fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.bare.to_lowercase().as_str())
    }

    fn has_capital(&self) -> bool {
        self.bare.chars().next().is_some_and(char::is_uppercase) && !COMMON.contains(&self.bare)
    }

    /// Returns whether the word is an abbreviation such as `CA`.
    fn is_abbreviation(&self) -> bool {
        self.bare.len() == 2 && self.bare.chars().all(|letter| letter.is_ascii_uppercase())
    }
}

/// A run of capitalized words.
struct Run {
    name: String,
    /// Whether a preposition precedes the run, or the enumeration that contains it.
    is_after_preposition: bool,
}

fn names_of(runs: &[Run]) -> Vec<String> {
    runs.iter().map(|run| run.name.clone()).collect()
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut starts_sentence = true;
    let mut words = Vec::new();
    for text in text.split_whitespace() {
        let bare = text.trim_matches(|letter: char| !letter.is_alphanumeric());
        words.push(Word { text, bare, starts_sentence });
        starts_sentence = text.ends_with(['.', '!', '?', ':', '。', '？', '！']);
    }
    words
}

/// Returns the runs of capitalized words. `with_first_words` includes words at the beginning of a sentence.
fn runs(words: &[Word<'_>], with_first_words: bool) -> Vec<Run> {
    let is_name = |word: &Word<'_>| word.has_capital() && (with_first_words || !word.starts_sentence);
    let mut runs: Vec<Run> = Vec::new();
    let mut previous: Option<&Word<'_>> = None;
    // Whether a name at this position continues the enumeration of the previous name.
    let mut is_enumeration = false;
    for word in words {
        let last = previous
            .filter(|previous| is_name(previous))
            .and_then(|previous| Some((previous, runs.last_mut()?)));
        match last {
            Some((previous, run)) if is_name(word) && previous.text.ends_with(char::is_alphanumeric) => {
                run.name = format!("{} {}", run.name, word.bare);
            }
            Some((previous, run)) if word.is_abbreviation() && previous.text.ends_with(',') => {
                run.name = format!("{}, {}", run.name, word.bare);
            }
            _ if is_name(word) => {
                let follows = previous
                    .is_some_and(|previous| previous.is(PLACE_PREPOSITIONS) || previous.is(PREPOSITIONS));
                let continues = is_enumeration && runs.last().is_some_and(|run| run.is_after_preposition);
                runs.push(Run { name: word.bare.to_owned(), is_after_preposition: follows || continues });
            }
            _ => {}
        }
        is_enumeration = match is_name(word) {
            true => word.text.ends_with([',', '、', '،']),
            false => word.is(CONJUNCTIONS) && (is_enumeration || previous.is_some_and(is_name)),
        };
        previous = Some(word);
    }
    runs
}

/// Returns the words after prepositions of place.
fn after_place_prepositions(words: &[Word<'_>]) -> Vec<String> {
    let pairs = words.windows(2).filter(|pair| pair[0].is(PLACE_PREPOSITIONS) && !pair[1].bare.is_empty());
    pairs.map(|pair| pair[1].bare.to_owned()).collect()
}

/// Returns whether the script of a word has no capitals.
fn has_no_case(word: &str) -> bool {
    let mut letters = word.chars().filter(|letter| letter.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(|letter| !letter.is_lowercase() && !letter.is_uppercase())
}

/// Returns the names in quotation marks.
fn quoted(text: &str) -> Vec<String> {
    let letters = |from: usize| text[from..].char_indices().map(move |(at, letter)| (from + at, letter));
    let opens = |(at, letter): &(usize, char)| {
        let is_within = APOSTROPHES.contains(letter) && text[..*at].ends_with(char::is_alphanumeric);
        !is_within && QUOTES.iter().any(|(open, _)| open == letter)
    };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((at, open)) = letters(from).find(opens) {
        let start = at + open.len_utf8();
        let closes = |(at, letter): &(usize, char)| {
            let rest = &text[at + letter.len_utf8()..];
            let is_within = APOSTROPHES.contains(letter) && rest.starts_with(char::is_alphanumeric);
            !is_within && QUOTES.contains(&(open, *letter))
        };
        let Some((end, close)) = letters(start).find(closes) else {
            from = start;
            continue;
        };
        let name = text[start..end].trim();
        if !name.is_empty() && name.chars().count() <= MAX_LENGTH {
            found.push(name.to_owned());
        }
        from = end + close.len_utf8();
    }
    found
}

fn unique(names: Vec<String>) -> Vec<String> {
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        for (text, names) in [
            ("What is the weather in Seattle and San Francisco today?", &["Seattle", "San Francisco"][..]),
            ("Compare Paris, London and Paris.", &["Paris", "London"]),
            ("Berlin weather?", &["Berlin"]),
            ("What is the weather in San Francisco, CA?", &["San Francisco, CA"]),
            ("Weather in Queens, NY and Austin, TX", &["Queens, NY", "Austin, TX"]),
            ("Wie ist das Wetter in Berlin und Zürich?", &["Berlin", "Zürich"]),
            ("Какая погода в Москве?", &["Москве"]),
            ("what is the weather in paris?", &["paris"]),
            ("Show me “the book” and \"the film\"", &["the book", "the film"]),
            ("Create a customer named '你好啊集团' (Hello Group)", &["你好啊集团"]),
            ("What's the weather in Paris, and isn't it cold?", &["Paris"]),
            ("Show me ‘the dog’s life’", &["the dog’s life"]),
            ("「東京」の天気は？", &["東京"]),
            ("东京 天气", &["东京"]),
            ("ما الطقس في القاهرة؟", &["القاهرة"]),
            ("दिल्ली का मौसम", &["दिल्ली"]),
            ("what now?", &[]),
        ] {
            assert_eq!(names_in(text), names, "{text}");
        }
    }

    #[test]
    fn abbreviations_can_be_split_off() {
        assert_eq!(split_names_in("Weather in Queens, NY and Austin, TX"), ["Queens", "NY", "Austin", "TX"]);
    }
}
