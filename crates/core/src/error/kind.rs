//! The kinds of errors.

/// The kind of an [`Error`](crate::Error). Each AWS exception has a kind with the same name, except
/// `ResourceNotFoundException`, which is [`DoesNotExist`](Self::DoesNotExist) as in Django, and `ThrottlingException`,
/// which is [`Throttled`](Self::Throttled). A response without a known code, such as that of a proxy, has the kind of
/// its HTTP status.
///
/// Source: the exceptions in the API references of both services, and the codes that all AWS services share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller is not allowed to do this, or has no access to the model.
    AccessDenied,
    /// The session cannot be built or found: a setting is missing or invalid, or no session has this name.
    Configuration,
    /// A resource with this name or token already exists, or is being updated.
    Conflict,
    /// The credentials are missing, wrong or expired.
    Credentials,
    /// The resource does not exist, or AWS does not know the model's ID.
    DoesNotExist,
    /// The resource that was waited for has failed: a job failed or was stopped, or a guardrail could not be created.
    Failed,
    /// AWS failed with an internal error.
    InternalServer,
    /// The library rejected the input before anything was sent.
    InvalidInput,
    /// AWS returned an invalid response.
    InvalidResponse,
    /// The model failed to process the request.
    ModelError,
    /// The model is not loaded yet.
    ModelNotReady,
    /// The model failed while it generated the reply.
    ModelStreamError,
    /// The model took too long.
    ModelTimeout,
    /// A lookup for one row found several.
    MultipleObjectsReturned,
    /// A typed reply does not fit its type, also after the model was told so.
    ReplyMisfit,
    /// A guardrail, a filter or the model itself refused a typed reply.
    ReplyRefused,
    /// A typed reply was cut short by a limit of tokens.
    ReplyTruncated,
    /// The resource is in use, so it cannot be updated or deleted.
    ResourceInUse,
    /// The model still called tools when a chat's turn had its most rounds.
    RoundLimit,
    /// A limit of the account is reached.
    ServiceQuotaExceeded,
    /// AWS, the model, or a gateway in between is overloaded or cannot be reached.
    ServiceUnavailable,
    /// A stream ended before its last event, or stalled.
    StreamInterrupted,
    /// A quota of requests or tokens is used up at the moment.
    Throttled,
    /// A time limit expired: the session's, or that of a gateway in between.
    Timeout,
    /// The resource already has the maximum number of tags.
    TooManyTags,
    /// The connection failed or broke.
    Transport,
    /// AWS rejected the content of the request.
    Validation,
    /// The asynchronous invocation exists, but belongs to another model.
    WrongModel,
    /// The response has no known code, and its status has no kind either.
    Unmodelled,
}

impl ErrorKind {
    /// Returns the kind of AWS's code. `None` if the code is unknown.
    ///
    /// Source: the exceptions of both services,
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>, and the codes that the SDK treats
    /// as throttling and as transient failures.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
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

    /// Returns the kind of a response without a known code, by its HTTP status. A 404 is `Unmodelled`, because it can
    /// mean that the endpoint does not exist.
    pub(crate) fn from_status(status: u16) -> Self {
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
