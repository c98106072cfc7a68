//! `cargo xtask`: the tasks of this workspace. `cargo xtask help` lists them.

mod api;
mod bench;
mod ci;
mod codegen;
mod conformance;
mod copy;
mod coverage;
mod features;
mod minimal_versions;
mod mutants;
mod packages;
mod page;
mod process;
mod public_api;
mod reliability;
mod result;
mod server;
mod supply_chain;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::crate_times;
use result::Result;

const HELP: &str = "\
cargo xtask codegen            write the generated code
cargo xtask codegen --check    fail if the committed code differs from it
cargo xtask coverage           every AWS operation and the method that calls it; --write updates docs/operations.md
cargo xtask tidy               check that files import only from lower floors (xtask/floors.toml)
cargo xtask conformance        run other clients, pinned, against the local Bedrock (needs python3, node and their registries)
cargo xtask packages           package the crates, check the packages, and build them from their tarballs
cargo xtask ci                 run all checks besides `cargo test`
cargo xtask bench              measure speed beside the raw SDK and other clients; writes docs/performance.md (needs valgrind)
cargo xtask bench --quick      the same with fewer turns and without clean builds, without writing
cargo xtask public-api         compare the public API with its listing in xtask/public-api; --write writes it
cargo xtask features           check every feature alone
cargo xtask minimal-versions   build with the lowest versions that the manifests allow (minutes; needs the registry)
cargo xtask supply-chain       check licences, versions and sources of dependencies (installs cargo-deny)
cargo xtask faults             every fault of the local Bedrock meets every family of operations; writes docs/reliability.md
cargo xtask faults --quick     the same with one seed, without writing
cargo xtask soak               an hour of mixed work at 5 % faults; writes docs/reliability.md (--minutes N: another time)
cargo xtask soak --quick       the same for three minutes, without writing
cargo xtask mutants            change a sample of the code, place by place: does a test fail? writes docs/reliability.md
                               (an hour or more, so CI does not run it; installs cargo-mutants)
cargo xtask mutants CRATE      the same for one crate (core, managers, runtime-mixin, models, local), without writing
cargo xtask api --from PATH    write crates/api from a botocore wheel or folder
";

fn main() -> ExitCode {
    if let Some(times) = std::env::var_os(crate_times::TIMES) {
        return ended(crate_times::compile(Path::new(&times)));
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ended(run(&words).map(|()| ExitCode::SUCCESS))
}

fn ended(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
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
        ["bench"] => bench::run(&root(), false),
        ["bench", "--quick"] => bench::run(&root(), true),
        ["public-api"] => public_api::run(&root(), false),
        ["public-api", "--write"] => public_api::run(&root(), true),
        ["features"] => features::run(&root(), false),
        ["minimal-versions"] => minimal_versions::run(&root()),
        ["supply-chain"] => supply_chain::run(&root()),
        ["faults"] => reliability::run(&root(), "faults", "fault_matrix", &[]),
        ["faults", "--quick"] => reliability::run(&root(), "faults", "fault_matrix", &["--quick"]),
        ["soak", arguments @ ..] if matches!(arguments, [] | ["--quick"] | ["--minutes", _]) => {
            reliability::run(&root(), "soak", "soak", arguments)
        }
        ["mutants"] => mutants::run(&root(), None),
        ["mutants", only] => mutants::run(&root(), Some(only)),
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
