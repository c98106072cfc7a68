//! One cell of the table: a fault, an operation, and what became of the call.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bedrock_orm::Partial;
use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;
use fastrand::Rng;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::cases::{Case, Effect, Expected, Persistence};
use crate::family::{Family, Received};

/// The session's time limit if the fault makes calls late.
const SHORT: Duration = Duration::from_millis(400);
/// The session's time limit otherwise.
const LONG: Duration = Duration::from_secs(30);
/// A call that has not ended by then hangs.
const HANGS: Duration = Duration::from_secs(240);
/// Tasks and connections that are still there by then are leaked.
const LEAKED: Duration = Duration::from_secs(10);

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) case: &'static Case,
    pub(crate) family: Family,
    pub(crate) persistence: Persistence,
    pub(crate) seed: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The fault cannot meet the operation.
    NotApplicable,
    Answer,
    /// A stream in both directions ended early, and the caller has what was sent. Only the provider's events, which are
    /// the caller's to read, say that there should be more.
    Cut,
    Error(ErrorKind),
}

/// What is wrong with a cell.
pub(crate) type Failure = String;

/// A server that the cells of one thread share, one after the other.
pub(crate) struct Worker {
    number: usize,
    /// The server's runtime, whose tasks are the server and its connections.
    runtime: Runtime,
    local: LocalBedrock,
    folder: PathBuf,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Worker {
    pub(crate) fn start(number: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("bedrock-orm-faults-{}-{number}", std::process::id()));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = LocalBedrock::builder()
            .page_size(2)
            .reply_with(|conversation| Family::reply(&conversation.text()))
            .job_duration(Duration::from_millis(1))
            .bucket_folder(&folder);
        let local = runtime.block_on(builder.start()).unwrap();
        Self { number, runtime, local, folder }
    }

