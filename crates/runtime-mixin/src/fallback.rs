//! Other models to call if one fails.

use std::sync::Arc;

use bedrock_orm_core::{Error, ErrorKind, Result, sdk};

use crate::Target;

/// A model that was called without success before another one replied.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// The ID or ARN of the model.
    pub model_id: String,
    /// The region that was called.
    pub region: String,
    /// Why it failed.
    pub error: Arc<Error>,
}

/// Calls the targets in order, until one of them replies or fails for a reason that another model shares. Returns what it
/// returned, and the attempts before it.
pub(crate) async fn first_success<T, F>(
    first: Target,
    fallbacks: Vec<Target>,
    mut call: impl FnMut(Target) -> F,
) -> Result<(T, Vec<FailedAttempt>)>
where
    F: Future<Output = Result<T>>,
{
    let mut failed = Vec::new();
    let mut target = first;
    for fallback in fallbacks {
        match call(target.clone()).await {
            Ok(reply) => return Ok((reply, failed)),
            Err(error) if is_about_the_model(&error) => {
                tracing::warn!(
                    target: "bedrock_orm",
                    model_id = target.model_id,
                    region = target.session.region(),
                    kind = ?error.kind(),
                    fallback = fallback.model_id,
                    "falls back to another model"
                );
                let Target { session, model_id, .. } = std::mem::replace(&mut target, fallback);
                failed.push(FailedAttempt {
                    model_id,
                    region: session.region().to_owned(),
                    error: Arc::new(error),
                });
            }
            Err(error) => return Err(error),
        }
    }
    let last = call(target).await;
    match last {
        Ok(reply) => Ok((reply, failed)),
        Err(error) => Err(after(error, &failed)),
    }
}

/// Returns whether another model may succeed: this one is missing, not allowed, overloaded or broken. A request that is
/// wrong itself is wrong for the next model, too.
fn is_about_the_model(error: &Error) -> bool {
    use ErrorKind as Kind;
    match error.kind() {
        Kind::AccessDenied
        | Kind::DoesNotExist
        | Kind::InternalServer
        | Kind::InvalidResponse
        | Kind::ModelError
        | Kind::ModelNotReady
        | Kind::ModelStreamError
        | Kind::ModelTimeout
        | Kind::ServiceQuotaExceeded
        | Kind::ServiceUnavailable
        | Kind::StreamInterrupted
        | Kind::Throttled
        | Kind::Timeout
        | Kind::Transport => true,
        _ => sdk::is_on_demand_refusal(error),
    }
}

/// Adds the models that failed before to the hint of the last error.
fn after(error: Error, failed: &[FailedAttempt]) -> Error {
    if failed.is_empty() {
        return error;
    }
    let attempts: Vec<String> = failed
        .iter()
        .map(|FailedAttempt { model_id, region, error }| {
            format!("{model_id} in {region} ({:?})", error.kind())
        })
        .collect();
    let attempts = format!("the models before it failed, too: {}", attempts.join(", "));
    let hint = match error.hint() {
        Some(hint) => format!("{hint}; {attempts}"),
        None => attempts,
    };
    error.with_hint(hint)
}
