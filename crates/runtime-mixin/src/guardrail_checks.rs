//! `InvokeGuardrailChecks`: safety checks that the request names, without a guardrail.

use aws_sdk_bedrockruntime::operation::invoke_guardrail_checks::builders::InvokeGuardrailChecksInputBuilder;
use bedrock_orm_core::{Error, Session, sdk};
use bedrock_orm_models::{InvokeGuardrailChecksRequest, InvokeGuardrailChecksResponse};

use crate::TimedCall;

/// `invoke_guardrail_checks` on a session. It needs neither a model nor a guardrail.
pub trait GuardrailChecksExt {
    /// Runs the checks that the request names on its messages. They return scores, not a verdict.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::models::guardrail_checks::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let messages: Vec<GuardrailChecksMessage> = serde_json::from_str(r#"[{"role":"user","content":[{"text":"Hello."}]}]"#)?;
    /// # let checks: GuardrailChecksConfig = serde_json::from_str(r#"{"promptAttack":{"categories":[{"category":"JAILBREAK"}]}}"#)?;
    /// let found = session.invoke_guardrail_checks(InvokeGuardrailChecksRequest::new(messages, checks)).await?;
    /// println!("{:?}", found.results);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Validation` or `AccessDenied`, as AWS returns them; `InvalidInput` if the request has a member that this
    /// version cannot send.
    ///
    /// # Requests
    ///
    /// One `InvokeGuardrailChecks` (`bedrock:InvokeGuardrailChecks`).
    fn invoke_guardrail_checks(
        &self,
        request: InvokeGuardrailChecksRequest,
    ) -> TimedCall<InvokeGuardrailChecksResponse>;
}

impl GuardrailChecksExt for Session {
    #[inline]
    fn invoke_guardrail_checks(
        &self,
        request: InvokeGuardrailChecksRequest,
    ) -> TimedCall<InvokeGuardrailChecksResponse> {
        const OPERATION: &str = "InvokeGuardrailChecks";
        TimedCall::new(self, |session| async move {
            let input = InvokeGuardrailChecksInputBuilder::try_from(request)
                .map_err(|error| Error::unsendable(OPERATION, error))?;
            let client = sdk::charged_runtime(&session);
            sdk::Call::new(&session, OPERATION).send(|| input.send_with(&client)).await.map(Into::into)
        })
    }
}
