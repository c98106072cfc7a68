//! Shared parts of the conversions from and to the SDK's types.

use std::fmt;

use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{DateTime, Document, Number};
use jiff::Timestamp;
use serde_json::Value;

use crate::Blob;

/// The error for a value that cannot be converted to the SDK's type, and so cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSdkError {
    message: String,
}

impl ToSdkError {
    /// A union member that only a newer version knows. It names the member, but not its content.
    pub(crate) fn unknown(union: &str, value: &Value) -> Self {
        let member = value.as_object().and_then(|object| object.keys().next());
        let message = match member {
            Some(member) => format!("{union} has the member `{member}`, which this version cannot send"),
            None => format!("{union} has no member"),
        };
        Self { message }
    }

    fn too_deep() -> Self {
        Self { message: format!("a JSON document is nested deeper than {DEEPEST} levels") }
    }

    fn not_finite(member: &str, number: f64) -> Self {
        Self { message: format!("`{member}` is {number}, which JSON cannot write") }
    }
}

impl fmt::Display for ToSdkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ToSdkError {}

impl From<BuildError> for ToSdkError {
    fn from(error: BuildError) -> Self {
        Self { message: error.to_string() }
    }
}

impl From<aws_smithy_types::Blob> for Blob {
    fn from(blob: aws_smithy_types::Blob) -> Self {
        blob.into_inner().into()
    }
}

impl From<Blob> for aws_smithy_types::Blob {
    fn from(blob: Blob) -> Self {
        Self::new(blob.into_vec())
    }
}

/// Converts every item, in the memory of the list if the types have the same size, as enums have.
pub(crate) fn each_in_place<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(Into::into).collect()
}

/// Converts every item. What iterates here is less code than that of [`each_in_place`], and compiled for each type.
pub(crate) fn each<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    let mut converted = Vec::with_capacity(items.len());
    for item in items {
        converted.push(item.into());
    }
    converted
}

/// Sets a member of an operation's input. The SDK's setters take the builder, half a kilobyte, by value. Not inlined, so that
/// the builder stays in its place for a member that is not there: otherwise the optimizer copies it for each.
#[inline(never)]
pub(crate) fn update<B: Default, T>(builder: &mut B, set: fn(B, T) -> B, value: T) {
    let updated = set(std::mem::take(builder), value);
    // What is left in its place is empty, and needs no drop.
    std::mem::forget(std::mem::replace(builder, updated));
}

/// Converts every item, or returns the first error.
pub(crate) fn try_each<T: TryInto<U, Error = ToSdkError>, U>(items: Vec<T>) -> Result<Vec<U>, ToSdkError> {
    let mut converted = Vec::with_capacity(items.len());
    for item in items {
        converted.push(item.try_into()?);
    }
    Ok(converted)
}

/// Converts every value of a map. It inserts them one by one: a map that is collected is sorted first, by code that is
/// compiled again for each type of values.
pub(crate) fn each_value<T: Into<U>, U, M: Default + Extend<(String, U)>>(
    map: impl IntoIterator<Item = (String, T)>,
) -> M {
    each_value_with(map, Into::into)
}

/// Converts every value of a map with the function.
pub(crate) fn each_value_with<T, U, M: Default + Extend<(String, U)>>(
    map: impl IntoIterator<Item = (String, T)>,
    convert: impl Fn(T) -> U,
) -> M {
    let mut converted = M::default();
    converted.extend(map.into_iter().map(|(key, value)| (key, convert(value))));
    converted
}

/// Converts every value of a map, or returns the first error.
#[cfg(any(test, feature = "sdk-bedrockruntime"))]
pub(crate) fn try_each_value<T: TryInto<U, Error = ToSdkError>, U, M: Default + Extend<(String, U)>>(
    map: impl IntoIterator<Item = (String, T)>,
) -> Result<M, ToSdkError> {
    let mut converted = M::default();
    for (key, value) in map {
        converted.extend([(key, value.try_into()?)]);
    }
    Ok(converted)
}

/// Converts the SDK's time. A time before the year -9999 or after 9999 becomes the nearest possible time.
pub fn timestamp_from_sdk(time: DateTime) -> Timestamp {
    let nanoseconds = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    let nearest = if time.secs() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::new(time.secs(), nanoseconds).unwrap_or(nearest)
}

/// Converts a time to the SDK's time.
pub fn timestamp_to_sdk(time: Timestamp) -> DateTime {
    // The parts of jiff's time have the same sign, but the SDK's fraction is never negative.
    let (seconds, nanoseconds) = (time.as_second(), time.subsec_nanosecond());
    if nanoseconds < 0 {
        DateTime::from_secs_and_nanos(seconds - 1, (nanoseconds + 1_000_000_000).unsigned_abs())
    } else {
        DateTime::from_secs_and_nanos(seconds, nanoseconds.unsigned_abs())
    }
}

