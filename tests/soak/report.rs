//! The table, and whether the goals are met.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::Audit;
use crate::usage::{Samples, Usage};

/// How much a process may grow between the second and the last quarter of the time: allocators keep some memory.
const MOST_GROWTH: f64 = 1.05;
/// The same in KiB, for small processes.
const LEAST_GROWTH: u64 = 4 * 1024;

/// What a soak found.
pub(crate) struct Report {
    pub(crate) duration: Duration,
    pub(crate) samples: Samples,
    pub(crate) audit: Arc<Audit>,
    pub(crate) panics: usize,
}

/// A row: what, the figure, the goal, and whether it is met.
type Row = (&'static str, String, &'static str, bool);

impl Report {
    pub(crate) fn is_met(&self) -> bool {
        self.rows().iter().all(|(_, _, _, is_met)| *is_met)
    }

    fn rows(&self) -> Vec<Row> {
        let tally = self.audit.tally();
        let share = 100.0 * tally.faulty_requests as f64 / tally.requests.max(1) as f64;
        let errors: Vec<_> = tally.errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let minutes = self.duration.as_secs() / 60;
        let Samples { client, server } = &self.samples;
        vec![
            ("time", format!("{minutes} minutes"), "", true),
            ("calls", tally.calls.to_string(), "", tally.calls > 0),
            ("right answers", tally.answers.to_string(), "", tally.answers > 0),
            ("typed errors", errors.join(", "), "", true),
            ("streams dropped in their middle", tally.dropped.to_string(), "", true),
            ("requests in the server's journal", tally.requests.to_string(), "", true),
            (
                "requests with a fault",
                format!("{} ({share:.1} %)", tally.faulty_requests),
                "5 %",
                share > 4.0,
            ),
            ("requests that the SDK repeated", tally.repeated.to_string(), "counted", true),
            (
                "calls that ended at their time limit, because a response began late or dripped",
                format!("{} ({:.2} %)", tally.late, 100.0 * tally.late as f64 / tally.calls.max(1) as f64),
                "at most 0.1 %",
                1000 * tally.late <= tally.calls,
            ),
            ("calls that the journal does not have", tally.lost.to_string(), "0", tally.lost == 0),
            ("calls that were answered twice", tally.doubled.to_string(), "0", tally.doubled == 0),
            ("wrong answers, wrong errors", tally.wrong.to_string(), "0", tally.wrong == 0),
            ("panics", self.panics.to_string(), "0", self.panics == 0),
            memory("memory of the client", client),
            memory("memory of the server", server),
            files("open files of the client", client),
            files("open files of the server", server),
        ]
    }
}

fn memory(name: &'static str, usage: &Usage) -> Row {
    let (early, late) = usage.memory();
    let is_met = late as f64 <= early as f64 * MOST_GROWTH || late <= early + LEAST_GROWTH;
    (name, format!("{} → {} MiB", early / 1024, late / 1024), "+5 % or +4 MiB", is_met)
}

fn files(name: &'static str, usage: &Usage) -> Row {
    let (early, late) = usage.files();
    let (first, last) = (usage.first_files, usage.last_files);
    let figure = format!("{first} before, {early} → {late}, {last} after");
    (name, figure, "flat, and closed after", late <= early + early / 4 && last <= first)
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| | found | goal |\n|---|---|---|")?;
        for (name, figure, goal, is_met) in self.rows() {
            let missed = if is_met { "" } else { " **MISSED**" };
            writeln!(formatter, "| {name} | {figure}{missed} | {goal} |")?;
        }
        for finding in self.audit.tally().findings {
            writeln!(formatter, "\n- {finding}")?;
        }
        Ok(())
    }
}
