//! The CPU time of a clean build, crate by crate. Two builds of the same crates differ by a tenth on a shared machine, more than
//! what is to be measured, so a crate that two builds have in common counts as much in both.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::programs::cpu_of_children;
use crate::process::succeeds;
use crate::result::Result;

/// Cargo runs this program in place of the compiler if the variable is set, to the file of the times.
pub(crate) const TIMES: &str = "BENCH_CRATE_TIMES";

/// Runs the compiler, and adds the crate and its time, in nanoseconds, to the file.
pub(crate) fn compile(times: &Path) -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let compiler = arguments.next().ok_or("no compiler")?;
    let arguments: Vec<OsString> = arguments.collect();
    let status = Command::new(compiler).args(&arguments).status()?;
    let name = arguments.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    if let Some(name) = name.and_then(|name| name.to_str()) {
        let line = format!("{name} {}\n", cpu_of_children()?);
        OpenOptions::new().append(true).open(times)?.write_all(line.as_bytes())?;
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The times of a build, in seconds.
pub(super) struct CrateTimes {
    crates: BTreeMap<String, f64>,
    /// The rest: cargo, build scripts, and the compilers that they run.
    rest: f64,
}

impl CrateTimes {
    /// Runs cargo, and measures what it builds. The file is for the times of the crates.
    pub(super) fn of(cargo: &mut Command, file: &Path) -> Result<Self> {
        File::create(file)?;
        let before = cpu_of_children()?;
        succeeds(cargo.env("RUSTC_WRAPPER", std::env::current_exe()?).env(TIMES, file))?;
        let all = (cpu_of_children()? - before) / 1e9;
        let mut crates = BTreeMap::new();
        for line in fs::read_to_string(file)?.lines() {
            let (name, time) = line.split_once(' ').ok_or("a crate without a time")?;
            // Build scripts have the same name, and cargo asks the compiler for its settings as a crate `___`.
            *crates.entry(name.to_owned()).or_default() += time.parse::<f64>()? / 1e9;
        }
        let rest = all - crates.values().sum::<f64>();
        Ok(Self { crates, rest })
    }

    /// Returns the times of both builds. What they have in common is the mean of both.
    pub(super) fn beside(&self, other: &Self) -> (f64, f64) {
        let rest = f64::midpoint(self.rest, other.rest);
        let (mut ours, mut theirs) = (rest, rest);
        for name in
            self.crates.keys().chain(other.crates.keys().filter(|name| !self.crates.contains_key(*name)))
        {
            match (self.crates.get(name), other.crates.get(name)) {
                (Some(one), Some(another)) if !name.starts_with("build_script") => {
                    ours += f64::midpoint(*one, *another);
                    theirs += f64::midpoint(*one, *another);
                }
                (one, another) => {
                    ours += one.copied().unwrap_or_default();
                    theirs += another.copied().unwrap_or_default();
                }
            }
        }
        (ours, theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::CrateTimes;

    fn times<const N: usize>(rest: f64, crates: [(&str, f64); N]) -> CrateTimes {
        CrateTimes { crates: crates.map(|(name, time)| (name.to_owned(), time)).into(), rest }
    }

    #[test]
    fn a_common_crate_counts_as_much_in_both_builds() {
        let ours = times(10.0, [("sdk", 110.0), ("orm", 20.0), ("build_script_build", 3.0)]);
        let theirs = times(20.0, [("sdk", 90.0), ("program", 5.0), ("build_script_build", 2.0)]);
        assert_eq!(ours.beside(&theirs), (15.0 + 100.0 + 20.0 + 3.0, 15.0 + 100.0 + 5.0 + 2.0));
    }
}
