//! Routes, headers, regions, limits, the journal, and the server's life.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, Reply};
use bytes::Bytes;
use common::{BASE, MODEL, converse, get, post, send, user};
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

#[tokio::test]
async fn unknown_routes_are_unknown_operations() {
    let local = LocalBedrock::start().await.unwrap();
    for (method, path) in
        [("GET", "/"), ("GET", "/nope"), ("PATCH", "/guardrails"), ("POST", "/model//converse")]
    {
        let answer = send(&local, method, path, &[], b"").await;
        assert_eq!(answer.error().1, "UnknownOperationException", "{method} {path}");
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn answers_carry_aws_headers() {
    let local = LocalBedrock::start().await.unwrap();
    let answer = get(&local, "/foundation-models").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-amzn-requestid").unwrap().len(), 36);
    assert!(answer.header("date").is_some());
    let refused = get(&local, "/foundation-models?byInferenceType=NEVER").await;
    assert_eq!(
        refused.header("x-amzn-errortype"),
        Some("ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/")
    );
    assert_eq!(
        refused.refusal(),
        "1 validation error detected: Value 'NEVER' at 'byInferenceType' failed to satisfy constraint: Member must \
         satisfy enum value set: [ON_DEMAND, PROVISIONED]"
    );
}

#[tokio::test]
async fn the_signature_chooses_the_region() {
    let local = LocalBedrock::builder().default_region("eu-west-1").start().await.unwrap();
    let path = format!("/foundation-models/{BASE}");
    let unsigned = get(&local, &path).await.ok();
    assert_eq!(unsigned["modelDetails"]["modelArn"].as_str().unwrap().split(':').nth(3), Some("eu-west-1"));
    let signature = "AWS4-HMAC-SHA256 Credential=AKID/20250101/ap-south-1/bedrock/aws4_request, SignedHeaders=host, Signature=0";
    let signed = send(&local, "GET", &path, &[("authorization", signature)], b"").await.ok();
    assert_eq!(signed["modelDetails"]["modelArn"].as_str().unwrap().split(':').nth(3), Some("ap-south-1"));
    let bearer = send(&local, "GET", &path, &[("authorization", "Bearer key")], b"").await.ok();
    assert_eq!(bearer, unsigned);
}

#[tokio::test]
async fn requests_are_kept_in_the_journal() {
    let local = LocalBedrock::start().await.unwrap();
    converse(&local, MODEL, json!({ "messages": [user("Hello")] })).await.ok();
    get(&local, "/nope?x=1").await;
    let requests = local.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].operation.as_deref(), Some("Converse"));
    assert_eq!(requests[0].path, format!("/model/{MODEL}/converse"));
    assert_eq!(requests[0].json()["messages"], json!([user("Hello")]));
    assert_eq!(requests[0].header("Content-Type"), Some("application/json"));
    assert_eq!((requests[1].operation.as_deref(), requests[1].status), (None, 404));
    assert_eq!(requests[1].query, "x=1");
    local.clear_requests();
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let local = LocalBedrock::start().await.unwrap();
    let path = format!("/model/{MODEL}/converse");
    for body in [&b"{"[..], b"[]", b"1", b"null", b"\xff\xfe", b"{\"messages\": 7}", b"{\"messages\": [[]]}"]
    {
        let answer = send(&local, "POST", &path, &[], body).await;
        let (status, code, _) = answer.error();
        assert_eq!((status, code.as_str()), (400, "SerializationException"), "{body:?}");
    }
    let empty = send(&local, "POST", &path, &[], b"").await;
    assert!(empty.refusal().contains("start with a user message"));
}

#[tokio::test]
async fn deeply_nested_bodies_do_not_hurt() {
    let local = LocalBedrock::start().await.unwrap();
    let deep = "[".repeat(100_000);
    let answer = send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], deep.as_bytes()).await;
    assert_eq!(answer.status, 400);
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let body = format!("{{\"messages\":[{}],\"additionalModelRequestFields\":{deep}}}", user("Hi"));
    assert_eq!(
        send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], body.as_bytes()).await.status,
        200
    );
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let local = LocalBedrock::start().await.unwrap();
    let huge = vec![b' '; 37 << 20];
    let answer = send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], &huge).await;
    assert_eq!(answer.error().1, "RequestEntityTooLargeException");
    assert_eq!(answer.status, 413);
}

/// What comes back of raw bytes, until the server hangs up; five seconds at most.
async fn raw(local: &LocalBedrock, bytes: &[u8]) -> String {
    raw_within(local, bytes, Duration::from_secs(5)).await
}

