//! What is wrong with a body, as AWS's schema check says it.

use serde_json::Value;

use crate::error::{AwsError, AwsResult};
use crate::model::prompt::{Prompt, items};

pub(crate) fn malformed(what: &str) -> AwsError {
    AwsError::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

/// A text that has to be there.
pub(crate) fn required_text<'a>(body: &'a Value, key: &str) -> AwsResult<&'a str> {
    match &body[key] {
        Value::Null => Err(malformed(&format!("#: required key [{key}] not found"))),
        Value::String(text) => Ok(text),
        other => Err(wrong_type(&format!("#/{key}"), "String", other)),
    }
}

/// A list that has to be there, with something in it.
pub(crate) fn required_list<'a>(body: &'a Value, key: &str) -> AwsResult<&'a [Value]> {
    match &body[key] {
        Value::Null => Err(malformed(&format!("#: required key [{key}] not found"))),
        Value::Array(list) if list.is_empty() => {
            Err(malformed(&format!("#/{key}: expected minimum item count: 1, found: 0")))
        }
        Value::Array(list) => Ok(list),
        other => Err(wrong_type(&format!("#/{key}"), "JSONArray", other)),
    }
}

pub(crate) fn wrong_type(path: &str, expected: &str, found: &Value) -> AwsError {
    malformed(&format!("{path}: expected type: {expected}, found: {}", json_type(found)))
}

pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "BigDecimal",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

/// A prompt of one text, with the limits that makers name each in their way.
pub(crate) fn text_prompt(text: &str, max_tokens: &Value, stop: &Value) -> AwsResult<Prompt> {
    limited(Prompt::of_text(text), max_tokens, stop)
}

/// A prompt with these limits.
pub(crate) fn limited(prompt: Prompt, max_tokens: &Value, stop: &Value) -> AwsResult<Prompt> {
    if prompt.last_text().trim().is_empty() {
        return Err(malformed("#/prompt: expected minLength: 1, actual: 0"));
    }
    Ok(Prompt { max_tokens: limit(max_tokens)?, stop_sequences: texts(stop), ..prompt })
}

/// A number of tokens, at least one.
pub(crate) fn limit(value: &Value) -> AwsResult<Option<u64>> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Err(malformed("#/max_tokens: 0 is not greater or equal to 1")),
            Some(limit) => Ok(Some(limit)),
            None => Err(malformed(&format!("#/max_tokens: {number} is not greater or equal to 1"))),
        },
        other => Err(wrong_type("#/max_tokens", "Integer", other)),
    }
}

/// A list of texts, or one.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(str::to_owned);
    one.into_iter().chain(items(value).iter().filter_map(Value::as_str).map(str::to_owned)).collect()
}

/// The first member that is there.
pub(crate) fn either<'a>(body: &'a Value, keys: &[&str]) -> &'a Value {
    keys.iter().map(|key| &body[*key]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}
