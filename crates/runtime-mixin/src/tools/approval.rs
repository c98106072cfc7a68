//! Approval of tool calls.

use std::pin::Pin;
use std::sync::Arc;

use bedrock_orm_models::ToolUseBlock;

/// Whether a call of a tool that [requires approval](crate::Tool::requires_approval) may run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Approval {
    /// The call runs.
    Approved,
    /// The call does not run. The model reads the reason as the error of the call.
    Denied(String),
}

impl Approval {
    /// Denies a call for a reason, which the model reads.
    pub fn denied(reason: impl Into<String>) -> Self {
        Self::Denied(reason.into())
    }
}

type Deciding = Pin<Box<dyn Future<Output = Approval> + Send>>;

/// Decides on calls.
#[derive(Clone)]
pub(crate) struct Approver(Arc<dyn Fn(ToolUseBlock) -> Deciding + Send + Sync>);

impl Approver {
    pub(crate) fn new<R>(decide: impl Fn(ToolUseBlock) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Approval> + Send + 'static,
    {
        Self(Arc::new(move |call| Box::pin(decide(call))))
    }

    pub(crate) fn decide(&self, call: &ToolUseBlock) -> Deciding {
        (self.0)(call.clone())
    }
}
