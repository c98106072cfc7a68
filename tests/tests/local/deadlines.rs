//! Every stall of every runtime operation ends at its deadline. What AWS may have charged is not sent again.

use std::future::IntoFuture as _;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bedrock_orm::SessionBuilder;
use bedrock_orm::models::guardrail_checks::{GuardrailChecksConfig, GuardrailChecksMessage};
use bedrock_orm::models::{
    CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig, InvokeGuardrailChecksRequest,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::{At, Fault, LocalBedrock, Reply};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::fake_server::{FakeResponse, FakeServer};
use bedrock_orm_tests::support::{CLAUDE, MODEL, VIDEO_MODEL, local, model, operations};
use serde_json::json;

use crate::converse_stream::{every_event, frames};

/// Far longer than every limit in these tests, and far shorter than the defaults.
const WIDE: Duration = Duration::from_secs(15);

/// What the bidirectional model listens to.
const SPEECH_MODEL: &str = "amazon.nova-2-sonic-v1:0";

type Call = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// All runtime operations, and whether AWS charges them.
const OPERATIONS: [(&str, bool); 11] = [
    ("Converse", true),
    ("ConverseStream", true),
    ("InvokeModel", true),
    ("InvokeModelWithResponseStream", true),
    ("InvokeModelWithBidirectionalStream", true),
    ("ApplyGuardrail", true),
    ("InvokeGuardrailChecks", true),
    ("CountTokens", false),
    ("StartAsyncInvoke", false),
    ("GetAsyncInvoke", false),
    ("ListAsyncInvokes", false),
];

/// Resources that the calls need, created before the fault.
struct Prepared {
    guardrail_id: String,
    job_arn: String,
}

async fn prepare(session: &Session) -> Prepared {
    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("secret")]);
    let request = CreateGuardrailRequest::new("words", "No.", "No.").word_policy_config(words);
    let guardrail = Guardrail::objects().using(session).create(request).await.unwrap();
    let input = json!({"prompt": "A satellite."});
    let job = model(session, VIDEO_MODEL).start_async_invoke(input, "s3://bucket/jobs/").await.unwrap();
    Prepared { guardrail_id: guardrail.guardrail_id.clone(), job_arn: job.invocation_arn.clone() }
}

/// Calls the operation until its end, so that streams are read.
fn call(session: &Session, operation: &str, prepared: &Prepared) -> Call {
    call_within(session, operation, prepared, None)
}

/// Calls the operation with a time limit of its own, if there is one.
fn call_within(session: &Session, operation: &str, prepared: &Prepared, limit: Option<Duration>) -> Call {
    macro_rules! limited {
        ($call:expr) => {
            match limit {
                Some(limit) => $call.operation_timeout(limit),
                None => $call,
            }
        };
    }
    let (session, job_arn) = (session.clone(), prepared.job_arn.clone());
    let guardrail = (prepared.guardrail_id.clone(), "DRAFT");
    let talk = model(&session, MODEL);
    match operation {
        "Converse" => Box::pin(async move { limited!(talk.converse("Hello")).await.map(drop) }),
        "ConverseStream" => {
            Box::pin(async move { limited!(talk.converse_stream("Hello")).await?.collect().await.map(drop) })
        }
        "InvokeModel" => Box::pin(async move { limited!(talk.invoke_model(nova("Hello"))).await.map(drop) }),
        "InvokeModelWithResponseStream" => Box::pin(async move {
            let mut stream = limited!(talk.invoke_model_with_response_stream(nova("Hello"))).await?;
            while let Some(chunk) = stream.next().await {
                chunk?;
            }
            Ok(())
        }),
        "InvokeModelWithBidirectionalStream" => Box::pin(async move {
            let speaker = model(&session, SPEECH_MODEL);
            let mut stream = limited!(speaker.invoke_model_with_bidirectional_stream()).await?;
            for event in speech() {
                stream.send(event).await?;
            }
            stream.finish();
            while let Some(chunk) = stream.next().await {
                chunk?;
            }
            Ok(())
        }),
        "ApplyGuardrail" => {
            Box::pin(async move { limited!(talk.apply_guardrail(guardrail, "Hello")).await.map(drop) })
        }
        "InvokeGuardrailChecks" => Box::pin(async move {
            let messages: Vec<GuardrailChecksMessage> =
                serde_json::from_value(json!([{"role": "user", "content": [{"text": "Hello."}]}])).unwrap();
            let checks: GuardrailChecksConfig =
                serde_json::from_value(json!({"promptAttack": {"categories": [{"category": "JAILBREAK"}]}}))
                    .unwrap();
            let request = InvokeGuardrailChecksRequest::new(messages, checks);
            limited!(session.invoke_guardrail_checks(request)).await.map(drop)
        }),
        "CountTokens" => {
            Box::pin(async move { limited!(model(&session, CLAUDE).count_tokens("Hello")).await.map(drop) })
        }
        "StartAsyncInvoke" => Box::pin(async move {
            let input = json!({"prompt": "A satellite."});
            let video = model(&session, VIDEO_MODEL);
            limited!(video.start_async_invoke(input, "s3://bucket/jobs/")).await.map(drop)
        }),
        "GetAsyncInvoke" => Box::pin(async move {
            limited!(model(&session, VIDEO_MODEL).get_async_invoke(job_arn)).await.map(drop)
        }),
        "ListAsyncInvokes" => {
            Box::pin(
                async move { limited!(model(&session, VIDEO_MODEL).list_async_invokes()).await.map(drop) },
            )
        }
        other => panic!("no call of {other}"),
    }
}

