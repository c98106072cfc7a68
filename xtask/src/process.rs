//! Running other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::result::Result;

/// Runs cargo in the workspace's folder.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Result {
    succeeds(Command::new(env!("CARGO")).args(arguments).current_dir(root))
}

/// Runs a command; its failure is an error.
pub(crate) fn succeeds(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| format!("{command:?} does not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

/// The folder that cargo builds into.
pub(crate) fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}

/// Returns the program of a crate, of this version. Builds it in the target folder, if it is not there. `None` if it cannot be
/// built.
pub(crate) fn installed(root: &Path, name: &str, version: &str, options: &[&str]) -> Result<Option<PathBuf>> {
    let tools = target(root).join("tools");
    let program = tools.join("bin").join(name);
    if !program.exists() {
        let mut install = Command::new(env!("CARGO"));
        install.args(["install", "--quiet", "--locked", "--debug", "--version", version]).args(options);
        if !install.arg("--root").arg(&tools).arg(name).status()?.success() {
            return Ok(None);
        }
    }
    Ok(Some(program))
}
