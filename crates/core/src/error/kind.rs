//! The kinds of failure.

/// What kind of failure an [`Error`](crate::Error) is. Each of AWS's exceptions has one, under AWS's name but for
/// `ResourceNotFoundException`, which is Django's [`DoesNotExist`](Self::DoesNotExist), and `ThrottlingException`,
/// which is [`Throttled`](Self::Throttled). An answer without a code that is known, such as a proxy's, has the kind of its
/// status.
///
/// Source: the exceptions of both services' API references, and the codes that all AWS services share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller may not do this, or has no access to the model.
    AccessDenied,
    /// The session is not to be had: no region, no such name.
    Configuration,
    /// Something of that name or token is there already, or is being changed.
    Conflict,
    /// The credentials are missing, wrong or expired.
    Credentials,
    /// What was asked for is not there; or AWS knows no model of that ID.
    DoesNotExist,
    /// What was waited for came to a bad end: a job that failed or was stopped, a guardrail that could not be made.
    Failed,
    /// AWS failed inside.
    InternalServer,
    /// The input was refused here, before anything was sent.
    InvalidInput,
    /// AWS answered something that is no answer.
    InvalidResponse,
    /// The model failed with the request.
    ModelError,
    /// The model is not loaded yet.
    ModelNotReady,
    /// The model failed while it wrote.
    ModelStreamError,
    /// The model took too long.
    ModelTimeout,
    /// One was asked for, and there are several.
    MultipleObjectsReturned,
    /// The thing is in use, and so cannot be changed or deleted.
    ResourceInUse,
    /// A limit of the account is reached.
    ServiceQuotaExceeded,
    /// AWS, the model, or a gateway on the way to them, is too busy or cannot be reached.
    ServiceUnavailable,
    /// A stream ended before its last event, or fell silent.
    StreamInterrupted,
    /// A quota of requests or tokens is used up for now.
    Throttled,
    /// A time limit ran out: the session's, or that of a gateway on the way.
    Timeout,
    /// The thing has as many tags as it can have.
    TooManyTags,
    /// No connection, or one that broke.
    Transport,
    /// AWS refused the request's content.
    Validation,
    /// The asynchronous invocation is there, and belongs to another model than the one asked.
    WrongModel,
    /// The answer has no code that is known, and its status says no more.
    Unmodelled,
}

impl ErrorKind {
    /// The kind that AWS's code means, where it is known.
    ///
    /// Source: the exceptions of both services, <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>,
    /// and the codes that the SDK itself takes for throttling and for transient failures.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "AccessDeniedException" | "AccessDenied" | "NotAuthorized" | "OptInRequired" => {
                Self::AccessDenied
            }
            "ConflictException" => Self::Conflict,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "RequestExpired"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Self::Credentials,
            "InternalServerException" | "InternalFailure" | "InternalError" => Self::InternalServer,
            "ModelErrorException" => Self::ModelError,
            "ModelNotReadyException" => Self::ModelNotReady,
            "ModelStreamErrorException" => Self::ModelStreamError,
            "ModelTimeoutException" => Self::ModelTimeout,
            "ResourceInUseException" => Self::ResourceInUse,
            "ResourceNotFoundException" => Self::DoesNotExist,
            "ServiceQuotaExceededException" => Self::ServiceQuotaExceeded,
            "ServiceUnavailableException" | "ServiceUnavailable" => Self::ServiceUnavailable,
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown" => Self::Throttled,
            "RequestTimeout" | "RequestTimeoutException" => Self::Timeout,
            "TooManyTagsException" => Self::TooManyTags,
            "ValidationException" | "ValidationError" => Self::Validation,
            _ => return None,
        })
    }

    /// The kind that the status of an answer without a known code means. A 404 says too little: it may be the endpoint
    /// that does not exist.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Credentials,
            403 => Self::AccessDenied,
            408 | 504 => Self::Timeout,
            429 => Self::Throttled,
            500 => Self::InternalServer,
            502 | 503 => Self::ServiceUnavailable,
            _ => Self::Unmodelled,
        }
    }

    pub(crate) fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::InternalServer
                | Self::ModelNotReady
                | Self::ModelStreamError
                | Self::ModelTimeout
                | Self::ServiceUnavailable
                | Self::StreamInterrupted
                | Self::Throttled
                | Self::Timeout
                | Self::Transport
        )
    }
}
