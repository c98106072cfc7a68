//! Faults: the bytes that the server sends, read without an HTTP client.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use bedrock_orm_local::{At, Checksum, Fault, LocalBedrock, RecordedEvent, Reply};
use common::{HttpResponse, MODEL, NOVA, converse, converse_stream, frames, get, post, user};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// All bytes of a connection, and the error that ended it, or `None` if it was closed normally.
struct Wire {
    bytes: Vec<u8>,
    end: Option<ErrorKind>,
}

impl Wire {
    fn split(&self) -> (&str, &[u8]) {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (std::str::from_utf8(&self.bytes[..end]).unwrap(), &self.bytes[end + 4..])
    }

    fn head(&self) -> String {
        self.split().0.to_lowercase()
    }

    fn body(&self) -> &[u8] {
        self.split().1
    }

    /// Returns the data of a chunked body, and whether the last chunk arrived.
    fn chunks(&self) -> (Vec<u8>, bool) {
        let (mut rest, mut data) = (self.body(), Vec::new());
        while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            if size == 0 {
                return (data, true);
            }
            data.extend(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
        (data, false)
    }
}

async fn open(local: &LocalBedrock, operation: &str) -> TcpStream {
    let mut socket = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    let body = json!({ "messages": [user("One two three four")] }).to_string();
    let request = format!(
        "POST /model/{MODEL}/{operation} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// Sends one request and returns all bytes of the response.
async fn raw(local: &LocalBedrock, operation: &str) -> Wire {
    let mut socket = open(local, operation).await;
    let (mut bytes, mut end) = (Vec::new(), None);
    let read = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes)).await.unwrap();
    if let Err(error) = read {
        end = Some(error.kind());
    }
    Wire { bytes, end }
}

async fn start(fault: Fault) -> LocalBedrock {
    LocalBedrock::builder().faults([fault]).start().await.unwrap()
}

async fn converse_with_model(local: &LocalBedrock) -> HttpResponse {
    converse(local, MODEL, json!({ "messages": [user("Hello there")] })).await
}

async fn converse_stream_with_model(local: &LocalBedrock) -> HttpResponse {
    converse_stream(local, MODEL, json!({ "messages": [user("One two three four")] })).await
}

fn names(response: &HttpResponse) -> Vec<String> {
    response.frames().iter().map(|frame| frame.name().to_owned()).collect()
}

#[tokio::test]
async fn every_described_error_has_its_status() {
    let local = LocalBedrock::start().await.unwrap();
    let mut codes = BTreeSet::new();
    for service in [bedrock_orm_api::BEDROCK, bedrock_orm_api::BEDROCK_RUNTIME] {
        let description: Value = serde_json::from_str(service).unwrap();
        for (code, shape) in description["shapes"].as_object().unwrap() {
            if let Some(status) = shape["error"]["httpStatusCode"].as_u64() {
                codes.insert((code.clone(), status as u16));
            }
        }
    }
    assert!(codes.len() >= 14, "{codes:?}");
    // Codes and statuses that no description contains.
    codes.extend(
        [("ExpiredTokenException", 403), ("Unheard", 400)].map(|(code, status)| (code.to_owned(), status)),
    );
    for (code, status) in codes {
        local.fault(Fault::error(&code).times(1)).unwrap();
        let response = converse_with_model(&local).await;
        assert_eq!((response.status, response.error().1.as_str()), (status, code.as_str()));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("retry-after"), None);
        assert!(!response.error().2.is_empty());
    }
    let fault =
        Fault::error("Gone").status(410).message("It is gone.").retry_after(Duration::from_millis(1500));
    local.fault(fault.times(1)).unwrap();
    let response = converse_with_model(&local).await;
    assert_eq!(response.error(), (410, "Gone".to_owned(), "It is gone.".to_owned()));
    assert_eq!(response.header("retry-after"), Some("2"));
    assert_eq!(response.header("x-amz-retry-after"), Some("1500"));
    converse_with_model(&local).await.ok();
}

