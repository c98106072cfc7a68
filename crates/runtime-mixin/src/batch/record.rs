//! A record of a batch: an input and what became of it.

use std::fmt;
use std::sync::Arc;

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_models::{Blob, ModelInvocationType};

use crate::Reply;
use crate::batch::line::OutputError;

/// An input of a batch and what the model made of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchRecord {
    /// The position of the input in what [`Batch::map`](crate::Batch::map) got, from 0.
    pub index: u64,
    /// The ID of the record in AWS's files.
    pub record_id: String,
    /// The input, as JSON.
    pub input: Blob,
    /// The model's response as JSON: Converse's response, or a body in the provider's format. Or why there is none.
    pub outcome: Result<Blob, RecordError>,
    pub(crate) origin: Arc<Origin>,
}

/// What the records of a batch have in common.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) model_id: String,
    pub(crate) invocation_type: Option<ModelInvocationType>,
}

/// Why a record has no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordError {
    /// AWS's code, an HTTP status. `None` if the record was not processed at all.
    pub error_code: Option<u16>,
    /// AWS's message.
    pub error_message: String,
}

impl BatchRecord {
    /// Returns the model's reply, for a batch of Converse.
    ///
    /// # Errors
    ///
    /// The [`RecordError`], as an [`Error`]. `InvalidResponse` if the output is not a response of Converse, for example in a
    /// batch of bodies.
    pub fn reply(&self) -> Result<Reply> {
        let body = self.outcome.as_ref().map_err(Clone::clone)?;
        let is_converse = self.origin.invocation_type == Some(ModelInvocationType::Converse);
        let response = body.json().ok().filter(|_| is_converse).ok_or_else(|| {
            let message = format!("the output of record {} is not a response of Converse", self.record_id);
            Error::new(ErrorKind::InvalidResponse, message)
                .with_hint("`outcome` has the output in the provider's format")
        })?;
        Ok(Reply::new(response, self.origin.model_id.clone(), None))
    }
}

impl RecordError {
    pub(crate) fn unprocessed(error_message: String) -> Self {
        Self { error_code: None, error_message }
    }
}

impl From<OutputError> for RecordError {
    fn from(error: OutputError) -> Self {
        let code = error.error_code;
        let code = code.as_u64().or_else(|| code.as_str().and_then(|code| code.parse().ok()));
        Self {
            error_code: code.and_then(|code| u16::try_from(code).ok()),
            error_message: error.error_message,
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error_code {
            Some(code) => write!(formatter, "{} ({code})", self.error_message),
            None => formatter.write_str(&self.error_message),
        }
    }
}

impl std::error::Error for RecordError {}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        let kind = match error.error_code {
            Some(400) => ErrorKind::Validation,
            Some(403) => ErrorKind::AccessDenied,
            Some(404) => ErrorKind::DoesNotExist,
            Some(408) => ErrorKind::ModelTimeout,
            Some(424) => ErrorKind::ModelError,
            Some(429) => ErrorKind::Throttled,
            Some(503) => ErrorKind::ServiceUnavailable,
            Some(500..) => ErrorKind::InternalServer,
            _ => ErrorKind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}
