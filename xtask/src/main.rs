//! `cargo xtask`: the tasks of this workspace. `cargo xtask help` lists them.

mod api;
mod bench;
mod ci;
mod codegen;
mod conformance;
mod coverage;
mod packages;
mod process;
mod result;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use result::Result;

const HELP: &str = "\
cargo xtask codegen            write the generated code from AWS's API description
cargo xtask codegen --check    fail where the committed code differs from it
cargo xtask coverage           every AWS operation and where it is reached; --write puts it into docs/operations.md
cargo xtask tidy               each crate's files import from lower floors only, as xtask/floors.toml has them
cargo xtask conformance        the local Bedrock by other clients, pinned (with python3 and node, where their registries are reached)
cargo xtask packages           the crates as they would be published: complete, and building from their tarballs
cargo xtask ci                 all that has to pass besides `cargo test`
cargo xtask bench              what a call costs beside the same call on the raw SDK (needs valgrind)
cargo xtask api --from PATH    make the API description anew from a botocore wheel or folder
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result {
    match words {
        ["codegen"] => codegen::write(&root()),
        ["codegen", "--check"] => codegen::check(&root()),
        ["coverage"] => coverage::run(&root(), false),
        ["coverage", "--write"] => coverage::run(&root(), true),
        ["conformance"] => conformance::run(&root()),
        ["tidy"] => tidy::run(&root()),
        ["packages"] => packages::run(&root()),
        ["bench"] => bench::run(&root()),
        ["ci"] => ci::run(&root()),
        ["api", "--from", from] => api::run(Path::new(from)),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("no such task: {}\n{HELP}", words.join(" ")).into()),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
