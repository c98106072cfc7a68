//! `cargo xtask bench`: many tasks under a quota of tokens (`crates/bedrock-orm/benches/quota.rs`).

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::result::Result;

/// The budgets: the requests of 500 tasks that may be throttled, and the ratio to the time that the quota demands. None may
/// be lost.
const THROTTLED: f64 = 10.0;
const RATIO: f64 = 1.20;

/// Runs the tasks with a limiter and without, at the same time. Returns what is over its budget.
pub(crate) fn quota(program: &Path) -> Result<Option<&'static str>> {
    let start = |side| Command::new(program).arg(side).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let (with_limiter, without) = (start("limiter")?, start("retries")?);
    let [lost, throttled, seconds, ideal] = measured(with_limiter)?;
    let [lost_without, throttled_without, seconds_without, _] = measured(without)?;
    println!(
        "500 tasks, for which the quota demands {ideal} s: with a limiter {lost} lost, {throttled} requests throttled, \
         {seconds} s; the budget is none, {THROTTLED}, and {:.0} s (without a limiter: {lost_without} lost, \
         {throttled_without} throttled, {seconds_without} s)",
        RATIO * ideal
    );
    if throttled_without == 0.0 {
        return Err("the quota throttles nothing: it measures no limiter".into());
    }
    let is_over = lost > 0.0 || throttled > THROTTLED || seconds > RATIO * ideal;
    Ok(is_over.then_some("tasks under a quota"))
}

/// Returns the numbers that the program prints.
fn measured(running: Child) -> Result<[f64; 4]> {
    let output = running.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    numbers.try_into().map_err(|_| format!("no measurement in `{said}`").into())
}
