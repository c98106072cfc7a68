//! AWS Signature Version 4, in the `Authorization` header or in the query.

use hyper::header::{AUTHORIZATION, DATE};
use hyper::http::request::Parts;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::auth::canonical::{self, value_of};
use crate::auth::chain::SignatureChain;
use crate::auth::credential::Credential;
use crate::auth::digest::{hex, mac, sha256, signing_key};
use crate::auth::keys::Keys;
use crate::auth::refusal::{MISMATCH, invalid, unknown_key};
use crate::wire::error::{AwsError, AwsResult};
use crate::wire::request::query_pairs;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The name of both services in signatures.
const SERVICE: &str = "bedrock";
const BASIC_FORMAT: &str = "%Y%m%dT%H%M%SZ";
/// The largest difference between the clocks of client and server.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The longest lifetime of a presigned request: a week, in seconds.
const MAX_EXPIRES: i64 = 604_800;
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const SIGNED_EVENTS: &str = "STREAMING-AWS4-HMAC-SHA256-EVENTS";

/// The signature of a request.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    credential: Credential,
    /// The signing time in ISO 8601's basic format, as it is signed.
    date: String,
    at: Timestamp,
    signed_headers: String,
    signature: String,
    session_token: Option<String>,
    /// The lifetime in seconds of a presigned request. `None` if the signature is in a header.
    presigned_for: Option<i64>,
}

impl Signature {
    /// Parses the signature of a request. The errors are AWS's.
    pub(crate) fn parse(parts: &Parts) -> AwsResult<Self> {
        match parts.headers.get(AUTHORIZATION) {
            Some(value) => Self::from_header(&String::from_utf8_lossy(value.as_bytes()), parts),
            None => Self::from_query(&query_pairs(parts.uri.query().unwrap_or_default())),
        }
    }

