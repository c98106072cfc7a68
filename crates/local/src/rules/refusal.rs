//! How a prompt is refused.

use crate::wire::error::AwsError;

/// A refusal: the model's message, and Converse's if Converse refuses the prompt itself.
#[derive(Debug)]
pub(crate) struct Refusal {
    model_message: String,
    converse_message: Option<String>,
}

pub(crate) type CheckResult = Result<(), Refusal>;

impl Refusal {
    /// Returns Converse's error.
    pub(crate) fn into_converse_error(self) -> AwsError {
        let message = self.model_message;
        let relayed = || format!("The model returned the following errors: {message}");
        AwsError::validation(self.converse_message.unwrap_or_else(relayed))
    }

    /// Returns InvokeModel's error.
    pub(crate) fn into_invoke_model_error(self) -> AwsError {
        AwsError::validation(self.model_message)
    }
}

/// Refuses a prompt with the model's message, which Converse relays.
pub(super) fn relay(model_message: impl Into<String>) -> CheckResult {
    Err(Refusal { model_message: model_message.into(), converse_message: None })
}

/// Refuses a prompt with different messages of the model and of Converse.
pub(super) fn refuse(model_message: impl Into<String>, converse_message: impl Into<String>) -> CheckResult {
    Err(Refusal { model_message: model_message.into(), converse_message: Some(converse_message.into()) })
}
