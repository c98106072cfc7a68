//! Reads the members of a body. The errors have the messages of AWS's schema check.

use serde_json::Value;

use crate::json::items;
use crate::model::prompt::Prompt;
use crate::wire::error::{AwsError, AwsResult};

/// Creates the error of a malformed body.
pub(crate) fn malformed(what: &str) -> AwsError {
    AwsError::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

/// Returns a required text.
pub(crate) fn required_text<'a>(body: &'a Value, key: &str) -> AwsResult<&'a str> {
    match &body[key] {
        Value::Null => Err(malformed(&format!("#: required key [{key}] not found"))),
        Value::String(text) => Ok(text),
        other => Err(wrong_type(&format!("#/{key}"), "String", other)),
    }
}

/// Returns a required list, which must not be empty.
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

/// Checks that a body has its required members, and no unknown ones. For Cohere's models AWS lists every violation.
pub(crate) fn check_members(body: &Value, required: &[&str], optional: &[&str]) -> AwsResult<()> {
    let wrong: String =
        member_violations(body, required, optional).iter().map(|wrong| format!("#: {wrong}")).collect();
    if wrong.is_empty() { Ok(()) } else { Err(malformed(&wrong)) }
}

/// Checks members for Amazon's models: AWS's message names a single violation, but only counts several.
pub(crate) fn check_amazon_members(body: &Value, required: &[&str], optional: &[&str]) -> AwsResult<()> {
    match member_violations(body, required, optional).as_slice() {
        [] => Ok(()),
        [wrong] => Err(malformed(wrong)),
        wrong => Err(malformed(&format!("{} schema violations found", wrong.len()))),
    }
}

fn member_violations(body: &Value, required: &[&str], optional: &[&str]) -> Vec<String> {
    let is_known =
        |key: &str| required.contains(&key) || optional.contains(&key) || key.starts_with("amazon-bedrock-");
    let missing = required.iter().filter(|key| body[**key].is_null());
    let missing = missing.map(|key| format!("required key [{key}] not found"));
    let keys = body.as_object().into_iter().flatten().map(|(key, _)| key);
    let extra =
        keys.filter(|key| !is_known(key)).map(|key| format!("extraneous key [{key}] is not permitted"));
    missing.chain(extra).collect()
}

/// Returns a required list with a limited number of elements.
pub(crate) fn limited_list<'a>(body: &'a Value, key: &str, max: usize) -> AwsResult<&'a [Value]> {
    let list = required_list(body, key)?;
    match list.len() {
        count if count > max => {
            Err(malformed(&format!("#/{key}: expected maximum item count: {max}, found: {count}")))
        }
        _ => Ok(list),
    }
}

/// Checks that a member is one of some values, or absent. `path` is its path in the message.
pub(crate) fn one_of<'a, T: PartialEq<Value>>(
    value: &'a Value,
    path: &str,
    values: &[T],
) -> AwsResult<&'a Value> {
    match value.is_null() || values.iter().any(|known| known == value) {
        true => Ok(value),
        false => {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Err(malformed(&format!("{path}: {shown} is not a valid enum value")))
        }
    }
}

/// Creates the error of a member with a wrong type.
pub(crate) fn wrong_type(path: &str, expected: &str, found: &Value) -> AwsError {
    malformed(&format!("{path}: expected type: {expected}, found: {}", json_type(found)))
}

/// Returns the name of a JSON type in AWS's messages.
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

/// Creates a prompt of one text with a token limit and stop sequences, whose names differ by format.
pub(crate) fn text_prompt(text: &str, max_tokens: &Value, stop: &Value) -> AwsResult<Prompt> {
    with_limits(Prompt::from_text(text), max_tokens, stop)
}

/// Sets the token limit and the stop sequences of a prompt.
pub(crate) fn with_limits(prompt: Prompt, max_tokens: &Value, stop: &Value) -> AwsResult<Prompt> {
    if prompt.last_text().trim().is_empty() {
        return Err(malformed("#/prompt: expected minLength: 1, actual: 0"));
    }
    Ok(Prompt { max_tokens: token_limit(max_tokens)?, stop_sequences: texts(stop), ..prompt })
}

/// Parses a token limit, which is at least 1.
pub(crate) fn token_limit(value: &Value) -> AwsResult<Option<u64>> {
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

/// Returns the texts of a list, or a single text.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(str::to_owned);
    one.into_iter().chain(items(value).iter().filter_map(Value::as_str).map(str::to_owned)).collect()
}

/// Returns the first of some members that is not null.
pub(crate) fn first_of<'a>(body: &'a Value, keys: &[&str]) -> &'a Value {
    keys.iter().map(|key| &body[*key]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}
