//! The errors with which AWS refuses a caller.

use crate::wire::error::AwsError;

/// AWS's message for a wrong signature.
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// AWS's answer to a key that it does not know.
pub(crate) fn unknown_key() -> AwsError {
    AwsError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidSignatureException", message)
}
