//! `cargo xtask mutants`: changes one place of the code at a time, and looks whether a test fails. cargo-mutants makes the
//! changes. A sample of each crate written by hand meets the crate's own tests and those of the tests' package.
//!
//! It works on a copy of the workspace with a target folder of its own, so that no changed file is ever in the work tree.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::process::{installed, succeeds, target};
use crate::result::Result;
use crate::{copy, page};

const VERSION: &str = "27.1.0";

/// The page with the table.
const PAGE: &str = "docs/reliability.md";

/// The package whose tests meet every crate's mutants, beside the crate's own.
const TESTS: &str = "bedrock-orm-tests";

/// Seconds after which a mutant's tests are stopped: a multiple of what they take.
const TIMEOUT: &str = "180";

/// What is generated, and what only tests compile.
const EXCLUDED: [&str; 6] =
    ["**/generated/**", "**/fuzz.rs", "**/tests.rs", "**/*_tests.rs", "**/testing.rs", "**/arbitrary.rs"];

/// A crate and its sample.
struct Sample {
    name: &'static str,
    /// A mutant is in the sample if its number is a multiple of this.
    every: usize,
    /// The lowest score, in percent, that does not fail. It is below the score that was measured: another version of the code
    /// has another sample, in which one mutant counts for 10 to 30 percent.
    floor: usize,
}

const SAMPLES: [Sample; 5] = [
    Sample { name: "core", every: 78, floor: 70 },
    Sample { name: "managers", every: 153, floor: 50 },
    Sample { name: "runtime-mixin", every: 222, floor: 65 },
    Sample { name: "models", every: 71, floor: 70 },
    Sample { name: "local", every: 503, floor: 75 },
];

/// Runs the sample of one crate, or those of all crates. Only the run of all crates writes the page.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result {
    let samples: Vec<_> =
        SAMPLES.iter().filter(|sample| only.is_none_or(|only| only == sample.name)).collect();
    if samples.is_empty() {
        return Err(format!("no such crate: {}", only.unwrap_or_default()).into());
    }
    let folder = target(root).join("mutants");
    let program = installed(root, "cargo-mutants", VERSION, &[])?;
    let program = program.ok_or_else(|| format!("cargo-mutants {VERSION} could not be installed"))?;
    let runs = Runs { program, copy: folder.join("tree"), folder };
    copy::workspace(root, &runs.copy, &[])?;
    runs.passes(&samples)?;

    let mut printed = String::from(
        "| crate | mutants in all | sample | caught | timed out | unviable | missed | score |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut missed = Vec::new();
    let mut low = Vec::new();
    for sample in samples {
        let all = runs.count(sample)?;
        let found = runs.mutate(sample)?;
        let score = found.score();
        let Outcomes { total_mutants, caught, timeout, unviable, .. } = found;
        let (name, misses) = (sample.name, found.missed);
        writeln!(
            printed,
            "| {name} | {all} | {total_mutants} | {caught} | {timeout} | {unviable} | {misses} | {score} % |"
        )?;
        missed.extend(found.missed_names());
        if score < sample.floor {
            low.push(format!("{name}: {score} %, but the floor is {} %", sample.floor));
        }
    }
    if !missed.is_empty() {
        printed.push_str("\nMissed:\n\n");
    }
    for name in missed {
        writeln!(printed, "- `{name}`")?;
    }
    print!("\n{printed}");
    if only.is_none() {
        let section = format!("`cargo xtask mutants` printed:\n\n{printed}");
        page::write_section(&root.join(PAGE), "mutants", &section)?;
    }
    if low.is_empty() { Ok(()) } else { Err(low.join("; ").into()) }
}

/// cargo-mutants, and the workspace's copy, which it changes.
struct Runs {
    program: PathBuf,
    copy: PathBuf,
    /// Where the builds and the outcomes are.
    folder: PathBuf,
}

impl Runs {
    /// Without a change, all tests pass. Else every mutant would count as caught.
    fn passes(&self, samples: &[&Sample]) -> Result {
        let mut test = self.command(Path::new(env!("CARGO")));
        test.args(["test", "--quiet", "--all-features", "--package", TESTS]);
        for sample in samples {
            test.args(["--package", &package(sample)]);
        }
        succeeds(&mut test)
    }

    fn count(&self, sample: &Sample) -> Result<usize> {
        let output = self.mutants(sample).arg("--list").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?.lines().count())
    }

    fn mutate(&self, sample: &Sample) -> Result<Outcomes> {
        let folder = self.folder.join("outcomes").join(sample.name);
        fs::create_dir_all(&folder)?;
        let mut mutants = self.mutants(sample);
        mutants.args(["--in-place", "--all-features", "--baseline", "skip", "--timeout", TIMEOUT]);
        mutants.args(["--shard", &format!("0/{}", sample.every), "--sharding", "round-robin"]);
        mutants.arg(format!("--test-package={},{TESTS}", package(sample)));
        let status = mutants.arg("--output").arg(&folder).status()?;
        // 2: a mutant was missed. 3: one timed out.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            return Err(format!("cargo-mutants failed: {status}").into());
        }
        Ok(serde_json::from_slice(&fs::read(folder.join("mutants.out/outcomes.json"))?)?)
    }

    fn mutants(&self, sample: &Sample) -> Command {
        let mut mutants = self.command(&self.program);
        mutants.args(["mutants", "--no-config", "--package", &package(sample)]);
        for excluded in EXCLUDED {
            mutants.args(["--exclude", excluded]);
        }
        mutants
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.copy);
        command.env("CARGO_TARGET_DIR", self.folder.join("build")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        // A property that fails neither looks for a smaller case nor leaves a file, which the next mutant would meet first.
        command.env("PROPTEST_MAX_SHRINK_ITERS", "0").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true");
        command
    }
}

fn package(sample: &Sample) -> String {
    format!("bedrock-orm-{}", sample.name)
}

/// What cargo-mutants writes.
#[derive(Deserialize)]
struct Outcomes {
    total_mutants: usize,
    caught: usize,
    timeout: usize,
    unviable: usize,
    missed: usize,
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    scenario: Value,
    summary: String,
}

impl Outcomes {
    /// The share of viable mutants that a test noticed, in percent, rounded down.
    fn score(&self) -> usize {
        let noticed = self.caught + self.timeout;
        (100 * noticed).checked_div(self.total_mutants - self.unviable).unwrap_or(100)
    }

    fn missed_names(&self) -> impl Iterator<Item = String> {
        let missed = self.outcomes.iter().filter(|outcome| outcome.summary == "MissedMutant");
        missed.filter_map(|outcome| Some(outcome.scenario["Mutant"]["name"].as_str()?.to_owned()))
    }
}
