//! The words of the generated documentation: ours, with AWS's limits as facts.

use super::description::{Service, Shape};
use super::names::{pascal, spoken};
use super::plan::{Form, Source};
use super::reach::of_resource;
use super::table::{Resource, Table};

/// What a type is, and where AWS describes it.
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
            format!("What `{operation}` is asked with.")
        } else if let Some(operation) = name.strip_suffix("Response") {
            format!("What `{operation}` answers.")
        } else {
            format!("{}.", capital(&spoken(shape_name)))
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

/// What a resource's manager offers, with the operation and the IAM action of each.
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

/// A field's or a variant's line: its name in words, and what AWS limits it to.
pub(crate) fn of_member(wire: &str, shape: &Shape) -> String {
    let limits = limits(shape);
    let words = capital(&spoken(wire));
    if limits.is_empty() { format!("{words}.") } else { format!("{words}: {limits}.") }
}

pub(crate) fn of_value(wire: &str) -> String {
    format!("`{wire}`")
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
        if !limits.is_empty() {
            limits.push_str(" of ");
        }
        limits.push_str(&format!("`{pattern}`"));
    }
    limits
}

fn capital(words: &str) -> String {
    match words.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => pascal(words),
    }
}