#[tokio::test]
async fn operation_model_and_counts_select_requests() {
    let local = LocalBedrock::start().await.unwrap();
    let id = local.fault(Fault::throttling().on("Converse").model(NOVA).after(1).times(2)).unwrap();
    let hello = || json!({ "messages": [user("Hello")] });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        assert_eq!(converse_with_model(&local).await.status, 200, "another model");
        assert_eq!(converse_stream(&local, NOVA, hello()).await.status, 200, "another operation");
        statuses.push(converse(&local, &format!("us.{NOVA}"), hello()).await.status);
    }
    assert_eq!(statuses, [200, 429, 429, 200]);
    let planned = &local.faults()[0];
    assert_eq!((planned.id, planned.seen, planned.applied), (id, 4, 2));
    assert!(local.remove_fault(id) && !local.remove_fault(id));
    assert!(local.faults().is_empty());
}

#[tokio::test]
async fn the_first_matching_fault_applies_and_latency_is_added() {
    let local = LocalBedrock::start().await.unwrap();
    local.fault(Fault::latency(Duration::from_millis(30))).unwrap();
    local.fault(Fault::error("ServiceUnavailableException").times(1)).unwrap();
    local.fault(Fault::throttling().times(1)).unwrap();
    let started = Instant::now();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(converse_with_model(&local).await.status);
    }
    assert_eq!(statuses, [503, 429, 200]);
    assert!(started.elapsed() >= Duration::from_millis(90));
    let fault_counts: Vec<_> = local.requests().iter().map(|request| request.faults.len()).collect();
    assert_eq!(fault_counts, [2, 2, 1]);
}

#[tokio::test]
async fn a_seed_replays() {
    let run = async |seed| {
        let local = start(Fault::throttling().probability(0.4, seed)).await;
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(get(&local, "/foundation-models").await.status);
        }
        statuses
    };
    let once = run(7).await;
    assert_eq!(once, run(7).await);
    assert_ne!(once, run(8).await);
    assert!(once.contains(&200) && once.contains(&429), "{once:?}");
}

/// Takes 2 tokens of the prompt and 90 of the longest reply, and uses what the queued reply says.
fn limited_turn() -> Value {
    json!({ "messages": [user("Hello!")], "inferenceConfig": { "maxTokens": 90 } })
}

#[tokio::test]
async fn quotas_count_as_aws_does_and_use_the_clock_of_the_server() {
    // Real time passes too; a window of one minute is long enough.
    let local = start(Fault::tokens_per_minute(100)).await;
    let turn =
        async |operation: &str| post(&local, &format!("/model/{MODEL}/{operation}"), limited_turn()).await;
    for operation in ["converse", "converse-stream"] {
        local.queue_reply(Reply::text("Hi").usage(2, 2));
        assert_eq!(turn(operation).await.status, 200, "{operation}: what was not used is given back");
    }
    let invalid = json!({ "messages": [], "inferenceConfig": { "maxTokens": 90 } });
    assert_eq!(post(&local, &format!("/model/{MODEL}/converse"), invalid).await.status, 400);
    local.queue_reply(Reply::text("Hi").usage(2, 2));
    assert_eq!(turn("converse").await.status, 200, "an invalid request takes nothing");
    let refused = turn("converse").await;
    let (status, code, message) = refused.error();
    assert_eq!((status, code.as_str()), (429, "ThrottlingException"));
    assert_eq!(message, "Too many tokens, please wait before trying again.");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(
        get(&local, "/foundation-models").await.status,
        200,
        "an operation without tokens has no token quota"
    );
    local.advance(Duration::from_secs(wait));
    assert_eq!(turn("converse").await.status, 200);

    let body =
        json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [user("Hello")] });
    for operation in ["invoke", "invoke-with-response-stream"] {
        let local = start(Fault::tokens_per_minute(150).burndown(5)).await;
        local.queue_reply(Reply::text("Hi").usage(3, 10));
        let invoke = async || post(&local, &format!("/model/{MODEL}/{operation}"), body.clone()).await.status;
        assert_eq!((invoke().await, invoke().await), (200, 429), "{operation}: 3 + 5 times 10");
    }
}

