//! Compares the server's journal with what the callers saw.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bedrock_orm::ErrorKind;

use crate::server::Entry;
use crate::work::LIMIT;

/// A call is compared this long after it ended. By then the journal has reported all of its requests.
pub(crate) const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// A call that met neither a stall nor a drip may only end at its time limit if no response began before this last part of
/// it.
const LATE: Duration = Duration::from_secs(1);
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

/// When a call began, by the clock and as the journal tells times.
#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    time: SystemTime,
}

#[derive(Debug)]
struct Ended {
    begun: Begun,
    at: Instant,
    operation: &'static str,
    seen: Seen,
}

impl Ended {
    /// Whether the call ended with an error at its time limit, or after it.
    fn is_expired(&self) -> bool {
        let expires =
            matches!(self.seen, Seen::Error { kind: ErrorKind::Timeout | ErrorKind::StreamInterrupted, .. });
        expires && self.at - self.begun.at >= LIMIT
    }
}

/// What both sides know, and what did not agree.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    last_call: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: HashMap<u64, Begun>,
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
    /// Calls without a marker in the journal: those that ended at their time limit, and the requests that stalled.
    unmarked: (u64, u64),
    /// Calls that met no stall, and ended at their time limit, because no response had begun in time, or a drip lasted too
    /// long.
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
/// The operations whose requests have no marker: the bodies of the streams are not in the journal, and pages have none.
const UNMARKED: [&str; 2] = [BIDIRECTIONAL, "ListImportedModels"];

impl Audit {
    /// Returns the number of a new call.
    pub(crate) fn next_call(&self) -> u64 {
        let call = self.last_call.fetch_add(1, Ordering::Relaxed) + 1;
        let begun = Begun { at: Instant::now(), time: SystemTime::now() };
        self.state.lock().unwrap().begun.insert(call, begun);
        call
    }

    /// Notes how a call ended.
    pub(crate) fn seen(&self, call: u64, operation: &'static str, seen: Seen) {
        let mut state = self.state.lock().unwrap();
        state.tally.calls += 1;
        match &seen {
            Seen::Answer { .. } => state.tally.answers += 1,
            Seen::Error { kind, .. } => *state.tally.errors.entry(format!("{kind:?}")).or_default() += 1,
        }
        let begun = state.begun.remove(&call).expect("it began");
        let ended = Ended { begun, at: Instant::now(), operation, seen };
        state.tally.bidirectional.0 += u64::from(operation == BIDIRECTIONAL);
        if UNMARKED.contains(&operation) {
            state.tally.unmarked.0 += u64::from(ended.is_expired());
        } else {
            state.ended.insert(call, ended);
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
        state.tally.faulty_requests += u64::from(!entry.faults.is_empty());
        let is_unmarked = UNMARKED.contains(&entry.operation.as_str());
        state.tally.unmarked.1 += u64::from(is_unmarked && entry.is_stalled());
        state.tally.bidirectional.1 += u64::from(entry.operation == BIDIRECTIONAL);
        if let Some(call) = entry.call {
            state.requests.entry(call).or_default().push(entry);
        }
    }

    /// Compares the calls that ended this long ago.
    pub(crate) fn settle(&self, age: Duration) {
        let mut state = self.state.lock().unwrap();
        let State { ended, requests, tally, .. } = &mut *state;
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
        let (expired, stalled) = tally.unmarked;
        tally.late += expired.saturating_sub(stalled);
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
    let Ended { begun, at, operation, seen } = ended;
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
    // The journal says when a response began, and not when a drip ended.
    let is_late = last.is_none_or(|last| last.answered + LATE >= begun.time + LIMIT || last.is_dripped());
    match (seen, last) {
        (_, Some(last)) if ended.is_expired() && last.is_stalled() => {}
        (..) if ended.is_expired() && is_late => tally.late += 1,
        (Seen::Answer { request_id }, Some(last)) if last.status < 300 => {
            if request_id.is_some() && *request_id != last.request_id {
                tally.wrong += 1;
                tally
                    .find(format!("the call {call} has the request ID {request_id:?}, not that of {last:?}"));
            }
        }
        (Seen::Error { kind, request_id }, Some(last))
            if *kind != ErrorKind::Timeout && !last.is_only_slow() =>
        {
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
                "the call {call} of {operation} saw {seen:?} after {:?}, and the journal has {requests:?}",
                *at - begun.at
            ));
        }
    }
}
