//! Writes the table's key types with several parts.

use std::fmt::Write;
use std::path::PathBuf;

use super::files::Files;
use super::table::{Key, Table};

/// The generated key types with their parts.
fn generated(table: &Table) -> impl Iterator<Item = (&str, Vec<&str>)> {
    table.resource.iter().filter_map(|resource| match &resource.key {
        Some(Key::Parts { key_type, parts, by_hand: false }) => {
            Some((key_type.as_str(), parts.values().map(String::as_str).collect()))
        }
        _ => None,
    })
}

pub(super) fn write(table: &Table, files: &mut Files) {
    let mut text =
        String::from("//! The keys with several parts.\n\nuse crate::resources::key::key_of_parts;\n\n");
    for (name, parts) in generated(table) {
        let what = table.docs.get(name).map(String::as_str).unwrap_or_default();
        let count = match parts.len() {
            2 => "Two".to_owned(),
            3 => "Three".to_owned(),
            count => count.to_string(),
        };
        let generics = (b'A'..).map(char::from);
        let fields: Vec<String> =
            parts.iter().zip(generics).map(|(part, generic)| format!("{part}: {generic}")).collect();
        let region_of = parts.iter().find(|part| part.ends_with("_arn")).unwrap_or(&parts[0]);
        let _ = writeln!(
            text,
            "key_of_parts! {{\n    /// {what} {count} strings convert into it.\n    {name} {{ {} }} in the region of {region_of}\n}}\n",
            fields.join(", ")
        );
    }
    files.insert(PathBuf::from("crates/managers/src/generated/keys.rs"), text);
}