#[tokio::test]
async fn requests_per_second_are_limited() {
    let local = start(Fault::requests_per_second(3)).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(get(&local, "/foundation-models").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let refused = get(&local, "/foundation-models").await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.error().2, "Too many requests, please wait before trying again.");
    local.advance(Duration::from_secs(1));
    assert_eq!(get(&local, "/foundation-models").await.status, 200);
}

#[tokio::test]
async fn a_fault_before_the_headers_sends_nothing() {
    let reset = raw(&start(Fault::reset(At::BeforeHeaders)).await, "converse").await;
    assert_eq!((reset.bytes.len(), reset.end), (0, Some(ErrorKind::ConnectionReset)));
    let ended = raw(&start(Fault::truncate(At::BeforeHeaders)).await, "converse").await;
    assert_eq!((ended.bytes.len(), ended.end), (0, None));

    let local = start(Fault::stall(At::BeforeHeaders)).await;
    let mut silent = open(&local, "converse").await;
    let read = tokio::time::timeout(Duration::from_millis(100), silent.read(&mut [0; 1])).await;
    assert!(read.is_err(), "nothing arrives, and the connection stays open");
    let request = &local.requests()[0];
    assert_eq!((request.status, request.response.bytes_sent), (0, 0));
}

#[tokio::test]
async fn an_operation_is_performed_even_if_its_response_is_lost() {
    let local = start(Fault::reset(At::BeforeHeaders).on("Converse").times(1)).await;
    local.queue_reply(Reply::text("first"));
    local.queue_reply(Reply::text("second"));
    raw(&local, "converse").await;
    assert_eq!(converse_with_model(&local).await.ok()["output"]["message"]["content"][0]["text"], "second");
}

#[tokio::test]
async fn a_body_can_be_cut() {
    let whole = raw(&LocalBedrock::start().await.unwrap(), "converse").await;
    let announced = |wire: &Wire| {
        let head = wire.head();
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(announced(&whole), whole.body().len());

    let reset = raw(&start(Fault::reset(At::AfterBytes(10))).await, "converse").await;
    assert_eq!(reset.end, Some(ErrorKind::ConnectionReset));
    let cut = raw(&start(Fault::truncate(At::AfterBytes(10))).await, "converse").await;
    assert_eq!(cut.end, None);
    for broken in [&reset, &cut] {
        assert_eq!(announced(broken), whole.body().len(), "content-length is that of the whole body");
        assert_eq!(broken.body(), &whole.body()[..10]);
    }

    let local = start(Fault::stall(At::AfterBytes(10))).await;
    let mut socket = open(&local, "converse").await;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read) = tokio::time::timeout(Duration::from_millis(200), socket.read(&mut buffer)).await {
        bytes.extend_from_slice(&buffer[..read.unwrap()]);
    }
    assert_eq!(Wire { bytes, end: None }.body(), &whole.body()[..10]);
    assert_eq!(local.requests()[0].response.body, &whole.body()[..10], "the journal has the sent part");

    let longer = raw(&start(Fault::reset(At::AfterBytes(1 << 20))).await, "converse").await;
    assert_eq!((longer.body(), longer.end), (whole.body(), None), "a shorter body is not cut");
}

