//! JSON values: helpers, and objects whose absent members are `null`.

pub(crate) mod record;

use serde::Serialize;
use serde_json::Value;

/// Writes a value that can always be written, as JSON values can. This is faster than their `Display`.
pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Returns the items of a list, or none if the value is not a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the strings of a list. Other items are left out.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sets a member. A value that is `None` or null changes nothing.
pub(crate) fn set(object: &mut Value, member: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        object[member] = value;
    }
}
