//! The models that a session can be bound to.

use std::fmt;

use bedrock_orm_models::{AsyncInvoke, AsyncInvokeSummary, FoundationModel, StartAsyncInvokeResponse};
#[cfg(feature = "control-plane")]
use bedrock_orm_models::{
    CreateGuardrailResponse, CreateGuardrailVersionResponse, FoundationModelAvailability, Guardrail,
    GuardrailSummary, UpdateGuardrailResponse,
};

/// A thing of Bedrock's that a session can be bound to: a noun such as `Guardrail`, a row of its list, or AWS's answer
/// to its creation.
pub trait Resource: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static {
    /// What it is called in messages: `Guardrail`.
    const NOUN: &'static str;
}

macro_rules! resources {
    ($($model:ident is $noun:literal),* $(,)?) => {
        $(impl Resource for $model {
            const NOUN: &'static str = $noun;
        })*
    };
}

resources! {
    AsyncInvoke is "AsyncInvoke",
    AsyncInvokeSummary is "AsyncInvoke",
    FoundationModel is "FoundationModel",
    StartAsyncInvokeResponse is "AsyncInvoke",
}

#[cfg(feature = "control-plane")]
resources! {
    CreateGuardrailResponse is "Guardrail",
    CreateGuardrailVersionResponse is "Guardrail",
    FoundationModelAvailability is "FoundationModelAvailability",
    Guardrail is "Guardrail",
    GuardrailSummary is "Guardrail",
    UpdateGuardrailResponse is "Guardrail",
}
