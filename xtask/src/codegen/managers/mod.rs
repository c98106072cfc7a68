//! Writes the operations of each resource: the traits of `managers::resources`, the methods that only one resource has, the
//! relations, and the list of types that can be bound to a session.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

mod extension;
mod imports;
mod lists;
mod methods;
mod relations;
mod writer;

use super::conversions::fallible;
use super::description::{Description, Service};
use super::files::Files;
use super::operations::Operations;
use super::plan::Plan;
use super::table::{Module, Resource, Table};
use crate::result::Result;
use imports::imports;
use writer::Writer;

const FOLDER: &str = "crates/managers/src/generated";

const GATE: &str = "#[cfg(feature = \"control-plane\")]\n";

pub(crate) fn write(
    plan: &Plan,
    services: &[(Service, Description)],
    table: &Table,
    files: &mut Files,
) -> Result<()> {
    let mut modules =
        format!("//! The operations that AWS has for each resource.\n\n{GATE}pub(crate) mod keys;\n");
    let (mut extended, mut unnamed) = (String::new(), String::new());
    let mut related = String::from("//! The relations between resources, for `prefetch_related`.\n\n");
    let mut bound: BTreeMap<Service, BTreeMap<String, String>> = BTreeMap::new();
    for Module { name, doc, service, .. } in &table.module {
        let Some(service) = Service::ALL.into_iter().find(|it| it.name() == *service) else { continue };
        let (mut text, mut relations) = (String::new(), String::new());
        let (mut extensions, mut ways) = (Vec::new(), Vec::new());
        for resource in table.resource.iter().filter(|resource| resource.module == *name) {
            let operations = Operations::of(plan, services, resource)?;
            let fallible = fallible(plan, service);
            let mut writer = Writer::new(plan, services, table, resource, &operations, &fallible);
            writer.write()?;
            text.push_str(&writer.text);
            extensions.extend(writer.extensions);
            bound
                .entry(service)
                .or_default()
                .extend(writer.bound.into_iter().map(|name| (name, resource.name.clone())));
            let mut writer = Writer::new(plan, services, table, resource, &operations, &fallible);
            writer.relations()?;
            relations.push_str(&writer.text);
            ways.extend(writer.extensions);
        }
        if text.is_empty() {
            continue;
        }
        let gate = if service == Service::Bedrock { GATE } else { "" };
        let _ = writeln!(modules, "{gate}mod {name};");
        if !extensions.is_empty() {
            let _ = writeln!(extended, "{gate}pub use super::{name}::{{{}}};", extensions.join(", "));
            for extension in &extensions {
                let _ = writeln!(unnamed, "{gate}pub use super::{name}::{extension} as _;");
            }
        }
        files.insert(
            PathBuf::from(format!("{FOLDER}/{name}.rs")),
            format!("//! {doc}\n\n{}\n{text}", imports(plan, table, service, &text)),
        );
        if !relations.is_empty() {
            let _ = writeln!(related, "pub mod {name};");
            let _ = writeln!(extended, "{GATE}pub use super::relations::{name}::{{{}}};", ways.join(", "));
            for extension in &ways {
                let _ = writeln!(unnamed, "{GATE}pub use super::relations::{name}::{extension} as _;");
            }
            files.insert(
                PathBuf::from(format!("{FOLDER}/relations/{name}.rs")),
                format!(
                    "//! The relations of `{name}` to other resources.\n\n{}\n{relations}",
                    imports(plan, table, service, &relations)
                ),
            );
        }
    }
    // All relations lead to resources of the control plane.
    let _ = writeln!(modules, "\n{GATE}pub mod relations;\n");
    let _ = writeln!(
        modules,
        "pub mod extensions {{\n//! Traits with the methods that only one resource's bound models have.\n{extended}}}\n"
    );
    let _ = writeln!(
        modules,
        "pub mod extensions_prelude {{\n//! The same traits, for their methods alone.\n{unnamed}}}\n"
    );
    let _ =
        writeln!(modules, "pub mod resource_types {{\n//! The type of each resource.\n{}}}", types(table));
    files.insert(PathBuf::from(format!("{FOLDER}/mod.rs")), modules);
    files.insert(PathBuf::from(format!("{FOLDER}/relations/mod.rs")), related);
    bindings(table, &bound, files);
    Ok(())
}

/// The re-exports of all resources' types.
fn types(table: &Table) -> String {
    let is_runtime = |name: &str| {
        let module = table.module.iter().find(|module| module.name == name);
        module.is_some_and(|module| module.service == Service::BedrockRuntime.name())
    };
    let (always, control): (Vec<&Resource>, Vec<&Resource>) =
        table.resource.iter().partition(|resource| resource.always || is_runtime(&resource.module));
    let list = |gate: &str, resources: Vec<&Resource>| {
        let names: Vec<&str> = resources.iter().map(|resource| resource.name.as_str()).collect();
        format!("{gate}pub use bedrock_orm_models::{{{}}};\n", names.join(", "))
    };
    list("", always) + &list(GATE, control)
}

/// The types that a session can be bound to, with their resources.
fn bindings(table: &Table, bound: &BTreeMap<Service, BTreeMap<String, String>>, files: &mut Files) {
    let mut text = String::from("//! The types that can be bound to a session, each with its resource.\n\n");
    let mut list = |gate: &str, names: Vec<(&String, &String)>| {
        let types: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(text, "{gate}use bedrock_orm_models::{{{}}};", types.join(", "));
        let pairs: Vec<String> =
            names.iter().map(|(name, resource)| format!("    {name} is {resource:?},")).collect();
        let _ = writeln!(text, "\n{gate}crate::resource::resources! {{\n{}\n}}\n", pairs.join("\n"));
    };
    let always = |name: &str| table.resource.iter().any(|resource| resource.always && resource.name == name);
    let empty = BTreeMap::new();
    let control = bound.get(&Service::Bedrock).unwrap_or(&empty);
    let runtime = bound.get(&Service::BedrockRuntime).unwrap_or(&empty);
    list("", runtime.iter().chain(control.iter().filter(|(name, _)| always(name))).collect());
    list(GATE, control.iter().filter(|(name, _)| !always(name)).collect());
    files.insert(
        PathBuf::from("crates/core/src/generated/mod.rs"),
        "//! Generated lists.\n\nmod resources;\n".to_owned(),
    );
    files.insert(PathBuf::from("crates/core/src/generated/resources.rs"), text);
}
