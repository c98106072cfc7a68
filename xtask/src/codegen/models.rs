//! Writes the types: plain data with serde in AWS's wire JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use super::docs;
use super::fields::Constants;
use super::files::Files;
use super::names::raw;
use super::plan::{Field, FieldType, InSdk, Kind, Member, Plan, Type, Value};
use super::table::Module;

pub(crate) const FOLDER: &str = "crates/models/src/generated";

/// `constants` are the constants for filters and orders, by module.
pub(crate) fn write(plan: &Plan, constants: &BTreeMap<String, Constants>, files: &mut Files) {
    for module in &plan.modules {
        let constants = constants.get(&module.name);
        files.insert(
            PathBuf::from(format!("{FOLDER}/{}.rs", module.name)),
            module_file(plan, module, constants),
        );
    }
    files.insert(PathBuf::from(format!("{FOLDER}/mod.rs")), root_file(plan));
}

pub(crate) fn types_of<'a>(plan: &'a Plan, module: &'a str) -> impl Iterator<Item = &'a Type> {
    plan.types.iter().filter(move |a_type| a_type.name.module == module)
}

fn root_file(plan: &Plan) -> String {
    let mut text = String::from("//! The generated types, one file per resource or topic.\n\n");
    for module in &plan.modules {
        let _ = writeln!(text, "pub mod {};", module.name);
    }
    text.push_str("\n#[cfg(test)]\nmod round_trips;\n#[cfg(feature = \"sdk-bedrock\")]\nmod sdk_bedrock;\n");
    text.push_str("#[cfg(feature = \"sdk-bedrockruntime\")]\nmod sdk_bedrockruntime;\n\n");
    for module in &plan.modules {
        let hidden = plan.not_at_root.get(&module.name);
        let names: Vec<&str> = types_of(plan, &module.name)
            .map(|a_type| a_type.name.name.as_str())
            .filter(|name| !hidden.is_some_and(|hidden| hidden.iter().any(|other| other == name)))
            .collect();
        if !names.is_empty() {
            let _ = writeln!(text, "pub use {}::{{{}}};", module.name, names.join(", "));
        }
    }
    text
}

fn module_file(plan: &Plan, module: &Module, constants: Option<&Constants>) -> String {
    let mut body = String::new();
    for a_type in types_of(plan, &module.name) {
        match &a_type.kind {
            Kind::Struct(fields) => structure(&mut body, a_type, fields),
            Kind::Union(members) => union(&mut body, a_type, members),
            Kind::Enum(values) => {
                enumeration(&mut body, a_type, values, plan.also_sent.get(&a_type.name.name));
            }
        }
    }
    if let Some(constants) = constants {
        body.push_str(&constants.text);
    }
    // A field without limits has no text: its name says what it is.
    let lint = "#![allow(missing_docs)]";
    format!("//! {}\n\n{lint}\n\n{}\n{body}", module.doc, imports(plan, module, constants))
}

fn imports(plan: &Plan, module: &Module, constants: Option<&Constants>) -> String {
    let types: Vec<&Type> = types_of(plan, &module.name).collect();
    let read = constants.iter().flat_map(|constants| &constants.whats);
    let held: Vec<&FieldType> =
        types.iter().flat_map(|a_type| a_type.whats()).chain(read).flat_map(FieldType::parts).collect();
    let holds = |test: fn(&FieldType) -> bool| held.iter().any(|what| test(what));
    let mut imports = String::new();
    if holds(|what| matches!(what, FieldType::Map(_))) {
        imports.push_str("use std::collections::BTreeMap;\n\n");
    }
    if holds(|what| *what == FieldType::Timestamp) {
        imports.push_str("use jiff::Timestamp;\n");
    }
    if holds(|what| *what == FieldType::Document) {
        imports.push_str("use serde_json::Value;\n");
    }
    imports.push('\n');
    if holds(|what| *what == FieldType::Blob) {
        imports.push_str("use crate::blob::Blob;\n");
    }
    for kind in ["EachField", "Field"] {
        if constants.is_some_and(|constants| constants.text.contains(&format!(" {kind}<"))) {
            let _ = writeln!(imports, "use crate::field::{kind};");
        }
    }
    for wire_form in types.iter().map(|a_type| a_type.kind.wire_form()).collect::<BTreeSet<_>>() {
        let _ = writeln!(imports, "use crate::wire::{wire_form};");
    }
    let mut others: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for what in held {
        if let FieldType::Type { name, .. } = what
            && name.module != module.name
        {
            others.entry(&name.module).or_default().insert(&name.name);
        }
    }
    for (module, names) in others {
        let names: Vec<&str> = names.into_iter().collect();
        let _ = writeln!(imports, "use super::{module}::{{{}}};", names.join(", "));
    }
    imports
}