    /// Runs a cell on a runtime of its own.
    pub(crate) fn run(&mut self, cell: Cell) -> Result<Outcome, Failure> {
        self.local.reset();
        let _ = fs::remove_dir_all(self.folder.join("my-bucket"));
        fs::create_dir_all(self.folder.join("my-bucket")).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let outcome = self.outcome(cell).await;
            let idle = self.wait_until_idle().await;
            outcome.and_then(|outcome| idle.map(|()| outcome))
        });
        if outcome.is_err() {
            *self = Self::start(self.number);
        }
        outcome
    }

    async fn session(&self, limit: Duration, attempts: u32) -> Session {
        Session::builder()
            .local(self.local.url())
            .max_attempts(attempts)
            .operation_timeout(limit)
            .stream_silence_timeout(limit)
            .build()
            .await
            .unwrap()
    }

    async fn outcome(&self, cell: Cell) -> Result<Outcome, Failure> {
        let Cell { case, family, persistence, seed } = cell;
        let calm = self.session(LONG, 1).await;
        let prepared = family.prepare(&self.local, &calm, &self.folder).await.map_err(describe)?;
        self.local.clear_requests();

        let mut fault = (case.fault)(&mut Rng::with_seed(seed));
        if case.name != "refused connections" {
            fault = fault.on(family.operation()).after(family.requests_before());
        }
        let attempts = match persistence {
            Persistence::Stays => 1,
            Persistence::Once => {
                fault = fault.times(1);
                3
            }
        };
        if self.local.fault(fault).is_err() {
            return Ok(Outcome::NotApplicable);
        }
        let limit = if case.effect == Effect::Late { SHORT } else { LONG };
        let session = self.session(limit, attempts).await;
        let received = Received::default();
        let call = family.call(&session, &prepared, &self.folder, &received);
        let result = timeout(HANGS, call).await.map_err(|_| "it hangs".to_owned())?;
        if self.local.faults().iter().all(|fault| fault.applied == 0) {
            return Err("the fault did not apply".to_owned());
        }
        let requests = self.local.count(family.operation());
        let sent = family.sent(&self.local);
        self.local.clear_faults();

        check_kept(cell, &result, &received, sent)?;
        let may_be_charged = matches!(case.effect, Effect::Answered | Effect::Late) && family.is_charged();
        if may_be_charged && requests > 1 {
            return Err(format!("a charged request was sent {requests} times"));
        }
        if let Some(wrong) = family.aftermath(&calm, &prepared, &self.folder).await.map_err(describe)? {
            return Err(wrong);
        }
        judge(cell, result)
    }

    /// Waits until the call has left no task and no connection behind.
    async fn wait_until_idle(&self) -> Result<(), Failure> {
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        // The server's own task accepts connections.
        let connections = || self.runtime.metrics().num_alive_tasks() - 1;
        let idle = async {
            while tasks() + connections() > 0 {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let leaks = timeout(LEAKED, idle).await;
        leaks.map_err(|_| format!("{} tasks and {} connections are left", tasks(), connections()))
    }
}

fn describe(error: Error) -> Failure {
    format!("an error without a fault: {error}")
}

/// Checks that the caller has what arrived: the rows, the text, or the partial reply of the error.
fn check_kept(
    cell: Cell,
    result: &bedrock_orm::Result<String>,
    received: &Received,
    sent: Option<String>,
) -> Result<(), Failure> {
    let text = cell.family.received_text(received);
    if result.as_ref().is_ok_and(|answer| *answer == cell.family.answer()) {
        return Ok(());
    }
    if result.is_err() && cell.family == Family::List && cell.persistence == Persistence::Stays {
        let is_kept = cell.case.effect == Effect::Unanswered || text.split_whitespace().count() >= 2;
        return if is_kept { Ok(()) } else { Err(format!("the rows of the first page are lost: {text:?}")) };
    }
    let Some(sent) = sent.filter(|_| !matches!(cell.case.expected, Expected::ChangedOr(_))) else {
        return Ok(());
    };
    // A reset, and the end of the call's time, can come before the client has read what was sent.
    let can_be_unread = cell.case.name.starts_with("reset") || cell.case.name.contains("drip");
    if !(sent == text || can_be_unread && sent.starts_with(&text)) {
        return Err(format!("the server sent {sent:?}, and the caller got {text:?}"));
    }
    let Err(error) = result else { return Ok(()) };
    let partial = match (cell.family, error.partial()) {
        (Family::ConverseStream, Some(_)) => error.partial_message().map(Message::text).unwrap_or_default(),
        (Family::InvokeStream, Some(Partial::Body(body))) => {
            let body = String::from_utf8_lossy(body).into_owned();
            return if body == received.text() { Ok(()) } else { Err("the partial body differs".to_owned()) };
        }
        (Family::ConverseStream | Family::InvokeStream, _) => String::new(),
        _ => return Ok(()),
    };
    if partial == text {
        Ok(())
    } else {
        Err(format!("the error has {partial:?}, and the caller got {text:?}"))
    }
}

/// Whether the call ended as it may.
fn judge(cell: Cell, result: bedrock_orm::Result<String>) -> Result<Outcome, Failure> {
    let Cell { case, family, persistence, .. } = cell;
    // A stream in both directions cannot be repeated: what was sent is gone.
    let must_recover = persistence == Persistence::Once
        && matches!(case.effect, Effect::RefusedNow | Effect::Unanswered)
        && family != Family::Bidirectional;
    match result {
        Ok(text)
            if family == Family::Bidirectional && case.name.starts_with("end") && text != family.answer() =>
        {
            Ok(Outcome::Cut)
        }
        Ok(text) => {
            let is_wanted = match (persistence, case.expected) {
                (Persistence::Once, _) | (_, Expected::Answer | Expected::AnswerOr(_)) => {
                    text == family.answer()
                }
                (_, Expected::ChangedOr(_)) => true,
                (_, Expected::Error(_)) => false,
            };
            let is_changed = matches!(case.expected, Expected::ChangedOr(_));
            if is_wanted || is_changed {
                Ok(Outcome::Answer)
            } else {
                Err(format!("the wrong answer: {text:?}"))
            }
        }
        Err(error) if must_recover => Err(format!("it does not recover: {error}")),
        Err(error) => {
            let kinds = match case.expected {
                Expected::Answer => &[],
                Expected::Error(kinds) | Expected::AnswerOr(kinds) | Expected::ChangedOr(kinds) => kinds,
            };
            if !kinds.contains(&error.kind()) {
                return Err(format!("the wrong error, {:?}: {error}", error.kind()));
            }
            // A wait for a batch ends without a request.
            let is_wait = family == Family::Batch && error.is_timeout();
            if error.operation().is_none() && !is_wait {
                return Err(format!("the error has no operation: {error}"));
            }
            Ok(Outcome::Error(error.kind()))
        }
    }
}
