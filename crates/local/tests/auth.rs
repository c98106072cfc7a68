//! Authentication: signatures, session tokens, and bearer tokens, and AWS's errors for invalid ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use bedrock_orm_local::LocalBedrock;
use bytes::Bytes;
use common::signer::{ID, SECRET, Signer};
use common::{HttpResponse, MODEL, get, send, user};
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

fn host(local: &LocalBedrock) -> &str {
    local.url().strip_prefix("http://").unwrap()
}

async fn signed(
    local: &LocalBedrock,
    signer: &Signer,
    method: &str,
    path: &str,
    body: &[u8],
) -> HttpResponse {
    let headers = signer.sign(method, host(local), path, body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(local, method, path, &headers, body).await
}

async fn refused(local: &LocalBedrock, signer: &Signer) -> (String, String) {
    let (status, code, message) = signed(local, signer, "GET", "/guardrails", b"").await.error();
    assert_eq!(status, 403);
    (code, message)
}

#[tokio::test]
async fn without_keys_any_signature_is_accepted() {
    let local = LocalBedrock::start().await.unwrap();
    assert_eq!(get(&local, "/guardrails").await.status, 200);
    let wrong = Signer { secret: "wrong", ahead: -100_000, ..Signer::default() };
    assert_eq!(signed(&local, &wrong, "GET", "/guardrails", b"").await.status, 200);
    assert_eq!(send(&local, "GET", "/guardrails", &[("authorization", "whatever")], b"").await.status, 200);
}

#[tokio::test]
async fn valid_signatures_are_accepted() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let body = json!({ "messages": [user("Hi")] }).to_string();
    for path in [format!("/model/{MODEL}/converse"), format!("/model/{}/converse", MODEL.replace(':', "%3A"))]
    {
        let response = signed(&local, &Signer::default(), "POST", &path, body.as_bytes()).await;
        assert_eq!(response.status, 200, "{:?}", response.body);
    }
    let queried = signed(&local, &Signer::default(), "GET", "/guardrails?maxResults=5", b"").await;
    assert_eq!(queried.status, 200);
    let unsigned_payload = Signer { payload: Some("UNSIGNED-PAYLOAD"), ..Signer::default() };
    let path = format!("/model/{MODEL}/converse");
    assert_eq!(signed(&local, &unsigned_payload, "POST", &path, body.as_bytes()).await.status, 200);
    let presigned = Signer::default().presign("GET", host(&local), "/guardrails", 900);
    assert_eq!(get(&local, &presigned).await.status, 200);
}

#[tokio::test]
async fn invalid_signatures_have_the_errors_of_aws() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let unsigned = get(&local, "/guardrails").await;
    assert_eq!(
        unsigned.header("x-amzn-errortype"),
        Some(
            "MissingAuthenticationTokenException:http://internal.amazon.com/coral/com.amazon.coral.service/"
        )
    );
    assert_eq!((unsigned.status, unsigned.error().2.as_str()), (403, "Missing Authentication Token"));

    let (code, message) = refused(&local, &Signer { id: "AKIDOTHER", ..Signer::default() }).await;
    assert_eq!(code, "UnrecognizedClientException");
    assert_eq!(message, "The security token included in the request is invalid.");

    let (code, message) = refused(&local, &Signer { secret: "wrong", ..Signer::default() }).await;
    assert_eq!(code, "InvalidSignatureException");
    assert!(message.starts_with("The request signature we calculated does not match"), "{message}");
    assert!(message.contains("The Canonical String for this request should have been\n'GET\n/guardrails\n"));
    assert!(message.contains("The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n"));

    for (ahead, expected_message) in [(-301, "Signature expired: "), (310, "Signature not yet current: ")] {
        let (code, message) = refused(&local, &Signer { ahead, ..Signer::default() }).await;
        assert_eq!(code, "InvalidSignatureException");
        assert!(message.starts_with(expected_message), "{message}");
    }
    let (_, message) = refused(&local, &Signer { service: "bedrock-runtime", ..Signer::default() }).await;
    assert_eq!(message, "Credential should be scoped to correct service: 'bedrock'. ");

    // The signature covers another body.
    let headers = Signer::default().sign("POST", host(&local), "/guardrails", b"{}");
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let response = send(&local, "POST", "/guardrails", &headers, b"{ }").await;
    assert_eq!(response.error().1, "InvalidSignatureException");

    let stale = Signer { ahead: -1000, ..Signer::default() }.presign("GET", host(&local), "/guardrails", 900);
    let (status, code, message) = get(&local, &stale).await.error();
    assert_eq!((status, code.as_str()), (403, "InvalidSignatureException"));
    assert!(message.starts_with("Signature expired: "), "{message}");
    // A signature in a header is valid for five minutes.
    let ended = Signer { ahead: -62, ..Signer::default() }.presign("GET", host(&local), "/guardrails", 60);
    let (status, code, message) = get(&local, &ended).await.error();
    assert_eq!((status, code.as_str()), (403, "InvalidSignatureException"));
    assert!(message.starts_with("Signature expired: ") && message.ends_with("- 60 sec.)"), "{message}");
    let other = Signer::default().presign("GET", host(&local), "/guardrails", 900) + "&maxResults=1";
    assert_eq!(get(&local, &other).await.error().1, "InvalidSignatureException");
}

