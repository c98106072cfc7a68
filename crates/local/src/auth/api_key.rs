//! Bedrock's API keys: bearer tokens that a client sends in place of a signature.
//!
//! A long-term key is a secret that the server knows. A short-term key is an encoded presigned request, which the owner of an
//! access key creates. It is checked with that access key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::Request;
use hyper::http::request::Parts;
use jiff::{SignedDuration, Timestamp};

use crate::auth::canonical::{self, value_of};
use crate::auth::digest::sha256;
use crate::auth::keys::Keys;
use crate::auth::sigv4::Signature;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::query_pairs;

const SHORT_TERM: &str = "bedrock-api-key-";
const LONG_TERM: &str = "ABSK";
/// The host and the action of the presigned request in a short-term key.
const HOST: &str = "bedrock.amazonaws.com";
const ACTION: &str = "CallWithBearerToken";
/// The longest lifetime of a short-term key on AWS.
const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// Checks an API key.
pub(crate) fn check(keys: &Keys, token: &str, now: Timestamp) -> AwsResult<()> {
    if keys.has_bearer_token(token) {
        return Ok(());
    }
    match token.strip_prefix(SHORT_TERM) {
        Some(encoded) => check_short_term(keys, encoded, now),
        None if token.starts_with(LONG_TERM) => Err(unknown()),
        None => Err(denied("Invalid API Key format: Must start with pre-defined prefix")),
    }
}

fn check_short_term(keys: &Keys, encoded: &str, now: Timestamp) -> AwsResult<()> {
    let parts = decode_request(encoded).ok_or_else(unknown)?;
    let query = query_pairs(parts.uri.query().unwrap_or_default());
    let is_for_bedrock = parts.uri.host() == Some(HOST) && parts.uri.path() == "/";
    if !is_for_bedrock || value_of(&query, "Action") != Some(ACTION) {
        return Err(unknown());
    }
    let signature = Signature::from_query(&query).map_err(|_| unknown())?;
    signature.check_scope().map_err(|_| unknown())?;
    let id = &signature.credential().key_id;
    let key = keys.access_key(id).ok_or_else(unknown)?;
    let headers: Vec<_> = signature.signed_headers().split(';').collect();
    let canonical = canonical::canonical_request(&parts, "X-Amz-Signature", &headers, &sha256(b""));
    signature.check_signature(&key.secret, &canonical).map_err(|_| unknown())?;
    if signature.until() < now {
        return Err(denied("Bearer Token has expired"));
    }
    // The only error that is left is a date in the future.
    signature.check_time(now).map_err(|_| unknown())?;
    if signature.lifetime() > MAX_LIFETIME {
        return Err(unknown());
    }
    keys.check_session(id, signature.session_token(), now)
}

/// Decodes the signed request in a short-term key.
fn decode_request(encoded: &str) -> Option<Parts> {
    let url = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
    // The version is appended after signing.
    let url = url.strip_suffix("&Version=1").unwrap_or(&url);
    let (parts, ()) = Request::post(format!("https://{url}")).body(()).ok()?.into_parts();
    Some(parts)
}

fn unknown() -> AwsError {
    denied("Authentication failed: Please make sure your API Key is valid.")
}

fn denied(message: &str) -> AwsError {
    AwsError::new("AccessDeniedException", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::{AccessKey, TemporarySession};

    /// Created by another implementation, valid for an hour from 2026-01-02T03:04:05Z.
    const SHORT_TERM_KEY: &str = "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSURFWEFNUExFJTJGMjAyNjAxMDIlMkZ1cy13ZXN0LTIlMkZiZWRyb2NrJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjAxMDJUMDMwNDA1WiZYLUFtei1FeHBpcmVzPTM2MDAmWC1BbXotU2lnbmVkSGVhZGVycz1ob3N0JlgtQW16LVNlY3VyaXR5LVRva2VuPXRvayUyRmVuJTNEJlgtQW16LVNpZ25hdHVyZT1jZjA4NzYwZjQ3NWUwMzU4MjA4NmNiMzUxN2M0MDUyNzM2NDA3M2RhNjA0Y2Y4MzhmMDcyNGRhMjkzZDllNGFkJlZlcnNpb249MQ==";

    fn keys(token: &str) -> Keys {
        let mut keys = Keys::default();
        let until = "2026-01-02T03:30:00Z".parse().unwrap();
        let session = Some(TemporarySession { token: token.to_owned(), until });
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
        keys.add_access_key("AKIDEXAMPLE".to_owned(), AccessKey { secret, session });
        keys.add_bearer_token("known".to_owned());
        keys
    }

    fn checked(keys: &Keys, token: &str, now: &str) -> Result<(), String> {
        check(keys, token, now.parse().unwrap()).map_err(|error| format!("{}: {}", error.code, error.message))
    }

    #[test]
    fn keys_are_known_or_signed_with_known_ones() {
        let ours = keys("tok/en=");
        assert_eq!(checked(&ours, "known", "2026-01-02T03:10:00Z"), Ok(()));
        assert_eq!(checked(&ours, SHORT_TERM_KEY, "2026-01-02T03:10:00Z"), Ok(()));
        assert_eq!(
            checked(&ours, SHORT_TERM_KEY, "2026-01-02T04:10:00Z").unwrap_err(),
            "AccessDeniedException: Bearer Token has expired"
        );
        assert_eq!(
            checked(&ours, SHORT_TERM_KEY, "2026-01-02T03:40:00Z").unwrap_err(),
            "ExpiredTokenException: The security token included in the request is expired"
        );
        let unknown = "AccessDeniedException: Authentication failed: Please make sure your API Key is valid.";
        let tampered = SHORT_TERM_KEY.replace("Y2Y4", "Y2YA");
        for token in ["ABSKx", "bedrock-api-key-", "bedrock-api-key-AAAA", &tampered] {
            assert_eq!(checked(&ours, token, "2026-01-02T03:10:00Z").unwrap_err(), unknown, "{token}");
        }
        assert_eq!(
            checked(&ours, "Known", "2026-01-02T03:10:00Z").unwrap_err(),
            "AccessDeniedException: Invalid API Key format: Must start with pre-defined prefix"
        );
        assert!(checked(&keys("other"), SHORT_TERM_KEY, "2026-01-02T03:10:00Z").is_err());
    }
}
