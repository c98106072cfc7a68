//! The names in a text, found by a rule that anyone can check.
//!
//! What stands in quotation marks is a name. Without any, names are the runs of words with a capital, as far as a
//! preposition leads to them (`in Rome and Paris`); else those within a sentence; else what follows a preposition of
//! place; else those at the beginning of a sentence; else the first word, where it is of a script without capitals. An abbreviation
//! of two capitals belongs to the name before it: `San Francisco, CA` is one place.

/// Words that lead to a place, in some languages.
const PLACE_PREPOSITIONS: &[&str] =
    &["at", "em", "en", "for", "für", "in", "near", "à", "в", "во", "на", "في", "در", "में", "在"];

/// Other words that lead to a name. What follows one in small letters may be anything.
const PREPOSITIONS: &[&str] =
    &["aus", "de", "from", "nach", "of", "para", "pour", "to", "von", "для", "из", "من", "به"];

/// Words that lead on from one name to the next.
const CONJUNCTIONS: &[&str] = &["and", "et", "oder", "or", "ou", "und", "y", "и", "و", "和"];

/// Words with a capital that are no names.
const COMMON: &[&str] = &[
    "A", "And", "Are", "Can", "Do", "He", "How", "I", "In", "Is", "It", "My", "Please", "She", "Tell",
    "That", "The", "They", "This", "We", "What", "Which", "Who", "You", "Your",
];

const QUOTES: &[(char, char)] =
    &[('"', '"'), ('\'', '\''), ('‘', '’'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」'), ('『', '』')];

/// Quotation marks that are apostrophes within a word.
const APOSTROPHES: &[char] = &['\'', '’'];

/// Longer quotations are no names.
const LONGEST: usize = 80;

/// The names in a text, each once.
pub(crate) fn of_text(text: &str) -> Vec<String> {
    let quoted = quoted(text);
    if !quoted.is_empty() {
        return unique(quoted);
    }
    let words = words(text);
    let (led, inner): (Vec<_>, Vec<_>) = runs(&words, false).into_iter().partition(|run| run.is_led);
    let first_word = || words.first().map(|word| word.bare).filter(|word| has_no_case(word));
    let ways: [&dyn Fn() -> Vec<String>; 5] = [
        &|| names_of(&led),
        &|| names_of(&inner),
        &|| after_place_prepositions(&words),
        &|| names_of(&runs(&words, true)),
        &|| first_word().map(str::to_owned).into_iter().collect(),
    ];
    unique(ways.into_iter().map(|way| way()).find(|names| !names.is_empty()).unwrap_or_default())
}

/// The same, with abbreviations as names of their own: `Queens` and `NY`.
pub(crate) fn apart(text: &str) -> Vec<String> {
    let names = of_text(text).into_iter();
    names.flat_map(|name| name.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A word, and what stands around it.
struct Word<'a> {
    text: &'a str,
    /// Without punctuation.
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

    /// `CA`, `NY`.
    fn is_abbreviation(&self) -> bool {
        self.bare.len() == 2 && self.bare.chars().all(|letter| letter.is_ascii_uppercase())
    }
}

/// A name of one or more words.
struct Run {
    name: String,
    /// Whether a preposition leads to it.
    is_led: bool,
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

/// The runs of words with a capital, those at the beginning of a sentence included or not.
fn runs(words: &[Word<'_>], with_beginnings: bool) -> Vec<Run> {
    let is_name = |word: &Word<'_>| word.has_capital() && (with_beginnings || !word.starts_sentence);
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<&Word<'_>> = None;
    // Whether a name that comes now is of one enumeration with the last one.
    let mut is_enumeration = false;
    for word in words {
        let last =
            before.filter(|before| is_name(before)).and_then(|before| Some((before, runs.last_mut()?)));
        match last {
            Some((before, run)) if is_name(word) && before.text.ends_with(char::is_alphanumeric) => {
                run.name = format!("{} {}", run.name, word.bare);
            }
            Some((before, run)) if word.is_abbreviation() && before.text.ends_with(',') => {
                run.name = format!("{}, {}", run.name, word.bare);
            }
            _ if is_name(word) => {
                let follows =
                    before.is_some_and(|before| before.is(PLACE_PREPOSITIONS) || before.is(PREPOSITIONS));
                let is_led = follows || (is_enumeration && runs.last().is_some_and(|run| run.is_led));
                runs.push(Run { name: word.bare.to_owned(), is_led });
            }
            _ => {}
        }
        is_enumeration = match is_name(word) {
            true => word.text.ends_with([',', '、', '،']),
            false => word.is(CONJUNCTIONS) && (is_enumeration || before.is_some_and(is_name)),
        };
        before = Some(word);
    }
    runs
}

/// The words that a preposition of place leads to.
fn after_place_prepositions(words: &[Word<'_>]) -> Vec<String> {
    let pairs = words.windows(2).filter(|pair| pair[0].is(PLACE_PREPOSITIONS) && !pair[1].bare.is_empty());
    pairs.map(|pair| pair[1].bare.to_owned()).collect()
}

fn has_no_case(word: &str) -> bool {
    let mut letters = word.chars().filter(|letter| letter.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(|letter| !letter.is_lowercase() && !letter.is_uppercase())
}

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
        if !name.is_empty() && name.chars().count() <= LONGEST {
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
            assert_eq!(of_text(text), names, "{text}");
        }
    }

    #[test]
    fn abbreviations_can_stand_apart() {
        assert_eq!(apart("Weather in Queens, NY and Austin, TX"), ["Queens", "NY", "Austin", "TX"]);
    }
}
