//! `cargo xtask minimal-versions`: the published crates build with the lowest versions that their manifests allow.
//!
//! It works on a copy of the workspace, so that the lock file of the work tree stays. Only direct dependencies have their lowest
//! versions: cargo refuses a bound that a dependency's own bound exceeds, and the compiler shows what an older version lacks.

use std::path::Path;
use std::process::Command;

use crate::copy;
use crate::process::{succeeds, target};
use crate::result::Result;

pub(crate) fn run(root: &Path) -> Result {
    let target = target(root).join("minimal-versions");
    let workspace = target.join("workspace");
    copy::workspace(root, &workspace, &["Cargo.lock"])?;
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&workspace);
        cargo
    };
    // The option is unstable. Only the resolver runs with it: build scripts would take the compiler for a nightly one.
    let update = ["update", "--quiet", "-Z", "direct-minimal-versions"];
    succeeds(cargo().args(update).env("RUSTC_BOOTSTRAP", "1"))?;
    let check =
        ["check", "--quiet", "--locked", "-p", "bedrock-orm", "-p", "bedrock-orm-local", "--all-features"];
    succeeds(cargo().args(check).arg("--target-dir").arg(&target))
}
