//! Lists and details.

use super::programs::blocks;
use super::sides::{Bench, Quantity, Work, boto3, botocraft, sdk};
use super::table::Reach::{self, AtLeast, AtMost};
use super::table::{MICROSECONDS, MILLISECONDS, Row};
use crate::result::Result;
use crate::server::Server;

/// The requests a second that the server with a quota allows.
const QUOTA: u64 = 50;

/// The number of rows whose details are fetched.
const ROWS: u64 = 200;

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let url = bench.server.url.clone();
    let slow = Server::start(bench.programs.path("static_server")?, &["20"])?;
    let work = |what, units, blocks| Work { program: "list", what, url: &url, units, blocks };
    let slow_work = |what, units| Work { program: "list", what, url: &slow.url, units, blocks: 1 };

    bench.compare(
        &[("a list of 100 models: CPU", Quantity::Cpu)],
        MICROSECONDS,
        &work("models", 20, 20),
        &[sdk(AtMost(1.0))],
        &[boto3(20, Reach::None), botocraft(10, AtLeast(70.0))],
    )?;
    bench.compare(
        &[("100 pages of 100 rows: CPU", Quantity::Cpu), ("100 pages of 100 rows: time", Quantity::Wall)],
        MILLISECONDS,
        &work("pages", 1, 15),
        &[sdk(AtMost(0.75))],
        &[],
    )?;
    bench.compare(
        &[("100 pages at 20 ms each, with 20 ms of work a page: time", Quantity::Wall)],
        MILLISECONDS,
        &slow_work("work", 1),
        &[sdk(AtMost(0.55))],
        &[],
    )?;
    bench.compare(
        &[("details of one of 200 rows at 20 ms each: time", Quantity::Wall)],
        MILLISECONDS,
        &slow_work("full", ROWS),
        &[sdk(AtMost(1.0 / 7.0))],
        &[],
    )?;
    quota(bench)
}

/// Details under a quota: nothing is lost, and the quota is used.
fn quota(bench: &mut Bench<'_>) -> Result {
    let server = Server::start(bench.programs.path("static_server")?, &["20", &QUOTA.to_string()])?;
    let arguments = ["orm", "full", &server.url, &ROWS.to_string(), "1"];
    let times = blocks(&mut bench.programs.command("list", &arguments)?)?;
    let time = times.get("orm").and_then(|blocks| blocks.first()).ok_or("no time of the details")?;
    if time.read != ROWS {
        return Err(format!("{} of {ROWS} details came back", time.read).into());
    }
    let (ours, theirs) = (time.wall_ns as f64 / 1e6, ROWS as f64 / QUOTA as f64 * 1e3);
    bench.table.add(Row {
        what: "details of 200 rows under a quota of 50 a second: time",
        against: "the ideal",
        unit: MILLISECONDS.name,
        ours,
        theirs,
        result: ours / theirs,
        reach: AtMost(1.3),
        spread: None,
    });
    Ok(())
}