#[tokio::test]
async fn a_stream_can_be_cut() {
    let (whole, ended) = raw(&LocalBedrock::start().await.unwrap(), "converse-stream").await.chunks();
    assert!(ended);
    let count = frames(&whole).len();
    assert!(count >= 6);
    let length = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    let first = length(&whole);
    let second = length(&whole[first..]);

    for (at, sent) in [
        (At::AfterEvents(0), 0),
        (At::AfterEvents(2), first + second),
        (At::InEvent(1), first + second / 2),
        (At::AfterBytes(first + 3), first + 3),
    ] {
        let reset = raw(&start(Fault::reset(at)).await, "converse-stream").await;
        assert_eq!(reset.end, Some(ErrorKind::ConnectionReset), "{at:?}");
        assert_eq!(reset.chunks(), (whole[..sent].to_vec(), false), "{at:?}");
        let local = start(Fault::truncate(at)).await;
        let cut = raw(&local, "converse-stream").await;
        assert_eq!((cut.chunks(), cut.end), ((whole[..sent].to_vec(), true), None), "{at:?}");
        assert_eq!(local.requests()[0].response.body, &whole[..sent]);
    }
    let local = start(Fault::truncate(At::InEvent(1))).await;
    raw(&local, "converse-stream").await;
    let events = local.requests()[0].response.events();
    assert!(
        matches!(&events[..], [RecordedEvent::Event { name, .. }, RecordedEvent::Broken { .. }] if name == "messageStart"),
        "{events:?}"
    );
    let longer = raw(&start(Fault::truncate(At::AfterEvents(99))).await, "converse-stream").await;
    assert_eq!(longer.chunks(), (whole.clone(), true));

    let local = start(Fault::stall(At::AfterEvents(2))).await;
    let mut socket = open(&local, "converse-stream").await;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read) = tokio::time::timeout(Duration::from_millis(200), socket.read(&mut buffer)).await {
        bytes.extend_from_slice(&buffer[..read.unwrap()]);
    }
    assert_eq!(Wire { bytes, end: None }.chunks(), (whole[..first + second].to_vec(), false));
}

#[tokio::test]
async fn a_drip_sends_the_whole_body_in_small_pieces() {
    let local = start(Fault::drip(40, Duration::from_millis(1))).await;
    let started = Instant::now();
    let response = converse_with_model(&local).await;
    let drops = response.body.len().div_ceil(40);
    assert!(drops > 3 && started.elapsed() >= Duration::from_millis(drops as u64));
    response.ok();
    let stream = raw(&local, "converse-stream").await;
    let (data, ended) = stream.chunks();
    assert!(ended && frames(&data).len() > 5);
    assert!(stream.body().starts_with(b"28\r\n"), "chunks of forty bytes");
}

#[tokio::test]
async fn a_frame_can_have_a_wrong_checksum() {
    for which in [Checksum::Prelude, Checksum::Message] {
        let local = start(Fault::wrong_checksum(which, 1)).await;
        let (bytes, ended) = raw(&local, "converse-stream").await.chunks();
        assert!(ended);
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let mut start = 0;
        for index in 0.. {
            if start == bytes.len() {
                break;
            }
            let end = start + number(start) as usize;
            let prelude = number(start + 8) == crc32fast::hash(&bytes[start..start + 8]);
            let message = number(end - 4) == crc32fast::hash(&bytes[start..end - 4]);
            let valid = (prelude, message);
            let expected = match (index, which) {
                (1, Checksum::Prelude) => (false, true),
                (1, Checksum::Message) => (true, false),
                _ => (true, true),
            };
            assert_eq!(valid, expected, "{which:?} {index}");
            start = end;
        }
        let events = local.requests()[0].response.events();
        let broken: Vec<_> =
            events.iter().map(|event| matches!(event, RecordedEvent::Broken { .. })).collect();
        assert!(broken.iter().enumerate().all(|(index, broken)| *broken == (index == 1)), "{events:?}");
        assert!(broken.len() > 5);
    }
}

