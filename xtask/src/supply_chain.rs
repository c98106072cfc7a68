//! `cargo xtask supply-chain`: the licences, the versions and the sources of all dependencies, as `deny.toml` allows them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{installed, succeeds};
use crate::result::Result;

const VERSION: &str = "0.20.2";

/// The database of advisories, below cargo's folder, as `cargo deny fetch` creates it.
const ADVISORIES: &str = "advisory-dbs";

pub(crate) fn run(root: &Path) -> Result {
    let Some(program) = installed(root, "cargo-deny", VERSION, &["--no-default-features"])? else {
        println!("skipped: cargo-deny {VERSION} could not be installed");
        return Ok(());
    };
    succeeds(deny(root, &program, &[]).args(["bans", "licenses", "sources"]))?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if !home.is_some_and(|home| home.join(ADVISORIES).exists()) {
        println!("skipped: the advisories, because there is no database (`cargo deny fetch` gets it)");
        return Ok(());
    }
    succeeds(deny(root, &program, &["--offline"]).arg("advisories"))
}

fn deny(root: &Path, program: &Path, options: &[&str]) -> Command {
    let mut deny = Command::new(program);
    deny.args(options).args(["--log-level", "error", "check", "--hide-inclusion-graph"]).current_dir(root);
    deny
}
