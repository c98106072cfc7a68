//! Routes, headers, regions, limits, the journal, and the start and shutdown of the server.
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
        let response = send(&local, method, path, &[], b"").await;
        assert_eq!(response.error().1, "UnknownOperationException", "{method} {path}");
        assert_eq!(response.status, 404);
    }
}

#[tokio::test]
async fn responses_have_the_headers_of_aws() {
    let local = LocalBedrock::start().await.unwrap();
    let response = get(&local, "/foundation-models").await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("x-amzn-requestid").unwrap().len(), 36);
    assert!(response.header("date").is_some());
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
async fn the_signature_selects_the_region() {
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
async fn requests_are_recorded_in_the_journal() {
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
async fn bodies_that_are_not_json_are_refused() {
    let local = LocalBedrock::start().await.unwrap();
    let path = format!("/model/{MODEL}/converse");
    for body in [&b"{"[..], b"[]", b"1", b"null", b"\xff\xfe", b"{\"messages\": 7}", b"{\"messages\": [[]]}"]
    {
        let response = send(&local, "POST", &path, &[], body).await;
        let (status, code, _) = response.error();
        assert_eq!((status, code.as_str()), (400, "SerializationException"), "{body:?}");
    }
    let empty = send(&local, "POST", &path, &[], b"").await;
    assert!(empty.refusal().contains("start with a user message"));
}

#[tokio::test]
async fn deeply_nested_bodies_do_not_overflow_the_stack() {
    let local = LocalBedrock::start().await.unwrap();
    let deep = "[".repeat(100_000);
    let response = send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], deep.as_bytes()).await;
    assert_eq!(response.status, 400);
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let body = format!("{{\"messages\":[{}],\"additionalModelRequestFields\":{deep}}}", user("Hi"));
    assert_eq!(
        send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], body.as_bytes()).await.status,
        200
    );
}

#[tokio::test]
async fn the_body_size_is_limited() {
    let local = LocalBedrock::start().await.unwrap();
    let huge = vec![b' '; 37 << 20];
    let response = send(&local, "POST", &format!("/model/{MODEL}/converse"), &[], &huge).await;
    assert_eq!(response.error().1, "RequestEntityTooLargeException");
    assert_eq!(response.status, 413);
}

/// Sends raw bytes and returns what the server sends until it closes the connection, for at most five seconds.
async fn raw(local: &LocalBedrock, bytes: &[u8]) -> String {
    raw_within(local, bytes, Duration::from_secs(5)).await
}