    fn from_header(authorization: &str, parts: &Parts) -> AwsResult<Self> {
        let Some(rest) = authorization.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with([' ', '\t']))
        else {
            let algorithm = authorization.split(' ').next().unwrap_or_default();
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        };
        let mut parameters = Vec::new();
        for part in rest.split([',', ' ', '\t']).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(incomplete(format!(
                    "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: \
                     '{authorization}'."
                )));
            };
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let date = header("x-amz-date").or_else(|| header(DATE.as_str()));
        let mut missing: String = ["Credential", "Signature", "SignedHeaders"]
            .into_iter()
            .filter(|name| value_of(&parameters, name).is_none_or(str::is_empty))
            .map(|name| format!("Authorization header requires '{name}' parameter. "))
            .collect();
        if date.is_none() {
            missing.push_str(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
            );
        }
        if !missing.is_empty() {
            return Err(incomplete(format!("{missing}Authorization={authorization}")));
        }
        let token = header("x-amz-security-token").map(str::to_owned);
        Self::from_parameters(&parameters, "", date.unwrap_or_default(), token, None)
    }

    /// Parses the signature of a presigned request.
    pub(crate) fn from_query(pairs: &[(String, String)]) -> AwsResult<Self> {
        let parameter = |name: &str| value_of(pairs, name);
        if parameter("X-Amz-Signature").is_none() && parameter("X-Amz-Credential").is_none() {
            return Err(AwsError::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
        }
        let names = ["Algorithm", "Credential", "Date", "Expires", "Signature", "SignedHeaders"];
        let missing: Vec<_> = names
            .into_iter()
            .filter(|name| parameter(&format!("X-Amz-{name}")).is_none_or(str::is_empty))
            .map(|name| format!("AWS query-string parameters must include 'X-Amz-{name}'."))
            .collect();
        if !missing.is_empty() {
            return Err(incomplete(missing.join(" ")));
        }
        if let Some(algorithm) = parameter("X-Amz-Algorithm").filter(|algorithm| *algorithm != ALGORITHM) {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let expires = parameter("X-Amz-Expires").and_then(|seconds| seconds.parse().ok());
        let Some(expires) = expires.filter(|seconds| (1..=MAX_EXPIRES).contains(seconds)) else {
            return Err(incomplete(format!(
                "X-Amz-Expires must be a number of seconds from 1 to {MAX_EXPIRES}."
            )));
        };
        let token = parameter("X-Amz-Security-Token").map(str::to_owned);
        Self::from_parameters(
            pairs,
            "X-Amz-",
            parameter("X-Amz-Date").unwrap_or_default(),
            token,
            Some(expires),
        )
    }

    fn from_parameters(
        parameters: &[(String, String)],
        prefix: &str,
        date: &str,
        session_token: Option<String>,
        presigned_for: Option<i64>,
    ) -> AwsResult<Self> {
        let text = |name: &str| value_of(parameters, &format!("{prefix}{name}")).unwrap_or_default();
        let credential = Credential::parse(text("Credential")).ok_or_else(|| {
            incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{}'.",
                text("Credential")
            ))
        })?;
        let at = parse_time(date).ok_or_else(|| {
            incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"))
        })?;
        let (signed_headers, signature) = (text("SignedHeaders").to_owned(), text("Signature").to_owned());
        // The date is signed in the basic format, also if it comes from the `Date` header.
        let date = at.strftime(BASIC_FORMAT).to_string();
        Ok(Self { credential, date, at, signed_headers, signature, session_token, presigned_for })
    }

    /// Checks the signature with the keys. Signatures expire by `real_time`, and temporary keys by `server_time`.
    pub(crate) fn check(
        &self,
        keys: &Keys,
        parts: &Parts,
        body: Option<&[u8]>,
        real_time: Timestamp,
        server_time: Timestamp,
    ) -> AwsResult<Option<SignatureChain>> {
        let id = &self.credential.key_id;
        let secret = &keys.access_key(id).ok_or_else(unknown_key)?.secret;
        self.check_scope()?;
        self.check_time(real_time)?;
        keys.check_session(id, self.session_token.as_deref(), server_time)?;
        let signed_headers: Vec<_> = self.signed_headers.split(';').collect();
        if !canonical::includes_host(&signed_headers) {
            return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
        }
        let payload_hash = canonical::payload_hash(&parts.headers, body);
        let excluded = if self.presigned_for.is_some() { "X-Amz-Signature" } else { "" };
        let request = canonical::canonical_request(parts, excluded, &signed_headers, &payload_hash);
        self.check_signature(secret, &request)?;
        let is_stream = payload_hash == SIGNED_EVENTS && body.is_none();
        if payload_hash != UNSIGNED && !is_stream && payload_hash != sha256(body.unwrap_or_default()) {
            return Err(invalid(
                "The value of the 'x-amz-content-sha256' header does not match the calculated value.",
            ));
        }
        Ok(is_stream.then(|| SignatureChain::new(secret, &self.credential, &self.signature)))
    }

    /// Checks the signature of a canonical request.
    pub(crate) fn check_signature(&self, secret: &str, canonical_request: &str) -> AwsResult<()> {
        let string = self.string_to_sign(canonical_request);
        let key =
            signing_key(secret, &self.credential.date, &self.credential.region, &self.credential.service);
        if hex(&mac(&key, string.as_bytes())) == self.signature {
            return Ok(());
        }
        Err(invalid(format!(
            "{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical_request}'\n\nThe \
             String-to-Sign should have been\n'{string}'\n"
        )))
    }

    fn string_to_sign(&self, canonical_request: &str) -> String {
        let (scope, hash) = (self.credential.scope(), sha256(canonical_request.as_bytes()));
        format!("{ALGORITHM}\n{}\n{scope}\n{hash}", self.date)
    }

    /// Checks the service and the date of the credential.
    pub(crate) fn check_scope(&self) -> AwsResult<()> {
        let Credential { date, service, .. } = &self.credential;
        if service != SERVICE {
            return Err(invalid(format!("Credential should be scoped to correct service: '{SERVICE}'. ")));
        }
        let day = self.date.get(..8).unwrap_or_default();
        if day != date {
            return Err(invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' \
                 != '{day}', from '{}'.",
                self.date
            )));
        }
        Ok(())
    }

    /// Checks that the signature is current.
    pub(crate) fn check_time(&self, now: Timestamp) -> AwsResult<()> {
        let basic = |moment: Timestamp| moment.strftime(BASIC_FORMAT).to_string();
        let (lifetime, allowed) = match self.presigned_for {
            Some(seconds) => (SignedDuration::from_secs(seconds), format!("{seconds} sec.")),
            None => (SKEW, "5 min.".to_owned()),
        };
        let earliest = now.saturating_sub(lifetime).unwrap_or(now);
        let latest = now.saturating_add(SKEW).unwrap_or(now);
        let (at, clock) = (&self.date, basic(now));
        if self.at < earliest {
            let bound = basic(earliest);
            return Err(invalid(format!(
                "Signature expired: {at} is now earlier than {bound} ({clock} - {allowed})"
            )));
        }
        if self.at > latest {
            let bound = basic(latest);
            return Err(invalid(format!(
                "Signature not yet current: {at} is still later than {bound} ({clock} + 5 min.)"
            )));
        }
        Ok(())
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Returns the lifetime of a presigned request.
    pub(crate) fn lifetime(&self) -> SignedDuration {
        SignedDuration::from_secs(self.presigned_for.unwrap_or_default())
    }

    /// Returns the time at which a presigned request expires.
    pub(crate) fn until(&self) -> Timestamp {
        self.at.saturating_add(self.lifetime()).unwrap_or(self.at)
    }

    pub(crate) fn signed_headers(&self) -> &str {
        &self.signed_headers
    }
}

fn incomplete(message: impl Into<String>) -> AwsError {
    AwsError::new("IncompleteSignatureException", message)
}

