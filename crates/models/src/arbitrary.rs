//! Builds values of each generated type from random bytes, for the property tests.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) fn float32(source: &mut Unstructured<'_>) -> Result<f32> {
    f32::arbitrary(source).map(|number| if number.is_finite() { number } else { 0.7 })
}

pub(crate) fn float64(source: &mut Unstructured<'_>) -> Result<f64> {
    f64::arbitrary(source).map(|number| if number.is_finite() { number } else { 0.7 })
}

pub(crate) fn timestamp(source: &mut Unstructured<'_>) -> Result<Timestamp> {
    // Years 1 to 9999, which ISO 8601 writes with four digits.
    let seconds = source.int_in_range(-62_135_596_800_i64..=253_402_207_199)?;
    let nanoseconds = source.int_in_range(0..=999_999_999)?;
    Timestamp::new(seconds, nanoseconds).map_err(|_| arbitrary::Error::IncorrectFormat)
}

pub(crate) fn document(source: &mut Unstructured<'_>) -> Result<Value> {
    nested_document(source, 3)
}

fn nested_document(source: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let kinds = if depth == 0 { 6 } else { 8 };
    Ok(match source.int_in_range(0..=kinds - 1)? {
        0 => Value::Null,
        1 => json!(bool::arbitrary(source)?),
        2 => json!(u64::arbitrary(source)?),
        3 => json!(i64::arbitrary(source)?),
        4 => json!(float64(source)?),
        5 => json!(String::arbitrary(source)?),
        6 => (0..source.int_in_range(0..=3)?)
            .map(|_| nested_document(source, depth - 1))
            .collect::<Result<_>>()?,
        _ => (0..source.int_in_range(0..=3)?)
            .map(|_| Ok((String::arbitrary(source)?, nested_document(source, depth - 1)?)))
            .collect::<Result<_>>()?,
    })
}

pub(crate) fn document_map(source: &mut Unstructured<'_>) -> Result<BTreeMap<String, Value>> {
    (0..source.int_in_range(0..=3)?).map(|_| Ok((String::arbitrary(source)?, document(source)?))).collect()
}

pub(crate) fn optional_float32(source: &mut Unstructured<'_>) -> Result<Option<f32>> {
    optional(source, float32)
}

pub(crate) fn optional_float64(source: &mut Unstructured<'_>) -> Result<Option<f64>> {
    optional(source, float64)
}

pub(crate) fn optional_timestamp(source: &mut Unstructured<'_>) -> Result<Option<Timestamp>> {
    optional(source, timestamp)
}

/// JSON has one `null` for an absent document and for a null document, so no optional document is null.
pub(crate) fn optional_document(source: &mut Unstructured<'_>) -> Result<Option<Value>> {
    Ok(optional(source, document)?.filter(|document| !document.is_null()))
}

pub(crate) fn optional_document_map(
    source: &mut Unstructured<'_>,
) -> Result<Option<BTreeMap<String, Value>>> {
    optional(source, document_map)
}

/// For members with a default in the SDK: such a member is never absent, because it comes back as the default.
pub(crate) fn always<T: for<'a> Arbitrary<'a>>(source: &mut Unstructured<'_>) -> Result<Option<T>> {
    T::arbitrary(source).map(Some)
}

fn optional<T>(
    source: &mut Unstructured<'_>,
    some: fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if bool::arbitrary(source)? { some(source).map(Some) } else { Ok(None) }
}

pub(crate) fn unknown_value(source: &mut Unstructured<'_>) -> Result<String> {
    String::arbitrary(source).map(|value| format!("not-known-{value}"))
}

/// One property test per line: a value is the same after writing it as JSON and parsing it.
macro_rules! json_round_trip {
    ($($test:ident: $type:ty,)*) => {
        $(#[test]
        fn $test() {
            crate::arbitrary::for_each_value(|value: $type| {
                let json = serde_json::to_string(&value).unwrap();
                let back: $type = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
                assert_eq!(back, value, "{json}");
                // Also through `serde_json::Value`, because programs use both forms.
                let tree = serde_json::to_value(&value).unwrap();
                assert_eq!(serde_json::from_value::<$type>(tree).unwrap(), value);
            });
        })*
    };
}
pub(crate) use json_round_trip;

/// One property test per line: a value is the same after converting it to the SDK's type and back.
macro_rules! sdk_round_trip {
    ($($test:ident: $type:ty => $way:ident $sdk:ty,)*) => {
        $(#[test]
        fn $test() {
            crate::arbitrary::for_each_value(|value: $type| {
                let sdk: $sdk = value.clone().try_into().unwrap();
                let back: $type = crate::arbitrary::built!($way sdk).into();
                assert_eq!(back, value);
            });
        })*
    };
}
pub(crate) use sdk_round_trip;

/// The input of an operation is converted to a builder of the SDK.
macro_rules! built {
    (value $sdk:ident) => {
        $sdk
    };
    (input $sdk:ident) => {
        $sdk.build().unwrap()
    };
}
pub(crate) use built;

/// Calls `check` with values from random bytes.
pub(crate) fn for_each_value<T: for<'a> Arbitrary<'a>>(check: impl Fn(T)) {
    use proptest::prelude::*;
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&proptest::collection::vec(any::<u8>(), 0..2048), |bytes| {
            if let Ok(value) = T::arbitrary(&mut Unstructured::new(&bytes)) {
                check(value);
            }
            Ok(())
        })
        .unwrap();
}
