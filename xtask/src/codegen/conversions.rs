//! Writes the conversions between our types and the SDK's. Those to the SDK can fail, for example for an unknown member.
//! They are `#[inline]`, so that a crate compiles only those that it uses.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::PathBuf;

use super::description::Service;
use super::files::Files;
use super::models::{FOLDER, types_of};
use super::names::{raw, snake};
use super::plan::{Field, FieldType, Form, InSdk, Kind, Member, Plan, Source, Type, TypeName};

/// The functions of `models/src/sdk.rs` that the conversions call, and their error.
const HELPERS: [&str; 13] = [
    "ToSdkError",
    "document_from_sdk",
    "document_to_sdk",
    "each",
    "each_in_place",
    "each_value",
    "each_value_with",
    "finite",
    "timestamp_from_sdk",
    "timestamp_to_sdk",
    "try_each",
    "try_each_value",
    "update",
];

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The folder of the conversions that only tests use.
const UNSENT: &str = "unsent";

pub(crate) fn write(plan: &Plan, files: &mut Files) {
    for service in Service::ALL {
        let fallible = fallible(plan, service);
        let writer = Writer { service, fallible: &fallible };
        let folder = format!("{FOLDER}/{}", service.feature().replace('-', "_"));
        let (mut modules, mut unsent_modules) = (String::new(), String::new());
        for module in &plan.modules {
            let (mut text, mut unsent) = (String::new(), String::new());
            for a_type in types_of(plan, &module.name) {
                for source in a_type.sources.iter().filter(|source| source.service == service) {
                    let (from, to) = writer.conversions(a_type, source);
                    text.push_str(&from);
                    if source.is_sent { &mut text } else { &mut unsent }.push_str(&to);
                }
            }
            let name = &module.name;
            if !text.is_empty() {
                files.insert(PathBuf::from(format!("{folder}/{name}.rs")), writer.file(name, &text));
                let _ = writeln!(modules, "mod {name};");
            }
            if !unsent.is_empty() {
                let path = format!("{folder}/{UNSENT}/{name}.rs");
                files.insert(PathBuf::from(path), writer.file(name, &unsent));
                let _ = writeln!(unsent_modules, "mod {name};");
            }
        }
        let doc = format!("//! Conversions from and to `{}`.\n\n", service.sdk());
        let unsent = format!("#[cfg(test)]\nmod {UNSENT};\n");
        files.insert(PathBuf::from(format!("{folder}/mod.rs")), doc + &modules + &unsent);
        let doc = format!(
            "//! Conversions to `{}` of types that no request contains. Only the round-trip tests use them.\n\n",
            service.sdk()
        );
        files.insert(PathBuf::from(format!("{folder}/{UNSENT}/mod.rs")), doc + &unsent_modules);
    }
}

/// The types whose conversion to the SDK can fail: they contain a union, JSON or a fraction, or the SDK's builder can fail.
pub(crate) fn fallible(plan: &Plan, service: Service) -> HashSet<TypeName> {
    let mut fallible: HashSet<TypeName> = HashSet::new();
    loop {
        let before = fallible.len();
        for a_type in &plan.types {
            let fails = match &a_type.kind {
                Kind::Enum(_) => false,
                Kind::Union(_) => true,
                Kind::Struct(fields) => {
                    fields.iter().any(|field| {
                        field.field_type.is_fallible(&fallible) || field.field_type.is_fraction()
                    }) || a_type
                        .sources
                        .iter()
                        .any(|source| source.service == service && builds_fallibly(source, fields))
                }
            };
            if fails {
                fallible.insert(a_type.name.clone());
            }
        }
        if fallible.len() == before {
            return fallible;
        }
    }
}

fn builds_fallibly(source: &Source, fields: &[Field]) -> bool {
    fields.iter().any(|field| in_sdk(source, field) == InSdk::Bare)
}

/// All members of an input are optional in the SDK.
fn in_sdk(source: &Source, field: &Field) -> InSdk {
    if matches!(source.form, Form::Input(_)) { InSdk::Optional } else { field.in_sdk[&source.service] }
}

impl FieldType {
    fn is_fallible(&self, fallible: &HashSet<TypeName>) -> bool {
        match self {
            Self::Type { name, .. } => fallible.contains(name),
            Self::Document => true,
            Self::List(what) | Self::Map(what) => what.is_fallible(fallible),
            _ => false,
        }
    }

