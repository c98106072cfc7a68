//! The programs that measure, and running them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::result::Result;

/// The programs in `crates/bedrock-orm/benches`, by name.
pub(crate) struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Builds them, optimised.
    pub(crate) fn build(root: &Path) -> Result<Self> {
        let mut build = Command::new(env!("CARGO"));
        build.args(["bench", "--no-run", "--quiet", "-p", "bedrock-orm", "--features", "object-store"]);
        let output = build.args(["--benches", "--message-format=json"]).current_dir(root).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the benchmarks do not build: {said}").into());
        }
        let programs = String::from_utf8(output.stdout)?
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["kind"][0] == "bench")
            .filter_map(|message| {
                let name = message["target"]["name"].as_str()?.to_owned();
                Some((name, PathBuf::from(message["executable"].as_str()?)))
            })
            .collect();
        Ok(Self(programs))
    }

    pub(crate) fn path(&self, name: &str) -> Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).ok_or_else(|| format!("there is no benchmark `{name}`").into())
    }

    /// Returns a command that runs a program.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(self.path(name)?);
        command.args(arguments);
        Ok(command)
    }
}

/// What a program measured of itself.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Measured {
    #[serde(default)]
    pub(crate) cpu_ns: u64,
    pub(crate) wall_ns: u64,
    #[serde(default)]
    pub(crate) read: u64,
}

pub(crate) fn measured(command: &mut Command) -> Result<Measured> {
    let said = output(command)?;
    serde_json::from_str(&said).map_err(|error| format!("no measurement in {said:?}: {error}").into())
}

/// Returns the times of blocks, by side.
pub(crate) fn blocks(command: &mut Command) -> Result<BTreeMap<String, Vec<Measured>>> {
    let said = output(command)?;
    serde_json::from_str(&said).map_err(|error| format!("no measurements in {said:?}: {error}").into())
}

pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.env("NO_PROXY", "127.0.0.1").output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the CPU time of a process in nanoseconds, as Linux counts it, in hundredths of a second.
pub(crate) fn cpu_of(process_id: u32) -> Result<f64> {
    ticks(&process_id.to_string(), 11)
}

/// Returns the CPU time of the processes that this one has waited for, as [`cpu_of`] counts.
pub(crate) fn cpu_of_children() -> Result<f64> {
    ticks("self", 13)
}

/// Returns the sum of a process' field and the next in `/proc`: the time in user and in kernel mode.
fn ticks(process: &str, field: usize) -> Result<f64> {
    let stat = fs::read_to_string(Path::new("/proc").join(process).join("stat"))?;
    // The name of the program, which is in brackets, can contain spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("no CPU time in /proc")?;
    let fields = fields.split_whitespace().skip(field).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 * 1e7)
}

/// What valgrind counts of a whole program.
#[derive(Clone, Copy)]
pub(crate) enum Counter {
    Instructions,
    Allocations,
}

impl Counter {
    pub(crate) fn count(self, command: &Command) -> Result<f64> {
        let (tool, line) = match self {
            Self::Instructions => ("callgrind", "Collected : "),
            Self::Allocations => ("dhat", "Total: "),
        };
        let mut valgrind = Command::new("valgrind");
        valgrind.arg(format!("--tool={tool}")).arg(format!("--{tool}-out-file=/dev/null"));
        valgrind.arg(command.get_program()).args(command.get_args());
        let output = valgrind.output().map_err(|error| {
            format!("valgrind does not start ({error}); install it (Debian's package is `valgrind`)")
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        let counted = said.lines().find_map(|said| said.split_once(line)).map(|(_, counted)| counted);
        let counted = counted.and_then(|counted| match self {
            Self::Instructions => Some(counted.trim()),
            // "Total: 1,234 bytes in 56 blocks"
            Self::Allocations => counted.split_once(" in ")?.1.strip_suffix(" blocks"),
        });
        match counted {
            Some(counted) if output.status.success() => Ok(counted.replace(',', "").parse()?),
            _ => Err(format!("{command:?} failed under valgrind: {said}").into()),
        }
    }
}