#[tokio::test]
async fn incomplete_signatures_have_the_errors_of_aws() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    for (authorization, expected_message) in [
        ("AWS4-HMAC-SHA256 Credential", "'Credential' not a valid key=value pair (missing equal-sign)"),
        ("AWS4-HMAC-SHA256 Signature=0", "Authorization header requires 'Credential' parameter. "),
        ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=0", "Credential must have exactly 5"),
        ("AWS4-ECDSA-P256-SHA256 Credential=a", "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."),
        ("nonsense", "Unsupported AWS 'algorithm': 'nonsense'."),
    ] {
        let headers = [("authorization", authorization), ("x-amz-date", "20260102T030405Z")];
        let (status, code, message) = send(&local, "GET", "/guardrails", &headers, b"").await.error();
        assert_eq!((status, code.as_str()), (403, "IncompleteSignatureException"), "{authorization}");
        assert!(message.contains(expected_message), "{message}");
    }
}

#[tokio::test]
async fn temporary_credentials_expire() {
    let hour = Duration::from_secs(3600);
    let local =
        LocalBedrock::builder().temporary_access_key(ID, SECRET, "token", hour).start().await.unwrap();
    let good = Signer { session_token: Some("token"), ..Signer::default() };
    assert_eq!(signed(&local, &good, "GET", "/guardrails", b"").await.status, 200);
    for session_token in [None, Some("other")] {
        let (code, _) = refused(&local, &Signer { session_token, ..Signer::default() }).await;
        assert_eq!(code, "UnrecognizedClientException");
    }
    local.advance(hour);
    let (code, message) = refused(&local, &good).await;
    assert_eq!(code, "ExpiredTokenException");
    assert_eq!(message, "The security token included in the request is expired");
}

#[tokio::test]
async fn bearer_tokens_are_checked() {
    let local = LocalBedrock::builder().bearer_token("ABSKgood").start().await.unwrap();
    let with = async |token: &str| {
        let header = format!("Bearer {token}");
        send(&local, "GET", "/guardrails", &[("authorization", &header)], b"").await
    };
    assert_eq!(with("ABSKgood").await.status, 200);
    let (status, code, message) = with("ABSKbad").await.error();
    assert_eq!((status, code.as_str()), (403, "AccessDeniedException"));
    assert_eq!(message, "Authentication failed: Please make sure your API Key is valid.");
    let (code, _) = refused(&local, &Signer::default()).await;
    assert_eq!(code, "UnrecognizedClientException");
}

#[tokio::test]
async fn short_term_api_keys_are_checked() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let with_token = async |token: String| {
        let header = format!("Bearer {token}");
        send(&local, "GET", "/guardrails", &[("authorization", &header)], b"").await
    };
    let (host, action, hour) = ("bedrock.amazonaws.com", "CallWithBearerToken", 3600);
    let signer = Signer::default;
    assert_eq!(with_token(signer().api_key(host, action, hour)).await.status, 200);
    assert_eq!(with_token(signer().api_key(host, action, 12 * hour)).await.status, 200);

    let unknown = "Authentication failed: Please make sure your API Key is valid.";
    let expired = "Bearer Token has expired";
    for (token, message) in [
        (signer().api_key(host, "GetCallerIdentity", hour), unknown),
        (signer().api_key("sts.amazonaws.com", action, hour), unknown),
        (Signer { service: "sts", ..signer() }.api_key(host, action, hour), unknown),
        (Signer { secret: "wrong", ..signer() }.api_key(host, action, hour), unknown),
        (Signer { ahead: 600, ..signer() }.api_key(host, action, hour), unknown),
        (signer().api_key(host, action, 12 * hour + 1), unknown),
        (Signer { ahead: -62, ..signer() }.api_key(host, action, 60), expired),
    ] {
        let (status, code, output) = with_token(token).await.error();
        assert_eq!((status, code.as_str(), output.as_str()), (403, "AccessDeniedException", message));
    }
}

/// Over HTTP/2, the SDK for JavaScript signs `:authority` instead of `host`.
#[tokio::test]
async fn over_http_2_either_host_header_can_be_signed() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let body = json!({ "messages": [user("Hi")] }).to_string();
    let path = format!("/model/{MODEL}/converse");
    for (name, secret, status) in [
        (":authority", SECRET, 200),
        ("host", SECRET, 200),
        (":authority", "wrong", 403),
        ("date", SECRET, 403),
    ] {
        let signer = Signer { secret, server: name, ..Signer::default() };
        let mut request = Request::post(format!("{}{path}", local.url()));
        for (name, value) in signer.sign("POST", host(&local), &path, body.as_bytes()) {
            request = request.header(name, value);
        }
        let response = client.request(request.body(Full::from(body.clone())).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_operation_needs_no_authentication() {
    let local = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    assert_eq!(get(&local, "/nope").await.error().1, "UnknownOperationException");
}
