//! The input of `CountTokens`.

use crate::{Blob, ConverseRequest, ConverseTokensRequest, CountTokensInput, InvokeModelTokensRequest};

impl CountTokensInput {
    /// Creates an input from a raw body, as `InvokeModel` takes it.
    pub fn invoke_model(body: impl Into<Blob>) -> Self {
        Self::InvokeModel(InvokeModelTokensRequest::new(body))
    }
}

/// A conversation: a string, a message, several messages, or a whole request.
impl<R: Into<ConverseRequest>> From<R> for CountTokensInput {
    fn from(request: R) -> Self {
        Self::Converse(request.into().into())
    }
}

impl From<ConverseTokensRequest> for CountTokensInput {
    fn from(request: ConverseTokensRequest) -> Self {
        Self::Converse(request)
    }
}