async fn raw_within(local: &LocalBedrock, bytes: &[u8], most: Duration) -> String {
    let mut stream = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let _ = tokio::time::timeout(most, stream.read_to_end(&mut received)).await.unwrap();
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test]
async fn the_header_size_is_limited() {
    let local = LocalBedrock::start().await.unwrap();
    let long =
        format!("GET /guardrails HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(80 << 10));
    assert!(raw(&local, long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = "X-Many: x\r\n".repeat(1000);
    let many = format!("GET /guardrails HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    assert!(raw(&local, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    assert_eq!(get(&local, "/guardrails").await.status, 200);
}

const REQUEST: &[u8] = b"GET /guardrails HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn address(local: &LocalBedrock) -> &str {
    local.url().strip_prefix("http://").unwrap()
}

#[tokio::test]
async fn a_connection_above_the_limit_gets_an_error() {
    let local = LocalBedrock::builder().max_connections(2).start().await.unwrap();
    let first = TcpStream::connect(address(&local)).await.unwrap();
    let _second = TcpStream::connect(address(&local)).await.unwrap();
    let response = raw(&local, REQUEST).await;
    assert!(response.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{response}");
    assert!(response.contains("X-Amzn-Errortype: ServiceUnavailableException:"), "{response}");
    assert!(response.contains("--max-connections"), "{response}");
    drop(first);
    let served = async { while !raw(&local, REQUEST).await.starts_with("HTTP/1.1 200 ") {} };
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap();
}

#[tokio::test]
async fn every_connection_above_the_limit_gets_an_error() {
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

    // More connections than the server refuses at once, each with more data than socket buffers hold.
    let long = head(8 << 20) + &" ".repeat(8 << 20);
    let (_, responses) = tokio::join!(
        raw(&local, long.as_bytes()),
        futures_util::future::join_all((0..200).map(|_| raw(&local, REQUEST)))
    );
    assert!(responses.iter().all(|response| response.starts_with("HTTP/1.1 503 ")), "{responses:?}");
    assert!(raw(&local, long.as_bytes()).await.starts_with("HTTP/1.1 503 "));
}

/// The start of an HTTP/2 connection without a request: the preface and empty settings.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn connections_without_a_request_are_closed_for_new_ones() {
    let local = LocalBedrock::builder().max_connections(3).start().await.unwrap();
    let mut silent = Vec::new();
    for sent in [&b""[..], b"GET /guard", HTTP_2] {
        let mut stream = TcpStream::connect(address(&local)).await.unwrap();
        stream.write_all(sent).await.unwrap();
        silent.push(stream);
    }
    assert!(
        raw(&local, REQUEST).await.starts_with("HTTP/1.1 503 "),
        "connections that may soon send a request stay open"
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..3 {
        assert!(raw(&local, REQUEST).await.starts_with("HTTP/1.1 200 "));
    }
    // The oldest of them was closed to make room for all three, one after another.
    let _ = tokio::time::timeout(Duration::from_secs(1), silent[0].read(&mut [0; 1])).await.unwrap();
    silent[1].write_all(b"rails HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut received = String::new();
    silent[1].read_to_string(&mut received).await.unwrap();
    assert!(received.starts_with("HTTP/1.1 200 "), "{received}");
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_are_closed() {
    let local = LocalBedrock::start().await.unwrap();
    for sent in [&b""[..], b"GET /guard", HTTP_2] {
        let started = Instant::now();
        raw_within(&local, sent, Duration::from_secs(20)).await;
        assert!(started.elapsed() < Duration::from_secs(12), "{:?}: {:?}", sent, started.elapsed());
        assert!(started.elapsed() >= Duration::from_secs(10), "{:?}: {:?}", sent, started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connections_stay_open_as_long_as_clients_keep_them() {
    let local = LocalBedrock::start().await.unwrap();
    let mut stream = TcpStream::connect(address(&local)).await.unwrap();
    let ask = b"GET /guardrails HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(ask).await.unwrap();
        let mut received = vec![0; 4096];
        let length = stream.read(&mut received).await.unwrap();
        assert!(received[..length].starts_with(b"HTTP/1.1 200 "));
        // The SDK for Rust keeps a connection open for 90 seconds.
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    let rest = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut [0; 1])).await.unwrap();
    assert_eq!(rest.unwrap(), 0);
}

#[tokio::test]
async fn foreign_hosts_and_cross_site_requests_are_refused() {
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
        let advice = if headers[0].0 == "host" { "--allow-host NAME" } else { "Send it from a program." };
        assert!(message.contains(advice), "{message}");
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
    // The preflight request that a browser sends before a page's request.
    let preflight = [
        ("origin", "http://evil.example"),
        ("access-control-request-method", "POST"),
        ("sec-fetch-site", "cross-site"),
    ];
    let response = send(&local, "OPTIONS", &path, &preflight, b"").await;
    assert_eq!(response.status, 403);
    assert!(
        response.headers.iter().all(|(name, _)| !name.starts_with("access-control-")),
        "{:?}",
        response.headers
    );

    let requests = local.requests();
    assert_eq!(
        (requests.len(), requests[0].operation.as_deref(), requests[0].status),
        (12, Some("Converse"), 403)
    );
    let wrong = LocalBedrock::builder().allow_host("http://bedrock:8080").start().await.unwrap_err();
    assert!(wrong.to_string().contains("give the name alone"), "{wrong}");
}

/// As clients send requests to a proxy, and over HTTP/2, where the host is not in a `host` header.
#[tokio::test]
async fn the_host_is_read_from_every_place() {
    let local = LocalBedrock::start().await.unwrap();
    for (host, status) in [("bedrock.us-east-1.amazonaws.com", "200"), ("evil.example", "403")] {
        let response = raw(
            &local,
            format!("GET http://{host}/guardrails HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        let stream = TcpStream::connect(address(&local)).await.unwrap();
        let (mut client, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::get(format!("http://{host}/guardrails")).body(Empty::<Bytes>::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status().as_str(), status);
        drop(client);
        connection.abort();
    }
}

#[tokio::test]
async fn the_server_listens_on_the_network_only_if_allowed() {
    let anywhere = "0.0.0.0".parse().unwrap();
    let refused = LocalBedrock::builder().host(anywhere).start().await.unwrap_err();
    assert!(refused.to_string().contains("--open-to-network"), "{refused}");
    let local = LocalBedrock::builder().host(anywhere).open_to_network().start().await.unwrap();
    assert!(local.url().starts_with("http://0.0.0.0:"));
}

#[tokio::test(start_paused = true)]
async fn a_request_body_has_a_timeout() {
    let local = LocalBedrock::start().await.unwrap();
    let mut stream = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head =
        format!("POST /model/{MODEL}/converse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut received = [0; 12];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"HTTP/1.1 408");
}

#[tokio::test]
async fn invalid_bytes_on_a_socket_are_refused() {
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
async fn dropping_the_server_frees_its_port() {
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
    assert!(matches!(rest, Ok(0) | Err(_)), "the open connection is closed too");
}

#[tokio::test]
async fn shutdown_closes_idle_connections() {
    let local = LocalBedrock::start().await.unwrap();
    let address = local.url().strip_prefix("http://").unwrap().to_owned();
    let _idle = TcpStream::connect(&address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), local.shutdown()).await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn unknown_members_are_ignored() {
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
