//! The kinds of failure.

/// What kind of failure an [`Error`](crate::Error) is. Each of AWS's exceptions has one, under AWS's name but for
/// `ResourceNotFoundException`, which is Django's [`DoesNotExist`](Self::DoesNotExist), and `ThrottlingException`,
/// which is [`Throttled`](Self::Throttled).
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
    /// What was asked for is not there.
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
    /// AWS, or the model, is too busy.
    ServiceUnavailable,
    /// A stream ended before its last event, or fell silent.
    StreamInterrupted,
    /// A quota of requests or tokens per minute is used up for now.
    Throttled,
    /// A time limit of the session ran out.
    Timeout,
    /// The thing has as many tags as it can have.
    TooManyTags,
    /// No connection, or one that broke.
    Transport,
    /// AWS refused the request's content.
    Validation,
    /// The asynchronous invocation is there, and belongs to another model than the one asked.
    WrongModel,
    /// AWS answered with a code that its API description does not have.
    Unmodelled,
}

impl ErrorKind {
    /// The kind that AWS's code means.
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            "AccessDeniedException" | "AccessDenied" => Self::AccessDenied,
            "ConflictException" => Self::Conflict,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Self::Credentials,
            "InternalServerException" | "InternalFailure" => Self::InternalServer,
            "ModelErrorException" => Self::ModelError,
            "ModelNotReadyException" => Self::ModelNotReady,
            "ModelStreamErrorException" => Self::ModelStreamError,
            "ModelTimeoutException" => Self::ModelTimeout,
            "ResourceInUseException" => Self::ResourceInUse,
            "ResourceNotFoundException" => Self::DoesNotExist,
            "ServiceQuotaExceededException" => Self::ServiceQuotaExceeded,
            "ServiceUnavailableException" | "ServiceUnavailable" => Self::ServiceUnavailable,
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => {
                Self::Throttled
            }
            "TooManyTagsException" => Self::TooManyTags,
            "ValidationException" | "ValidationError" => Self::Validation,
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
