//! The canonical request of Signature Version 4, which client and server sign.

use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::auth::digest::sha256;
use crate::wire::request::query_pairs;

/// The characters to encode in a query: all but letters, digits and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const IN_PATH: &AsciiSet = &ENCODED.remove(b'/');
/// HTTP/2's pseudo-header for the host name.
const AUTHORITY: &str = ":authority";

/// Returns the canonical request. `excluded` is the query parameter that is not signed: the signature itself.
pub(crate) fn canonical_request(
    parts: &Parts,
    excluded: &str,
    signed_headers: &[&str],
    payload_hash: &str,
) -> String {
    let headers: String =
        signed_headers.iter().map(|name| format!("{name}:{}\n", header(parts, name))).collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{}\n{payload_hash}",
        parts.method,
        path(parts.uri.path()),
        query(parts.uri.query().unwrap_or_default(), excluded),
        signed_headers.join(";"),
    )
}

/// Resolves `.` and `..` in the path, and encodes it once more.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let plain = format!("/{}", segments.join("/"));
    let plain = if raw.ends_with('/') && !segments.is_empty() { plain + "/" } else { plain };
    utf8_percent_encode(&plain, IN_PATH).to_string()
}

/// Sorts a query by its encoded names.
fn query(raw: &str, excluded: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let kept = query_pairs(raw).into_iter().filter(|(name, _)| excluded.is_empty() || name != excluded);
    let mut encoded: Vec<_> = kept.map(|(name, value)| (encode(&name), encode(&value))).collect();
    encoded.sort();
    let joined: Vec<_> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    joined.join("&")
}

/// Returns the first value with a name.
pub(crate) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Returns all values of a header, with white space reduced to single spaces. The host name is the `host` header in HTTP/1 and
/// the `:authority` pseudo-header in HTTP/2. Clients sign either name with either protocol.
fn header(parts: &Parts, name: &str) -> String {
    let authority = parts.uri.authority().map(ToString::to_string);
    let name = match (name, authority) {
        (AUTHORITY, Some(authority)) => return authority,
        (AUTHORITY, None) => HOST.as_str(),
        ("host", Some(authority)) if !parts.headers.contains_key(HOST) => return authority,
        (name, _) => name,
    };
    let values = parts.headers.get_all(name).into_iter();
    let trimmed = values.map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        text.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    trimmed.collect::<Vec<_>>().join(",")
}

/// Returns whether a signature covers the host name.
pub(crate) fn includes_host(signed_headers: &[&str]) -> bool {
    signed_headers.contains(&HOST.as_str()) || signed_headers.contains(&AUTHORITY)
}

/// Returns the payload hash in the signature: the one that the client sent, else the hash of the body.
pub(crate) fn payload_hash(headers: &HeaderMap, body: Option<&[u8]>) -> String {
    let sent = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    sent.map_or_else(|| sha256(body.unwrap_or_default()), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_and_encoded_twice() {
        for (raw, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("/model/a.b-v1%3A0/converse", "/model/a.b-v1%253A0/converse"),
            ("/model/a.b-v1:0/converse", "/model/a.b-v1%3A0/converse"),
            ("//a///b/", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/..", "/"),
            ("/../..", "/"),
            ("/a/b/..", "/a"),
        ] {
            assert_eq!(path(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn the_host_name_is_in_either_header() {
        let parts = |uri: &str, host: Option<&str>| {
            let request = hyper::Request::get(uri);
            let request = host.into_iter().fold(request, |request, host| request.header(HOST, host));
            request.body(()).unwrap().into_parts().0
        };
        let http1 = parts("/guardrails", Some("localhost:8080"));
        let http2 = parts("http://localhost:8080/guardrails", None);
        for name in ["host", ":authority"] {
            assert_eq!(header(&http1, name), "localhost:8080", "{name}");
            assert_eq!(header(&http2, name), "localhost:8080", "{name}");
            assert!(includes_host(&["x-amz-date", name]));
        }
        assert!(!includes_host(&["x-amz-date"]));
    }

    #[test]
    fn queries_are_sorted_by_their_encoded_names() {
        assert_eq!(query("b=2&a=3&a=1&c", ""), "a=1&a=3&b=2&c=");
        assert_eq!(query("Param=Value2&%E1%88%B4=Value1", ""), "%E1%88%B4=Value1&Param=Value2");
        assert_eq!(query("a=x%20y%2Fz&sig=1", "sig"), "a=x%20y%2Fz");
        assert_eq!(query("", ""), "");
    }
}