impl Kind {
    /// The macro that writes its wire form.
    fn wire_form(&self) -> &'static str {
        match self {
            Self::Struct(_) => "wire_struct",
            Self::Enum(_) => "wire_enum",
            Self::Union(_) => "wire_union",
        }
    }
}

impl Type {
    /// The types of its fields or members.
    fn whats(&self) -> Vec<&FieldType> {
        match &self.kind {
            Kind::Struct(fields) => fields.iter().map(|field| &field.field_type).collect(),
            Kind::Union(members) => members.iter().map(|member| &member.field_type).collect(),
            Kind::Enum(_) => Vec::new(),
        }
    }
}

impl FieldType {
    /// This type and the types inside it.
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::List(what) | Self::Map(what) => [vec![self], what.parts()].concat(),
            _ => vec![self],
        }
    }

    /// The type in Rust.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::String => "String".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::I32 => "i32".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::F32 => "f32".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::Timestamp => "Timestamp".to_owned(),
            Self::Blob => "Blob".to_owned(),
            Self::Document => "Value".to_owned(),
            Self::Type { name, .. } => name.name.clone(),
            Self::List(what) => format!("Vec<{}>", what.rust()),
            Self::Map(what) => format!("BTreeMap<String, {}>", what.rust()),
        }
    }

    fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// A setter's parameter type, and the expression for the field.
    fn parameter(&self, name: &str) -> (String, String) {
        match self {
            Self::Bool | Self::I32 | Self::I64 | Self::F32 | Self::F64 | Self::Timestamp => {
                (self.rust(), name.to_owned())
            }
            Self::List(what) => (
                format!("impl IntoIterator<Item = impl Into<{}>>", what.rust()),
                format!("{name}.into_iter().map(Into::into).collect()"),
            ),
            Self::Map(what) => (
                format!("impl IntoIterator<Item = (impl Into<String>, impl Into<{}>)>", what.rust()),
                format!("{name}.into_iter().map(|(key, value)| (key.into(), value.into())).collect()"),
            ),
            _ => (format!("impl Into<{}>", self.rust()), format!("{name}.into()")),
        }
    }

    /// The attribute that tells the property tests how to generate a value, if its type does not.
    fn arbitrary(&self, optional: bool) -> Option<String> {
        let plain = match self {
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Timestamp => "timestamp",
            Self::Document => "document",
            Self::Map(what) if **what == Self::Document => "document_map",
            Self::List(what) if **what == Self::Document => "document_list",
            _ => return None,
        };
        let optional = if optional { "optional_" } else { "" };
        Some(format!("#[cfg_attr(test, arbitrary(with = crate::arbitrary::{optional}{plain}))]"))
    }
}

fn structure(text: &mut String, a_type: &Type, fields: &[Field]) {
    let name = &a_type.name.name;
    text.push_str(&docs::comment(&a_type.doc));
    let _ = writeln!(
        text,
        "#[derive(Clone, Debug, Default, PartialEq)]
         #[cfg_attr(test, derive(arbitrary::Arbitrary))]
         #[non_exhaustive]
         pub struct {name} {{"
    );
    for field in fields {
        text.push_str(&docs::comment(&field.doc));
        if field.in_sdk.values().any(|in_sdk| *in_sdk == InSdk::Defaulted) {
            text.push_str("#[cfg_attr(test, arbitrary(with = crate::arbitrary::always))]\n");
        } else if let Some(arbitrary) = field.field_type.arbitrary(!field.required) {
            let _ = writeln!(text, "{arbitrary}");
        }
        let rust = field.field_type.rust();
        let rust = if field.required { rust } else { format!("Option<{rust}>") };
        let _ = writeln!(text, "pub {}: {rust},", raw(&field.name));
    }
    text.push_str("}\n\n");
    wire(text, a_type, fields);
    if a_type.is_built && !fields.is_empty() {
        builders(text, name, fields);
    }
}

/// Writes the wire form of a struct.
fn wire(text: &mut String, a_type: &Type, fields: &[Field]) {
    let members: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let kind = match (field.required, &field.field_type) {
                (false, FieldType::F32) => "decimal",
                (false, _) => "optional",
                (true, what) if what.is_collection() => "collection",
                // AWS sometimes omits required members in responses. Requests have no such defaults.
                (true, _) if a_type.is_built => "required",
                (true, _) => "defaulted",
            };
            format!("    {index} {:?} {} {kind},\n", field.wire, raw(&field.name))
        })
        .collect();
    let _ = writeln!(text, "wire_struct!({} {{\n{}}});\n", a_type.name.name, members.concat());
}

