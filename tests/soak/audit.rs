//! Compares the server's journal with what the callers saw.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bedrock_orm::ErrorKind;

use crate::server::Entry;

/// A call is compared this long after it ended. By then the journal has reported all of its requests.
pub(crate) const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// The most findings that are kept with their text.
const MOST_FINDINGS: usize = 20;

/// How a call ended for its caller.
#[derive(Debug)]
pub(crate) enum Seen {
    Answer { request_id: Option<String> },
    Error { kind: ErrorKind, request_id: Option<String> },
}

impl Seen {
    pub(crate) fn of(result: bedrock_orm::Result<Option<String>>) -> Self {
        match result {
            Ok(request_id) => Self::Answer { request_id },
            Err(error) => {
                Self::Error { kind: error.kind(), request_id: error.request_id().map(str::to_owned) }
            }
        }
    }
}

#[derive(Debug)]
struct Ended {
    at: Instant,
    operation: &'static str,
    seen: Seen,
}

/// What both sides know, and what did not agree.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    last_call: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ended: HashMap<u64, Ended>,
    /// The requests of the calls that are not compared yet, in the order of their arrival.
    requests: HashMap<u64, Vec<Entry>>,
    tally: Tally,
}

/// The counts of a soak.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) answers: u64,
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) dropped: u64,
    pub(crate) requests: u64,
    pub(crate) faulty_requests: u64,
    /// Requests that the SDK sent again.
    pub(crate) repeated: u64,
    /// Streams in both directions: calls and requests. Their bodies are not in the journal.
    pub(crate) bidirectional: (u64, u64),
    /// Calls that met no fault, and ended at their time limit: the machine was busy.
    pub(crate) late: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) wrong: u64,
    /// The first of what is wrong.
    pub(crate) findings: Vec<String>,
}

impl Tally {
    fn find(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}

const BIDIRECTIONAL: &str = "InvokeModelWithBidirectionalStream";

impl Audit {
    /// Returns the number of a new call.
    pub(crate) fn next_call(&self) -> u64 {
        self.last_call.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes how a call ended.
    pub(crate) fn seen(&self, call: u64, operation: &'static str, seen: Seen) {
        let mut state = self.state.lock().unwrap();
        state.tally.calls += 1;
        match &seen {
            Seen::Answer { .. } => state.tally.answers += 1,
            Seen::Error { kind, .. } => *state.tally.errors.entry(format!("{kind:?}")).or_default() += 1,
        }
        match operation {
            BIDIRECTIONAL => state.tally.bidirectional.0 += 1,
            // Its rows were compared, and its pages have no marker.
            "ListImportedModels" => {}
            _ => drop(state.ended.insert(call, Ended { at: Instant::now(), operation, seen })),
        }
    }

    /// Notes that a caller got a wrong answer.
    pub(crate) fn wrong(&self, finding: String) {
        let tally = &mut self.state.lock().unwrap().tally;
        tally.wrong += 1;
        tally.find(finding);
    }

    /// Notes that a caller dropped a stream.
    pub(crate) fn dropped(&self) {
        self.state.lock().unwrap().tally.dropped += 1;
    }

    /// Notes a request in the server's journal.
    pub(crate) fn arrived(&self, entry: Entry) {
        let mut state = self.state.lock().unwrap();
        state.tally.requests += 1;
        state.tally.faulty_requests += u64::from(entry.is_faulty);
        state.tally.bidirectional.1 += u64::from(entry.operation == BIDIRECTIONAL);
        if let Some(call) = entry.call {
            state.requests.entry(call).or_default().push(entry);
        }
    }

    /// Compares the calls that ended this long ago.
    pub(crate) fn settle(&self, age: Duration) {
        let mut state = self.state.lock().unwrap();
        let State { ended, requests, tally } = &mut *state;
        ended.retain(|call, ended| {
            let is_settled = ended.at.elapsed() >= age;
            if is_settled {
                compare(*call, ended, &requests.remove(call).unwrap_or_default(), tally);
            }
            !is_settled
        });
    }

    /// Returns the counts, at the end.
    pub(crate) fn tally(&self) -> Tally {
        let state = self.state.lock().unwrap();
        let mut tally = state.tally.clone();
        for (call, requests) in &state.requests {
            tally.wrong += 1;
            tally.find(format!("nobody made the call {call} of {requests:?}"));
        }
        let (calls, requests) = tally.bidirectional;
        if requests > calls {
            tally.doubled += requests - calls;
            tally.find(format!("{calls} bidirectional streams had {requests} requests"));
        }
        tally
    }
}

/// Compares what a caller saw with the requests that arrived.
fn compare(call: u64, ended: &Ended, requests: &[Entry], tally: &mut Tally) {
    let Ended { operation, seen, .. } = ended;
    tally.repeated += requests.len().saturating_sub(1) as u64;
    let is_charged = *operation != "CreateGuardrail";
    let answered = requests.iter().filter(|request| request.status == 200).count();
    if is_charged && answered > 1 {
        tally.doubled += 1;
        tally.find(format!("the call {call} of {operation} was answered {answered} times: {requests:?}"));
    }
    if let Some(entry) = requests.iter().find(|entry| entry.operation != *operation) {
        tally.wrong += 1;
        tally.find(format!("the call {call} of {operation} became {entry:?}"));
    }
    let last = requests.last();
    // The caller's time limit can expire before the first byte of any response, a refusal included.
    let is_late = matches!(
        seen,
        Seen::Error { kind: ErrorKind::Timeout | ErrorKind::StreamInterrupted, request_id: None }
    );
    match (seen, last) {
        (Seen::Error { .. }, last) if is_late && last.is_none_or(|last| !last.is_faulty) => tally.late += 1,
        (Seen::Answer { request_id }, Some(last)) if last.status < 300 => {
            if request_id.is_some() && *request_id != last.request_id {
                tally.wrong += 1;
                tally
                    .find(format!("the call {call} has the request ID {request_id:?}, not that of {last:?}"));
            }
        }
        (Seen::Error { kind, request_id }, Some(last)) if requests.iter().any(|it| it.is_faulty) => {
            let is_refused = matches!(kind, ErrorKind::Throttled | ErrorKind::InternalServer)
                || *kind == ErrorKind::ServiceUnavailable;
            if is_refused != (last.status >= 400) || request_id.is_some() && *request_id != last.request_id {
                tally.wrong += 1;
                tally.find(format!("the call {call} saw {seen:?}, and the journal has {last:?}"));
            }
        }
        _ => {
            tally.lost += 1;
            tally.find(format!(
                "the call {call} of {operation} saw {seen:?}, and the journal has {requests:?}"
            ));
        }
    }
}
