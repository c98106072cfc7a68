//! Calls and streams.

use std::time::Instant;

use super::programs::{Counter, output};
use super::sides::{Bench, Counted, Lowest, MICROSECONDS, MILLISECONDS, Quantity, Side};
use super::table::Reach::{self, AtLeast, AtMost};
use super::table::Row;
use crate::result::Result;

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let url = bench.server.url.clone();
    let talk = |bench: &Bench<'_>, name: &'static str, side: &str, what: &str, times: u64| {
        bench.program(name, "talk", &[side, what, &url, &times.to_string()], times)
    };
    let orm = |bench: &Bench<'_>, what: &str, times| talk(bench, "bedrock-orm", "orm", what, times);
    let sdk = |bench: &Bench<'_>, what: &str, times| talk(bench, "the SDK", "sdk", what, times);
    let bare =
        |bench: &Bench<'_>, what: &str, times| talk(bench, "hyper and serde_json", "bare", what, times);

    let others = [
        Some(sdk(bench, "converse", 500)?.reach(AtMost(1.03))),
        Some(bare(bench, "converse", 500)?),
        bench.python("boto3", "converse", 100, AtLeast(15.0)),
        bench.python("botocraft", "converse", 20, AtLeast(200.0)),
    ];
    let ours = orm(bench, "converse", 500)?;
    bench.compare("`converse`: CPU", Quantity::Cpu, MICROSECONDS, ours, others.into_iter().flatten())?;
    count(bench, "`converse`: instructions", Counter::Instructions, "converse", AtMost(1.03))?;
    count(bench, "`converse`: allocations", Counter::Allocations, "converse", AtMost(1.03))?;

    let others = [sdk(bench, "concurrent", 2000)?.reach(AtLeast(0.97)), bare(bench, "concurrent", 2000)?];
    let ours = orm(bench, "concurrent", 2000)?;
    bench.compare("`converse`, 64 in flight: time of one", Quantity::Wall, MICROSECONDS, ours, others)?;

    let others = [
        Some(sdk(bench, "stream", 20_000)?.reach(AtMost(1.05))),
        bench.python("boto3", "stream", 2000, AtLeast(18.0)),
        bench.python("botocraft", "stream", 2000, AtLeast(25.0)),
    ];
    let ours = orm(bench, "stream", 20_000)?;
    bench.compare(
        "an event of `converse_stream`: CPU",
        Quantity::Cpu,
        MICROSECONDS,
        ours,
        others.into_iter().flatten(),
    )?;
    let others = [sdk(bench, "collect", 20_000)?.reach(AtMost(1.10))];
    let ours = orm(bench, "collect", 20_000)?;
    bench.compare(
        "an event of a stream that is collected: CPU",
        Quantity::Cpu,
        MICROSECONDS,
        ours,
        others,
    )?;
    count(bench, "an event: instructions", Counter::Instructions, "stream", AtMost(1.05))?;
    count(bench, "an event: allocations more", Counter::Allocations, "stream", AtMost(0.02))?;

    let others = [sdk(bench, "first-event", 1000)?.reach(AtMost(1.02)), bare(bench, "first-event", 1000)?];
    let ours = orm(bench, "first-event", 1000)?;
    let each = |side: Side| Side { units: 1, ..side };
    bench.compare("time to the first event", Quantity::Wall, MICROSECONDS, each(ours), others.map(each))?;
    start(bench, &url)
}

fn count(
    bench: &mut Bench<'_>,
    what: &'static str,
    counter: Counter,
    of: &'static str,
    reach: Reach,
) -> Result {
    let (few, many) = if of == "stream" { (2000, 10_000) } else { (50, 250) };
    let counted = |side| Counted { side, what: of, few, many, reach };
    bench.count(what, counter, &counted("orm"), &counted("sdk"))
}

/// The time of a whole process that makes one call.
fn start(bench: &mut Bench<'_>, url: &str) -> Result {
    let mut sides = vec![
        bench.program("bedrock-orm", "talk", &["orm", "first", url, "1"], 1)?,
        bench.program("the SDK", "talk", &["sdk", "first", url, "1"], 1)?.reach(AtMost(1.02)),
    ];
    sides.extend(bench.python("boto3", "first", 1, Reach::None));
    sides.extend(bench.python("botocraft", "first", 1, AtLeast(50.0)));
    let mut times = vec![Lowest::default(); sides.len()];
    for turn in 0..2 * bench.turns {
        for (side, times) in sides.iter_mut().zip(&mut times).filter(|(side, _)| turn % side.every == 0) {
            let start = Instant::now();
            output(&mut side.command)?;
            times.add(start.elapsed().as_nanos() as f64);
        }
    }
    for (side, theirs) in sides.iter().zip(&times).skip(1) {
        bench.table.add(Row {
            what: "start of a process to its first reply",
            against: side.name,
            unit: MILLISECONDS.name,
            ours: times[0].lowest / MILLISECONDS.nanoseconds,
            theirs: theirs.lowest / MILLISECONDS.nanoseconds,
            result: side.reach.ratio(times[0].lowest, theirs.lowest),
            reach: side.reach,
            spread: Some((times[0].spread(), theirs.spread())),
        });
    }
    Ok(())
}
