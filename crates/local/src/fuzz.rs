//! Fuzz tests of the parsers: those of requests, signatures, and frames accept any bytes without a panic, and return AWS's
//! errors. `tests/fuzz.rs` does the same with a whole server.
//!
//! `PROPTEST_CASES` sets the number of cases of each test.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request as HttpRequest};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::auth::chain::SignatureChain;
use crate::auth::credential::Credential;
use crate::auth::hosts::Hosts;
use crate::auth::keys::{AccessKey, Keys};
use crate::auth::sigv4::Signature;
use crate::auth::{api_key, region};
use crate::formats::png;
use crate::wire::description::Services;
use crate::wire::event_stream::{self, DecodeError, Decoder, Received};
use crate::wire::request::{Request, query_pairs};
use crate::wire::routing::Router;
use crate::world::buckets::Buckets;

static SERVICES: LazyLock<&Services> = LazyLock::new(|| Services::load().unwrap());
static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(&SERVICES));

/// Texts made of pieces that a parser looks for, and of random characters.
fn text(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(pieces).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    text(&[
        "/",
        "/",
        "//",
        "model",
        "guardrails",
        "arn:aws:bedrock:us-east-1:123456789012:",
        "inference-profile/x",
        "%",
        "%2",
        "%2F",
        "%3A",
        "%ff",
        "%00",
        "..",
        ".",
        ":",
        "converse",
        "invoke",
        "async-invoke",
        "version",
        "apply",
    ])
}

fn query() -> impl Strategy<Value = String> {
    text(&[
        "&",
        "=",
        "+",
        "%",
        "%2",
        "%26",
        "%C3",
        "maxResults",
        "nextToken",
        "guardrailVersion",
        "1",
        "-1",
        "9e99",
        "99999999999999999999",
        "true",
        "X-Amz-Credential=A/20260102/us-east-1/bedrock/aws4_request",
        "X-Amz-Signature=0",
        "X-Amz-Date=20260102T030405Z",
        "X-Amz-Expires=",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    ])
}

fn authorization() -> impl Strategy<Value = String> {
    text(&[
        "AWS4-HMAC-SHA256 ",
        "Bearer ",
        "bedrock-api-key-",
        "ABSK",
        "Credential=",
        "AKID/20260102/us-east-1/bedrock/aws4_request",
        "/",
        ", ",
        "SignedHeaders=",
        "host",
        ";",
        "x-amz-date",
        "Signature=",
        "00",
        "=",
        ",",
        " ",
    ])
}

/// Random JSON with members of operations and others.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text(&[
            "a",
            "ENABLED",
            "s3://bucket",
            "user",
            "1",
            "arn:aws:bedrock:us-east-1::foundation-model/x",
            "\0",
            "é"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let member = select(members().as_slice()).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((prop_oneof![8 => member, 1 => "\\PC{0,4}"], inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn members() -> &'static Vec<&'static str> {
    static MEMBERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let shapes =
            SERVICES.iter().flat_map(|service| service.operations.values().map(move |it| (service, it)));
        let inputs = shapes.filter_map(|(service, it)| service.shape(&it.input.as_ref()?.shape));
        let names = inputs.flat_map(|shape| shape.members.iter().map(|(name, _)| name.as_str()));
        names.chain(["role", "content", "text", "guardContent", "toolUse", "input"]).collect()
    });
    &MEMBERS
}

fn keys() -> Keys {
    let mut keys = Keys::default();
    keys.add_access_key("AKID".to_owned(), AccessKey { secret: "secret".to_owned(), session: None });
    keys
}

fn parts(query: &str, headers: &[(&str, &str)]) -> Option<Parts> {
    let encoded = query.bytes().fold(String::new(), |mut text, byte| {
        let _ = if byte.is_ascii_graphic() && byte != b'#' {
            write!(text, "{}", byte as char)
        } else {
            write!(text, "%{byte:02X}")
        };
        text
    });
    let request = HttpRequest::get(format!("http://localhost/guardrails?{encoded}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Some(request.body(()).ok()?.into_parts().0)
}

/// Decodes bytes in pieces. Returns what was decoded, and the error if there was one.
fn decoded(
    bytes: &[u8],
    piece: usize,
    chain: Option<SignatureChain>,
) -> (Vec<Received>, Option<DecodeError>) {
    let (mut decoder, mut received) = (Decoder::new(chain.map(SignatureChain::into_check)), Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(next)) => received.push(next),
                Ok(None) => break,
                Err(wrong) => return (received, Some(wrong)),
            }
        }
    }
    (received, None)
}

