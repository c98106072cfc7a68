//! What is wrong with a body, as AWS's schema check says it.

use serde_json::Value;

use crate::json::items;
use crate::model::prompt::Prompt;
use crate::wire::error::{AwsError, AwsResult};

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

/// Checks that a body has its required members, and no unknown ones. For Cohere's models AWS lists every violation.
pub(crate) fn members(body: &Value, required: &[&str], optional: &[&str]) -> AwsResult<()> {
    let wrong: String =
        member_violations(body, required, optional).iter().map(|wrong| format!("#: {wrong}")).collect();
    if wrong.is_empty() { Ok(()) } else { Err(malformed(&wrong)) }
}

/// The same for Amazon's models: AWS names a single violation, and only counts several.
pub(crate) fn amazon_members(body: &Value, required: &[&str], optional: &[&str]) -> AwsResult<()> {
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

/// A list that has to be there, with a limited number of elements.
pub(crate) fn limited_list<'a>(body: &'a Value, key: &str, most: usize) -> AwsResult<&'a [Value]> {
    let list = required_list(body, key)?;
    match list.len() {
        count if count > most => {
            Err(malformed(&format!("#/{key}: expected maximum item count: {most}, found: {count}")))
        }
        _ => Ok(list),
    }
}

/// A member that is one of some values, or absent. The path leads to it.
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