async fn raw_within(local: &LocalBedrock, bytes: &[u8], most: Duration) -> String {
    let mut stream = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    // It may have heard enough before the end.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    let _ = tokio::time::timeout(most, stream.read_to_end(&mut heard)).await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn headers_have_a_limit() {
    let local = LocalBedrock::start().await.unwrap();
    let long =
        format!("GET /guardrails HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(80 << 10));
    assert!(raw(&local, long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = "X-Many: x\r\n".repeat(1000);
    let many = format!("GET /guardrails HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    assert!(raw(&local, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    assert_eq!(get(&local, "/guardrails").await.status, 200);
}

const ASK: &[u8] = b"GET /guardrails HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn address(local: &LocalBedrock) -> &str {
    local.url().strip_prefix("http://").unwrap()
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let local = LocalBedrock::builder().max_connections(2).start().await.unwrap();
    let first = TcpStream::connect(address(&local)).await.unwrap();
    let _second = TcpStream::connect(address(&local)).await.unwrap();
    let told = raw(&local, ASK).await;
    assert!(told.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{told}");
    assert!(told.contains("X-Amzn-Errortype: ServiceUnavailableException:"), "{told}");
    assert!(told.contains("--max-connections"), "{told}");
    drop(first);
    let served = async { while !raw(&local, ASK).await.starts_with("HTTP/1.1 200 ") {} };
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap();
}

#[tokio::test]
async fn however_many_are_too_many_each_is_told_so() {
    let local = LocalBedrock::builder().max_connections(1).start().await.unwrap();
    local.queue_reply(Reply::text("One two three").stall_after(1));
    let body = json!({ "messages": [user("Hi")] }).to_string();
    let head = |length: usize| {
        format!(
            "POST /model/{MODEL}/converse-stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut streaming = TcpStream::connect(address(&local)).await.unwrap();
    streaming.write_all((head(body.len()) + &body).as_bytes()).await.unwrap();
    streaming.read_exact(&mut [0; 100]).await.unwrap();

    // More than are turned away at once, and with more to send than sockets hold.
    let long = head(8 << 20) + &" ".repeat(8 << 20);
    let (_, told) = tokio::join!(
        raw(&local, long.as_bytes()),
        futures_util::future::join_all((0..200).map(|_| raw(&local, ASK)))
    );
    assert!(told.iter().all(|told| told.starts_with("HTTP/1.1 503 ")), "{told:?}");
    assert!(raw(&local, long.as_bytes()).await.starts_with("HTTP/1.1 503 "));
}

/// A connection over HTTP/2 on which nothing has been asked: the preface and empty settings.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn connections_that_ask_for_nothing_make_room() {
    let local = LocalBedrock::builder().max_connections(3).start().await.unwrap();
    let mut silent = Vec::new();
    for sent in [&b""[..], b"GET /guard", HTTP_2] {
        let mut stream = TcpStream::connect(address(&local)).await.unwrap();
        stream.write_all(sent).await.unwrap();
        silent.push(stream);
    }
    assert!(raw(&local, ASK).await.starts_with("HTTP/1.1 503 "), "they may be about to ask");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..3 {
        assert!(raw(&local, ASK).await.starts_with("HTTP/1.1 200 "));
    }
    // The first of them has made room for all three, one after another.
    let _ = tokio::time::timeout(Duration::from_secs(1), silent[0].read(&mut [0; 1])).await.unwrap();
    silent[1].write_all(b"rails HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut heard = String::new();
    silent[1].read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_ask_for_nothing_are_let_go() {
    let local = LocalBedrock::start().await.unwrap();
    for sent in [&b""[..], b"GET /guard", HTTP_2] {
        let begun = Instant::now();
        raw_within(&local, sent, Duration::from_secs(20)).await;
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}: {:?}", sent, begun.elapsed());
        assert!(begun.elapsed() >= Duration::from_secs(10), "{:?}: {:?}", sent, begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_kept_between_requests_for_as_long_as_clients_keep_them() {
    let local = LocalBedrock::start().await.unwrap();
    let mut stream = TcpStream::connect(address(&local)).await.unwrap();
    let ask = b"GET /guardrails HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(ask).await.unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).await.unwrap();
        assert!(heard[..length].starts_with(b"HTTP/1.1 200 "));
        // The SDK for Rust keeps one for 90 seconds.
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    let rest = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut [0; 1])).await.unwrap();
    assert_eq!(rest.unwrap(), 0);
}

#[tokio::test]
async fn foreign_hosts_and_pages_are_refused() {
    let local = LocalBedrock::builder().allow_host("bedrock-local").start().await.unwrap();
    let path = format!("/model/{MODEL}/converse");
    let body = json!({ "messages": [user("Hi")] }).to_string();
    let ask = async |headers: &[(&str, &str)]| send(&local, "POST", &path, headers, body.as_bytes()).await;
    for headers in [
        &[("host", "evil.example:8080")][..],
        &[("host", "other")],
        &[("origin", "http://evil.example"), ("content-type", "text/plain")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let (status, code, message) = ask(headers).await.error();
        assert_eq!((status, code.as_str()), (403, "AccessDeniedException"), "{headers:?}");
        let to_do = if headers[0].0 == "host" { "--allow-host NAME" } else { "Send it from a program." };
        assert!(message.contains(to_do), "{message}");
    }
    let own = format!("http://{}", address(&local));
    for headers in [
        &[][..],
        &[("host", "localhost:1")],
        &[("host", "bedrock-local:8080")],
        &[("host", "bedrock-runtime.us-east-1.amazonaws.com")],
        &[("origin", &own), ("sec-fetch-site", "same-origin")],
    ] {
        assert_eq!(ask(headers).await.status, 200, "{headers:?}");
    }
    // What a browser asks before it sends a page's request.
    let preflight = [
        ("origin", "http://evil.example"),
        ("access-control-request-method", "POST"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = send(&local, "OPTIONS", &path, &preflight, b"").await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")),
        "{:?}",
        answer.headers
    );

    let requests = local.requests();
    assert_eq!(
        (requests.len(), requests[0].operation.as_deref(), requests[0].status),
        (12, Some("Converse"), 403)
    );
    let wrong = LocalBedrock::builder().allow_host("http://bedrock:8080").start().await.unwrap_err();
    assert!(wrong.to_string().contains("give the name alone"), "{wrong}");
}

/// As a client asks a proxy, and over HTTP/2, where the name is no header.
#[tokio::test]
async fn the_host_is_known_wherever_it_stands() {
    let local = LocalBedrock::start().await.unwrap();
    for (host, status) in [("bedrock.us-east-1.amazonaws.com", "200"), ("evil.example", "403")] {
        let told = raw(
            &local,
            format!("GET http://{host}/guardrails HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{told}");
        let stream = TcpStream::connect(address(&local)).await.unwrap();
        let (mut client, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::get(format!("http://{host}/guardrails")).body(Empty::<Bytes>::new()).unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status().as_str(), status);
        drop(client);
        connection.abort();
    }
}

#[tokio::test]
async fn it_is_open_to_the_network_only_when_told_so() {
    let anywhere = "0.0.0.0".parse().unwrap();
    let refused = LocalBedrock::builder().host(anywhere).start().await.unwrap_err();
    assert!(refused.to_string().contains("--open-to-network"), "{refused}");
    let local = LocalBedrock::builder().host(anywhere).open_to_network().start().await.unwrap();
    assert!(local.url().starts_with("http://0.0.0.0:"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_not_waited_for() {
    let local = LocalBedrock::start().await.unwrap();
    let mut stream = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head =
        format!("POST /model/{MODEL}/converse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut heard = [0; 12];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"HTTP/1.1 408");
}

#[tokio::test]
async fn garbage_on_the_socket_does_not_hurt() {
    let local = LocalBedrock::start().await.unwrap();
    let address = local.url().strip_prefix("http://").unwrap();
    for garbage in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ =
            tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut Vec::new())).await.unwrap();
    }
    assert_eq!(get(&local, "/foundation-models").await.status, 200);
}

#[tokio::test]
async fn dropping_it_frees_the_port() {
    let local = LocalBedrock::start().await.unwrap();
    let address = local.url().strip_prefix("http://").unwrap().to_owned();
    let mut open = TcpStream::connect(&address).await.unwrap();
    drop(local);
    let gone = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(5), open.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(rest, Ok(0) | Err(_)), "the open connection has ended, too");
}

#[tokio::test]
async fn shutdown_ends_idle_connections() {
    let local = LocalBedrock::start().await.unwrap();
    let address = local.url().strip_prefix("http://").unwrap().to_owned();
    let _idle = TcpStream::connect(&address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), local.shutdown()).await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn members_unknown_to_aws_are_ignored() {
    let local = LocalBedrock::start().await.unwrap();
    let body = json!({
        "messages": [{ "role": "user", "content": [{ "text": "Hi", "mood": "good" }], "at": 1 }], "whatever": {},
    });
    converse(&local, MODEL, body).await.ok();
    let created = post(
        &local,
        "/guardrails",
        json!({
            "name": "n", "blockedInputMessaging": "no", "blockedOutputsMessaging": "no", "colour": "red",
            "wordPolicyConfig": { "wordsConfig": [{ "text": "x", "weight": 3 }], "moreConfig": [] },
        }),
    );
    let id = created.await.ok()["guardrailId"].as_str().unwrap().to_owned();
    let details = get(&local, &format!("/guardrails/{id}")).await.ok();
    assert_eq!(details["wordPolicy"], json!({ "words": [{ "text": "x" }] }));
}
