//! The faults, and what each of them may lead to.

use std::time::Duration;

use bedrock_orm::ErrorKind;
use bedrock_orm_local::{At, Checksum, Fault};
use fastrand::Rng;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The fault. The generator selects its places.
    pub(crate) fault: fn(&mut Rng) -> Fault,
    pub(crate) expected: Expected,
    pub(crate) effect: Effect,
}

/// Whether the fault meets one request or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Persistence {
    Stays,
    Once,
}

/// How a call may end while the fault stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// With the right answer.
    Answer,
    /// With an error of one of these kinds.
    Error(&'static [ErrorKind]),
    /// With the right answer, because the fault comes after its end, or with an error of one of these kinds.
    AnswerOr(&'static [ErrorKind]),
    /// With an answer that holds what the server changed, or with an error of one of these kinds.
    ChangedOr(&'static [ErrorKind]),
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// AWS refuses the request, for good.
    Refused,
    /// AWS refuses the request for the moment, so that every operation can repeat it.
    RefusedNow,
    /// The connection breaks before the response begins, which the SDK repeats too.
    Unanswered,
    /// The response begins. Only operations that are not charged may be repeated.
    Answered,
    /// The response does not arrive in time. Only operations that are not charged may be repeated.
    Late,
}

use Effect::{Answered, Late, Refused, RefusedNow, Unanswered};
use ErrorKind as Kind;
use Expected::{Answer, AnswerOr, ChangedOr, Error};

/// How a broken response can end.
const BROKEN: &[Kind] = &[Kind::Transport, Kind::StreamInterrupted, Kind::InvalidResponse];
/// How a response that does not go on can end.
const EXPIRED: &[Kind] = &[Kind::Timeout, Kind::StreamInterrupted];
/// How a response that cannot be read can end.
const UNREADABLE: &[Kind] = &[Kind::InvalidResponse, Kind::StreamInterrupted];

pub(crate) const CASES: &[Case] = &[
    case("throttling", |_| Fault::throttling(), Error(&[Kind::Throttled]), RefusedNow),
    case(
        "throttling with `retry-after`",
        |_| Fault::throttling().retry_after(Duration::from_millis(20)),
        Error(&[Kind::Throttled]),
        RefusedNow,
    ),
    case("a quota of requests", |_| Fault::requests_per_second(0), Error(&[Kind::Throttled]), RefusedNow),
    case("a quota of tokens", |_| Fault::tokens_per_minute(1), Error(&[Kind::Throttled]), RefusedNow),
    case("internal error", |_| error("InternalServerException"), Error(&[Kind::InternalServer]), RefusedNow),
    case(
        "unavailable",
        |_| error("ServiceUnavailableException"),
        Error(&[Kind::ServiceUnavailable]),
        RefusedNow,
    ),
    case(
        "502 of a proxy",
        |_| error("BadGateway").status(502),
        Error(&[Kind::ServiceUnavailable]),
        RefusedNow,
    ),
    case("model not ready", |_| error("ModelNotReadyException"), Error(&[Kind::ModelNotReady]), Refused),
    case("model timeout", |_| error("ModelTimeoutException"), Error(&[Kind::ModelTimeout]), Refused),
    case("model error", |_| error("ModelErrorException"), Error(&[Kind::ModelError]), Refused),
    case("access denied", |_| error("AccessDeniedException"), Error(&[Kind::AccessDenied]), Refused),
    case("expired token", |_| error("ExpiredTokenException"), Error(&[Kind::Credentials]), Refused),
    case("validation", |_| error("ValidationException"), Error(&[Kind::Validation]), Refused),
    case("not found", |_| error("ResourceNotFoundException"), Error(&[Kind::DoesNotExist]), Refused),
    case("conflict", |_| error("ConflictException"), Error(&[Kind::Conflict]), Refused),
    case(
        "quota of the account",
        |_| error("ServiceQuotaExceededException"),
        Error(&[Kind::ServiceQuotaExceeded]),
        Refused,
    ),
    case("unknown code", |_| error("TeapotException").status(418), Error(&[Kind::Unmodelled]), Refused),
    case("refused connections", |_| Fault::refuse_connections(), Error(&[Kind::Transport]), Unanswered),
    case("short pause", |_| Fault::latency(Duration::from_millis(20)), Answer, Answered),
    case("long pause", |_| Fault::latency(Duration::from_secs(3)), Error(EXPIRED), Late),
    case("fast drip", |_| Fault::drip(64, Duration::from_millis(1)), Answer, Answered),
    case("slow drip", |_| Fault::drip(1, Duration::from_millis(100)), AnswerOr(EXPIRED), Late),
    case("reset, no response", |_| Fault::reset(At::BeforeHeaders), Error(BROKEN), Unanswered),
    case("reset in the body", |rng| Fault::reset(in_body(rng)), AnswerOr(BROKEN), Answered),
    case("reset after events", |rng| Fault::reset(after_events(rng)), AnswerOr(BROKEN), Answered),
    case("reset in an event", |rng| Fault::reset(in_event(rng)), AnswerOr(BROKEN), Answered),
    case("stall, no response", |_| Fault::stall(At::BeforeHeaders), Error(EXPIRED), Late),
    case("stall in the body", |rng| Fault::stall(in_body(rng)), AnswerOr(EXPIRED), Late),
    case("stall after events", |rng| Fault::stall(after_events(rng)), AnswerOr(EXPIRED), Late),
    case("stall in an event", |rng| Fault::stall(in_event(rng)), AnswerOr(EXPIRED), Late),
    case("end, no response", |_| Fault::truncate(At::BeforeHeaders), Error(BROKEN), Unanswered),
    case("end in the body", |rng| Fault::truncate(in_body(rng)), AnswerOr(BROKEN), Answered),
    case("end after events", |rng| Fault::truncate(after_events(rng)), AnswerOr(BROKEN), Answered),
    case("end in an event", |rng| Fault::truncate(in_event(rng)), AnswerOr(BROKEN), Answered),
    case(
        "wrong checksum of lengths",
        |rng| Fault::wrong_checksum(Checksum::Prelude, rng.usize(..5)),
        Error(UNREADABLE),
        Answered,
    ),
    case(
        "wrong checksum of a frame",
        |rng| Fault::wrong_checksum(Checksum::Message, rng.usize(..5)),
        Error(UNREADABLE),
        Answered,
    ),
    case(
        "exception in a stream",
        |rng| Fault::exception("throttlingException", rng.usize(..5)),
        Error(&[Kind::Throttled]),
        Answered,
    ),
    case(
        "unknown exception",
        |rng| Fault::exception("futureException", rng.usize(..5)),
        Error(&[Kind::Unmodelled, Kind::StreamInterrupted]),
        Answered,
    ),
    case(
        "error frame",
        |rng| Fault::error_frame("InternalFailure", rng.usize(..5)),
        Error(&[Kind::InternalServer]),
        Answered,
    ),
    case("unknown event", |rng| Fault::unknown_event(rng.usize(..5)), Answer, Answered),
    case("unknown members", |_| Fault::unknown_fields(), Answer, Answered),
    case("unknown enum values", |_| Fault::unknown_enum_values(), ChangedOr(EXPIRED), Answered),
    case("unknown union members", |_| Fault::unknown_union_members(), ChangedOr(UNREADABLE), Answered),
    case("empty pages", |_| Fault::empty_page(), Error(UNREADABLE), Answered),
    case("repeated page token", |_| Fault::repeated_token(), Error(UNREADABLE), Answered),
    case("other content type", |_| Fault::content_type("text/html"), AnswerOr(UNREADABLE), Answered),
    case("broken JSON", |_| Fault::broken_json(), Error(UNREADABLE), Answered),
    case("1 MiB of white space", |_| Fault::oversized(1 << 20), Answer, Answered),
    case("20 MiB of white space", |_| Fault::oversized(20 << 20), AnswerOr(UNREADABLE), Answered),
];

const fn case(name: &'static str, fault: fn(&mut Rng) -> Fault, expected: Expected, effect: Effect) -> Case {
    Case { name, fault, expected, effect }
}

fn error(code: &str) -> Fault {
    Fault::error(code)
}

fn in_body(rng: &mut Rng) -> At {
    At::AfterBytes(rng.usize(..120))
}

fn after_events(rng: &mut Rng) -> At {
    At::AfterEvents(rng.usize(..6))
}

fn in_event(rng: &mut Rng) -> At {
    At::InEvent(rng.usize(..6))
}
