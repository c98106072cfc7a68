//! `cargo xtask minimal-versions`: the published crates build with the lowest versions that their manifests allow.
//!
//! It works on a copy of the workspace, so that the lock file of the work tree stays. Only direct dependencies have their lowest
//! versions: cargo refuses a bound that a dependency's own bound exceeds, and the compiler shows what an older version lacks.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{succeeds, target};
use crate::result::Result;

pub(crate) fn run(root: &Path) -> Result {
    let target = target(root).join("minimal-versions");
    let copy = target.join("workspace");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    for file in files(root)? {
        let to = copy.join(&file);
        fs::create_dir_all(to.parent().ok_or("a file is in no folder")?)?;
        fs::copy(root.join(&file), to)?;
    }
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&copy);
        cargo
    };
    // The option is unstable. Only the resolver runs with it: build scripts would take the compiler for a nightly one.
    let update = ["update", "--quiet", "-Z", "direct-minimal-versions"];
    succeeds(cargo().args(update).env("RUSTC_BOOTSTRAP", "1"))?;
    let check =
        ["check", "--quiet", "--locked", "-p", "bedrock-orm", "-p", "bedrock-orm-local", "--all-features"];
    succeeds(cargo().args(check).arg("--target-dir").arg(&target))
}

/// The files of the work tree that git knows, without the lock file.
fn files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output()?;
    let files = String::from_utf8(output.stdout)?;
    let files: Vec<_> =
        files.split_terminator('\0').filter(|file| *file != "Cargo.lock").map(str::to_owned).collect();
    if files.is_empty() { Err("git lists no files".into()) } else { Ok(files) }
}
