//! `cargo xtask bench`: the cost of the ORM, relative to the same work without it, and its budgets.
//!
//! For calls and streams (`crates/bedrock-orm/benches/talk.rs`), valgrind counts instructions, so that the result does not
//! depend on the machine's load. The cost of one is the difference between many and few, which excludes start-up. Queries
//! (`benches/query.rs`) depend on memory rather than instructions, so the result is the best time of several runs, with the
//! two sides in turn. A batch (`benches/batch.rs`) has a budget of memory for its whole process. Tasks under a quota of
//! tokens (`bench_quota.rs`) run for two minutes of real time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench_quota::quota;
use crate::result::Result;

/// The counted operation, its budget as a ratio to the raw SDK, and the numbers of operations in the two runs.
const COUNTED: [(&str, f64, u64, u64); 2] = [("converse", 1.05, 50, 250), ("stream", 1.10, 500, 2500)];

/// The number of rows to filter and order, and the budget as a ratio to a hand-written closure.
const FILTERED: (&str, f64) = ("1000000", 1.20);

/// The number of rows to stream, and the memory budget in KiB.
const STREAMED: (&str, u64) = ("100000", 10 * 1024);

/// The number of records of a batch, and the memory budget of its process in KiB.
const BATCH: (&str, u64) = ("1000000", 64 * 1024);

pub(crate) fn run(root: &Path) -> Result {
    let mut over = Vec::new();
    println!("{:<12} {:>14} {:>14} {:>8} {:>8}", "", "without", "bedrock-orm", "ratio", "budget");
    let mut tell = |what: &'static str, without: f64, orm: f64, budget: f64| {
        let ratio = orm / without;
        println!("{what:<12} {without:>14.0} {orm:>14.0} {ratio:>8.3} {budget:>8.2}");
        if ratio > budget {
            over.push(what);
        }
    };
    let talk = build(root, "talk", "")?;
    for (what, budget, few, many) in COUNTED {
        let one = |side: &str| -> Result<f64> {
            let (few_cost, many_cost) =
                (instructions(&talk, side, what, few)?, instructions(&talk, side, what, many)?);
            Ok((many_cost - few_cost) as f64 / (many - few) as f64)
        };
        tell(what, one("sdk")?, one("orm")?, budget);
    }

    let query = build(root, "query", "")?;
    let (rows, budget) = FILTERED;
    let (mut hand, mut orm) = (u64::MAX, u64::MAX);
    for _ in 0..3 {
        let ((by_hand, found), (by_queryset, also_found)) =
            (filtered(&query, "hand", rows)?, filtered(&query, "orm", rows)?);
        if found != also_found {
            return Err("the queryset finds other rows than the closure".into());
        }
        (hand, orm) = (hand.min(by_hand), orm.min(by_queryset));
    }
    tell("filter (µs)", hand as f64, orm as f64, budget);

    let (rows, budget) = STREAMED;
    let held: u64 = output(&query, &["stream", rows])?.trim().parse()?;
    println!("a stream over {rows} rows held {held} KiB; the budget is {budget}");
    if held > budget {
        over.push("memory");
    }

    let (records, budget) = BATCH;
    let said = output(&build(root, "batch", "control-plane,object-store")?, &["map", records])?;
    let [held, written, waited, read] = said.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(format!("no measurement in `{said}`").into());
    };
    println!(
        "a batch of {records} records had {held} KiB at most; the budget is {budget} (written in {written} s, waited for \
         {waited} s, read in {read} s)"
    );
    if held.parse::<u64>()? > budget {
        over.push("memory of a batch");
    }
    over.extend(quota(&build(root, "quota", "")?)?);
    if over.is_empty() { Ok(()) } else { Err(format!("over budget: {}", over.join(", ")).into()) }
}

/// Builds the program, optimised and with only these features.
fn build(root: &Path, name: &str, features: &str) -> Result<PathBuf> {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "bench",
        "--no-run",
        "--quiet",
        "-p",
        "bedrock-orm",
        "--no-default-features",
        "--features",
        features,
        "--bench",
        name,
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
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo names no program for the benchmark".into())
}

/// The best time in microseconds, and the result.
fn filtered(program: &Path, side: &str, rows: &str) -> Result<(u64, String)> {
    let said = output(program, &[side, rows])?;
    let (time, found) = said.split_once(' ').ok_or_else(|| format!("no time in `{said}`"))?;
    Ok((time.parse()?, found.to_owned()))
}

fn output(program: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The number of instructions of the whole program, as valgrind counts them.
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