/// Writes `new` with the required fields, and a by-value setter for each other field.
fn builders(text: &mut String, name: &str, fields: &[Field]) {
    let (required, optional): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|field| field.required);
    let _ = writeln!(text, "impl {name} {{");
    if !required.is_empty() {
        let mut parameters = Vec::new();
        let mut values = Vec::new();
        for field in &required {
            let (parameter, value) = field.field_type.parameter(&raw(&field.name));
            parameters.push(format!("{}: {parameter}", raw(&field.name)));
            let raw_name = raw(&field.name);
            values.push(if value == raw_name { raw_name } else { format!("{raw_name}: {value}") });
        }
        let rest = if optional.is_empty() { "" } else { ", ..Self::default()" };
        let what =
            if optional.is_empty() { "Creates a value" } else { "Creates a value from the required fields" };
        let _ = writeln!(
            text,
            "/// {what}.\npub fn new({}) -> Self {{ Self {{ {}{rest} }} }}\n",
            parameters.join(", "),
            values.join(", ")
        );
    }
    for field in optional {
        text.push_str(&docs::comment(&field.doc));
        let field_name = raw(&field.name);
        let (parameter, value) = field.field_type.parameter(&field_name);
        let _ = writeln!(
            text,
            "#[must_use]\npub fn {field_name}(mut self, {field_name}: {parameter}) -> Self {{
                self.{field_name} = Some({value});
                self
            }}\n"
        );
    }
    text.push_str("}\n\n");
}

fn union(text: &mut String, a_type: &Type, members: &[Member]) {
    let name = &a_type.name.name;
    text.push_str(&docs::comment(&a_type.doc));
    let _ = writeln!(
        text,
        "#[derive(Clone, Debug, PartialEq)]
         #[cfg_attr(test, derive(arbitrary::Arbitrary))]
         #[non_exhaustive]
         pub enum {name} {{"
    );
    for member in members {
        text.push_str(&docs::comment(&member.doc));
        let arbitrary = member.field_type.arbitrary(false).map(|line| line + " ").unwrap_or_default();
        let _ = writeln!(text, "{}({arbitrary}{}),", member.name, member.field_type.rust());
    }
    text.push_str(
        "/// A member that this version does not know, as JSON. A conversion from the SDK loses its content.\n",
    );
    text.push_str("#[cfg_attr(test, arbitrary(skip))]\nUnknown(serde_json::Value),\n}\n\n");
    let pairs: Vec<String> =
        members.iter().map(|member| format!("{:?} => {}", member.wire, member.name)).collect();
    let _ = writeln!(text, "wire_union!({name} {{\n    {},\n}});\n", pairs.join(",\n    "));
}

fn enumeration(text: &mut String, a_type: &Type, values: &[Value], also_sent: Option<&Vec<String>>) {
    let name = &a_type.name.name;
    text.push_str(&docs::comment(&a_type.doc));
    let _ = writeln!(
        text,
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
         #[cfg_attr(test, derive(arbitrary::Arbitrary))]
         #[non_exhaustive]
         pub enum {name} {{"
    );
    for value in values {
        let _ = writeln!(text, "{}{},", docs::comment(&docs::of_value(value)), value.name);
    }
    text.push_str("/// A value that this version does not know.\n");
    text.push_str(
        "Unknown(#[cfg_attr(test, arbitrary(with = crate::arbitrary::unknown_value))] String),\n}\n\n",
    );
    let pairs: Vec<String> =
        values.iter().map(|value| format!("{:?} => {}", value.wire, value.name)).collect();
    let also_sent = also_sent.map(|values| format!(" also sent {values:?}")).unwrap_or_default();
    let _ = writeln!(text, "wire_enum!({name} {{\n    {},\n}}{also_sent});\n", pairs.join(",\n    "));
}
