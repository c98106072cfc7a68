//! `cargo xtask faults` and `cargo xtask soak`: programs of the tests' package that measure reliability. Their tables are
//! sections of `docs/reliability.md`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::page;
use crate::result::Result;

/// The page with the tables.
const PAGE: &str = "docs/reliability.md";

/// Runs a program with these arguments. Its long form writes what it printed into its section of the page; the short form
/// only prints.
pub(crate) fn run(root: &Path, task: &str, program: &str, arguments: &[&str]) -> Result {
    let mut command = Command::new(env!("CARGO"));
    // With the whole workspace's features, so that nothing is built again for it.
    command.args(["test", "--quiet", "--workspace", "--test", program, "--"]).args(arguments);
    let output = command.current_dir(root).stderr(Stdio::inherit()).output()?;
    let printed = String::from_utf8(output.stdout)?;
    print!("{printed}");
    if !output.status.success() {
        return Err(format!("{task} missed its goal: {}", output.status).into());
    }
    if arguments == ["--quick"] {
        return Ok(());
    }
    let command = [&["cargo xtask", task], arguments].concat().join(" ");
    page::write_section(&root.join(PAGE), task, &format!("`{command}` printed:\n\n{}\n", printed.trim()))
}