    fn is_fraction(&self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Whether the type is the same on both sides.
    fn is_plain(&self) -> bool {
        match self {
            Self::String | Self::Bool | Self::I32 | Self::I64 | Self::F32 | Self::F64 => true,
            Self::List(what) => what.is_plain(),
            _ => false,
        }
    }

    /// Whether it is converted by `Into`, or by `TryInto` if that can fail.
    fn is_converted(&self) -> bool {
        matches!(self, Self::Type { .. } | Self::Blob)
    }

    /// The function or closure that converts the SDK's value to ours.
    fn converter_from_sdk(&self) -> String {
        match self {
            Self::Type { .. } | Self::Blob => "Into::into".to_owned(),
            Self::Timestamp => "timestamp_from_sdk".to_owned(),
            Self::Document => "document_from_sdk".to_owned(),
            Self::List(what) if matches!(**what, Self::Type { is_enum: true, .. }) => {
                "each_in_place".to_owned()
            }
            Self::List(what) if what.is_converted() => "each".to_owned(),
            Self::Map(what) if what.is_converted() || what.is_plain() => "each_value".to_owned(),
            Self::List(what) => {
                format!("|value| value.into_iter().map({}).collect()", what.converter_from_sdk())
            }
            Self::Map(what) => format!("|value| each_value_with(value, {})", what.converter_from_sdk()),
            _ => "|value| value".to_owned(),
        }
    }

    fn convert_from_sdk(&self, value: &str) -> String {
        match self.converter_from_sdk() {
            _ if self.is_plain() => value.to_owned(),
            with if with == "Into::into" => format!("{value}.into()"),
            with => apply(&with, value),
        }
    }

    /// The function or closure that converts our value to the SDK's, as a `Result` if that can fail.
    fn converter_to_sdk(&self, fallible: &HashSet<TypeName>) -> String {
        let fails = self.is_fallible(fallible);
        match self {
            Self::Type { .. } if fails => "TryInto::try_into".to_owned(),
            Self::Type { .. } | Self::Blob => "Into::into".to_owned(),
            Self::Timestamp => "timestamp_to_sdk".to_owned(),
            Self::Document => "document_to_sdk".to_owned(),
            Self::List(what) if what.is_converted() => if fails { "try_each" } else { "each" }.to_owned(),
            Self::Map(what) if what.is_converted() || what.is_plain() => {
                if fails { "try_each_value" } else { "each_value" }.to_owned()
            }
            Self::List(what) if fails => format!(
                "|value| value.into_iter().map({}).collect::<Result<_, ToSdkError>>()",
                what.converter_to_sdk(fallible)
            ),
            Self::List(what) => {
                format!("|value| value.into_iter().map({}).collect()", what.converter_to_sdk(fallible))
            }
            Self::Map(what) if fails => format!(
                "|value| value.into_iter().map(|(key, value)| Ok((key, {}))).collect::<Result<_, ToSdkError>>()",
                what.convert_to_sdk("value", fallible)
            ),
            Self::Map(what) => {
                format!("|value| each_value_with(value, {})", what.converter_to_sdk(fallible))
            }
            _ => "|value| value".to_owned(),
        }
    }

    /// The expression that converts our value to the SDK's, with `?` if that can fail.
    fn convert_to_sdk(&self, value: &str, fallible: &HashSet<TypeName>) -> String {
        let question = if self.is_fallible(fallible) { "?" } else { "" };
        match self.converter_to_sdk(fallible).as_str() {
            _ if self.is_plain() => value.to_owned(),
            "TryInto::try_into" => format!("{value}.try_into()?"),
            "Into::into" => format!("{value}.into()"),
            with => apply(with, value) + question,
        }
    }
}

/// A call of the function or closure with the value.
fn apply(with: &str, value: &str) -> String {
    match with.strip_prefix("|value| value") {
        Some(rest) => format!("{value}{rest}"),
        None => format!("{with}({value})"),
    }
}

struct Writer<'a> {
    service: Service,
    fallible: &'a HashSet<TypeName>,
}

