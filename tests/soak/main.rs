//! The soak: mixed work for an hour, while 5 % of the requests meet a fault. `cargo xtask soak` runs it.
//!
//! The server is a process of its own. It reports what its journal has, and this process compares that with what the callers
//! saw. Both must keep their memory and their open files.
//!
//! - `server.rs`: the server's process, and its faults;
//! - `work.rs`: the calls;
//! - `audit.rs`: compares the journal with what the callers saw;
//! - `usage.rs`: memory and open files of a process;
//! - `report.rs`: the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod audit;
mod report;
mod server;
mod usage;
mod work;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use audit::Audit;
use bedrock_orm::RetryPolicy;
use bedrock_orm::prelude::*;
use report::Report;
use server::ServerProcess;
use tokio::task::JoinSet;
use usage::Samples;
use work::Worker;

/// How many callers there are.
const CALLERS: u64 = 16;

/// The panics of all threads.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let minutes = match words[..] {
        ["serve"] => return server::serve(),
        [] => 60,
        ["--quick"] => 3,
        ["--minutes", minutes] => minutes.parse().expect("a number of minutes"),
        _ => panic!("usage: soak [--quick | --minutes N]"),
    };
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        print(panic);
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime.block_on(soak(Duration::from_secs(60 * minutes)));
    println!("{report}");
    if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(duration: Duration) -> Report {
    let audit = Arc::new(Audit::default());
    let mut server = ServerProcess::start(Arc::clone(&audit));
    let session = Session::builder()
        .local(server.url())
        .retries(RetryPolicy::interactive())
        .operation_timeout(work::LIMIT)
        .stream_silence_timeout(work::LIMIT)
        .build()
        .await
        .unwrap();
    let mut samples = Samples::new(std::process::id(), server.id());
    let ends = Instant::now() + duration;
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(Worker::new(number, session.clone(), Arc::clone(&audit)).run_until(ends));
    }
    while Instant::now() < ends {
        tokio::time::sleep(Duration::from_secs(1)).await;
        samples.take();
        audit.settle(audit::SETTLED_AFTER);
    }
    while let Some(ended) = callers.join_next().await {
        if ended.is_err() {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
    }
    session.close();
    drop(session);
    // The journal reports a request some seconds after it arrived.
    tokio::time::sleep(audit::SETTLED_AFTER).await;
    samples.take_last();
    server.stop();
    audit.settle(Duration::ZERO);
    Report { duration, samples, audit, panics: PANICS.load(Ordering::Relaxed) }
}
