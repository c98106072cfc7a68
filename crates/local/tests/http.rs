//! Routes, headers, regions, limits, the journal, and the server's life.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::LocalBedrock;
use common::{MODEL, converse, get, post, send, user};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    let path = format!("/foundation-models/{MODEL}");
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

/// What comes back of raw bytes, until the server hangs up or five seconds are over.
async fn raw(local: &LocalBedrock, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(local.url().strip_prefix("http://").unwrap()).await.unwrap();
    // It may have heard enough before the end.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut heard)).await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn headers_have_a_limit() {
    let local = LocalBedrock::start().await.unwrap();
    let long = format!("GET /guardrails HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(80 << 10));
    assert!(raw(&local, long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = "X-Many: x\r\n".repeat(1000);
    let many = format!("GET /guardrails HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    assert!(raw(&local, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    assert_eq!(get(&local, "/guardrails").await.status, 200);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let local = LocalBedrock::builder().max_connections(2).start().await.unwrap();
    let address = local.url().strip_prefix("http://").unwrap();
    let asked = b"GET /guardrails HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let first = TcpStream::connect(address).await.unwrap();
    let _second = TcpStream::connect(address).await.unwrap();
    let told = raw(&local, asked).await;
    assert!(told.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{told}");
    assert!(told.contains("X-Amzn-Errortype: ServiceUnavailableException:"), "{told}");
    assert!(told.contains("--max-connections"), "{told}");
    drop(first);
    let served = async { while !raw(&local, asked).await.starts_with("HTTP/1.1 200 ") {} };
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap();
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
    let head = format!("POST /model/{MODEL}/converse HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{");
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