/// The events of a short conversation with a speech model.
fn speech() -> Vec<serde_json::Value> {
    vec![json!({"event": {"sessionStart": {}}}), json!({"event": {"sessionEnd": {}}})]
}

fn is_stream(operation: &str) -> bool {
    operation.ends_with("Stream")
}

/// The stalls that an operation can meet.
fn stalls(operation: &str) -> Vec<At> {
    let mut stalls = vec![At::BeforeHeaders, At::AfterBytes(0), At::AfterBytes(10)];
    if is_stream(operation) {
        stalls.extend([At::AfterEvents(0), At::AfterEvents(1), At::InEvent(1)]);
    }
    stalls
}

/// How many requests of the operation the server received since `before`.
fn count(local: &LocalBedrock, operation: &str, before: usize) -> usize {
    operations(local).iter().skip(before).filter(|received| *received == operation).count()
}

/// A clock that stands still while the operation works, and jumps to the next timer otherwise, would expire before the
/// response arrives. So this test waits, for short limits.
#[tokio::test(flavor = "multi_thread")]
async fn every_stall_of_every_operation_ends_at_its_deadline() {
    const LIMIT: Duration = Duration::from_millis(300);
    let (local, patient) = local().await;
    let prepared = prepare(&patient).await;
    let session = Session::builder().local(local.url()).operation_timeout(LIMIT).build().await.unwrap();
    for (operation, _) in OPERATIONS {
        call(&patient, operation, &prepared).await.unwrap_or_else(|error| panic!("{operation}: {error}"));
        for at in stalls(operation) {
            for call in [
                call(&session, operation, &prepared),
                call_within(&patient, operation, &prepared, Some(LIMIT)),
            ] {
                let fault = local.fault(Fault::stall(at).on(operation).times(1)).unwrap();
                let before = operations(&local).len();
                let started = Instant::now();
                let result = tokio::time::timeout(WIDE, call).await;
                let error =
                    result.unwrap_or_else(|_| panic!("{operation} hangs, stalled {at:?}")).unwrap_err();
                let elapsed = started.elapsed();
                assert!(elapsed >= LIMIT, "{operation}, {at:?}: {elapsed:?}, {error}");
                let expected =
                    if is_stream(operation) { ErrorKind::StreamInterrupted } else { ErrorKind::Timeout };
                assert_eq!(error.kind(), expected, "{operation}, {at:?}: {error}");
                assert_eq!(error.operation(), Some(operation), "{at:?}: {error}");
                assert!(error.hint().is_some_and(|hint| hint.contains("operation_timeout")), "{error:?}");
                assert_eq!(count(&local, operation, before), 1, "{operation}, {at:?}");
                local.remove_fault(fault);
            }
        }
    }
}

