//! The sides of a row, and their times in turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::clients::Clients;
use super::pairs::{Pairs, median};
use super::programs::{Counter, Measured, Programs, blocks, measured, output};
use super::table::{Reach, Row, Table, Unit};
use crate::result::Result;
use crate::server::Server;

/// A run of all measurements.
pub(super) struct Bench<'a> {
    pub(super) root: &'a Path,
    pub(super) target: PathBuf,
    pub(super) programs: Programs,
    pub(super) clients: Clients,
    /// The server with fixed bytes.
    pub(super) server: Server,
    pub(super) turns: usize,
    pub(super) is_quick: bool,
    pub(super) table: Table,
}

/// A side in the same program as ours: what the program calls it, its name in the table, and what is to be reached beside it.
pub(super) struct Rival {
    pub(super) side: &'static str,
    pub(super) name: &'static str,
    pub(super) reach: Reach,
}

/// The raw SDK.
pub(super) fn sdk(reach: Reach) -> Rival {
    Rival { side: "sdk", name: "the SDK", reach }
}

/// A client without signatures, retries, and types.
pub(super) fn bare(reach: Reach) -> Rival {
    Rival { side: "bare", name: "hyper and serde_json", reach }
}

/// A client that is a program of its own, beside ours.
pub(super) struct Other {
    pub(super) name: &'static str,
    pub(super) units: u64,
    pub(super) reach: Reach,
}

pub(super) fn boto3(units: u64, reach: Reach) -> Other {
    Other { name: "boto3", units, reach }
}

pub(super) fn botocraft(units: u64, reach: Reach) -> Other {
    Other { name: "botocraft", units, reach }
}

pub(super) fn rig(units: u64) -> Other {
    Other { name: "rig-bedrock", units, reach: Reach::None }
}

/// What is measured: a program, what it does, where, and how often in a block.
pub(super) struct Work<'a> {
    pub(super) program: &'static str,
    pub(super) what: &'static str,
    pub(super) url: &'a str,
    pub(super) units: u64,
    /// The number of blocks of a turn.
    pub(super) blocks: usize,
}

/// What is read from a measurement.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    Cpu,
    Wall,
}

impl Quantity {
    fn of(self, measured: Measured) -> f64 {
        match self {
            Self::Cpu => measured.cpu_ns as f64,
            Self::Wall => measured.wall_ns as f64,
        }
    }
}

impl Bench<'_> {
    /// Measures ours and the others in turns, and adds a row for each of the others. Sides of one program run in one process,
    /// block by block.
    pub(super) fn compare(
        &mut self,
        rows: &[(&'static str, Quantity)],
        unit: Unit,
        work: &Work<'_>,
        rivals: &[Rival],
        others: &[Other],
    ) -> Result {
        let sides: Vec<_> = std::iter::once("orm").chain(rivals.iter().map(|rival| rival.side)).collect();
        let (units, count) = (work.units.to_string(), work.blocks.to_string());
        let arguments = [&sides.join(","), work.what, work.url, &units, &count];
        let mut program = self.programs.command(work.program, &arguments)?;
        let mut others: Vec<_> =
            others.iter().filter_map(|other| Some((other, self.other(other, work)?))).collect();
        let mut pairs = vec![vec![Pairs::default(); rivals.len() + others.len()]; rows.len()];
        for _ in 0..self.turns {
            let blocks = blocks(&mut program)?;
            let side = |name: &str| blocks.get(name).ok_or_else(|| format!("no times of {name}"));
            let of_others: Vec<Measured> =
                others.iter_mut().map(|(_, command)| measured(command)).collect::<Result<_>>()?;
            for ((_, quantity), pairs) in rows.iter().zip(&mut pairs) {
                let one = |units: u64, measured: &Measured| quantity.of(*measured) / units as f64;
                let ours: Vec<f64> = side("orm")?.iter().map(|block| one(work.units, block)).collect();
                let (rival_pairs, other_pairs) = pairs.split_at_mut(rivals.len());
                for (rival, pairs) in rivals.iter().zip(rival_pairs) {
                    for (ours, theirs) in ours.iter().zip(side(rival.side)?) {
                        pairs.add(*ours, one(work.units, theirs));
                    }
                }
                for (((other, _), theirs), pairs) in others.iter().zip(&of_others).zip(other_pairs) {
                    pairs.add(median(&ours), one(other.units, theirs));
                }
            }
        }
        let rivals = rivals.iter().map(|rival| (rival.name, rival.reach));
        let sides: Vec<_> = rivals.chain(others.iter().map(|(other, _)| (other.name, other.reach))).collect();
        for ((what, _), pairs) in rows.iter().zip(&pairs) {
            for ((name, reach), pairs) in sides.iter().zip(pairs) {
                self.table.add(pairs.row(what, name, unit, *reach));
            }
        }
        Ok(())
    }

    /// Returns the command of another client, if it could be had.
    pub(super) fn other(&self, other: &Other, work: &Work<'_>) -> Option<Command> {
        self.clients.command(other.name, work.what, work.url, other.units)
    }

    /// Counts a unit of both sides by valgrind, as the difference between many and few.
    pub(super) fn count(
        &mut self,
        what: &'static str,
        counter: Counter,
        counted: &Counted,
        reach: Reach,
    ) -> Result {
        let (ours, theirs) = (counted.one(self, counter, "orm")?, counted.one(self, counter, "sdk")?);
        // Of a count that may be the same, the difference is told.
        let result = match reach {
            Reach::AtMost(most) if most < 0.5 => ours - theirs,
            reach => reach.ratio(ours, theirs),
        };
        self.table.add(Row { what, against: "the SDK", unit: "", ours, theirs, result, reach, spread: None });
        Ok(())
    }
}

/// Returns the time of a whole process in nanoseconds.
pub(super) fn whole(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    output(command)?;
    Ok(start.elapsed().as_nanos() as f64)
}

/// What `talk` does without a network, a few and many times.
pub(super) struct Counted {
    pub(super) what: &'static str,
    pub(super) few: u64,
    pub(super) many: u64,
}

impl Counted {
    /// Returns the count of one.
    fn one(&self, bench: &Bench<'_>, counter: Counter, side: &str) -> Result<f64> {
        let count = |times: u64| {
            let arguments = [side, self.what, "canned", &times.to_string(), "1"];
            counter.count(&bench.programs.command("talk", &arguments)?)
        };
        Ok((count(self.many)? - count(self.few)?) / (self.many - self.few) as f64)
    }
}
