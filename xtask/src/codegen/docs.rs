//! The text of the generated documentation: our sentences, with AWS's limits.

use super::calls::of_resource;
use super::description::{Service, Shape};
use super::plan::{Form, Source, Value};
use super::table::{Resource, Table};

/// A type's documentation, with a link to AWS's.
pub(crate) fn of_type(name: &str, shape_name: &str, source: &Source, table: &Table) -> String {
    let subject = match &source.form {
        Form::Nested(_) => shape_name,
        Form::Input(operation) | Form::Output(operation) => operation,
    };
    let page = match source.service {
        Service::Bedrock => format!("API_{subject}"),
        Service::BedrockRuntime => format!("API_runtime_{subject}"),
    };
    let what = table.docs.get(name).cloned().unwrap_or_else(|| {
        if let Some(operation) = name.strip_suffix("Request") {
            format!("The request of `{operation}`.")
        } else if let Some(operation) = name.strip_suffix("Response") {
            format!("The response of `{operation}`.")
        } else {
            format!("AWS's `{shape_name}`.")
        }
    });
    let operations = match table.resource.iter().find(|resource| resource.name == name) {
        Some(resource) => operations(resource),
        None => String::new(),
    };
    format!(
        "{what}{operations}\n\nSource: [`{subject}`](https://docs.aws.amazon.com/bedrock/latest/APIReference/{page}.html)."
    )
}

/// The table of a manager's methods, with the operation and the IAM action of each.
fn operations(resource: &Resource) -> String {
    let rows: String = of_resource(resource)
        .iter()
        .map(|(operation, call)| format!("\n| `{call}` | `{operation}` | `bedrock:{operation}` |"))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n\n# Operations\n\n| call | AWS operation | IAM action |\n|---|---|---|{rows}")
}

/// A member's limits as a sentence; empty if it has none, since its name says the rest.
pub(crate) fn of_member(shape: &Shape) -> String {
    let limits = limits(shape);
    if limits.is_empty() { limits } else { format!("{}.", capital(&limits)) }
}

/// A value's wire form if it differs from the variant's name.
pub(crate) fn of_value(value: &Value) -> String {
    if value.wire == value.name { String::new() } else { format!("`{}`", value.wire) }
}

/// The text as a documentation comment.
pub(crate) fn comment(text: &str) -> String {
    text.lines().map(|line| format!("/// {line}\n")).collect()
}

fn limits(shape: &Shape) -> String {
    let unit = match shape.kind.as_str() {
        "string" => " characters",
        "blob" => " bytes",
        "list" | "map" => " entries",
        _ => "",
    };
    let mut limits = match (shape.min, shape.max) {
        (None, None) => String::new(),
        (Some(min), None) if min == 0.0 && !unit.is_empty() => String::new(),
        (Some(min), None) => format!("at least {min}{unit}"),
        (None, Some(max)) => format!("at most {max}{unit}"),
        (Some(min), Some(max)) if min == max => format!("exactly {max}{unit}"),
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
    };
    if let Some(pattern) =
        shape.pattern.as_ref().filter(|pattern| pattern.len() <= 60 && !pattern.contains('`'))
    {
        let matches = if limits.is_empty() { "matches" } else { ", matching" };
        limits.push_str(&format!("{matches} `{pattern}`"));
    }
    limits
}

fn capital(words: &str) -> String {
    let (first, rest) = words.split_at_checked(1).unwrap_or_default();
    first.to_ascii_uppercase() + rest
}
