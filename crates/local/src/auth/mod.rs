//! Who may call: everyone, or only the owners of keys that the server knows.

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

use crate::auth::canonical::pair;
use crate::auth::chain::Chain;
use crate::auth::credential::Credential;
use crate::auth::keys::Keys;
use crate::auth::sigv4::Signed;
use crate::wire::error::AwsResult;
use crate::wire::request::query_pairs;

/// Checks who sends a request. If its body is a stream of signed events, gives what they are checked with. The body is
/// `None` while it is still being sent.
pub(crate) fn check(
    keys: &Keys,
    parts: &Parts,
    body: Option<&[u8]>,
    now: Timestamp,
) -> AwsResult<Option<Chain>> {
    if keys.is_empty() {
        return Ok(None);
    }
    if let Some(token) = bearer(parts) {
        return api_key::check(keys, token, now).map(|()| None);
    }
    // Clients sign by their own clock, which a test does not move with the server's.
    Signed::read(parts)?.check(keys, parts, body, Timestamp::now(), now)
}

/// The region that a request is signed for.
pub(crate) fn region(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = match header {
        Some(header) => Credential::of_header(header),
        None => pair(&query_pairs(parts.uri.query()?), "X-Amz-Credential").and_then(Credential::read),
    };
    credential.map(|credential| credential.region).filter(|region| is_plausible(region))
}

fn is_plausible(region: &str) -> bool {
    let plain = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=20).contains(&region.len()) && plain
}

/// Whether a request may use the routes under `/_local/`.
pub(crate) fn is_admin(keys: &Keys, parts: &Parts) -> bool {
    keys.admin_token().is_none_or(|token| bearer(parts) == Some(token))
}

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
    fn the_region_is_the_signature_s() {
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