/// The runtime's time stands still and jumps to the next timer, so that the limits of minutes and hours expire at once.
#[tokio::test(start_paused = true)]
async fn every_operation_has_a_deadline_by_default() {
    // The system accepts the connections, and nobody reads from them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let prepared = Prepared { guardrail_id: "gr-1".to_owned(), job_arn: "arn:aws:job".to_owned() };
    let own = Session::local(&url).unwrap();
    let of_the_sdk = Session::from_sdk_config(own.sdk_config()).unwrap();
    for session in [own, of_the_sdk] {
        for (operation, is_charged) in OPERATIONS {
            let started = tokio::time::Instant::now();
            let error = call(&session, operation, &prepared).await.unwrap_err();
            let elapsed = started.elapsed();
            let limit = match operation {
                _ if is_stream(operation) => SessionBuilder::STREAM_SILENCE_TIMEOUT,
                "Converse" | "InvokeModel" => SessionBuilder::REPLY_TIMEOUT,
                _ => SessionBuilder::OPERATION_TIMEOUT,
            };
            assert!(elapsed <= limit + Duration::from_millis(100), "{operation}: {elapsed:?}, {error}");
            if is_charged {
                assert!(elapsed >= limit, "{operation}: {elapsed:?}, {error}");
            }
            assert!(error.is_timeout() || error.is_stream_interrupted(), "{operation}: {error}");

            // A call's own limit, shorter and longer than the session's of other calls. A stream's silence comes before.
            for limit in [Duration::from_secs(120), Duration::from_secs(290)] {
                let started = tokio::time::Instant::now();
                let error = call_within(&session, operation, &prepared, Some(limit)).await.unwrap_err();
                let elapsed = started.elapsed();
                assert!(elapsed <= limit + Duration::from_millis(100), "{operation}: {elapsed:?}, {error}");
                if is_charged {
                    assert!(elapsed >= limit, "{operation}: {elapsed:?}, {error}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_of_the_sdk_can_set_or_disable_the_limit() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let long = Duration::from_secs(2 * 60 * 60);

    let own = Session::builder().local(&url).operation_timeout(long).build().await.unwrap();
    let session = Session::from_sdk_config(own.sdk_config()).unwrap();
    let started = tokio::time::Instant::now();
    assert!(model(&session, MODEL).converse("Hello").await.unwrap_err().is_timeout());
    assert!(started.elapsed() >= long && started.elapsed() <= long + Duration::from_millis(100));

    let own = Session::builder().local(&url).operation_timeout(None).build().await.unwrap();
    let session = Session::from_sdk_config(own.sdk_config()).unwrap();
    let talk = model(&session, MODEL);
    let waited = tokio::time::timeout(long, talk.converse("Hello").into_future()).await;
    assert!(waited.is_err(), "without a limit it waits");
    let waited = talk.converse("Hello").operation_timeout(long).await;
    assert!(waited.unwrap_err().is_timeout(), "a call can set one");
}

#[tokio::test]
async fn a_call_can_set_a_shorter_or_a_longer_limit() {
    let (local, patient) = local().await;
    let prepared = prepare(&patient).await;
    let guardrail = || (prepared.guardrail_id.clone(), "DRAFT");
    let soon = Duration::from_millis(100);
    let talk = model(&patient, MODEL);
    let video = model(&patient, VIDEO_MODEL);
    let input = || json!({"prompt": "A satellite."});

    let fault = local.fault(Fault::stall(At::BeforeHeaders)).unwrap();
    let errors = [
        talk.converse("Hello").operation_timeout(soon).await.unwrap_err(),
        talk.converse_stream("Hello").operation_timeout(soon).await.unwrap_err(),
        talk.converse_stream("Hello").first_event_timeout(soon).await.unwrap_err(),
        talk.invoke_model(nova("Hello")).operation_timeout(soon).await.unwrap_err(),
        talk.invoke_model_with_response_stream(nova("Hello")).operation_timeout(soon).await.unwrap_err(),
        talk.invoke_model_with_response_stream(nova("Hello")).first_event_timeout(soon).await.unwrap_err(),
        talk.apply_guardrail(guardrail(), "Hello").operation_timeout(soon).await.unwrap_err(),
        video.start_async_invoke(input(), "s3://bucket/jobs/").operation_timeout(soon).await.unwrap_err(),
        model(&patient, CLAUDE).count_tokens("Hello").operation_timeout(soon).await.unwrap_err(),
        video.get_async_invoke(&prepared.job_arn).operation_timeout(soon).await.unwrap_err(),
        video.list_async_invokes().operation_timeout(soon).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.message().contains("100ms"), "{error}");
        assert!(error.is_retryable() && error.hint().is_some(), "{error}");
    }
    local.remove_fault(fault);

    // The session's limit would expire in each of these calls.
    local.fault(Fault::latency(Duration::from_millis(400))).unwrap();
    let hasty = Session::builder().local(local.url()).operation_timeout(soon).build().await.unwrap();
    let talk = model(&hasty, MODEL);
    assert!(talk.converse("Hello").await.unwrap_err().is_timeout());
    talk.converse("Hello").operation_timeout(WIDE).await.unwrap();
    talk.converse("Hello").operation_timeout(None).await.unwrap();
    talk.converse_stream("Hello").operation_timeout(WIDE).await.unwrap().collect().await.unwrap();
    talk.invoke_model(nova("Hello")).operation_timeout(WIDE).await.unwrap();
    talk.apply_guardrail(guardrail(), "Hello").operation_timeout(WIDE).await.unwrap();
    let video = model(&hasty, VIDEO_MODEL);
    video.start_async_invoke(input(), "s3://bucket/jobs/").operation_timeout(WIDE).await.unwrap();
    model(&hasty, CLAUDE).count_tokens("Hello").operation_timeout(WIDE).await.unwrap();
    let job = video.get_async_invoke(&prepared.job_arn).operation_timeout(WIDE).await.unwrap();
    assert!(job.refresh().await.unwrap_err().is_timeout(), "the limit is that of one call");
    let page = video.list_async_invokes().operation_timeout(WIDE).await.unwrap();
    assert!(page.items[0].full().await.unwrap_err().is_timeout(), "the limit is that of one call");
    Guardrail::objects().using(&hasty).list().await.unwrap_err();
    Guardrail::objects().using(hasty.with_operation_timeout(WIDE)).list().await.unwrap();
}

#[tokio::test]
async fn a_limit_of_zero_is_refused_before_anything_is_sent() {
    let (local, session) = local().await;
    let talk = model(&session, MODEL);
    let zero = Duration::ZERO;
    let errors = [
        ("operation_timeout", talk.converse("Hello").operation_timeout(zero).await.unwrap_err()),
        ("operation_timeout", talk.converse_stream("Hello").operation_timeout(zero).await.unwrap_err()),
        ("first_event_timeout", talk.converse_stream("Hello").first_event_timeout(zero).await.unwrap_err()),
        ("operation_timeout", talk.invoke_model("{}").operation_timeout(zero).await.unwrap_err()),
        (
            "operation_timeout",
            talk.apply_guardrail(("g", "1"), "Hello").operation_timeout(zero).await.unwrap_err(),
        ),
    ];
    for (name, error) in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.message().contains(name), "{error}");
    }
    assert_eq!(local.requests(), []);
}

#[tokio::test]
async fn a_stream_has_a_limit_until_its_end_and_keeps_what_arrived() {
    let (local, session) = local().await;
    local.queue_reply(Reply::text("one two three four five six seven eight nine ten"));
    local.fault(Fault::drip(40, Duration::from_millis(20)).on("ConverseStream")).unwrap();
    let limit = Duration::from_millis(500);
    let stream = model(&session, MODEL).converse_stream("Count.").operation_timeout(limit).await.unwrap();
    let started = Instant::now();
    let error = stream.collect().await.unwrap_err();
    assert!(started.elapsed() < WIDE, "{:?}", started.elapsed());
    assert_eq!(error.kind(), ErrorKind::StreamInterrupted, "{error}");
    assert!(error.message().contains("did not end within 500ms"), "{error}");
    assert!(error.partial_message().is_some(), "{error:?}");
}

#[tokio::test]
async fn the_first_event_and_the_silence_have_limits_of_their_own() {
    let (local, _) = local().await;
    let session = Session::builder()
        .local(local.url())
        .stream_first_event_timeout(Duration::from_millis(100))
        .stream_silence_timeout(WIDE)
        .build()
        .await
        .unwrap();
    let talk = model(&session, MODEL);
    local.fault(Fault::stall(At::AfterEvents(0)).on("ConverseStream").times(1)).unwrap();
    let error = talk.converse_stream("Hello").await.unwrap().collect().await.unwrap_err();
    assert!(error.message().contains("100ms"), "{error}");

    local.fault(Fault::stall(At::AfterEvents(1)).on("ConverseStream").times(1)).unwrap();
    let stream = talk.converse_stream("Hello").silence_timeout(Duration::from_millis(150)).await.unwrap();
    let error = stream.collect().await.unwrap_err();
    assert!(error.message().contains("150ms"), "{error}");
}

/// Trap 14, and the part of trap 24 about what is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_charged_is_not_sent_again() {
    let (local, patient) = local().await;
    let prepared = prepare(&patient).await;
    // All of the SDK's limits of one attempt, with retries.
    let limit = Duration::from_millis(300);
    let sessions = [
        Session::builder().local(local.url()).read_timeout(limit),
        Session::builder().local(local.url()).attempt_timeout(limit),
    ];
    for builder in sessions {
        let session = builder.operation_timeout(WIDE).build().await.unwrap();
        for (operation, is_charged) in OPERATIONS {
            if operation == "InvokeModelWithBidirectionalStream" {
                continue; // Its body is a stream, which cannot be sent again.
            }
            local.fault(Fault::stall(At::BeforeHeaders).on(operation).times(1)).unwrap();
            let before = operations(&local).len();
            let result = call(&session, operation, &prepared).await;
            let sent = count(&local, operation, before);
            if is_charged {
                assert!(result.is_err(), "{operation}");
                assert_eq!(sent, 1, "{operation} is charged");
            } else {
                result.unwrap_or_else(|error| panic!("{operation}: {error}"));
                assert_eq!(sent, 2, "{operation} is not charged");
            }
            local.clear_faults();
        }
    }
    // A response that broke after it had begun: the model has replied.
    let session = Session::builder().local(local.url()).build().await.unwrap();
    let breaks = [Fault::truncate(At::AfterBytes(10)), Fault::reset(At::AfterBytes(10))];
    for fault in breaks {
        for operation in ["Converse", "ApplyGuardrail", "CountTokens"] {
            local.fault(fault.clone().on(operation).times(1)).unwrap();
            let before = operations(&local).len();
            let result = call(&session, operation, &prepared).await;
            let sent = count(&local, operation, before);
            let is_charged = operation != "CountTokens";
            assert_eq!(
                (result.is_err(), sent == 1),
                (is_charged, is_charged),
                "{operation}, {fault:?}, {sent}"
            );
            local.clear_faults();
        }
    }
}

#[tokio::test]
async fn what_was_not_charged_is_sent_again() {
    let (local, _) = local().await;
    let session = Session::builder().local(local.url()).build().await.unwrap();
    let talk = model(&session, MODEL);
    let faults = [
        Fault::throttling(),
        Fault::error("ServiceUnavailableException"),
        Fault::error("InternalServerException"),
        Fault::reset(At::BeforeHeaders),
    ];
    for fault in faults {
        let before = operations(&local).len();
        local.fault(fault.clone().on("Converse").times(1)).unwrap();
        talk.converse("Hello").await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(count(&local, "Converse", before), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_opened_in_time_is_opened_again() {
    // Nothing accepts: the queue of the listener is full after a few connections.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let url = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(url)).await
    {
        held.push(stream);
    }
    let session = Session::builder()
        .local(format!("http://{url}"))
        .connect_timeout(Duration::from_millis(200))
        .max_attempts(2)
        .build()
        .await
        .unwrap();
    let started = Instant::now();
    let error = model(&session, MODEL).converse("Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(started.elapsed() >= Duration::from_millis(400), "two attempts: {:?}", started.elapsed());
}

#[tokio::test]
async fn a_stream_restarts_before_its_first_event_if_told_to() {
    let (local, session) = local().await;
    let talk = model(&session, MODEL);
    let soon = Duration::from_millis(200);
    let breaks = [
        Fault::stall(At::BeforeHeaders),
        Fault::stall(At::AfterEvents(0)),
        Fault::stall(At::InEvent(0)),
        Fault::truncate(At::AfterEvents(0)),
    ];
    for fault in breaks {
        local.fault(fault.clone().on("ConverseStream").times(2)).unwrap();
        local.fault(fault.clone().on("InvokeModelWithResponseStream").times(2)).unwrap();
        let before = operations(&local).len();
        let stream = talk.converse_stream("Hello").first_event_timeout(soon).restarts(2).await.unwrap();
        let reply = stream.collect().await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert!(!reply.text().is_empty(), "the first event is not lost");
        assert_eq!(count(&local, "ConverseStream", before), 3, "{fault:?}");

        let raw = talk.invoke_model_with_response_stream(nova("Hello")).first_event_timeout(soon);
        let mut stream = raw.restarts(2).await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next().await {
            chunks.push(chunk.unwrap().json::<serde_json::Value>().unwrap());
        }
        assert!(chunks[0].get("messageStart").is_some(), "the first chunk is not lost: {chunks:?}");
        assert_eq!(count(&local, "InvokeModelWithResponseStream", before), 3, "{fault:?}");
        local.clear_faults();
    }

    // Not more often than told, and not by default.
    local.fault(Fault::truncate(At::AfterEvents(0)).on("ConverseStream")).unwrap();
    for (restarts, requests) in [(0, 1), (1, 2)] {
        let before = operations(&local).len();
        let result = talk.converse_stream("Hello").restarts(restarts).await;
        let error = match result {
            Ok(stream) => stream.collect().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.is_stream_interrupted(), "{error}");
        assert_eq!(count(&local, "ConverseStream", before), requests);
    }
    local.clear_faults();

    // Never after the first event, and not after AWS's own errors.
    for fault in [Fault::truncate(At::AfterEvents(1)), Fault::error("ValidationException")] {
        let before = operations(&local).len();
        local.fault(fault.clone().on("ConverseStream").times(1)).unwrap();
        let result = talk.converse_stream("Hello").restarts(5).await;
        let error = match result {
            Ok(stream) => stream.collect().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(count(&local, "ConverseStream", before), 1, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn the_limit_of_a_reply_includes_its_restarts() {
    let (local, session) = local().await;
    local.fault(Fault::stall(At::BeforeHeaders)).unwrap();
    let stream = model(&session, MODEL)
        .converse_stream("Hello")
        .first_event_timeout(Duration::from_millis(100))
        .operation_timeout(Duration::from_millis(350))
        .restarts(1000);
    let error = tokio::time::timeout(WIDE, stream.into_future()).await.unwrap().unwrap_err();
    assert!(error.is_stream_interrupted(), "{error}");
    assert!(operations(&local).len() <= 4, "{:?}", operations(&local));
}

/// Traps 1 and 14: the reply is empty, and the next turn is still accepted.
#[tokio::test]
async fn a_history_stays_sendable_after_an_empty_reply() {
    let empty = |content: serde_json::Value| {
        FakeResponse::json(&json!({
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": "guardrail_intervened",
            "usage": {"inputTokens": 1, "outputTokens": 0, "totalTokens": 1},
            "metrics": {"latencyMs": 1},
        }))
    };
    let blocks = [json!([]), json!([{"text": ""}]), json!([{"text": " \n"}, {"text": ""}])];
    let mut responses: Vec<_> = blocks.into_iter().map(empty).collect();
    responses.push(empty(json!([{"text": ""}, {"text": "Paris."}])));
    let whole = every_event();
    let mut emptied = vec![whole[0].clone()];
    emptied.extend(whole[whole.len() - 2..].iter().cloned());
    responses.push(FakeResponse::stream(frames(&emptied)));
    let server = FakeServer::start(responses).await;
    let blank = model(&Session::local(server.url()).unwrap(), MODEL);
    let (_local, session) = local().await;
    let talk = model(&session, MODEL);
    for turn in 0..5 {
        let reply = match turn {
            4 => blank.converse_stream("Hello").await.unwrap().collect().await.unwrap(),
            _ => blank.converse("Hello").await.unwrap(),
        };
        let mut history = vec![Message::user("Hello")];
        match reply.sendable_message() {
            Some(message) => history.push(message),
            None => history.clear(),
        }
        assert_eq!(history.len(), if turn == 3 { 2 } else { 0 }, "turn {turn}");
        history.push(Message::user("Go on."));
        talk.converse(history).await.unwrap_or_else(|error| panic!("turn {turn}: {error}"));
    }
}

/// The SDK's protection of uploads would wake the task ten times a second.
#[tokio::test]
async fn a_call_that_waits_for_its_reply_is_not_polled() {
    let (local, session) = local().await;
    local.fault(Fault::latency(Duration::from_secs(2)).times(1)).unwrap();
    let mut polls = 0;
    let mut call = model(&session, MODEL).converse("Hello").into_future();
    let reply = std::future::poll_fn(|context| {
        polls += 1;
        call.as_mut().poll(context)
    });
    reply.await.unwrap();
    assert!(polls < 10, "{polls} polls");
}
