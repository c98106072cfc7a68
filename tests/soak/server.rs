//! The server's process: a local Bedrock with faults, which reports its journal.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use bedrock_orm_local::{At, Checksum, Fault, LocalBedrock, RecordedRequest, Reply};
use bedrock_orm_tests::support::seed_imported_models;
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::work;

/// The time between two reports.
const REPORTS: Duration = Duration::from_millis(250);
/// A request is reported when it is this old, and its response has ended.
const REPORTED_AFTER: Duration = Duration::from_secs(3);
/// The share of requests that meet each fault. Together they are a little over 5 %, because not every fault can meet every
/// operation.
const SHARE: f64 = 0.058 / 12.0;
/// The rows of the list.
pub(crate) const ROWS: usize = 6;

/// A request in the server's journal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) operation: String,
    /// The marker of the call: the number after `soak-` in the path or the body.
    pub(crate) call: Option<u64>,
    /// The HTTP status. 0 if the response was withheld.
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    /// When its response began.
    pub(crate) answered: SystemTime,
    /// The names of its faults.
    pub(crate) faults: Vec<String>,
}

impl Entry {
    /// Whether a fault stalled its response.
    pub(crate) fn is_stalled(&self) -> bool {
        self.faults.iter().any(|fault| fault == "stall")
    }

    /// Whether a fault sent its response in pieces.
    pub(crate) fn is_dripped(&self) -> bool {
        self.faults.iter().any(|fault| fault == "drip")
    }

    /// Whether a fault made its response wait, and did nothing else to it.
    pub(crate) fn is_only_slow(&self) -> bool {
        self.faults.iter().all(|fault| fault == "latency" || fault == "drip")
    }
}

/// The faults.
fn faults() -> [Fault; 12] {
    let faults = [
        Fault::throttling(),
        Fault::error("InternalServerException"),
        Fault::error("ServiceUnavailableException"),
        Fault::latency(Duration::from_millis(100)),
        // Smaller pieces last longer than a call may, if the timers of a busy machine are late.
        Fault::drip(64, Duration::from_millis(2)),
        Fault::reset(At::BeforeHeaders),
        Fault::reset(At::AfterBytes(40)),
        Fault::stall(At::BeforeHeaders),
        Fault::stall(At::AfterBytes(40)),
        Fault::truncate(At::AfterBytes(40)),
        Fault::broken_json(),
        Fault::wrong_checksum(Checksum::Message, 2),
    ];
    let mut seed = 0;
    faults.map(|fault| {
        seed += 1;
        fault.probability(SHARE, seed)
    })
}

/// Runs the server until its input ends.
pub(crate) fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let builder = LocalBedrock::builder()
        .page_size(2)
        .faults(faults())
        .reply_with(|conversation| Reply::text(work::reply(&conversation.text())));
    let local = runtime.block_on(builder.start()).unwrap();
    seed_imported_models(&local, ROWS);
    println!("{}", local.url());
    thread::spawn(|| {
        let _ = std::io::stdin().lines().count();
        std::process::exit(0);
    });
    let mut last = 0;
    loop {
        thread::sleep(REPORTS);
        let now = SystemTime::now();
        let is_settled = |request: &RecordedRequest| {
            now.duration_since(request.received).is_ok_and(|age| age >= REPORTED_AFTER)
        };
        let mut output = std::io::stdout().lock();
        let mut requests = local.requests();
        requests.retain(|request| request.id > last && is_settled(request));
        for request in &requests {
            assert_eq!(request.id, last + 1, "the journal is too short for its reports");
            last = request.id;
            writeln!(output, "{}", serde_json::to_string(&entry(request)).unwrap()).unwrap();
        }
        output.flush().unwrap();
    }
}

fn entry(request: &RecordedRequest) -> Entry {
    let body = String::from_utf8_lossy(&request.body);
    let name = |fault: &Fault| serde_json::to_value(fault).unwrap()["fault"].as_str().unwrap().to_owned();
    Entry {
        operation: request.operation.clone().unwrap_or_default(),
        call: marker(&request.path).or_else(|| marker(&body)),
        status: request.status,
        request_id: request.response.header("x-amzn-requestid").map(str::to_owned),
        answered: request.received,
        faults: request.faults.iter().map(name).collect(),
    }
}

/// The number after `soak-`.
fn marker(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("soak-")?;
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The server's process, as its client sees it.
pub(crate) struct ServerProcess {
    child: Child,
    url: String,
    reader: Option<JoinHandle<()>>,
}

impl ServerProcess {
    /// Starts this program again as a server. Its reports go to the audit.
    pub(crate) fn start(audit: Arc<Audit>) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        let mut child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let reader = thread::spawn(move || {
            for line in lines {
                audit.arrived(serde_json::from_str(&line.unwrap()).unwrap());
            }
        });
        Self { child, url, reader: Some(reader) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process, after its last report.
    pub(crate) fn stop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
    }
}
