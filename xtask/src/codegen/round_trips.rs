//! Writes the list of types for the round-trip tests: to JSON and back, to the SDK and back.

use std::fmt::Write;
use std::path::PathBuf;

use super::conversions::pairs;
use super::files::Files;
use super::models::FOLDER;
use super::names::snake;
use super::plan::Plan;

pub(crate) fn write(plan: &Plan, files: &mut Files) {
    let mut text = String::from("use crate::arbitrary::{json_round_trip, sdk_round_trip};\n\n");
    text.push_str("json_round_trip! {\n");
    for a_type in &plan.types {
        let name = &a_type.name;
        let _ = writeln!(
            text,
            "json_{}_{}: crate::{}::{},",
            name.module,
            snake(&name.name),
            name.module,
            name.name
        );
    }
    text.push_str("}\n\n");
    for (service, pairs) in pairs(plan) {
        let _ = writeln!(text, "#[cfg(feature = \"{}\")]\nsdk_round_trip! {{", service.feature());
        for (name, path, is_input) in pairs {
            let test = snake(&path.replace("::", "_"));
            let (way, path) = match path.rsplit_once("::") {
                Some((module, input)) if is_input => ("input", format!("{module}::builders::{input}Builder")),
                _ => ("value", path),
            };
            let _ = writeln!(text, "{test}: crate::{}::{} => {way} {path},", name.module, name.name);
        }
        text.push_str("}\n\n");
    }
    files.insert(PathBuf::from(format!("{FOLDER}/round_trips.rs")), text);
}
