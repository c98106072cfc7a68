//! `cargo xtask bench`: what the ORM adds to the raw SDK, in instructions.
//!
//! Both sides run in the same program (`crates/bedrock-orm/benches/talk.rs`) under valgrind, which counts the same
//! whatever else the machine does. The cost of one is the difference between many and few, so that start-up is left out.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// What is measured, the budget as a ratio to the raw SDK, and how few and how many of it are run.
const MEASUREMENTS: [(&str, f64, u64, u64); 2] = [("converse", 1.05, 50, 250), ("stream", 1.10, 500, 2500)];

pub(crate) fn run(root: &Path) -> Result {
    let program = build(root)?;
    let mut over = Vec::new();
    println!("{:<10} {:>14} {:>14} {:>8} {:>8}", "one", "raw SDK", "bedrock-orm", "ratio", "budget");
    for (what, budget, few, many) in MEASUREMENTS {
        let one = |side: &str| -> Result<f64> {
            let (few_cost, many_cost) =
                (instructions(&program, side, what, few)?, instructions(&program, side, what, many)?);
            Ok((many_cost - few_cost) as f64 / (many - few) as f64)
        };
        let (sdk, orm) = (one("sdk")?, one("orm")?);
        let ratio = orm / sdk;
        println!("{what:<10} {sdk:>14.0} {orm:>14.0} {ratio:>8.3} {budget:>8.2}");
        if ratio > budget {
            over.push(what);
        }
    }
    if over.is_empty() { Ok(()) } else { Err(format!("over budget: {}", over.join(", ")).into()) }
}

/// The program, optimised; without the control plane, which takes no part.
fn build(root: &Path) -> Result<PathBuf> {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "bench",
        "--no-run",
        "--quiet",
        "-p",
        "bedrock-orm",
        "--no-default-features",
        "--bench",
        "talk",
    ]);
    let output = build.arg("--message-format=json").current_dir(root).output()?;
    if !output.status.success() {
        return Err(
            format!("the benchmark does not build: {}", String::from_utf8_lossy(&output.stderr)).into()
        );
    }
    String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "talk")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo names no program for the benchmark".into())
}

/// What the program executes in all, as valgrind counts it.
fn instructions(program: &Path, side: &str, what: &str, times: u64) -> Result<i64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    let output = valgrind.args([side, what, &times.to_string()]).output().map_err(|error| {
        format!("valgrind does not start ({error}); install it (Debian's package is `valgrind`)")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    match collected {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => Err(format!("{side} {what} failed under valgrind: {said}").into()),
    }
}