/// Parses `20250101T120000Z`, or the format of HTTP's `Date` header.
fn parse_time(text: &str) -> Option<Timestamp> {
    let basic = DateTime::strptime(BASIC_FORMAT, text).ok();
    let basic = basic.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    basic.or_else(|| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;
    use crate::auth::keys::AccessKey;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = Request::builder().method(method).uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    /// Requests of AWS's published test suite and their signatures, in the header and in the query.
    #[test]
    fn aws_s_published_examples_are_accepted() {
        let none: &[(&str, &str)] = &[];
        let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let unreserved = format!("/?{unreserved}={unreserved}");
        for (method, path, extra, in_header, in_query) in [
            (
                "GET",
                "/example1/example2/../..",
                none,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
                "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
            ),
            (
                "GET",
                "//example//",
                none,
                "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
                "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082",
            ),
            (
                "GET",
                "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
                none,
                "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
                "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787",
            ),
            (
                "GET",
                &unreserved,
                none,
                "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
                "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf",
            ),
            (
                "POST",
                "/?Param1=value1",
                none,
                "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
                "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682",
            ),
            (
                "GET",
                "/",
                &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
                "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
                "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97",
            ),
            (
                "GET",
                "/",
                &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
                "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4",
            ),
        ] {
            let mut names: Vec<_> = ["host"].into_iter().chain(extra.iter().map(|(name, _)| *name)).collect();
            names.dedup();
            let all = [&[("host", "example.amazonaws.com")], extra].concat();

            let presigned = format!(
                "{path}{}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice\
                 %2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders={}&\
                 X-Amz-Signature={in_query}",
                if path.contains('?') { '&' } else { '?' },
                names.join("%3B"),
            );
            let request = parts(method, &presigned, &all);
            let canonical = canonical::canonical_request(&request, "X-Amz-Signature", &names, &sha256(b""));
            Signature::parse(&request).unwrap().check_signature(SECRET, &canonical).unwrap();

            names.push("x-amz-date");
            let authorization = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={in_header}",
                names.join(";")
            );
            let signed = [("x-amz-date", "20150830T123600Z"), ("authorization", authorization.as_str())];
            let request = parts(method, path, &[&all[..], &signed].concat());
            let canonical = canonical::canonical_request(&request, "", &names, &sha256(b""));
            Signature::parse(&request).unwrap().check_signature(SECRET, &canonical).unwrap();
        }
    }

    /// Signed by another implementation.
    #[test]
    fn a_valid_request_is_accepted() {
        let keys = {
            let mut keys = Keys::default();
            keys.add_access_key(
                "AKIDEXAMPLE".to_owned(),
                AccessKey { secret: SECRET.to_owned(), session: None },
            );
            keys
        };
        let path = "/model/us.anthropic.claude-x-v1%3A0/converse?b=x%20y&a=%2F";
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, \
                             SignedHeaders=content-type;host;x-amz-date, \
                             Signature=6db8512ff4b62a099720a5a602bc0d1c059cd47df287ace3c00aa36efaaabb3f";
        let headers = [
            ("host", "127.0.0.1:8080"),
            ("content-type", "application/json"),
            ("x-amz-date", "20260102T030405Z"),
            ("authorization", authorization),
        ];
        let request = parts("POST", path, &headers);
        let signed = Signature::parse(&request).unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let check = |body: &[u8], now| {
            signed.check(&keys, &request, Some(body), now, now).map(|chain| chain.is_some())
        };
        assert_eq!(check(br#"{"messages":[]}"#, now), Ok(false));
        let refused = check(b"{}", now).unwrap_err();
        assert_eq!(refused.code, "InvalidSignatureException");
        assert!(refused.message.starts_with(MISMATCH));
        let expected = "'POST\n/model/us.anthropic.claude-x-v1%253A0/converse\na=%2F&b=x%20y\ncontent-type:application/json\n\
                    host:127.0.0.1:8080\nx-amz-date:20260102T030405Z\n\ncontent-type;host;x-amz-date\n";
        assert!(refused.message.contains(expected), "{}", refused.message);
        let presigned = Signature { presigned_for: Some(60), ..signed.clone() };
        let after = |seconds| now.saturating_add(SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(presigned.check_time(after(60)), Ok(()));
        assert_eq!(
            presigned.check_time(after(61)).unwrap_err().message,
            "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030506Z - 60 sec.)"
        );
        let minutes = |minutes| now.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        assert_eq!(check(br#"{"messages":[]}"#, minutes(5)), Ok(false));
        assert_eq!(
            check(b"", minutes(6)).unwrap_err().message,
            "Signature expired: 20260102T030405Z is now earlier than 20260102T030505Z (20260102T031005Z - 5 min.)"
        );
        assert_eq!(
            check(b"", minutes(-6)).unwrap_err().message,
            "Signature not yet current: 20260102T030405Z is still later than 20260102T030305Z (20260102T025805Z + 5 min.)"
        );
    }

    #[test]
    fn times_are_parsed_in_both_formats() {
        let expected = "2015-08-30T12:36:00Z".parse().ok();
        assert_eq!(parse_time("20150830T123600Z"), expected);
        assert_eq!(parse_time("Sun, 30 Aug 2015 12:36:00 GMT"), expected);
        assert_eq!(parse_time("2015-08-30"), None);
    }
}
