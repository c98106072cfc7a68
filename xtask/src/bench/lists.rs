//! Lists and details.

use super::programs::measured;
use super::sides::{Bench, MICROSECONDS, MILLISECONDS, Quantity, Side};
use super::table::Reach::{self, AtLeast, AtMost};
use super::table::Row;
use crate::result::Result;
use crate::server::Server;

/// The requests a second that the server with a quota allows.
const QUOTA: u64 = 50;

/// The number of rows whose details are fetched.
const ROWS: u64 = 200;

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let url = bench.server.url.clone();
    let list = |bench: &Bench<'_>, name: &'static str, side: &str, what: &str, url: &str, times: u64| {
        bench.program(name, "list", &[side, what, url, &times.to_string()], times)
    };
    let orm =
        |bench: &Bench<'_>, what: &str, url: &str, times| list(bench, "bedrock-orm", "orm", what, url, times);
    let sdk =
        |bench: &Bench<'_>, what: &str, url: &str, times| list(bench, "the SDK", "sdk", what, url, times);

    let others = [
        Some(sdk(bench, "models", &url, 200)?.reach(AtMost(1.0))),
        bench.python("boto3", "models", 20, Reach::None),
        bench.python("botocraft", "models", 10, AtLeast(70.0)),
    ];
    let ours = orm(bench, "models", &url, 200)?;
    bench.compare(
        "a list of 100 models: CPU",
        Quantity::Cpu,
        MICROSECONDS,
        ours,
        others.into_iter().flatten(),
    )?;

    for (what, quantity) in
        [("100 pages of 100 rows: CPU", Quantity::Cpu), ("100 pages of 100 rows: time", Quantity::Wall)]
    {
        let others = [sdk(bench, "pages", &url, 10)?.reach(AtMost(0.75))];
        let ours = orm(bench, "pages", &url, 10)?;
        bench.compare(what, quantity, MILLISECONDS, ours, others)?;
    }

    let slow = Server::start(bench.programs.path("static_server")?, &["20"])?;
    let others = [sdk(bench, "work", &slow.url, 1)?.reach(AtMost(0.55))];
    let ours = orm(bench, "work", &slow.url, 1)?;
    let what = "100 pages at 20 ms each, with 20 ms of work a page: time";
    bench.compare(what, Quantity::Wall, MILLISECONDS, ours, others)?;

    let rows = |side: Side| Side { units: 1, ..side };
    let others = [rows(sdk(bench, "full", &slow.url, ROWS)?.reach(AtMost(1.0 / 7.0)))];
    let ours = rows(orm(bench, "full", &slow.url, ROWS)?);
    bench.compare("details of 200 rows at 20 ms each: time", Quantity::Wall, MILLISECONDS, ours, others)?;
    quota(bench)
}

/// Details under a quota: nothing is lost, and the quota is used.
fn quota(bench: &mut Bench<'_>) -> Result {
    let server = Server::start(bench.programs.path("static_server")?, &["20", &QUOTA.to_string()])?;
    let arguments = ["orm", "full", &server.url, &ROWS.to_string()];
    let time = measured(&mut bench.programs.command("list", &arguments)?)?;
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