/// Converts the SDK's document to JSON. A number that JSON cannot represent becomes `null`.
pub fn document_from_sdk(document: Document) -> Value {
    match document {
        Document::Object(members) => Value::Object(each_value_with(members, document_from_sdk)),
        Document::Array(items) => items.into_iter().map(document_from_sdk).collect(),
        Document::Number(Number::PosInt(number)) => number.into(),
        Document::Number(Number::NegInt(number)) => number.into(),
        Document::Number(Number::Float(number)) => number.into(),
        Document::String(text) => Value::String(text),
        Document::Bool(value) => Value::Bool(value),
        Document::Null => Value::Null,
    }
}

/// How deeply a document can be nested: as deeply as the SDK parses one, so that what was received can be sent back.
const DEEPEST: u16 = 256;

/// Converts JSON to the SDK's document.
///
/// # Errors
///
/// If it is nested so deeply that the SDK, which writes it recursively, could overflow the stack.
pub fn document_to_sdk(value: Value) -> Result<Document, ToSdkError> {
    if is_within(&value, DEEPEST) {
        Ok(shallow_document_to_sdk(value))
    } else {
        take_apart(value);
        Err(ToSdkError::too_deep())
    }
}

fn is_within(value: &Value, levels: u16) -> bool {
    let inside = |value| levels > 0 && is_within(value, levels - 1);
    match value {
        Value::Object(members) => members.values().all(inside),
        Value::Array(items) => items.iter().all(inside),
        _ => true,
    }
}

/// Drops a document level by level. Dropping it recursively could overflow the stack.
fn take_apart(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => rest.extend(members.into_iter().map(|(_, value)| value)),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
}

fn shallow_document_to_sdk(value: Value) -> Document {
    match value {
        Value::Object(members) => Document::Object(each_value_with(members, shallow_document_to_sdk)),
        Value::Array(items) => Document::Array(items.into_iter().map(shallow_document_to_sdk).collect()),
        Value::Number(number) => Document::Number(number_to_sdk(&number)),
        Value::String(text) => Document::String(text),
        Value::Bool(value) => Document::Bool(value),
        Value::Null => Document::Null,
    }
}

/// Returns the number, if JSON can represent it.
pub(crate) fn finite<N: Copy + Into<f64>>(member: &str, number: N) -> Result<N, ToSdkError> {
    let wide = number.into();
    if wide.is_finite() { Ok(number) } else { Err(ToSdkError::not_finite(member, wide)) }
}

fn number_to_sdk(number: &serde_json::Number) -> Number {
    if let Some(number) = number.as_u64() {
        Number::PosInt(number)
    } else if let Some(number) = number.as_i64() {
        Number::NegInt(number)
    } else {
        Number::Float(number.as_f64().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_round_with_their_nanoseconds() {
        for text in ["2026-07-13T14:00:42.680622107Z", "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z"] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp_from_sdk(timestamp_to_sdk(time)), time, "{text}");
        }
        assert_eq!(timestamp_from_sdk(DateTime::from_secs(i64::MAX)), Timestamp::MAX);
    }

    #[test]
    fn a_document_nested_too_deeply_is_an_error_and_no_overflow() {
        let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let deepest = document_to_sdk(nested(usize::from(DEEPEST))).unwrap();
        assert_eq!(document_from_sdk(deepest), nested(usize::from(DEEPEST)));
        for levels in [usize::from(DEEPEST) + 1, 1_000_000] {
            assert_eq!(document_to_sdk(nested(levels)), Err(ToSdkError::too_deep()));
        }
        let wide = Value::Object(
            [("a".to_owned(), nested(100_000)), ("b".to_owned(), nested(100_000))].into_iter().collect(),
        );
        assert_eq!(document_to_sdk(wide), Err(ToSdkError::too_deep()));
    }

    #[test]
    fn a_document_nested_too_deeply_is_not_read_either() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let block = format!(r#"{{"toolUse":{{"toolUseId":"a","name":"b","input":{text}}}}}"#);
        let error = serde_json::from_str::<crate::ContentBlock>(&block).unwrap_err();
        assert!(error.to_string().contains("recursion limit"), "{error}");
    }

    #[test]
    fn a_number_that_json_cannot_write_is_named() {
        assert_eq!(finite("top_p", 0.5_f32), Ok(0.5));
        let error = finite("temperature", f32::NAN).unwrap_err();
        assert_eq!(error.to_string(), "`temperature` is NaN, which JSON cannot write");
    }

    #[test]
    fn an_unknown_member_is_named_and_its_content_is_not() {
        let error = ToSdkError::unknown("ContentBlock", &serde_json::json!({"hologram": "secret"}));
        assert_eq!(
            error.to_string(),
            "ContentBlock has the member `hologram`, which this version cannot send"
        );
    }
}
