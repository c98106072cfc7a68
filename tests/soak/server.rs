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
/// The share for a fault that is limited to one operation.
const SHARE_OF_ONE: f64 = 5.0 * SHARE;
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
    pub(crate) is_faulty: bool,
}

/// The faults. A stall meets no bidirectional stream, because the server would keep its connection.
fn faults() -> [Fault; 12] {
    let faults = [
        (Fault::throttling(), SHARE),
        (Fault::error("InternalServerException"), SHARE),
        (Fault::error("ServiceUnavailableException"), SHARE),
        (Fault::latency(Duration::from_millis(100)), SHARE),
        (Fault::drip(16, Duration::from_millis(2)), SHARE),
        (Fault::reset(At::BeforeHeaders), SHARE),
        (Fault::reset(At::AfterBytes(40)), SHARE),
        (Fault::stall(At::BeforeHeaders).on("Converse"), SHARE_OF_ONE),
        (Fault::stall(At::AfterBytes(40)).on("ConverseStream"), SHARE_OF_ONE),
        (Fault::truncate(At::AfterBytes(40)), SHARE),
        (Fault::broken_json(), SHARE),
        (Fault::wrong_checksum(Checksum::Message, 2), SHARE),
    ];
    let mut seed = 0;
    faults.map(|(fault, share)| {
        seed += 1;
        fault.probability(share, seed)
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
    Entry {
        operation: request.operation.clone().unwrap_or_default(),
        call: marker(&request.path).or_else(|| marker(&body)),
        status: request.status,
        request_id: request.response.header("x-amzn-requestid").map(str::to_owned),
        is_faulty: !request.faults.is_empty(),
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