proptest! {
    #[test]
    fn any_path_has_a_route_or_none(path in path()) {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            if let Some(found) = ROUTER.find(method, &path) {
                let in_template = found.operation.http.request_uri.matches('{').count();
                prop_assert_eq!(found.labels.len(), in_template);
            }
        }
    }

    #[test]
    fn any_request_is_parsed_or_refused(
        operation in any::<prop::sample::Index>(), labels in path(), query in query(), body in json(), cut in 0usize..200,
    ) {
        let all: Vec<_> = SERVICES.iter().flat_map(|service| service.operations.values()).collect();
        let http = &operation.get(&all).http;
        let template = http.request_uri.split('/');
        let path: Vec<_> = template.map(|part| if part.starts_with('{') { labels.as_str() } else { part }).collect();
        if let Some(found) = ROUTER.find(&http.method, &path.join("/")) {
            let mut body = body.to_string().into_bytes();
            if cut < 20 {
                body.truncate(cut);
            }
            let parsed = Request::parse(found, &query, &HeaderMap::new(), Bytes::from(body), "us-east-1".to_owned());
            if let Err(error) = parsed {
                prop_assert!(["ValidationException", "SerializationException"].contains(&error.code.as_str()), "{error:?}");
                prop_assert_eq!(error.status(&SERVICES), 400);
            }
        }
    }

    #[test]
    fn any_wrong_signature_is_refused(authorization in authorization(), query in query(), date in "[0-9TZ]{0,20}") {
        prop_assert!(query_pairs(&query).len() <= query.len() + 1);
        let _ = Credential::parse(&authorization);
        let headers = [("authorization", authorization.as_str()), ("x-amz-date", &date), ("host", "localhost")];
        for headers in [&headers[..], &headers[1..], &headers[2..]] {
            let Some(parts) = parts(&query, headers) else { continue };
            if let Some(region) = region(&parts) {
                prop_assert!(region.len() <= 20);
            }
            let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
            let checked = Signature::parse(&parts).and_then(|signed| signed.check(&keys(), &parts, Some(b""), now, now));
            let error = checked.unwrap_err();
            prop_assert_eq!(error.status(&SERVICES), 403, "{:?}", error);
            prop_assert!(api_key::check(&keys(), &authorization, now).is_err());
        }
    }

    #[test]
    fn any_other_host_is_refused(
        before in text(&["localhost", "127.0.0.1", "[::1]", "bedrock", ".", ":", "@", ":80", "/", "?", "#", "%2F", " "]),
        allowed in text(&["localhost", ".localhost", ".us-east-1.amazonaws.com", "[", "]", ":", "@"]),
    ) {
        let hosts = Hosts::new(&["bedrock".to_owned()]).unwrap();
        for host in [format!("{before}evil.example"), format!("{before}evil.example:8080")] {
            if let Some(parts) = parts("", &[("host", &host)]) {
                prop_assert!(hosts.check(&parts).is_err(), "{host}");
            }
            if let Some(parts) = parts("", &[("origin", &host)]) {
                prop_assert!(hosts.check(&parts).is_err(), "{host}");
            }
        }
        let _ = Hosts::new(&[allowed]);
    }

    #[test]
    fn any_bytes_decode_alike_in_any_pieces(
        bytes in vec(any::<u8>(), 0..300), payload in "\\PC{0,40}", flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        piece in 1usize..64,
    ) {
        let frame = |text: &str| event_stream::event("chunk", &serde_json::json!({ "bytes": text }), 2);
        let mut stream = [&frame(&payload)[..], &frame("x"), &bytes].concat();
        for (at, flip) in flips {
            let at = at.index(stream.len());
            stream[at] ^= flip;
        }
        let whole = decoded(&stream, stream.len(), None);
        prop_assert_eq!(&decoded(&stream, piece, None), &whole);
        prop_assert_eq!(decoded(&bytes, piece, None), decoded(&bytes, bytes.len().max(1), None));
        let credential = Credential::parse("AKID/20260102/us-east-1/bedrock/aws4_request").unwrap();
        let (received, wrong) = decoded(&stream, piece, Some(SignatureChain::new("secret", &credential, "seed")));
        prop_assert!(received.is_empty() && (wrong.is_some() || whole.0.is_empty()), "no signature is valid");
    }

    #[test]
    fn any_accepted_uri_stays_in_the_folder(uri in text(&["s3://", "/", "..", ".", "bucket", "\\", ":", "\0", "a"])) {
        static FOLDER: LazyLock<Buckets> = LazyLock::new(|| Buckets::open(&std::env::temp_dir()).unwrap());
        if FOLDER.check(&uri).is_ok() {
            let key = uri.strip_prefix("s3://").unwrap_or("..");
            prop_assert!(!key.split('/').any(|part| matches!(part, "." | "..")), "{uri}");
        }
    }

    #[test]
    fn any_image_has_a_size_or_none(bytes in vec(any::<u8>(), 0..40)) {
        let _ = png::size(&bytes);
        let _ = png::size(&[&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &bytes].concat());
    }
}
