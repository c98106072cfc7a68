//! Lookups on strings and on values of AWS enums.

use regex_lite::{Regex, RegexBuilder};

use super::expression::condition;
use super::{Expression, Lookup, Operand, Q};

/// Lookups on strings and on enums, which are compared by AWS's names: `STATUS.eq("ACTIVE")` and
/// `STATUS.eq(Status::Active)` are the same.
pub trait TextLookups: Expression<Value: AsRef<str>> {
    /// Matches a text that is equal to this one.
    fn eq(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Exact, value, PartialEq::eq)
    }

    /// Matches a text that is not equal to this one. A missing text does not match.
    fn ne(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Ne, value, PartialEq::ne)
    }

    /// Matches a text that is equal to this one, ignoring case.
    fn iexact(self, value: impl AsRef<str>) -> Q<Self::Row> {
        ignoring_case(self, Lookup::Iexact, value, PartialEq::eq)
    }

    /// Matches a text that contains this one.
    fn contains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Contains, value, contains)
    }

    /// Matches a text that contains this one, ignoring case.
    fn icontains(self, value: impl AsRef<str>) -> Q<Self::Row> {
        ignoring_case(self, Lookup::Icontains, value, contains)
    }

    /// Matches a text that starts with this one.
    fn startswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Startswith, value, starts_with)
    }

    /// Matches a text that starts with this one, ignoring case.
    fn istartswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        ignoring_case(self, Lookup::Istartswith, value, starts_with)
    }

    /// Matches a text that ends with this one.
    fn endswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Endswith, value, ends_with)
    }

    /// Matches a text that ends with this one, ignoring case.
    fn iendswith(self, value: impl AsRef<str>) -> Q<Self::Row> {
        ignoring_case(self, Lookup::Iendswith, value, ends_with)
    }

    /// Matches a text that is equal to one of these.
    fn is_in(self, values: impl IntoIterator<Item: AsRef<str>>) -> Q<Self::Row> {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        let operand = Operand::List(values.iter().cloned().map(Operand::Text).collect());
        condition(self, Lookup::In, operand, move |text| values.iter().any(|value| value == text.as_ref()))
    }

    /// Matches a text that is greater than this one, compared by code point.
    fn gt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gt, value, PartialOrd::gt)
    }

    /// Matches a text that is equal to this one or greater, compared by code point.
    fn gte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Gte, value, PartialOrd::ge)
    }

    /// Matches a text that is less than this one, compared by code point.
    fn lt(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lt, value, PartialOrd::lt)
    }

    /// Matches a text that is equal to this one or less, compared by code point.
    fn lte(self, value: impl AsRef<str>) -> Q<Self::Row> {
        text(self, Lookup::Lte, value, PartialOrd::le)
    }

    /// Matches a text by a regular expression, in the syntax of the [`regex-lite`](https://docs.rs/regex-lite) crate: `\d`,
    /// `\w` and similar classes are ASCII. An invalid expression is an error before the query is sent.
    fn regex(self, pattern: impl AsRef<str>) -> Q<Self::Row> {
        regex(self, Lookup::Regex, pattern.as_ref())
    }

    /// Matches a text by a regular expression, ignoring ASCII case. An invalid expression is an error before the query
    /// is sent.
    fn iregex(self, pattern: impl AsRef<str>) -> Q<Self::Row> {
        regex(self, Lookup::Iregex, pattern.as_ref())
    }
}

impl<E: Expression<Value: AsRef<str>>> TextLookups for E {}

fn contains(text: &str, value: &str) -> bool {
    text.contains(value)
}

fn starts_with(text: &str, value: &str) -> bool {
    text.starts_with(value)
}

fn ends_with(text: &str, value: &str) -> bool {
    text.ends_with(value)
}

/// Creates a lookup that compares with one text.
fn text<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    value: impl AsRef<str>,
    test: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    let value = value.as_ref().to_owned();
    condition(expression, lookup, Operand::Text(value.clone()), move |text| test(text.as_ref(), &value))
}

/// Creates a lookup that compares with one text, ignoring case.
fn ignoring_case<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    value: impl AsRef<str>,
    test: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Q<E::Row> {
    let (operand, value) = (Operand::from(value.as_ref()), fold(value.as_ref()));
    condition(expression, lookup, operand, move |text| test(&fold(text.as_ref()), &value))
}

/// Converts to lowercase letter by letter: `str::to_lowercase` treats a sigma at the end of a word differently.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.chars().flat_map(char::to_lowercase).collect()
    }
}

fn regex<E: Expression<Value: AsRef<str>>>(expression: E, lookup: Lookup, pattern: &str) -> Q<E::Row> {
    match RegexBuilder::new(pattern).case_insensitive(lookup == Lookup::Iregex).build() {
        Ok(regex) => matching(expression, lookup, pattern, regex),
        Err(error) => {
            Q::invalid(format!("{}: `{pattern}` is not a regular expression: {error}", expression.path()))
        }
    }
}

fn matching<E: Expression<Value: AsRef<str>>>(
    expression: E,
    lookup: Lookup,
    pattern: &str,
    regex: Regex,
) -> Q<E::Row> {
    condition(expression, lookup, pattern.into(), move |text| regex.is_match(text.as_ref()))
}
