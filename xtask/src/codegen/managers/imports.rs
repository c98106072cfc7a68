//! The imports of generated code.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

use crate::codegen::description::Service;
use crate::codegen::plan::Plan;
use crate::codegen::table::{Resource, Table};

/// The names that generated code can import, by path.
const NAMES: [(&str, &[&str]); 9] = [
    ("bedrock_orm_core", &["Bound", "Error", "Result", "Session", "sdk"]),
    ("bedrock_orm_models::sdk", &["timestamp_from_sdk", "timestamp_to_sdk"]),
    ("futures_core::future", &["BoxFuture"]),
    ("jiff", &["Timestamp"]),
    ("crate", &["Manager", "Objects", "Page", "QuerySet", "Relation"]),
    ("crate::calls", &["bound", "page_of", "send", "with_session"]),
    ("crate::lookups", &["Flag", "Map", "NamedField", "Number", "Opaque", "Text", "TextList", "Time"]),
    ("crate::follow", &["many", "one"]),
    (
        "crate::resources",
        &[
            "AnyModel",
            "Create",
            "Delete",
            "Get",
            "HasStatus",
            "Key",
            "Keyed",
            "List",
            "ListOf",
            "PageRequest",
            "Parameter",
            "Progress",
            "PushedLookup",
            "Pushes",
            "Row",
            "Set",
            "Stop",
            "Tagged",
            "Update",
            "held",
        ],
    ),
];

/// The imports of the names in the text.
pub(super) fn imports(plan: &Plan, table: &Table, service: Service, text: &str) -> String {
    let words: HashSet<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("///")).flat_map(words).collect();
    let mut imports = String::new();
    let keys: Vec<&str> = table.resource.iter().map(Resource::key_type).collect();
    for (path, names) in NAMES {
        let keys = if path == "crate::resources" { keys.as_slice() } else { &[] };
        let used: BTreeSet<&str> = names
            .iter()
            .chain(keys)
            .copied()
            .filter(|name| words.contains(name) && *name != "String")
            .collect();
        if !used.is_empty() {
            let _ = writeln!(imports, "use {path}::{{{}}};", used.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    if words.contains("operation") {
        let _ = writeln!(imports, "use {}::operation;", service.sdk());
    }
    let types: BTreeSet<&str> = plan
        .types
        .iter()
        .filter(|a_type| {
            !plan
                .not_at_root
                .get(&a_type.name.module)
                .is_some_and(|hidden| hidden.contains(&a_type.name.name))
        })
        .map(|a_type| a_type.name.name.as_str())
        .chain(["Blob"])
        .filter(|name| words.contains(name))
        .collect();
    let _ = writeln!(
        imports,
        "use bedrock_orm_models::{{{}}};",
        types.into_iter().collect::<Vec<_>>().join(", ")
    );
    imports
}

/// The words of a line of code that could be imported. Words after `::` are left out.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'))
        .map(|path| path.split("::").next().unwrap_or(path))
        .map(|word| word.trim_end_matches(':'))
}
