//! The fault matrix: every fault of the local Bedrock meets every family of operations. `cargo xtask faults` runs it.
//!
//! Each cell has a client of its own, on a runtime of its own. Its call must end with a typed error or the right answer, keep
//! what had arrived, send nothing twice that AWS may have charged, and leave no task and no connection behind.
//!
//! - `cases.rs`: the faults, and what each of them may lead to;
//! - `family.rs`: the families of operations;
//! - `cell.rs`: runs one cell and judges it;
//! - `table.rs`: the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod cases;
mod cell;
mod family;
mod table;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cases::{CASES, Persistence};
use cell::{Cell, Worker};
use family::Family;
use table::Table;

/// How many cells run at once. Most of them wait.
const WORKERS: usize = 8;

/// The seeds of the long form. Each gives the faults other places and numbers.
const SEEDS: u64 = 8;

/// Far more than any cell takes. A cell that blocks its thread is reported after this time.
const STUCK: Duration = Duration::from_secs(600);

/// The panics of all threads.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.lock().unwrap().push(panic.to_string());
        print(panic);
    }));
    let cells = cells(if quick { 1 } else { SEEDS });
    let mut table = Table::default();
    let (sender, outcomes) = mpsc::channel();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..WORKERS {
            let (sender, next, cells) = (sender.clone(), &next, &cells);
            scope.spawn(move || {
                let mut worker = Worker::start(number);
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send((*cell, worker.run(*cell))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        loop {
            match outcomes.recv_timeout(STUCK) {
                Ok((cell, outcome)) => table.add(cell, outcome),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    println!("{table}");
                    eprintln!(
                        "a cell blocks its thread, or a worker has ended: {:?}",
                        PANICS.lock().unwrap()
                    );
                    std::process::exit(1);
                }
            }
        }
    });
    println!("{table}");
    let panics = PANICS.lock().unwrap();
    for failure in table.failures().iter().chain(panics.iter()) {
        eprintln!("{failure}");
    }
    if table.failures().is_empty() && panics.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cells(seeds: u64) -> Vec<Cell> {
    let mut cells = Vec::new();
    for seed in 0..seeds {
        for case in CASES {
            for persistence in [Persistence::Stays, Persistence::Once] {
                cells.extend(Family::ALL.map(|family| Cell { case, family, persistence, seed }));
            }
        }
    }
    cells
}
