//! The table of all cells.

use std::collections::BTreeMap;
use std::fmt;

use crate::cases::{CASES, Persistence};
use crate::cell::{Cell, Failure, Outcome};
use crate::family::Family;

/// What became of all runs.
#[derive(Debug, Default)]
pub(crate) struct Table {
    cells: BTreeMap<(Persistence, &'static str, Family), Vec<String>>,
    failures: Vec<String>,
    runs: usize,
}

impl Table {
    pub(crate) fn add(&mut self, cell: Cell, outcome: Result<Outcome, Failure>) {
        let Cell { case, family, persistence, seed } = cell;
        let text = match outcome {
            Ok(Outcome::NotApplicable) => "–".to_owned(),
            Ok(Outcome::Answer) => "answer".to_owned(),
            Ok(Outcome::Cut) => "what was sent".to_owned(),
            Ok(Outcome::Error(kind)) => format!("{kind:?}"),
            Err(why) => {
                let fault = case.name;
                self.failures
                    .push(format!("{fault}, {}, {persistence:?}, seed {seed}: {why}", family.name()));
                "**FAILED**".to_owned()
            }
        };
        self.runs += usize::from(text != "–");
        let seen = self.cells.entry((persistence, case.name, family)).or_default();
        if !seen.contains(&text) {
            seen.push(text);
            seen.sort();
        }
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = [
            (Persistence::Stays, "The fault meets every request, and the session makes one attempt:"),
            (Persistence::Once, "The fault meets one request, and the session makes up to three attempts:"),
        ];
        for (persistence, title) in titles {
            writeln!(formatter, "{title}\n\n| fault | {} |", Family::ALL.map(Family::name).join(" | "))?;
            writeln!(formatter, "|---{}|", "|---".repeat(Family::ALL.len()))?;
            for case in CASES {
                write!(formatter, "| {} |", case.name)?;
                for family in Family::ALL {
                    let seen = self.cells.get(&(persistence, case.name, family));
                    write!(formatter, " {} |", seen.map_or_else(String::new, |seen| seen.join(", ")))?;
                }
                writeln!(formatter)?;
            }
            writeln!(formatter)?;
        }
        write!(formatter, "{} runs, {} failures.", self.runs, self.failures.len())
    }
}
