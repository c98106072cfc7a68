//! The sides of a row: their programs, run in turns.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{Counter, Measured, Programs, measured};
use super::table::{Reach, Row, Table};
use crate::result::Result;
use crate::server::Server;

/// A run of all measurements.
pub(super) struct Bench<'a> {
    pub(super) root: &'a Path,
    pub(super) target: PathBuf,
    pub(super) programs: Programs,
    /// Python with boto3 and botocraft.
    pub(super) python: Option<PathBuf>,
    /// The server with fixed bytes.
    pub(super) server: Server,
    pub(super) turns: usize,
    pub(super) is_quick: bool,
    pub(super) table: Table,
}

/// One side of a row: a command, and the number of units that it does.
pub(super) struct Side {
    pub(super) name: &'static str,
    pub(super) command: Command,
    pub(super) units: u64,
    pub(super) reach: Reach,
    /// It runs in each turn, or only in every fifth: a process of Python takes seconds.
    pub(super) every: usize,
}

/// What is read from a measurement.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    Cpu,
    Wall,
}

impl Quantity {
    pub(super) fn of(self, measured: Measured) -> f64 {
        match self {
            Self::Cpu => measured.cpu_ns as f64,
            Self::Wall => measured.wall_ns as f64,
        }
    }
}

/// The times of a side, in turns.
#[derive(Clone, Copy)]
pub(super) struct Lowest {
    pub(super) lowest: f64,
    pub(super) highest: f64,
}

impl Default for Lowest {
    fn default() -> Self {
        Self { lowest: f64::MAX, highest: 0.0 }
    }
}

impl Lowest {
    pub(super) fn add(&mut self, value: f64) {
        (self.lowest, self.highest) = (self.lowest.min(value), self.highest.max(value));
    }

    pub(super) fn spread(self) -> f64 {
        self.highest / self.lowest - 1.0
    }
}

impl Bench<'_> {
    /// Returns a side that is one of our programs.
    pub(super) fn program(
        &self,
        name: &'static str,
        program: &str,
        arguments: &[&str],
        units: u64,
    ) -> Result<Side> {
        let command = self.programs.command(program, arguments)?;
        Ok(Side { name, command, units, reach: Reach::None, every: 1 })
    }

    /// Returns a side that is a client of Python, if it is installed.
    pub(super) fn python(&self, name: &'static str, what: &str, units: u64, reach: Reach) -> Option<Side> {
        let mut command = Command::new(self.python.as_ref()?);
        command.arg(self.root.join("crates/bedrock-orm/benches/clients.py"));
        command.args([name, what, &self.server.url, &units.to_string()]);
        command.env("PYTHONPYCACHEPREFIX", self.target.join("conformance/compiled"));
        Some(Side { name, command, units, reach, every: 5 })
    }

    /// Runs all sides in turns, and adds a row for each of the others.
    pub(super) fn compare(
        &mut self,
        what: &'static str,
        quantity: Quantity,
        unit: Unit,
        mut ours: Side,
        others: impl IntoIterator<Item = Side>,
    ) -> Result {
        let mut others: Vec<(Side, Lowest)> =
            others.into_iter().map(|side| (side, Lowest::default())).collect();
        let mut our_times = Lowest::default();
        for turn in 0..self.turns {
            our_times.add(ours.turn(quantity)?);
            for (side, times) in others.iter_mut().filter(|(side, _)| turn % side.every == 0) {
                times.add(side.turn(quantity)?);
            }
        }
        for (side, times) in others {
            self.table.add(Row {
                what,
                against: side.name,
                unit: unit.name,
                ours: our_times.lowest / unit.nanoseconds,
                theirs: times.lowest / unit.nanoseconds,
                result: side.reach.ratio(our_times.lowest, times.lowest),
                reach: side.reach,
                spread: Some((our_times.spread(), times.spread())),
            });
        }
        Ok(())
    }

    /// Counts a unit of both sides by valgrind, as the difference between many and few.
    pub(super) fn count(
        &mut self,
        what: &'static str,
        counter: Counter,
        ours: &Counted,
        theirs: &Counted,
    ) -> Result {
        let (our_count, their_count) = (ours.one(self, counter)?, theirs.one(self, counter)?);
        // Of a count that may be the same, the difference is told.
        let result = match ours.reach {
            Reach::AtMost(most) if most < 0.5 => our_count - their_count,
            reach => reach.ratio(our_count, their_count),
        };
        self.table.add(Row {
            what,
            against: "the SDK",
            unit: "",
            ours: our_count,
            theirs: their_count,
            result,
            reach: ours.reach,
            spread: None,
        });
        Ok(())
    }
}

impl Side {
    pub(super) fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    pub(super) fn turn(&mut self, quantity: Quantity) -> Result<f64> {
        Ok(quantity.of(measured(&mut self.command)?) / self.units as f64)
    }
}

/// What a time is shown in.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) nanoseconds: f64,
}

pub(super) const MICROSECONDS: Unit = Unit { name: "µs", nanoseconds: 1e3 };
pub(super) const MILLISECONDS: Unit = Unit { name: "ms", nanoseconds: 1e6 };

/// What `talk` does without a network, a few and many times.
pub(super) struct Counted {
    pub(super) side: &'static str,
    pub(super) what: &'static str,
    pub(super) few: u64,
    pub(super) many: u64,
    pub(super) reach: Reach,
}

impl Counted {
    /// Returns the count of one.
    pub(super) fn one(&self, bench: &Bench<'_>, counter: Counter) -> Result<f64> {
        let count = |times: u64| {
            let arguments = [self.side, self.what, "canned", &times.to_string()];
            counter.count(&bench.programs.command("talk", &arguments)?)
        };
        Ok((count(self.many)? - count(self.few)?) / (self.many - self.few) as f64)
    }
}
