//! Many tasks under a quota of tokens.

use std::process::{Child, Stdio};

use super::programs::Programs;
use super::sides::Bench;
use super::table::Reach::{self, AtMost};
use super::table::Row;
use crate::result::Result;

/// Tasks that run while other rows are measured: they take two minutes, and nearly no CPU.
pub(super) struct Tasks {
    with_limiter: Child,
    without: Child,
}

impl Tasks {
    pub(super) fn start(programs: &Programs) -> Result<Self> {
        let start = |side| -> Result<Child> {
            let mut command = programs.command("quota", &[side])?;
            Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
        };
        Ok(Self { with_limiter: start("limiter")?, without: start("retries")? })
    }

    pub(super) fn measure(self, bench: &mut Bench<'_>) -> Result {
        let [lost, throttled, seconds, ideal] = measured(self.with_limiter)?;
        let [lost_without, throttled_without, ..] = measured(self.without)?;
        if throttled_without == 0.0 {
            return Err("the quota throttles nothing: it measures no limiter".into());
        }
        let against = "without a limiter";
        let mut row = |what, against, unit, ours: f64, theirs, result, reach: Reach| {
            bench.table.add(Row { what, against, unit, ours, theirs, result, reach, spread: None });
        };
        row(
            "500 tasks under a quota of tokens: time",
            "the ideal",
            "s",
            seconds,
            ideal,
            seconds / ideal,
            AtMost(1.2),
        );
        row(
            "500 tasks under a quota of tokens: throttled",
            against,
            "",
            throttled,
            throttled_without,
            throttled,
            AtMost(10.0),
        );
        row("500 tasks under a quota of tokens: lost", against, "", lost, lost_without, lost, AtMost(0.0));
        Ok(())
    }
}

/// Returns the numbers that the program prints.
fn measured(running: Child) -> Result<[f64; 4]> {
    let output = running.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    numbers.try_into().map_err(|_| format!("no measurement in {said:?}").into())
}
