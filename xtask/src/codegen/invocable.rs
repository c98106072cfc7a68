//! Writes the implementations of `Invokable` for the resources that Bedrock invokes by their ARNs.

use std::fmt::Write;
use std::path::PathBuf;

use super::description::{Description, Service};
use super::files::Files;
use super::names::raw;
use super::operations::Operations;
use super::plan::{Plan, TypeName};
use super::table::{Key, Table};
use crate::result::Result;

pub(super) fn write(
    plan: &Plan,
    services: &[(Service, Description)],
    table: &Table,
    files: &mut Files,
) -> Result {
    let (mut text, mut types) = (String::new(), Vec::new());
    for resource in table.resource.iter().filter(|resource| resource.invocable) {
        let Some(Key::Field(key)) = &resource.key else {
            return Err(format!("{}: `invocable` needs a field as the key", resource.name).into());
        };
        let itself = TypeName { module: resource.module.clone(), name: resource.name.clone() };
        for holder in [Some(itself), Operations::of(plan, services, resource)?.row()?].into_iter().flatten() {
            let field = plan.fields(&holder).iter().find(|field| field.name == *key);
            let field = field.ok_or_else(|| format!("{} has no field {key}", holder.name))?;
            let read = raw(&field.name);
            let (id, arn) = if field.required {
                (format!("&self.{read}"), format!("Some(&self.{read})"))
            } else {
                (format!("self.{read}.as_deref().unwrap_or_default()"), format!("self.{read}.as_deref()"))
            };
            let _ = writeln!(
                text,
                "impl Invokable for {} {{
                    fn invocation_id(&self) -> &str {{ {id} }}

                    fn invocation_arn(&self) -> Option<&str> {{ {arn} }}
                }}\n",
                holder.name
            );
            types.push(holder.name);
        }
    }
    let text = format!(
        "//! The resources that Bedrock invokes by their ARNs, and the rows of their lists.\n//!\n\
         //! Source: the values that `modelId` takes, <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>\n\n\
         use bedrock_orm_models::{{{}}};\n\nuse crate::Invokable;\n\n{text}",
        types.join(", ")
    );
    files.insert(PathBuf::from("crates/runtime-mixin/src/generated/invocable.rs"), text);
    let module =
        "//! Generated code for the resources.\n\n#[cfg(feature = \"control-plane\")]\nmod invocable;\n";
    files.insert(PathBuf::from("crates/runtime-mixin/src/generated/mod.rs"), module.to_owned());
    Ok(())
}
