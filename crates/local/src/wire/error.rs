//! Errors in AWS's format.

use serde_json::{Value, json};

use crate::wire::description::Services;

/// The namespace of errors that a service describes.
const SERVICE_NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";
/// The namespace of errors that AWS's service framework returns.
const FRAMEWORK_NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.coral.service/";

/// Codes that neither service describes, with their HTTP statuses.
const UNDESCRIBED: &[(&str, u16)] = &[
    ("AccessDenied", 403),
    ("ExpiredTokenException", 403),
    ("IncompleteSignatureException", 403),
    ("InvalidSignatureException", 403),
    ("MissingAuthenticationTokenException", 403),
    ("NotImplementedException", 501),
    ("RequestEntityTooLargeException", 413),
    ("RequestTimeoutException", 408),
    ("SerializationException", 400),
    ("UnknownOperationException", 404),
    ("UnrecognizedClientException", 403),
];

/// An error of AWS: a code and a message. The code determines the HTTP status.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AwsError {
    pub(crate) code: String,
    pub(crate) message: String,
}

pub(crate) type AwsResult<T> = Result<T, AwsError>;

impl AwsError {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    pub(crate) fn in_use(message: impl Into<String>) -> Self {
        Self::new("ResourceInUseException", message)
    }

    pub(crate) fn quota(message: impl Into<String>) -> Self {
        Self::new("ServiceQuotaExceededException", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalServerException", message)
    }

    /// Returns the error as an exception of a stream, whose code starts with a lowercase letter.
    pub(crate) fn as_exception(&self) -> Self {
        self.with_first_letter(char::to_ascii_lowercase)
    }

    /// Returns the error as a whole response, whose code starts with an uppercase letter.
    pub(crate) fn as_response(&self) -> Self {
        self.with_first_letter(char::to_ascii_uppercase)
    }

    fn with_first_letter(&self, convert: impl Fn(&char) -> char) -> Self {
        let mut letters = self.code.chars();
        let first = letters.next().map(|letter| convert(&letter));
        Self::new(first.into_iter().chain(letters).collect::<String>(), self.message.clone())
    }

    /// Returns the HTTP status: from the description, else the status that AWS is known to return, else 400.
    pub(crate) fn status(&self, services: &Services) -> u16 {
        services.error_status(&self.code).or_else(|| undescribed_status(&self.code)).unwrap_or(400)
    }

    /// Returns the value of the `x-amzn-ErrorType` header.
    pub(crate) fn error_type(&self, services: &Services) -> String {
        let described = services.error_status(&self.code).is_some();
        format!("{}:{}", self.code, if described { SERVICE_NAMESPACE } else { FRAMEWORK_NAMESPACE })
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "message": self.message })
    }
}

fn undescribed_status(code: &str) -> Option<u16> {
    UNDESCRIBED.iter().find(|(name, _)| *name == code).map(|(_, status)| *status)
}
