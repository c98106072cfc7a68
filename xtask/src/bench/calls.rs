//! Calls and streams.

use super::pairs::Pairs;
use super::programs::Counter;
use super::sides::{Bench, Counted, Quantity, Work, bare, boto3, botocraft, rig, sdk, whole};
use super::table::Reach::{self, AtLeast, AtMost};
use super::table::{MICROSECONDS, MILLISECONDS};
use crate::result::Result;

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let url = bench.server.url.clone();
    let work = |what, units, blocks| Work { program: "talk", what, url: &url, units, blocks };

    bench.compare(
        &[("`converse`: CPU", Quantity::Cpu)],
        MICROSECONDS,
        &work("converse", 100, 20),
        &[sdk(AtMost(1.03)), bare(Reach::None)],
        &[rig(500), boto3(100, AtLeast(15.0)), botocraft(20, AtLeast(200.0))],
    )?;
    let calls = Counted { what: "converse", few: 50, many: 250 };
    bench.count("`converse`: instructions", Counter::Instructions, &calls, AtMost(1.03))?;
    bench.count("`converse`: allocations", Counter::Allocations, &calls, AtMost(1.03))?;
    bench.compare(
        &[("`converse`, 64 in flight: time of one", Quantity::Wall)],
        MICROSECONDS,
        &work("concurrent", 640, 20),
        &[sdk(AtLeast(0.97)), bare(Reach::None)],
        &[],
    )?;

    bench.compare(
        &[("an event of `converse_stream`: CPU", Quantity::Cpu)],
        MICROSECONDS,
        &work("stream", 10_000, 20),
        &[sdk(AtMost(1.05))],
        &[rig(2_000), boto3(2_000, AtLeast(18.0)), botocraft(2_000, AtLeast(25.0))],
    )?;
    bench.compare(
        &[("an event of a stream that is collected: CPU", Quantity::Cpu)],
        MICROSECONDS,
        &work("collect", 10_000, 20),
        &[sdk(AtMost(1.10))],
        &[],
    )?;
    let events = Counted { what: "stream", few: 2_000, many: 10_000 };
    bench.count("an event: instructions", Counter::Instructions, &events, AtMost(1.05))?;
    bench.count("an event: allocations more", Counter::Allocations, &events, AtMost(0.02))?;

    bench.compare(
        &[("time to the first event", Quantity::Wall)],
        MICROSECONDS,
        &work("first-event", 100, 20),
        &[sdk(AtMost(1.02)), bare(Reach::None)],
        &[],
    )?;
    start(bench, &work("first", 1, 1))
}

/// The time of a whole process that makes one call.
fn start(bench: &mut Bench<'_>, work: &Work<'_>) -> Result {
    let what = "start of a process to its first reply";
    let program = |bench: &Bench<'_>, side| {
        bench.programs.command(work.program, &[side, work.what, work.url, "1", "1"])
    };
    let (mut ours, mut theirs) = (program(bench, "orm")?, program(bench, "sdk")?);
    let mut pairs = Pairs::default();
    for _ in 0..10 * bench.turns {
        pairs.add(whole(&mut ours)?, whole(&mut theirs)?);
    }
    bench.table.add(pairs.row(what, "the SDK", MILLISECONDS, AtMost(1.02)));
    for other in [boto3(1, Reach::None), botocraft(1, AtLeast(50.0))] {
        if let Some(mut theirs) = bench.other(&other, work) {
            let mut pairs = Pairs::default();
            for _ in 0..bench.turns {
                pairs.add(whole(&mut ours)?, whole(&mut theirs)?);
            }
            bench.table.add(pairs.row(what, other.name, MILLISECONDS, other.reach));
        }
    }
    Ok(())
}
