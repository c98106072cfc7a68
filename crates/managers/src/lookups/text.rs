//! Lookups on strings and on AWS's names.

use regex_lite::{Regex, RegexBuilder};

use super::expression::condition;
use super::{Expression, Lookup, Operand, Q};

/// Lookups on strings, and on enums, which compare by AWS's names for their values: `STATUS.eq("ACTIVE")` and
/// `STATUS.eq(Status::Active)` are the same.
pub trait TextLookups: Expression<Value: AsRef<str>> {
    /// It is that.
    fn eq(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Exact, value, |text, value| text == value)
    }

    /// It is there, and is not that.
    fn ne(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Ne, value, |text, value| text != value)
    }

    /// It is that, in any case of letters.
    fn iexact(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Iexact, value, |text, value| text == value)
    }

    /// That is in it.
    fn contains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Contains, value, |text, value| text.contains(value))
    }

    /// That is in it, in any case of letters.
    fn icontains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Icontains, value, |text, value| text.contains(value))
    }

    /// It begins with that.
    fn startswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Startswith, value, |text, value| text.starts_with(value))
    }

    /// It begins with that, in any case of letters.
    fn istartswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Istartswith, value, |text, value| text.starts_with(value))
    }

    /// It ends with that.
    fn endswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Endswith, value, |text, value| text.ends_with(value))
    }

    /// It ends with that, in any case of letters.
    fn iendswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Iendswith, value, |text, value| text.ends_with(value))
    }

    /// It is one of those.
    fn is_in(self, values: impl IntoIterator<Item: AsRef<str>>) -> Q<Self::Row> {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        let operand = Operand::List(values.iter().cloned().map(Operand::Text).collect());
        condition(self, Lookup::In, operand, move |text| values.iter().any(|value| value == text.as_ref()))
    }

    /// It comes after that, letter by letter.
    fn gt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gt, value, |text, value| text > value)
    }

    /// It is that, or comes after it.
    fn gte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gte, value, |text, value| text >= value)
    }

    /// It comes before that, letter by letter.
    fn lt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lt, value, |text, value| text < value)
    }

    /// It is that, or comes before it.
    fn lte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lte, value, |text, value| text <= value)
    }

    /// The regular expression is found in it, in the syntax of the [`regex-lite`](https://docs.rs/regex-lite) crate:
    /// `\d`, `\w` and the like are ASCII's. One that is none makes the query fail before it is sent.
    fn regex(self, pattern: impl AsRef<str>) -> Q<Self::Row> {
        regex(self, Lookup::Regex, pattern.as_ref())
    }

    /// The regular expression is found in it, in any case of ASCII's letters. One that is none makes the query fail
    /// before it is sent.
    fn iregex(self, pattern: impl AsRef<str>) -> Q<Self::Row> {
        regex(self, Lookup::Iregex, pattern.as_ref())
    }
}

impl<E: Expression<Value: AsRef<str>>> TextLookups for E {}

fn text<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    value: impl AsRef<str>,
    test: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    let value = value.as_ref().to_owned();
    condition(expression, lookup, Operand::Text(value.clone()), move |text| test(text.as_ref(), &value))
}

/// A lookup for which case does not count.
fn folded<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    value: impl AsRef<str>,
    test: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    let (operand, value) = (Operand::from(value.as_ref()), fold(value.as_ref()));
    condition(expression, lookup, operand, move |text| test(&fold(text.as_ref()), &value))
}

/// Letter by letter: `str::to_lowercase` writes a last sigma in another way than one in the middle.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.chars().flat_map(char::to_lowercase).collect()
    }
}

fn regex<E: Expression<Value: AsRef<str>>>(expression: E, lookup: Lookup, pattern: &str) -> Q<E::Row> {
    match RegexBuilder::new(pattern).case_insensitive(lookup == Lookup::Iregex).build() {
        Ok(regex) => found(expression, lookup, pattern, regex),
        Err(error) => {
            Q::invalid(format!("{}: `{pattern}` is no regular expression: {error}", expression.path()))
        }
    }
}

fn found<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    pattern: &str,
    regex: Regex,
) -> Q<E::Row> {
    condition(expression, lookup, pattern.into(), move |text| regex.is_match(text.as_ref()))
}
