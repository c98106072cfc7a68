//! The faults that apply to one request.

use std::time::Duration;

use crate::faults::effect::Effect;
use crate::faults::fault::Fault;
use crate::wire::error::AwsError;
use crate::wire::output::Output;
use crate::wire::request::Request;

/// The faults that apply to one request.
#[derive(Debug, Default)]
pub(crate) struct AppliedFaults {
    /// All of them, pauses included.
    pub(crate) faults: Vec<Fault>,
    /// The pause before the response.
    pub(crate) pause: Duration,
    /// The error that replaces the operation.
    pub(crate) error: Option<InjectedError>,
    /// The change to the response.
    pub(super) effect: Option<Effect>,
    /// How often that change was made before, so that each page token can differ.
    pub(super) nonce: u64,
    /// What the request has taken of token quotas.
    pub(super) taken: Vec<Taken>,
}

/// What a request has taken of a token quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// The ID of the fault.
    pub(super) fault: u64,
    /// The ID in its quota.
    pub(super) id: u64,
}

/// An error that the server returns in place of performing an operation.
#[derive(Clone, Debug)]
pub(crate) struct InjectedError {
    pub(crate) error: AwsError,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
}

impl AppliedFaults {
    /// Changes the output of an operation, before it becomes HTTP.
    pub(crate) fn apply_to_output(&self, request: &Request, output: Output) -> Output {
        let Some(effect) = &self.effect else { return output };
        let mut output = effect.with_unknown_members(request.service, request.operation, output);
        effect.change_page(request, self.nonce, &mut output);
        output
    }

    /// Whether no other fault can apply to the request.
    pub(super) fn is_final(&self) -> bool {
        self.error.is_some() || self.effect.is_some()
    }
}

/// The error with a code. Without a message it has the one that AWS uses.
pub(super) fn injected_error(code: &str, message: Option<&str>) -> AwsError {
    let default = || match code.to_ascii_lowercase().trim_end_matches("exception") {
        "throttling" => "Too many requests, please wait before trying again.",
        "accessdenied" => "You don't have access to the model with the specified model ID.",
        "internalserver" => {
            "The system encountered an unexpected error during processing. Try your request again."
        }
        "serviceunavailable" => "Bedrock is unable to process your request.",
        "modeltimeout" => "Model has timed out in processing the request. Try your request again.",
        "modelnotready" => "Model is not ready for inference. Wait and try your request again.",
        "modelstreamerror" => {
            "The system encountered an error while streaming the model's output. Try your request again."
        }
        _ => "A fault of bedrock-local failed this request.",
    };
    AwsError::new(code, message.unwrap_or_else(default))
}
