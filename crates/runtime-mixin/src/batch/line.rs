//! The lines of AWS's files: an input with its record ID, and an output.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html> and
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html>

use bedrock_orm_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A line of an input file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputLine<T> {
    pub(crate) record_id: String,
    pub(crate) model_input: T,
}

/// A line of an output file. It has an output or an error.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputLine {
    pub(crate) record_id: String,
    pub(crate) model_input: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model_output: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<OutputError>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputError {
    /// A number, such as an HTTP status.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) error_code: Value,
    #[serde(default)]
    pub(crate) error_message: String,
}

/// Returns the record ID of an input: eleven characters, as in AWS's examples.
pub(crate) fn record_id(index: u64) -> String {
    format!("R{index:010}")
}

/// Returns the index of the input with this record ID.
pub(crate) fn index_of(record_id: &str) -> Result<u64> {
    record_id.strip_prefix('R').and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidResponse,
            format!("the record ID `{record_id}` is not one of this batch"),
        )
    })
}

/// Serializes a value as a line.
pub(crate) fn to_line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the record cannot be written as JSON: {error}"))
    })?;
    line.push(b'\n');
    Ok(line)
}

/// Parses a line of a file of the batch.
pub(crate) fn from_line<'a, T: Deserialize<'a>>(line: &'a [u8], file: &str) -> Result<T> {
    serde_json::from_slice(line).map_err(|error| {
        // The error's text can quote the line, so only its position is shown.
        let message = format!("{file} has a line that is not a record (at column {})", error.column());
        Error::new(ErrorKind::InvalidResponse, message)
    })
}
