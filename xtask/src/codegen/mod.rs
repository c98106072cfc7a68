//! `cargo xtask codegen`: generates Rust from AWS's API description and `resources.toml`.
//!
//! `description` and `table` read the two inputs. `planner` makes the `plan`: the types and their modules. The writers turn
//! the plan into files: `models` the types, `conversions` the conversions from and to the SDK's types, `round_trips` the
//! list of types for the property tests, `fields` the constants for filters and orders, `managers` the operations of each
//! resource, `keys` the key types, and `invocable` what Bedrock can invoke.

pub(crate) mod calls;
mod conversions;
pub(crate) mod description;
mod docs;
mod fields;
mod files;
mod invocable;
mod keys;
mod managers;
mod models;
mod names;
mod operations;
mod plan;
mod planner;
mod round_trips;
pub(crate) mod table;

use std::fs;
use std::path::Path;

use crate::result::Result;
use files::{Files, existing, finish};

/// Writes the generated code.
pub(crate) fn write(root: &Path) -> Result {
    let files = generate(root)?;
    for stale in existing(root)?.into_iter().filter(|path| !files.contains_key(path)) {
        fs::remove_file(root.join(stale))?;
    }
    for (path, text) in &files {
        let path = root.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    println!("{} generated files", files.len());
    Ok(())
}

/// Fails with the names of the files that differ from what `write` writes.
pub(crate) fn check(root: &Path) -> Result {
    let files = generate(root)?;
    let mut differing: Vec<String> = Vec::new();
    for (path, text) in &files {
        if fs::read_to_string(root.join(path)).ok().as_deref() != Some(text) {
            differing.push(path.display().to_string());
        }
    }
    for stale in existing(root)?.into_iter().filter(|path| !files.contains_key(path)) {
        differing.push(format!("{} (nothing generates it)", stale.display()));
    }
    if differing.is_empty() {
        println!("{} generated files are up to date", files.len());
        return Ok(());
    }
    Err(format!(
        "these files differ from the output of `cargo xtask codegen`; run it:\n  {}",
        differing.join("\n  ")
    )
    .into())
}

fn generate(root: &Path) -> Result<Files> {
    let table = table::read(&root.join("xtask/resources.toml"))?;
    let services = description::read(root)?;
    let plan = planner::plan(&services, &table)?;
    let mut files = Files::new();
    models::write(&plan, &fields::constants(&plan, &services, &table)?, &mut files);
    conversions::write(&plan, &mut files);
    round_trips::write(&plan, &mut files);
    managers::write(&plan, &services, &table, &mut files)?;
    keys::write(&table, &mut files);
    invocable::write(&plan, &services, &table, &mut files)?;
    finish(root, &mut files)?;
    Ok(files)
}
