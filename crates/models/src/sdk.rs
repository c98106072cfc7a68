//! What the conversions from and to the SDK's types share.

use std::collections::HashMap;
use std::fmt;

use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{DateTime, Document, Number};
use jiff::Timestamp;
use serde_json::Value;

use crate::Blob;

/// Why a value cannot be given to the SDK, and so not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSdkError {
    message: String,
}

impl ToSdkError {
    /// A union's member that only a newer version knows. Names the member, never its content.
    pub(crate) fn unknown(union: &str, value: &Value) -> Self {
        let member = value.as_object().and_then(|object| object.keys().next());
        let message = match member {
            Some(member) => format!("{union} holds the member `{member}`, which this version cannot send"),
            None => format!("{union} holds no member"),
        };
        Self { message }
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

/// Every item converted.
pub(crate) fn each<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(Into::into).collect()
}

/// Every item converted, unless one cannot be.
pub(crate) fn try_each<T: TryInto<U, Error = ToSdkError>, U>(items: Vec<T>) -> Result<Vec<U>, ToSdkError> {
    items.into_iter().map(TryInto::try_into).collect()
}

/// Every value converted, from one kind of map to another.
pub(crate) fn each_value<T: Into<U>, U, M: FromIterator<(String, U)>>(
    map: impl IntoIterator<Item = (String, T)>,
) -> M {
    map.into_iter().map(|(key, value)| (key, value.into())).collect()
}

/// Every value converted, unless one cannot be, from one kind of map to another.
pub(crate) fn try_each_value<T: TryInto<U, Error = ToSdkError>, U, M: FromIterator<(String, U)>>(
    map: impl IntoIterator<Item = (String, T)>,
) -> Result<M, ToSdkError> {
    map.into_iter().map(|(key, value)| Ok((key, value.try_into()?))).collect()
}

/// The SDK's time as ours. One before the year -9999 or after 9999 becomes the nearest that there is.
pub fn timestamp_from_sdk(time: DateTime) -> Timestamp {
    let nanoseconds = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    let nearest = if time.secs() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::new(time.secs(), nanoseconds).unwrap_or(nearest)
}

/// Our time as the SDK's.
pub fn timestamp_to_sdk(time: Timestamp) -> DateTime {
    // jiff's parts share one sign, the SDK's fraction is never negative.
    let (seconds, nanoseconds) = (time.as_second(), time.subsec_nanosecond());
    if nanoseconds < 0 {
        DateTime::from_secs_and_nanos(seconds - 1, (nanoseconds + 1_000_000_000).unsigned_abs())
    } else {
        DateTime::from_secs_and_nanos(seconds, nanoseconds.unsigned_abs())
    }
}

/// The SDK's document as JSON. A number that JSON cannot write becomes `null`.
pub fn document_from_sdk(document: Document) -> Value {
    match document {
        Document::Object(members) => {
            members.into_iter().map(|(key, value)| (key, document_from_sdk(value))).collect()
        }
        Document::Array(items) => items.into_iter().map(document_from_sdk).collect(),
        Document::Number(Number::PosInt(number)) => number.into(),
        Document::Number(Number::NegInt(number)) => number.into(),
        Document::Number(Number::Float(number)) => number.into(),
        Document::String(text) => Value::String(text),
        Document::Bool(value) => Value::Bool(value),
        Document::Null => Value::Null,
    }
}

/// JSON as the SDK's document.
pub fn document_to_sdk(value: Value) -> Document {
    match value {
        Value::Object(members) => {
            let members: HashMap<_, _> =
                members.into_iter().map(|(key, value)| (key, document_to_sdk(value))).collect();
            Document::Object(members)
        }
        Value::Array(items) => Document::Array(items.into_iter().map(document_to_sdk).collect()),
        Value::Number(number) => Document::Number(number_to_sdk(&number)),
        Value::String(text) => Document::String(text),
        Value::Bool(value) => Document::Bool(value),
        Value::Null => Document::Null,
    }
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
    fn an_unknown_member_is_named_and_its_content_is_not() {
        let error = ToSdkError::unknown("ContentBlock", &serde_json::json!({"hologram": "secret"}));
        assert_eq!(
            error.to_string(),
            "ContentBlock holds the member `hologram`, which this version cannot send"
        );
    }
}
