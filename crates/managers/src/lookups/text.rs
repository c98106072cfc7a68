//! Lookups on strings and on values of AWS enums.

use regex_lite::{Regex, RegexBuilder};

use super::expression::condition;
use super::{Expression, Lookup, Operand, Q};

/// Lookups on strings and on enums, which are compared by AWS's names: `STATUS.eq("ACTIVE")` and
/// `STATUS.eq(Status::Active)` are the same.
pub trait TextLookups: Expression<Value: AsRef<str>> {
    /// It is equal to this text.
    fn eq(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Exact, value, |text, value| text == value)
    }

    /// It exists and is not equal to this text.
    fn ne(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Ne, value, |text, value| text != value)
    }

    /// It is equal to this text, ignoring case.
    fn iexact(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Iexact, value, |text, value| text == value)
    }

    /// It contains this text.
    fn contains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Contains, value, |text, value| text.contains(value))
    }

    /// It contains this text, ignoring case.
    fn icontains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Icontains, value, |text, value| text.contains(value))
    }

    /// It starts with this text.
    fn startswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Startswith, value, |text, value| text.starts_with(value))
    }

    /// It starts with this text, ignoring case.
    fn istartswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Istartswith, value, |text, value| text.starts_with(value))
    }

    /// It ends with this text.
    fn endswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Endswith, value, |text, value| text.ends_with(value))
    }

    /// It ends with this text, ignoring case.
    fn iendswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        folded(self, Lookup::Iendswith, value, |text, value| text.ends_with(value))
    }

    /// It is one of these texts.
    fn is_in(self, values: impl IntoIterator<Item: AsRef<str>>) -> Q<Self::Row> {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        let operand = Operand::List(values.iter().cloned().map(Operand::Text).collect());
        condition(self, Lookup::In, operand, move |text| values.iter().any(|value| value == text.as_ref()))
    }

    /// It is greater than this text, compared by code point.
    fn gt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gt, value, |text, value| text > value)
    }

    /// It is equal to this text or greater.
    fn gte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gte, value, |text, value| text >= value)
    }

    /// It is less than this text, compared by code point.
    fn lt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lt, value, |text, value| text < value)
    }

    /// It is equal to this text or less.
    fn lte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lte, value, |text, value| text <= value)
    }

    /// It matches this regular expression, in the syntax of the [`regex-lite`](https://docs.rs/regex-lite) crate: `\d`,
    /// `\w` and similar classes are ASCII. An invalid expression is an error before the query is sent.
    fn regex(self, pattern: impl AsRef<str>) -> Q<Self::Row> {
        regex(self, Lookup::Regex, pattern.as_ref())
    }

    /// It matches this regular expression, ignoring ASCII case. An invalid expression is an error before the query is
    /// sent.
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

/// Creates a lookup that ignores case.
fn folded<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    value: impl AsRef<str>,
    test: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    let (operand, value) = (Operand::from(value.as_ref()), fold(value.as_ref()));
    condition(expression, lookup, operand, move |text| test(&fold(text.as_ref()), &value))
}

/// Lowercases letter by letter: `str::to_lowercase` treats a sigma at the end of a word differently.
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
            Q::invalid(format!("{}: `{pattern}` is not a regular expression: {error}", expression.path()))
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
