//! `cargo xtask bench`: what the ORM costs, beside the same work with other clients, and what it has to reach.
//!
//! All sides of a row run in turns in the same run, against one server on loopback with fixed bytes
//! (`crates/bedrock-orm/benches/static_server.rs`). Sides in Rust run in one process, block by block, and the median of the
//! ratios of neighbouring blocks counts: a machine that is slow for a while is slow for both. Instructions and allocations are
//! counted by valgrind without a network, as the difference between many and few, which leaves out the start.

mod calls;
mod clients;
pub(crate) mod crate_times;
mod lists;
mod local;
mod memory;
mod pairs;
mod programs;
mod quota;
mod report;
mod sides;
mod size;
mod standalone;
mod table;

use std::path::Path;

use crate::process::target;
use crate::result::Result;
use crate::server::Server;
use clients::Clients;
use programs::Programs;
use quota::Tasks;
use sides::Bench;
use table::Table;

pub(crate) fn run(root: &Path, is_quick: bool) -> Result {
    let programs = Programs::build(root)?;
    let target = target(root);
    let clients = Clients::install(root, &target, !is_quick)?;
    let tasks = Tasks::start(&programs)?;
    let server = Server::start(programs.path("static_server")?, &[])?;
    let mut bench = Bench {
        root,
        target,
        programs,
        clients,
        server,
        turns: if is_quick { 3 } else { 9 },
        is_quick,
        table: Table::new(),
    };
    // What a part printed is kept, even if a later part fails.
    let mut problems = Vec::new();
    let mut part = |name: &str, measured: Result| {
        if let Err(error) = measured {
            problems.push(format!("{name}: {error}"));
        }
    };
    part("calls", calls::measure(&mut bench));
    part("lists", lists::measure(&mut bench));
    part("memory", memory::measure(&mut bench));
    part("local Bedrock", local::measure(&mut bench));
    part("quota", tasks.measure(&mut bench));
    if !is_quick {
        part("size", size::measure(&mut bench));
        report::write(&bench)?;
    }
    problems.extend(bench.table.missed().into_iter().map(|row| format!("missed: {row}")));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
