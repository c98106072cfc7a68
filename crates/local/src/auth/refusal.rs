//! AWS's errors for requests that cannot be authenticated.

use crate::wire::error::AwsError;

/// AWS's message for a wrong signature.
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// AWS's error for an unknown key.
pub(crate) fn unknown_key() -> AwsError {
    AwsError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

/// AWS's error for an invalid signature.
pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidSignatureException", message)
}
