//! The table of results.

use std::fmt::{self, Write as _};

/// What a result has to reach.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    AtMost(f64),
    AtLeast(f64),
    /// Measured for comparison only.
    None,
}

impl Reach {
    /// Returns ours as a multiple of theirs, or theirs as a multiple of ours where that is what has to be reached.
    pub(crate) fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::AtMost(_) => ours / theirs,
            Self::AtLeast(_) | Self::None => theirs / ours,
        }
    }

    fn is_met(self, result: f64) -> bool {
        match self {
            Self::AtMost(most) => result <= most,
            Self::AtLeast(least) => result >= least,
            Self::None => true,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(formatter, "≤ {}", Short(*most)),
            Self::AtLeast(least) => write!(formatter, "≥ {}", Short(*least)),
            Self::None => Ok(()),
        }
    }
}

/// What a time is shown in.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) nanoseconds: f64,
}

pub(crate) const MICROSECONDS: Unit = Unit { name: "µs", nanoseconds: 1e3 };
pub(crate) const MILLISECONDS: Unit = Unit { name: "ms", nanoseconds: 1e6 };

/// One measurement of ours beside another.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) against: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    /// Ours as a multiple of theirs, or the other way round, as the reach asks.
    pub(crate) result: f64,
    pub(crate) reach: Reach,
    /// The quartiles of the result, if there are many.
    pub(crate) spread: Option<(f64, f64)>,
}

/// The rows so far. Each is printed when it is known.
#[derive(Default)]
pub(crate) struct Table(pub(crate) Vec<Row>);

const HEAD: &str =
    "| what | beside | ours | theirs | | result | reach | quartiles |\n|---|---|--:|--:|---|--:|--:|--:|";

impl Table {
    pub(crate) fn new() -> Self {
        println!("{HEAD}");
        Self::default()
    }

    pub(crate) fn add(&mut self, row: Row) {
        println!("{row}");
        self.0.push(row);
    }

    /// Returns what missed its reach.
    pub(crate) fn missed(&self) -> Vec<String> {
        let missed = self.0.iter().filter(|row| !row.reach.is_met(row.result));
        missed.map(|row| format!("{} beside {}", row.what, row.against)).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{HEAD}")?;
        self.0.iter().try_for_each(|row| writeln!(formatter, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, against, unit, ours, theirs, result, reach, spread } = self;
        let mut spreads = String::new();
        if let Some((low, high)) = spread {
            write!(spreads, "{} – {}", Short(*low), Short(*high))?;
        }
        let missed = if reach.is_met(*result) { "" } else { " **missed**" };
        let (ours, theirs, result) = (Short(*ours), Short(*theirs), Short(*result));
        write!(
            formatter,
            "| {what} | {against} | {ours} | {theirs} | {unit} | {result} | {reach}{missed} | {spreads} |"
        )
    }
}

/// A number with three or four significant digits.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            number if number >= 100.0 || self.0.fract() == 0.0 => write!(formatter, "{:.0}", self.0),
            number if number >= 10.0 => write!(formatter, "{:.1}", self.0),
            number if number >= 2.0 => write!(formatter, "{:.2}", self.0),
            _ => write!(formatter, "{:.3}", self.0),
        }
    }
}
