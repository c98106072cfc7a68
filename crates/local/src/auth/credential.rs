//! The credential of a signature, its access key ID and its scope: `AKID/20250101/us-east-1/bedrock/aws4_request`.

const TERMINATOR: &str = "aws4_request";

/// A signature's access key ID and scope.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Credential {
    pub(crate) key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Credential {
    /// Parses a credential.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/').map(str::to_owned);
        let terminator = parts.next()?;
        let (service, region, date) = (parts.next()?, parts.next()?, parts.next()?);
        let key_id = parts.next().filter(|_| terminator == TERMINATOR)?;
        Some(Self { key_id, date, region, service })
    }

    /// Finds the credential in an `Authorization` header, even if the rest of the header is invalid.
    pub(crate) fn from_header(authorization: &str) -> Option<Self> {
        let (_, rest) = authorization.split_once("Credential=")?;
        Self::parse(rest.split([',', ' ']).next()?)
    }

    /// Returns the credential scope.
    pub(crate) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}
