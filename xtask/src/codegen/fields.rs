//! Writes the constants for filters and orders: one per field of each resource's rows, including nested fields.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::description::{Description, Service};
use super::docs;
use super::names::{raw, snake};
use super::operations::Operations;
use super::plan::{Field, FieldType, Kind, Plan, TypeName};
use super::table::Table;
use crate::result::Result;

/// The depth of the nested fields.
const DEPTH: usize = 3;

/// The constants of a module's resources.
#[derive(Default)]
pub(crate) struct Constants {
    pub(crate) text: String,
    /// The types of their values, for the imports.
    pub(crate) whats: Vec<FieldType>,
}

/// A field of a row, or a nested field.
pub(crate) struct RowField {
    pub(crate) constant: String,
    /// Its path on the wire, with dots.
    pub(crate) path: String,
    pub(crate) field_type: FieldType,
    /// Whether it is inside a list.
    pub(crate) is_each: bool,
    /// The body of the closure that returns it.
    read: String,
    doc: String,
}

pub(crate) fn constants(
    plan: &Plan,
    services: &[(Service, Description)],
    table: &Table,
) -> Result<BTreeMap<String, Constants>> {
    let mut constants: BTreeMap<String, Constants> = BTreeMap::new();
    for resource in &table.resource {
        let operations = Operations::of(plan, services, resource)?;
        let Some(row) = operations.row()? else { continue };
        let name = &resource.name;
        let row_name = &row.name;
        let place = constants.entry(resource.module.clone()).or_default();
        let _ = writeln!(
            place.text,
            "/// The fields of a list's rows, for filters, orders and values.\nimpl {name} {{"
        );
        for row_field in row_fields(plan, &row) {
            let kind = if row_field.is_each { "EachField" } else { "Field" };
            let RowField { constant, path, read, .. } = &row_field;
            let doc = docs::comment(&row_field.doc);
            let _ = writeln!(
                place.text,
                "{doc}pub const {constant}: {kind}<{row_name}, {}> = {kind}::new({path:?}, |row| {read});\n",
                row_field.field_type.rust()
            );
            place.whats.push(row_field.field_type);
        }
        place.text.push_str("}\n\n");
        place.whats.push(FieldType::Type { name: row, is_enum: false });
    }
    Ok(constants)
}

/// The fields of a row, each followed by its nested fields.
pub(crate) fn row_fields(plan: &Plan, row: &TypeName) -> Vec<RowField> {
    let mut row_fields = Vec::new();
    let start = Place { path: String::new(), value: "row".to_owned(), access: Access::Bare };
    walk(plan, row, &start, DEPTH, &mut row_fields);
    row_fields
}

/// A structure on the path to a field.
struct Place {
    path: String,
    /// The expression that returns it.
    value: String,
    access: Access,
}

/// The kind of value that an expression returns.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    /// The structure.
    Bare,
    /// An `Option` of it.
    Optional,
    /// An iterator over structures.
    Several,
}

fn walk(plan: &Plan, structure: &TypeName, place: &Place, depth: usize, row_fields: &mut Vec<RowField>) {
    for field in plan.fields(structure) {
        let path =
            if place.path.is_empty() { field.wire.clone() } else { format!("{}.{}", place.path, field.wire) };
        let (read, access) = step(field, place);
        row_fields.push(RowField {
            constant: path.split('.').map(snake).collect::<Vec<_>>().join("_").to_ascii_uppercase(),
            path: path.clone(),
            field_type: field.field_type.clone(),
            is_each: place.access == Access::Several,
            read: match (place.access, access) {
                (Access::Several, _) => format!("{read}.collect()"),
                (_, Access::Bare) => format!("Some({read})"),
                _ => read.clone(),
            },
            doc: field.doc.clone(),
        });
        if depth == 1 {
            continue;
        }
        if let Some(inner) = structure_of(plan, &field.field_type) {
            walk(plan, inner, &Place { path, value: read, access }, depth - 1, row_fields);
        } else if let FieldType::List(item) = &field.field_type
            && place.access != Access::Several
            && let Some(inner) = structure_of(plan, item)
        {
            let value = match access {
                Access::Bare => format!("{}.iter()", read.trim_start_matches('&')),
                _ => format!("{read}.into_iter().flatten()"),
            };
            walk(plan, inner, &Place { path, value, access: Access::Several }, depth - 1, row_fields);
        }
    }
}

fn structure_of<'a>(plan: &Plan, what: &'a FieldType) -> Option<&'a TypeName> {
    match what {
        FieldType::Type { name, is_enum: false } => {
            matches!(plan.find(name)?.kind, Kind::Struct(_)).then_some(name)
        }
        _ => None,
    }
}

/// The expression for a field of a structure, and its kind of value.
fn step(field: &Field, place: &Place) -> (String, Access) {
    let name = raw(&field.name);
    let value = &place.value;
    match (place.access, field.required) {
        (Access::Bare, true) => (format!("&{}.{name}", value.trim_start_matches('&')), Access::Bare),
        (Access::Bare, false) => {
            (format!("{}.{name}.as_ref()", value.trim_start_matches('&')), Access::Optional)
        }
        (Access::Optional, true) => (format!("{value}.map(|value| &value.{name})"), Access::Optional),
        (Access::Optional, false) => {
            (format!("{value}.and_then(|value| value.{name}.as_ref())"), Access::Optional)
        }
        (Access::Several, true) => (format!("{value}.map(|value| &value.{name})"), Access::Several),
        (Access::Several, false) => {
            (format!("{value}.filter_map(|value| value.{name}.as_ref())"), Access::Several)
        }
    }
}
