//! `cargo xtask codegen`: AWS's API description and `resources.toml` in, Rust out.
//!
//! `description` and `table` read the two inputs, `plan` decides which types there are and where they live, and each
//! of the writers turns the plan into files: `models` the types, `conversions` their way to and from the SDK's,
//! `round_trips` the list of what the property tests go through, `fields` the constants that querysets are narrowed by,
//! `managers` what AWS offers for each resource, operation by operation as `operations` knows them.

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
pub(crate) mod reach;
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

/// Fails, naming the files, where the committed code is not what `write` would.
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
        println!("{} generated files are as `cargo xtask codegen` writes them", files.len());
        return Ok(());
    }
    Err(format!("these differ from what `cargo xtask codegen` writes; run it:\n  {}", differing.join("\n  "))
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