#[tokio::test]
async fn streams_can_have_exceptions_error_frames_and_unknown_events() {
    let response = converse_stream_with_model(&start(Fault::exception("throttlingException", 2)).await).await;
    assert_eq!(names(&response), ["messageStart", "contentBlockDelta", "throttlingException"]);
    let last = &response.frames()[2];
    assert_eq!(last.headers[2], (":message-type".to_owned(), "exception".to_owned()));
    assert_eq!(last.payload["message"], "Too many requests, please wait before trying again.");

    let local = start(Fault::error_frame("InternalError", 1).message("It broke.")).await;
    let (bytes, ended) = raw(&local, "converse-stream").await.chunks();
    assert!(ended);
    let first = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    let error = &bytes[first..];
    let headers = b"\x0b:error-code\x07\0\x0dInternalError\x0e:error-message\x07\0\x09It broke.\
        \x0d:message-type\x07\0\x05error";
    assert_eq!(&error[12..error.len() - 4], headers, "an error frame has no payload");
    let error_frame =
        RecordedEvent::Error { code: "InternalError".to_owned(), message: "It broke.".to_owned() };
    assert_eq!(local.requests()[0].response.events()[1], error_frame);

    let response = converse_stream_with_model(&start(Fault::unknown_event(1)).await).await;
    assert_eq!(names(&response)[..3], ["messageStart", "futureEvent", "contentBlockDelta"]);
    assert_eq!(names(&response).last().unwrap(), "metadata");
}

#[tokio::test]
async fn responses_can_have_unknown_fields_values_and_members() {
    let local = LocalBedrock::start().await.unwrap();
    let with_fault = async |fault: Fault| {
        local.clear_faults();
        local.fault(fault).unwrap();
        (converse_with_model(&local).await.ok(), converse_stream_with_model(&local).await.frames())
    };
    let (response, events) = with_fault(Fault::unknown_fields()).await;
    for place in ["", "/usage", "/output/message", "/metrics"] {
        assert_eq!(
            response.pointer(place).unwrap()["futureField"],
            json!({ "futureMember": true }),
            "{place}"
        );
    }
    assert!(response["output"]["futureField"].is_null(), "a union has one member");
    assert!(events.iter().all(|event| event.payload["futureField"].is_object()));

    let (response, events) = with_fault(Fault::unknown_enum_values()).await;
    assert_eq!(response["stopReason"], "FUTURE_VALUE");
    assert_eq!(response["output"]["message"]["role"], "FUTURE_VALUE");
    assert_eq!(events[0].payload["role"], "FUTURE_VALUE");

    let (response, events) = with_fault(Fault::unknown_union_members()).await;
    assert_eq!(response["output"], json!({ "futureMember": { "text": "future" } }));
    assert_eq!(events[1].payload["delta"], json!({ "futureMember": { "text": "future" } }));
    assert_eq!(response["stopReason"], "end_turn");

    local.clear_faults();
    local.fault(Fault::unknown_fields()).unwrap();
    let body =
        json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [user("Hello")] });
    let invoked = post(&local, &format!("/model/{MODEL}/invoke"), body).await.ok();
    assert!(invoked["futureField"].is_object());
}

#[tokio::test]
async fn pages_can_be_empty_or_repeat_their_token() {
    let local = LocalBedrock::start().await.unwrap();
    let row = |number: u32| {
        json!({
            "modelArn": format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/model0{number}"),
            "modelName": format!("model-{number}"), "creationTime": "2026-01-01T00:00:00Z",
        })
    };
    local.seed("ListImportedModels", (100_000..100_005).map(row)).unwrap();
    let list = async |token: Option<&str>| {
        let token = token.map(|token| format!("&nextToken={token}")).unwrap_or_default();
        get(&local, &format!("/imported-models?maxResults=3{token}")).await.ok()
    };
    local.fault(Fault::empty_page().on("ListImportedModels").times(2)).unwrap();
    let (mut tokens, mut sizes, mut token) = (BTreeSet::new(), Vec::new(), None);
    loop {
        let page = list(token.as_deref()).await;
        sizes.push(page["modelSummaries"].as_array().unwrap().len());
        token = page["nextToken"].as_str().map(str::to_owned);
        match &token {
            Some(token) => assert!(tokens.insert(token.clone()), "no token comes twice"),
            None => break,
        }
    }
    assert_eq!(sizes, [0, 0, 3, 2]);

    local.clear_faults();
    local.fault(Fault::repeated_token()).unwrap();
    let first = list(None).await;
    let token = first["nextToken"].as_str().unwrap();
    let second = list(Some(token)).await;
    assert_eq!(second["nextToken"], token);
    assert_eq!(second["modelSummaries"], first["modelSummaries"]);
}

