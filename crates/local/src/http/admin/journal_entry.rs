//! A request of the journal as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::journal::{RecordedEvent, RecordedRequest};
use crate::wire::routing::decode;

/// Headers with secrets, which are not shown.
const SECRETS: &[&str] = &["authorization", "x-amz-security-token"];
/// Parameters of a presigned URL with secrets, which are not shown.
const QUERY_SECRETS: &[&str] = &["X-Amz-Signature", "X-Amz-Security-Token"];

pub(super) fn journal_entry(request: &RecordedRequest) -> Value {
    let sent = &request.response;
    let mut response = json!({ "headers": headers(&sent.headers), "bytes_sent": sent.bytes_sent });
    match sent.is_stream() {
        true => response["events"] = sent.events().iter().map(event).collect(),
        false => response["body"] = body(&sent.body),
    }
    json!({
        "id": request.id,
        "received": Timestamp::try_from(request.received).unwrap_or_default().to_string(),
        "operation": request.operation,
        "method": request.method,
        "path": request.path,
        "query": query(&request.query),
        "headers": headers(&request.headers),
        "body": body(&request.body),
        "status": request.status,
        "response": response,
        "faults": request.faults,
    })
}

fn event(event: &RecordedEvent) -> Value {
    match event {
        RecordedEvent::Event { name, payload } => json!({ "event": name, "payload": payload }),
        RecordedEvent::Error { code, message } => json!({ "error": code, "message": message }),
        RecordedEvent::Broken { why } => json!({ "broken": why }),
    }
}

/// A body: JSON as it is, text as a string, other bytes in base64.
fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    })
}

/// Headers as an object. The values of a repeated header are joined by commas.
fn headers(headers: &[(String, String)]) -> Value {
    let mut members = Map::new();
    for (name, value) in headers {
        let shown = match SECRETS.contains(&name.as_str()) {
            true => without_secret(value),
            false => value.clone(),
        };
        let known = members.get(name).and_then(Value::as_str);
        let all = known.map_or_else(|| shown.clone(), |known| format!("{known}, {shown}"));
        members.insert(name.clone(), all.into());
    }
    members.into()
}

/// A query without its secrets.
fn query(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if QUERY_SECRETS.contains(&decode(name).as_str()) => format!("{name}=…"),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

/// A header's value without its secret. The access key ID stays.
fn without_secret(value: &str) -> String {
    let signed = value.split_once("Signature=").map(|(before, _)| format!("{before}Signature=…"));
    signed.unwrap_or_else(|| match value.split_once(' ') {
        Some((scheme, _)) => format!("{scheme} …"),
        None => "…".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(without_secret("Bearer abc"), "Bearer …");
        assert_eq!(without_secret("abc"), "…");
        let signed =
            "AWS4-HMAC-SHA256 Credential=A/20250101/r/bedrock/aws4_request, SignedHeaders=host, Signature=0";
        assert!(without_secret(signed).ends_with("SignedHeaders=host, Signature=…"));
        let presigned = "a=b&X-Amz-Date=1&X-Amz-Security%2DToken=t&X-Amz-Signature=0&&c";
        assert_eq!(query(presigned), "a=b&X-Amz-Date=1&X-Amz-Security%2DToken=…&X-Amz-Signature=…&&c");
    }

    #[test]
    fn bodies_are_json_text_or_base64() {
        assert_eq!(body(b""), Value::Null);
        assert_eq!(body(b"{\"a\":1}"), json!({ "a": 1 }));
        assert_eq!(body(b"not {"), "not {");
        assert_eq!(body(b"\xff"), json!({ "base64": "/w==" }));
    }
}
