//! Helpers for JSON values.

use serde_json::Value;

/// Returns the items of a list, or none if the value is not a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the strings of a list.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sets a member unless the value is missing or null.
pub(crate) fn set(object: &mut Value, member: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        object[member] = value;
    }
}