#[tokio::test]
async fn bodies_can_be_corrupted() {
    let local = LocalBedrock::start().await.unwrap();
    let with_fault = async |fault: Fault| {
        local.clear_faults();
        local.fault(fault).unwrap();
        (converse_with_model(&local).await, converse_stream_with_model(&local).await)
    };
    let (response, stream) = with_fault(Fault::content_type("text/html")).await;
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(stream.header("content-type"), Some("text/html"));
    response.ok();

    let (response, stream) = with_fault(Fault::broken_json()).await;
    assert!(serde_json::from_slice::<Value>(&response.body).is_err());
    assert!(response.body.starts_with(b"{\""));
    let journal = local.requests();
    let events = journal.last().unwrap().response.events();
    let is_broken = |event: &RecordedEvent| matches!(event, RecordedEvent::Broken { why } if why == "the payload is not JSON");
    assert!(events.len() > 5 && events.iter().all(is_broken), "{events:?}");
    assert_eq!(journal.last().unwrap().response.bytes_sent, stream.body.len());

    let (response, stream) = with_fault(Fault::oversized(3 << 20)).await;
    assert_eq!(response.body.len(), 3 << 20);
    response.ok();
    assert!(stream.body.len() > 3 << 20);
    assert!(stream.frames().len() > 5);
    assert_eq!(
        local.requests().last().unwrap().response.body.len(),
        1 << 20,
        "the journal has a part of the body"
    );
}

#[tokio::test]
async fn connections_can_be_refused() {
    let local = LocalBedrock::start().await.unwrap();
    local.fault(Fault::refuse_connections().after(1).times(2)).unwrap();
    let mut ends = Vec::new();
    for _ in 0..4 {
        let mut socket = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
        let request = b"GET /foundation-models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let written = socket.write_all(request).await;
        let read = socket.read_to_end(&mut Vec::new()).await;
        ends.push(written.is_ok() && read.is_ok_and(|bytes| bytes > 0));
    }
    assert_eq!(ends, [true, false, false, true]);
    assert_eq!(local.requests().len(), 2, "no request was read");
}

#[tokio::test]
async fn a_fault_that_can_never_apply_is_refused() {
    let local = LocalBedrock::start().await.unwrap();
    for (fault, expected_message) in [
        (Fault::throttling().on("Convers"), "there is no operation Convers"),
        (Fault::unknown_event(1).on("Converse"), "it is for operations that respond with a stream"),
        (Fault::reset(At::InEvent(1)).on("Converse"), "it is for operations that respond with a stream"),
        (Fault::empty_page().on("Converse"), "it is for list operations with a nextToken"),
        (
            Fault::tokens_per_minute(1).on("ListGuardrails"),
            "it is for Converse, InvokeModel, and their streams",
        ),
        (Fault::refuse_connections().on("Converse"), "cannot be limited to an operation"),
        (Fault::throttling().probability(1.5, 0), "from 0 to 1"),
        (Fault::throttling().probability(f64::NAN, 0), "from 0 to 1"),
        (Fault::error("X").status(99), "99 is not a response's HTTP status"),
        (Fault::drip(0, Duration::ZERO), "at least one byte"),
        (Fault::oversized(usize::MAX), "can have at most"),
    ] {
        let error = local.fault(fault.clone()).unwrap_err();
        assert!(error.to_string().contains(expected_message), "{error}");
        assert!(LocalBedrock::builder().faults([fault]).start().await.is_err());
    }
    assert!(local.faults().is_empty());
    for (fault, operation) in [
        (Fault::unknown_event(1), "InvokeModelWithBidirectionalStream"),
        (Fault::empty_page(), "ListAsyncInvokes"),
        (Fault::tokens_per_minute(1), "InvokeModel"),
    ] {
        local.fault(fault.on(operation)).unwrap();
    }
}

