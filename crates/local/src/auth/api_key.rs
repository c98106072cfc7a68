//! Bedrock's API keys: bearer tokens that a client sends in place of a signature.
//!
//! A long-term key is a secret that the server knows. A short-term key is an encoded presigned request, which the owner of an
//! access key can make; it is checked with that access key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::Request;
use hyper::http::request::Parts;
use jiff::{SignedDuration, Timestamp};

use crate::auth::canonical::{self, pair};
use crate::auth::digest::sha256;
use crate::auth::keys::Keys;
use crate::auth::sigv4::Signed;
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::query_pairs;

const SHORT_TERM: &str = "bedrock-api-key-";
const LONG_TERM: &str = "ABSK";
/// What a short-term key is a presigned request for.
const HOST: &str = "bedrock.amazonaws.com";
const ACTION: &str = "CallWithBearerToken";
/// The longest that AWS lets a short-term key live.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

pub(crate) fn check(keys: &Keys, token: &str, now: Timestamp) -> AwsResult<()> {
    if keys.knows_bearer_token(token) {
        return Ok(());
    }
    match token.strip_prefix(SHORT_TERM) {
        Some(disguised) => check_short_term(keys, disguised, now),
        None if token.starts_with(LONG_TERM) => Err(unknown()),
        None => Err(denied("Invalid API Key format: Must start with pre-defined prefix")),
    }
}

fn check_short_term(keys: &Keys, disguised: &str, now: Timestamp) -> AwsResult<()> {
    let parts = presigned(disguised).ok_or_else(unknown)?;
    let query = query_pairs(parts.uri.query().unwrap_or_default());
    let is_for_bedrock = parts.uri.host() == Some(HOST) && parts.uri.path() == "/";
    if !is_for_bedrock || pair(&query, "Action") != Some(ACTION) {
        return Err(unknown());
    }
    let signed = Signed::of_query(&query).map_err(|_| unknown())?;
    signed.check_scope().map_err(|_| unknown())?;
    let id = &signed.credential().key_id;
    let key = keys.access_key(id).ok_or_else(unknown)?;
    let headers: Vec<_> = signed.signed_headers().split(';').collect();
    let canonical = canonical::request(&parts, "X-Amz-Signature", &headers, &sha256(b""));
    signed.check_signature(&key.secret, &canonical).map_err(|_| unknown())?;
    if signed.until() < now {
        return Err(denied("Bearer Token has expired"));
    }
    // The only error left to find here is a date in the future.
    signed.check_time(now).map_err(|_| unknown())?;
    if signed.lifetime() > LONGEST {
        return Err(unknown());
    }
    keys.check_session(id, signed.session_token(), now)
}

/// The request that a short-term key holds, as it was signed.
fn presigned(disguised: &str) -> Option<Parts> {
    let url = String::from_utf8(BASE64.decode(disguised).ok()?).ok()?;
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
    use crate::auth::keys::{AccessKey, Session};

    /// Made by another signer than ours, for an hour from 2026-01-02T03:04:05Z.
    const MADE: &str = "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSURFWEFNUExFJTJGMjAyNjAxMDIlMkZ1cy13ZXN0LTIlMkZiZWRyb2NrJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjAxMDJUMDMwNDA1WiZYLUFtei1FeHBpcmVzPTM2MDAmWC1BbXotU2lnbmVkSGVhZGVycz1ob3N0JlgtQW16LVNlY3VyaXR5LVRva2VuPXRvayUyRmVuJTNEJlgtQW16LVNpZ25hdHVyZT1jZjA4NzYwZjQ3NWUwMzU4MjA4NmNiMzUxN2M0MDUyNzM2NDA3M2RhNjA0Y2Y4MzhmMDcyNGRhMjkzZDllNGFkJlZlcnNpb249MQ==";

    fn keys(token: &str) -> Keys {
        let mut keys = Keys::default();
        let until = "2026-01-02T03:30:00Z".parse().unwrap();
        let session = Some(Session { token: token.to_owned(), until });
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
        keys.add_access_key("AKIDEXAMPLE".to_owned(), AccessKey { secret, session });
        keys.add_bearer_token("known".to_owned());
        keys
    }

    fn told(keys: &Keys, token: &str, now: &str) -> Result<(), String> {
        check(keys, token, now.parse().unwrap()).map_err(|error| format!("{}: {}", error.code, error.message))
    }

    #[test]
    fn keys_are_known_or_made_of_known_ones() {
        let ours = keys("tok/en=");
        assert_eq!(told(&ours, "known", "2026-01-02T03:10:00Z"), Ok(()));
        assert_eq!(told(&ours, MADE, "2026-01-02T03:10:00Z"), Ok(()));
        assert_eq!(
            told(&ours, MADE, "2026-01-02T04:10:00Z").unwrap_err(),
            "AccessDeniedException: Bearer Token has expired"
        );
        assert_eq!(
            told(&ours, MADE, "2026-01-02T03:40:00Z").unwrap_err(),
            "ExpiredTokenException: The security token included in the request is expired"
        );
        let unknown = "AccessDeniedException: Authentication failed: Please make sure your API Key is valid.";
        let tampered = MADE.replace("Y2Y4", "Y2YA");
        for token in ["ABSKx", "bedrock-api-key-", "bedrock-api-key-AAAA", &tampered] {
            assert_eq!(told(&ours, token, "2026-01-02T03:10:00Z").unwrap_err(), unknown, "{token}");
        }
        assert_eq!(
            told(&ours, "Known", "2026-01-02T03:10:00Z").unwrap_err(),
            "AccessDeniedException: Invalid API Key format: Must start with pre-defined prefix"
        );
        assert!(told(&keys("other"), MADE, "2026-01-02T03:10:00Z").is_err());
    }
}