impl Writer<'_> {
    /// The conversion from the SDK, and the one to it.
    fn conversions(&self, a_type: &Type, source: &Source) -> (String, String) {
        match &a_type.kind {
            Kind::Enum(_) => self.enumeration(a_type, source),
            Kind::Union(members) => self.union(a_type, source, members),
            Kind::Struct(fields) => self.structure(a_type, source, fields),
        }
    }

    /// A module's file with these conversions.
    fn file(&self, module: &str, text: &str) -> String {
        let mut imports = format!("use crate::generated::{module}::*;\n");
        if text.contains("sdk::types") {
            let _ = writeln!(imports, "use {} as sdk;", self.service.sdk());
        }
        if text.contains("operation::") {
            let _ = writeln!(imports, "use {}::operation;", self.service.sdk());
        }
        let helpers: Vec<&str> = HELPERS
            .into_iter()
            .filter(|name| text.split(|letter| !is_name(letter)).any(|word| word == *name))
            .collect();
        if !helpers.is_empty() {
            let _ = writeln!(imports, "use crate::sdk::{{{}}};", helpers.join(", "));
        }
        // AWS still sends and accepts deprecated members.
        format!("#![allow(clippy::wildcard_imports, deprecated)]\n\n{imports}\n{text}")
    }

    /// The path of the SDK's type.
    fn path(&self, source: &Source) -> String {
        match &source.form {
            Form::Nested(name) => format!("sdk::types::{name}"),
            Form::Input(operation) => format!("sdk::operation::{}::{operation}Input", snake(operation)),
            Form::Output(operation) => format!("sdk::operation::{}::{operation}Output", snake(operation)),
        }
    }

    fn enumeration(&self, a_type: &Type, source: &Source) -> (String, String) {
        let name = &a_type.name.name;
        let path = self.path(source);
        let conversion = |from: &str, to: &str| {
            format!(
                "impl From<{from}> for {to} {{
                    #[inline]
                    fn from(value: {from}) -> Self {{ value.as_str().into() }}
                }}\n\n"
            )
        };
        (conversion(&path, name), conversion(name, &path))
    }

    fn union(&self, a_type: &Type, source: &Source, members: &[Member]) -> (String, String) {
        let name = &a_type.name.name;
        let path = self.path(source);
        let mut from = String::new();
        let mut to = String::new();
        for member in members {
            let variant = &member.name;
            let _ = writeln!(
                from,
                "{path}::{variant}(value) => Self::{variant}({}),",
                member.field_type.convert_from_sdk("value")
            );
            let _ = writeln!(
                to,
                "{name}::{variant}(value) => Self::{variant}({}),",
                member.field_type.convert_to_sdk("value", self.fallible)
            );
        }
        let from = format!(
            "impl From<{path}> for {name} {{
                #[inline]
                fn from(value: {path}) -> Self {{ match value {{ {from} _ => Self::default() }} }}
            }}\n\n"
        );
        let to = format!(
            "impl TryFrom<{name}> for {path} {{
                type Error = ToSdkError;

                #[inline]
                fn try_from(value: {name}) -> Result<Self, ToSdkError> {{
                    Ok(match value {{ {to} {name}::Unknown(value) => return Err(ToSdkError::unknown(\"{name}\", &value)) }})
                }}
            }}\n\n"
        );
        (from, to)
    }

    fn structure(&self, a_type: &Type, source: &Source, fields: &[Field]) -> (String, String) {
        let name = &a_type.name.name;
        let path = self.short_path(source);
        let mut from_fields = String::new();
        for field in fields {
            let _ = writeln!(from_fields, "{}: {},", raw(&field.name), self.field_from_sdk(source, field));
        }
        let value = if fields.is_empty() { "_" } else { "value" };
        let from = format!(
            "impl From<{path}> for {name} {{
                #[inline]
                fn from({value}: {path}) -> Self {{ Self {{ {from_fields} }} }}
            }}\n\n"
        );
        let (target, statements, built) = match &source.form {
            Form::Input(operation) => {
                let target = format!("operation::{}::builders::{operation}InputBuilder", snake(operation));
                let (statements, built) = self.input(fields);
                (target, statements, built)
            }
            _ => {
                let setters = self.setters(fields.iter());
                let question = if builds_fallibly(source, fields) { "?" } else { "" };
                (path, String::new(), format!("Self::builder(){setters}.build(){question}"))
            }
        };
        let to = if self.fallible.contains(&a_type.name) {
            format!(
                "impl TryFrom<{name}> for {target} {{
                    type Error = ToSdkError;

                    #[inline]
                    fn try_from({value}: {name}) -> Result<Self, ToSdkError> {{ {statements} Ok({built}) }}
                }}\n\n"
            )
        } else {
            format!(
                "impl From<{name}> for {target} {{
                    #[inline]
                    fn from({value}: {name}) -> Self {{ {statements} {built} }}
                }}\n\n"
            )
        };
        (from, to)
    }

    /// The calls of a builder's setters.
    fn setters<'f>(&self, fields: impl Iterator<Item = &'f Field>) -> String {
        fields.map(|field| format!(".set_{}({})", field.name, self.field_to_sdk(field))).collect()
    }

    /// Statements, and the builder of an operation's input that they fill.
    fn input(&self, fields: &[Field]) -> (String, String) {
        let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.required);
        let builder = format!("Self::default(){}", self.setters(required.into_iter()));
        if optional.is_empty() {
            return (String::new(), builder);
        }
        let mut statements = format!("let mut builder = {builder};");
        for field in optional {
            let (name, value) = (&field.name, self.present_to_sdk(field, "value"));
            let _ = writeln!(
                statements,
                "if let Some(value) = value.{} {{ update(&mut builder, Self::set_{name}, {value}); }}",
                raw(name),
            );
        }
        (statements, "builder".to_owned())
    }

    /// The path of the SDK's type in a file that imports `operation`.
    fn short_path(&self, source: &Source) -> String {
        self.path(source).replacen("sdk::operation", "operation", 1)
    }

    fn field_from_sdk(&self, source: &Source, field: &Field) -> String {
        let value = format!("value.{}", raw(&field.name));
        match (field.required, in_sdk(source, field)) {
            (true, InSdk::Bare | InSdk::Defaulted) => field.field_type.convert_from_sdk(&value),
            (false, InSdk::Bare | InSdk::Defaulted) => {
                format!("Some({})", field.field_type.convert_from_sdk(&value))
            }
            (true, InSdk::Optional) if field.field_type.is_plain() => format!("{value}.unwrap_or_default()"),
            (true, InSdk::Optional) => {
                format!("{value}.map({}).unwrap_or_default()", field.field_type.converter_from_sdk())
            }
            (false, InSdk::Optional) if field.field_type.is_plain() => value,
            (false, InSdk::Optional) => format!("{value}.map({})", field.field_type.converter_from_sdk()),
        }
    }

    fn field_to_sdk(&self, field: &Field) -> String {
        let value = format!("value.{}", raw(&field.name));
        if field.required {
            return self.present_to_sdk(field, &value);
        }
        if field.field_type.is_fraction() {
            return format!("{value}.map(|value| finite({:?}, value)).transpose()?", field.name);
        }
        if field.field_type.is_plain() {
            return value;
        }
        let with = field.field_type.converter_to_sdk(self.fallible);
        if field.field_type.is_fallible(self.fallible) {
            format!("{value}.map({with}).transpose()?")
        } else {
            format!("{value}.map({with})")
        }
    }

    /// The expression that converts a value that is there.
    fn present_to_sdk(&self, field: &Field, value: &str) -> String {
        if field.field_type.is_fraction() {
            return format!("Some(finite({:?}, {value})?)", field.name);
        }
        format!("Some({})", field.field_type.convert_to_sdk(value, self.fallible))
    }
}

/// For the round trips: each type's forms in a service, as `(ours, the SDK's, whether it has a builder)`.
pub(crate) fn pairs(plan: &Plan) -> BTreeMap<Service, Vec<(TypeName, String, bool)>> {
    let mut pairs: BTreeMap<Service, Vec<(TypeName, String, bool)>> = BTreeMap::new();
    for a_type in &plan.types {
        for source in &a_type.sources {
            let writer = Writer { service: source.service, fallible: &HashSet::new() };
            let path = writer.path(source).replacen("sdk", writer.service.sdk(), 1);
            let is_input = matches!(source.form, Form::Input(_));
            pairs.entry(source.service).or_default().push((a_type.name.clone(), path, is_input));
        }
    }
    pairs
}
