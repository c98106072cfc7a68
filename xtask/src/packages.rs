//! `cargo xtask packages`: the crates as they would be published. Creates each crate's package, checks its contents, unpacks
//! it, and builds it from its own files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{cargo, succeeds, target};
use crate::result::Result;

/// The files of every package besides its code.
const FILES: [&str; 4] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "Cargo.toml"];

/// The fields of every published manifest.
const FIELDS: [&str; 8] = [
    "description",
    "license",
    "homepage",
    "repository",
    "documentation",
    "readme",
    "keywords",
    "rust-version",
];

pub(crate) fn run(root: &Path) -> Result {
    let folder = target(root).join("unpacked");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let crates = crates(root)?;
    let mut package = vec!["package", "--quiet", "--no-verify", "--allow-dirty"];
    for name in &crates {
        package.extend(["--package", name]);
    }
    cargo(root, &package)?;
    let version = version(root)?;
    let mut members = Vec::new();
    for name in &crates {
        let archive = target(root).join(format!("package/{name}-{version}.crate"));
        // `-m`: all files of a package have the same date, so cargo would not notice a changed file.
        succeeds(Command::new("tar").arg("-xmzf").arg(&archive).arg("-C").arg(&folder))?;
        let member = format!("{name}-{version}");
        check(&folder.join(&member)).map_err(|error| format!("the package of {name}: {error}"))?;
        println!("{name}: {} KiB", fs::metadata(archive)?.len() / 1024);
        members.push((name.as_str(), member));
    }
    fs::write(folder.join("Cargo.toml"), workspace(root, &members)?)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    // The workspace's own `target` has the built dependencies.
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--workspace", "--target-dir"]).arg(target(root));
    succeeds(build.current_dir(&folder))
}

/// The names of the crates that are published.
pub(crate) fn crates(root: &Path) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let manifest = read(&entry?.path().join("Cargo.toml"))?;
        let name = manifest["package"]["name"].as_str().ok_or("a crate has no name")?;
        names.insert(name.to_owned());
    }
    Ok(names.into_iter().collect())
}

fn version(root: &Path) -> Result<String> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let version = manifest["workspace"]["package"]["version"].as_str();
    Ok(version.ok_or("the workspace has no version")?.to_owned())
}

fn read(manifest: &Path) -> Result<toml::Table> {
    Ok(fs::read_to_string(manifest)?.parse()?)
}

/// Checks an unpacked package: its files and its manifest.
fn check(package: &Path) -> Result {
    for file in FILES {
        if fs::metadata(package.join(file)).map(|file| file.len()).unwrap_or_default() == 0 {
            return Err(format!("it has no {file}").into());
        }
    }
    if package.join("benches").exists() {
        return Err("it holds benchmarks".into());
    }
    let manifest = read(&package.join("Cargo.toml"))?;
    for field in FIELDS {
        if manifest["package"].get(field).is_none() {
            return Err(format!("its manifest has no `{field}`").into());
        }
    }
    Ok(())
}

/// The manifest of a workspace of the unpacked packages, which depend on each other and not on the repository.
fn workspace(root: &Path, members: &[(&str, String)]) -> Result<String> {
    let mut workspace = toml::Table::new();
    let folders = members.iter().map(|(_, folder)| toml::Value::from(folder.as_str())).collect::<Vec<_>>();
    let mut table = toml::Table::new();
    table.insert("resolver".into(), "3".into());
    table.insert("members".into(), folders.into());
    workspace.insert("workspace".into(), table.into());
    let mut patches = toml::Table::new();
    for (name, folder) in members {
        let mut path = toml::Table::new();
        path.insert("path".into(), folder.as_str().into());
        patches.insert((*name).into(), path.into());
    }
    let mut patch = toml::Table::new();
    patch.insert("crates-io".into(), patches.into());
    workspace.insert("patch".into(), patch.into());
    // With another profile cargo would build every dependency again.
    let manifest = read(&root.join("Cargo.toml"))?;
    workspace.insert("profile".into(), manifest["profile"].clone());
    Ok(workspace.to_string())
}
