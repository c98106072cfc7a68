//! `AKID/20250101/us-east-1/bedrock/aws4_request`: whose key, and the scope of a signature.

const TERMINATOR: &str = "aws4_request";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Credential {
    pub(crate) key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Credential {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/').map(str::to_owned);
        let terminator = parts.next()?;
        let (service, region, date) = (parts.next()?, parts.next()?, parts.next()?);
        let key_id = parts.next().filter(|_| terminator == TERMINATOR)?;
        Some(Self { key_id, date, region, service })
    }

    /// The credential of an `Authorization` header, even if the header is wrong elsewhere.
    pub(crate) fn of_header(authorization: &str) -> Option<Self> {
        let (_, rest) = authorization.split_once("Credential=")?;
        Self::read(rest.split([',', ' ']).next()?)
    }

    pub(crate) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}
