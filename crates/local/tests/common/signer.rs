//! A signer of requests and stream events, independent of the server's code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

pub const ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

pub struct Signer {
    pub id: &'static str,
    pub secret: &'static str,
    /// The number of seconds by which the signer's clock is ahead.
    pub ahead: i64,
    pub service: &'static str,
    pub payload: Option<&'static str>,
    pub session_token: Option<&'static str>,
    /// The header that contains the server's name: `host`, or `:authority` over HTTP/2.
    pub server: &'static str,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            id: ID,
            secret: SECRET,
            ahead: 0,
            service: "bedrock",
            payload: None,
            session_token: None,
            server: "host",
        }
    }
}

impl Signer {
    /// Returns the headers of a signed request. The last one is the authorization.
    pub fn sign(&self, method: &str, host: &str, path: &str, body: &[u8]) -> Vec<(String, String)> {
        let date = self.date();
        let mut headers =
            vec![(self.server.to_owned(), host.to_owned()), ("x-amz-date".to_owned(), date.clone())];
        headers.extend(self.payload.map(|hash| ("x-amz-content-sha256".to_owned(), hash.to_owned())));
        headers.extend(self.session_token.map(|token| ("x-amz-security-token".to_owned(), token.to_owned())));
        headers.sort();
        let hash = self.payload.map_or_else(|| hex(&Sha256::digest(body)), str::to_owned);
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = format!(
            "{method}\n{}\n{query}\n{lines}\n{names}\n{hash}",
            path.replace('%', "%25").replace(':', "%3A")
        );
        let signature = self.signature(&date, &request);
        let credential = format!("{}/{}", self.id, self.scope(&date));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        headers.retain(|(name, _)| name != self.server);
        headers.push(("authorization".to_owned(), authorization));
        headers
    }

    /// Returns a short-term API key that is valid for a number of seconds.
    pub fn api_key(&self, host: &str, action: &str, seconds: u32) -> String {
        let presigned = self.presign("POST", host, &format!("/?Action={action}"), seconds);
        format!("bedrock-api-key-{}", BASE64.encode(format!("{host}{presigned}&Version=1")))
    }

    /// Returns a presigned path that is valid for a number of seconds. A query in it must come first in alphabetical
    /// order.
    pub fn presign(&self, method: &str, host: &str, path: &str, seconds: u32) -> String {
        let date = self.date();
        let credential = format!("{}/{}", self.id, self.scope(&date)).replace('/', "%2F");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.to_owned() + if query.is_empty() { "" } else { "&" };
        let query = format!(
            "{query}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={date}&X-Amz-Expires={seconds}\
             &X-Amz-SignedHeaders=host"
        );
        let empty = hex(&Sha256::digest(b""));
        let signature =
            self.signature(&date, &format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\n{empty}"));
        format!("{path}?{query}&X-Amz-Signature={signature}")
    }

    /// Returns the `:date` in milliseconds and the signature of an event that follows the event with the signature
    /// `last`.
    pub fn sign_event(&self, last: &str, payload: &[u8]) -> (i64, Vec<u8>) {
        let seconds = jiff::Timestamp::now().as_second();
        let moment = jiff::Timestamp::from_second(seconds).unwrap();
        let date = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
        let header = [&b"\x05:date\x08"[..], &(seconds * 1000).to_be_bytes()].concat();
        let string = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{}\n{last}\n{}\n{}",
            self.scope(&date),
            hex(&Sha256::digest(header)),
            hex(&Sha256::digest(payload))
        );
        (seconds * 1000, mac(&self.key(&date), &string))
    }

    fn date(&self) -> String {
        let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead);
        now.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    fn scope(&self, date: &str) -> String {
        format!("{}/us-east-1/{}/aws4_request", &date[..8], self.service)
    }

    fn key(&self, date: &str) -> Vec<u8> {
        let first = format!("AWS4{}", self.secret).into_bytes();
        [&date[..8], "us-east-1", self.service, "aws4_request"]
            .iter()
            .fold(first, |key, part| mac(&key, part))
    }

    fn signature(&self, date: &str, request: &str) -> String {
        let hash = hex(&Sha256::digest(request));
        let string = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{hash}", self.scope(date));
        hex(&mac(&self.key(date), &string))
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
