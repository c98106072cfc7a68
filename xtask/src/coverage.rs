//! `cargo xtask coverage`: every operation of AWS's API description, and the method that calls it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::codegen::{calls, description, table};
use crate::result::Result;

/// The page with the table.
const PAGE: &str = "docs/operations.md";

/// The crates whose code sends requests.
const SENDERS: [&str; 2] = ["crates/managers/src", "crates/runtime-mixin/src"];

/// Prints the table. Fails if no method calls an operation, or if the page differs from the table.
pub(crate) fn run(root: &Path, write: bool) -> Result {
    let table = table::read(&root.join("xtask/resources.toml"))?;
    let services = description::read(root)?;
    let mut reached = BTreeMap::new();
    for (operation, call) in calls::all(&table) {
        reached.entry(operation).or_insert(call);
    }
    let code = code(root)?;
    let mut table = String::new();
    let mut missing = Vec::new();
    let mut total = 0;
    for (service, description) in &services {
        let _ = writeln!(table, "\n## `{}`\n\n| operation | called by |\n|---|---|", service.name());
        let mut names: Vec<&String> = description.operations.keys().collect();
        names.sort();
        for name in names {
            total += 1;
            // The table names the method, and the code must name the operation in its request.
            match reached.get(name).filter(|_| code.contains(&format!("\"{name}\""))) {
                Some(call) => {
                    let _ = writeln!(table, "| `{name}` | `{call}` |");
                }
                None => missing.push(name.clone()),
            }
        }
    }
    let count = format!("{} of {total} operations", total - missing.len());
    let page = format!(
        "# Operations\n\nThis page lists every operation of the two services and the method that calls it. \
         `cargo xtask coverage`\ngenerates the tables and fails if an operation has no method.\n{table}\n{count}.\n"
    );
    let path = root.join(PAGE);
    if write {
        fs::write(&path, &page)?;
    }
    println!("{table}");
    if !missing.is_empty() {
        return Err(format!("{count}; no method calls: {}", missing.join(", ")).into());
    }
    if fs::read_to_string(&path).ok().as_deref() != Some(page.as_str()) {
        return Err(format!("{PAGE} differs from this table; run `cargo xtask coverage --write`").into());
    }
    println!("{count}");
    Ok(())
}

/// The code that sends requests, without its comments.
fn code(root: &Path) -> Result<String> {
    let mut code = String::new();
    let mut folders: Vec<PathBuf> = SENDERS.iter().map(|sender| root.join(sender)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                for line in
                    fs::read_to_string(&path)?.lines().filter(|line| !line.trim_start().starts_with("//"))
                {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
    }
    Ok(code)
}
