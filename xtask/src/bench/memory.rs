//! What depends on memory: filters and orders over many rows, streams over many pages, and batches.

use std::process::Command;

use super::pairs::Pairs;
use super::programs::{measured, output};
use super::sides::{Bench, Work, botocraft};
use super::table::Reach::{self, AtLeast, AtMost};
use super::table::{MILLISECONDS, Row};
use crate::result::Result;

/// The number of rows to filter and order.
const FILTERED: u64 = 1_000_000;

/// As many rows as botocraft filters in some seconds.
const FILTERED_BY_PYTHON: u64 = 50_000;

/// The number of rows to stream.
const STREAMED: &str = "100000";

/// The number of records of a batch.
const BATCH: (&str, &str) = ("1000000", "100000");

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let hand = bench.programs.command("query", &["hand", &FILTERED.to_string()])?;
    let what = "a million rows filtered and ordered: time";
    filter(bench, what, FILTERED, AtMost(1.05), "a closure by hand", hand, filtered)?;
    let python = botocraft(FILTERED_BY_PYTHON, AtLeast(50.0));
    let work = Work { program: "query", what: "filter", url: "none", units: 1, blocks: 1 };
    if let Some(command) = bench.other(&python, &work) {
        let what = "50,000 rows filtered and ordered: time";
        filter(bench, what, python.units, python.reach, python.name, command, |command| {
            let time = measured(command)?;
            Ok((time.wall_ns as f64, time.read))
        })?;
    }

    let held: f64 = output(&mut bench.programs.command("query", &["stream", STREAMED])?)?.trim().parse()?;
    bench.table.add(Row {
        what: "a stream over 100,000 rows: memory above the start",
        against: "",
        unit: "MiB",
        ours: held / 1024.0,
        theirs: 0.0,
        result: held / 1024.0,
        reach: AtMost(6.0),
        spread: None,
    });

    let (what, records) = if bench.is_quick {
        ("a batch of 100,000 records: memory of its process", BATCH.1)
    } else {
        ("a batch of a million records: memory of its process", BATCH.0)
    };
    let said = output(&mut bench.programs.command("batch", &["map", records])?)?;
    let held: f64 = said.split_whitespace().next().unwrap_or_default().parse()?;
    bench.table.add(Row {
        what,
        against: "",
        unit: "MiB",
        ours: held / 1024.0,
        theirs: 0.0,
        result: held / 1024.0,
        reach: AtMost(64.0),
        spread: None,
    });
    Ok(())
}

/// Filters rows with a queryset and in another way, in turns.
fn filter(
    bench: &mut Bench<'_>,
    what: &'static str,
    rows: u64,
    reach: Reach,
    against: &'static str,
    mut other: Command,
    measure: impl Fn(&mut Command) -> Result<(f64, u64)>,
) -> Result {
    let mut ours = bench.programs.command("query", &["orm", &rows.to_string()])?;
    let mut pairs = Pairs::default();
    for _ in 0..bench.turns {
        let (our_time, our_rows) = filtered(&mut ours)?;
        let (their_time, their_rows) = measure(&mut other)?;
        if our_rows != their_rows {
            return Err(format!("{what}: the queryset finds {our_rows} rows, {against} {their_rows}").into());
        }
        pairs.add(our_time, their_time);
    }
    bench.table.add(pairs.row(what, against, MILLISECONDS, reach));
    Ok(())
}

/// The best time in nanoseconds, and the number of rows that were found.
fn filtered(command: &mut Command) -> Result<(f64, u64)> {
    let said = output(command)?;
    match said.split_whitespace().collect::<Vec<_>>()[..] {
        [time, found, _] => Ok((time.parse()?, found.parse()?)),
        _ => Err(format!("no time in {said:?}").into()),
    }
}