#[test]
fn faults_can_be_written_in_json() {
    let pause = Duration::from_millis(5);
    for (fault, json) in [
        (
            Fault::throttling().on("Converse").times(3).retry_after(Duration::from_secs(2)),
            json!({ "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3, "retry_after_ms": 2000 }),
        ),
        (
            Fault::error("X").status(499).message("m").model(NOVA).after(2).probability(0.5, 9),
            json!({
                "fault": "error", "code": "X", "status": 499, "message": "m", "model": NOVA, "after": 2,
                "probability": 0.5, "seed": 9,
            }),
        ),
        (Fault::requests_per_second(2), json!({ "fault": "requests_per_second", "limit": 2 })),
        (Fault::tokens_per_minute(2), json!({ "fault": "tokens_per_minute", "limit": 2 })),
        (
            Fault::tokens_per_minute(2).burndown(5),
            json!({ "fault": "tokens_per_minute", "limit": 2, "burndown": 5 }),
        ),
        (Fault::latency(pause), json!({ "fault": "latency", "ms": 5 })),
        (Fault::drip(3, pause), json!({ "fault": "drip", "bytes": 3, "every_ms": 5 })),
        (Fault::refuse_connections(), json!({ "fault": "refuse_connections" })),
        (Fault::reset(At::BeforeHeaders), json!({ "fault": "reset", "at": "before_headers" })),
        (Fault::reset(At::InEvent(3)), json!({ "fault": "reset", "at": { "in_event": 3 } })),
        (Fault::stall(At::AfterEvents(2)), json!({ "fault": "stall", "at": { "after_events": 2 } })),
        (Fault::truncate(At::AfterBytes(9)), json!({ "fault": "truncate", "at": { "after_bytes": 9 } })),
        (
            Fault::wrong_checksum(Checksum::Prelude, 1),
            json!({ "fault": "wrong_checksum", "of": "prelude", "after_events": 1 }),
        ),
        (Fault::exception("e", 1), json!({ "fault": "exception", "code": "e", "after_events": 1 })),
        (Fault::error_frame("e", 1), json!({ "fault": "error_frame", "code": "e", "after_events": 1 })),
        (Fault::unknown_event(1), json!({ "fault": "unknown_event", "after_events": 1 })),
        (Fault::unknown_fields(), json!({ "fault": "unknown_fields" })),
        (Fault::unknown_enum_values(), json!({ "fault": "unknown_enum_values" })),
        (Fault::unknown_union_members(), json!({ "fault": "unknown_union_members" })),
        (Fault::empty_page(), json!({ "fault": "empty_page" })),
        (Fault::repeated_token(), json!({ "fault": "repeated_token" })),
        (Fault::content_type("text/html"), json!({ "fault": "content_type", "value": "text/html" })),
        (Fault::broken_json(), json!({ "fault": "broken_json" })),
        (Fault::oversized(7), json!({ "fault": "oversized", "bytes": 7 })),
    ] {
        assert_eq!(serde_json::to_value(&fault).unwrap(), json);
        assert_eq!(serde_json::from_value::<Fault>(json).unwrap(), fault);
    }
    let short: Fault = serde_json::from_value(json!({ "fault": "stall" })).unwrap();
    assert_eq!(short, Fault::stall(At::BeforeHeaders));
    for wrong in [
        json!({}),
        json!({ "fault": "nope" }),
        json!({ "fault": "broken_json", "tims": 3 }),
        json!({ "fault": "error" }),
        json!({ "fault": "error", "code": "X", "times": "three" }),
        json!({ "fault": "reset", "at": { "in_events": 1 } }),
    ] {
        assert!(serde_json::from_value::<Fault>(wrong.clone()).is_err(), "{wrong}");
    }
}
