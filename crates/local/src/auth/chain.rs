//! The signatures of a stream's events. Each one covers the event and the previous signature.

use jiff::Timestamp;

use crate::auth::credential::Credential;
use crate::auth::digest::{hex, mac, sha256, signing_key};
use crate::auth::refusal::MISMATCH;
use crate::wire::event_stream::SignatureCheck;

const ALGORITHM: &str = "AWS4-HMAC-SHA256-PAYLOAD";

/// Checks a stream's events one by one.
#[derive(Debug)]
pub(crate) struct SignatureChain {
    secret: Secret,
    region: String,
    service: String,
    /// The signature of the request or of the previous event.
    previous: String,
}

/// A secret access key, which debug output hides.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl SignatureChain {
    /// Creates a chain from the signature of the request.
    pub(crate) fn new(secret: &str, credential: &Credential, seed: &str) -> Self {
        let Credential { region, service, .. } = credential.clone();
        Self { secret: Secret(secret.to_owned()), region, service, previous: seed.to_owned() }
    }

    /// Returns the check as a function.
    pub(crate) fn into_check(mut self) -> SignatureCheck {
        Box::new(move |date, payload, signature| self.check(date, payload, signature))
    }

    /// Checks the signature of the next event. `date` is the frame's `:date` in milliseconds since 1970.
    pub(crate) fn check(&mut self, date: i64, payload: &[u8], signature: &[u8]) -> Result<(), &'static str> {
        let moment =
            Timestamp::from_millisecond(date).map_err(|_| "the date of a signed frame is impossible")?;
        let time = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = time.get(..8).unwrap_or_default();
        let (region, service, previous) = (&self.region, &self.service, &self.previous);
        let header = [&b"\x05:date\x08"[..], &date.to_be_bytes()].concat();
        let string = format!(
            "{ALGORITHM}\n{time}\n{day}/{region}/{service}/aws4_request\n{previous}\n{}\n{}",
            sha256(&header),
            sha256(payload)
        );
        if mac(&signing_key(&self.secret.0, day, region, service), string.as_bytes()) != signature {
            return Err(MISMATCH);
        }
        self.previous = hex(signature);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signature_covers_the_previous_one() {
        let credential = Credential::parse("AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request").unwrap();
        let seed = "6db8512ff4b62a099720a5a602bc0d1c059cd47df287ace3c00aa36efaaabb3f";
        let mut chain = SignatureChain::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &credential, seed);
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        let date = 1_767_323_045_000;
        let first = bytes("7050d44b28c253f7aefadd48725f5238e071c08fc5e41dbd1a48c13ccd22d064");
        let last = bytes("8dcb9b3b0db69c8a27127ea7f190615ec4e312d0303c95064761f33f06e61a6f");
        assert_eq!(chain.check(date, b"", &last), Err(MISMATCH), "the signature of a later event");
        assert_eq!(chain.check(date, b"hello", &first), Ok(()));
        assert_eq!(chain.check(date, b"", &last), Ok(()));
        assert!(chain.check(i64::MAX, b"", &last).is_err());
        assert!(!format!("{chain:?}").contains("wJalr"));
    }
}
