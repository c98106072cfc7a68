//! Authentication: all requests are accepted, or only those with keys that the server knows.

pub(crate) mod api_key;
pub(crate) mod canonical;
pub(crate) mod chain;
pub(crate) mod credential;
mod digest;
pub(crate) mod hosts;
pub(crate) mod keys;
mod refusal;
pub(crate) mod sigv4;

use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use jiff::Timestamp;

use crate::auth::canonical::value_of;
use crate::auth::chain::SignatureChain;
use crate::auth::credential::Credential;
use crate::auth::keys::Keys;
use crate::auth::sigv4::Signature;
use crate::wire::error::AwsResult;
use crate::wire::request::query_pairs;

/// Checks the signature or the bearer token of a request. If the body is a stream of signed events, returns the chain that
/// checks them. The body is `None` while the client still sends it.
pub(crate) fn check(
    keys: &Keys,
    parts: &Parts,
    body: Option<&[u8]>,
    now: Timestamp,
) -> AwsResult<Option<SignatureChain>> {
    if keys.is_empty() {
        return Ok(None);
    }
    if let Some(token) = bearer(parts) {
        return api_key::check(keys, token, now).map(|()| None);
    }
    // Clients sign with their own clock, which a test does not advance with the server's.
    Signature::parse(parts)?.check(keys, parts, body, Timestamp::now(), now)
}

/// Returns the region in the signature of a request.
pub(crate) fn region(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = match header {
        Some(header) => Credential::from_header(header),
        None => value_of(&query_pairs(parts.uri.query()?), "X-Amz-Credential").and_then(Credential::parse),
    };
    credential.map(|credential| credential.region).filter(|region| is_plausible(region))
}

/// Returns whether a text has the form of a region.
fn is_plausible(region: &str) -> bool {
    let plain = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=20).contains(&region.len()) && plain
}

/// Returns whether a request may use the routes under `/_local/`.
pub(crate) fn is_admin(keys: &Keys, parts: &Parts) -> bool {
    keys.admin_token().is_none_or(|token| bearer(parts) == Some(token))
}

/// Returns the bearer token of a request.
fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn parts(uri: &str, authorization: Option<&str>) -> Parts {
        let request = Request::builder().uri(uri);
        let request = match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_region_comes_from_the_signature() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20250101/eu-central-1/bedrock/aws4_request, \
                      SignedHeaders=host, Signature=0";
        assert_eq!(region(&parts("/", Some(signed))).as_deref(), Some("eu-central-1"));
        assert_eq!(region(&parts("/", Some("Bearer abc"))), None);
        assert_eq!(region(&parts("/", Some("AWS4-HMAC-SHA256 Credential=, Signature=0"))), None);
        assert_eq!(region(&parts("/", None)), None);
        let presigned = "/?X-Amz-Credential=AKID%2F20250101%2Fap-south-1%2Fbedrock%2Faws4_request";
        assert_eq!(region(&parts(presigned, None)).as_deref(), Some("ap-south-1"));
        let odd = "AWS4-HMAC-SHA256 Credential=AKID/20250101/../../etc/bedrock/aws4_request, Signature=0";
        assert_eq!(region(&parts("/", Some(odd))).as_deref(), Some("etc"));
    }
}
