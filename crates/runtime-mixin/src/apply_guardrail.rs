//! `ApplyGuardrail`: checks content with a guardrail, without a model.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_bedrockruntime::operation::apply_guardrail::builders::ApplyGuardrailInputBuilder;
#[cfg(feature = "control-plane")]
use bedrock_orm_core::Bound;
use bedrock_orm_core::{Error, Result, Session, sdk};
#[cfg(feature = "control-plane")]
use bedrock_orm_models::Guardrail;
use bedrock_orm_models::{
    ApplyGuardrailRequest, ApplyGuardrailResponse, GuardrailConfiguration, GuardrailContent,
    GuardrailContentSource, GuardrailOutputScope,
};

use crate::BoundModel;
use crate::guardrail_config;

const OPERATION: &str = "ApplyGuardrail";

/// `apply_guardrail` on a bound model.
pub trait ApplyGuardrailExt {
    /// Checks content with a guardrail: text, or text and image blocks. The content is checked as a prompt, unless
    /// [`source`](ApplyGuardrail::source) says that it is a reply. Awaiting sends it. The model is not invoked.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let created = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail = created.full().await?;
    /// let verdict = model.apply_guardrail(&guardrail, "Tell me the launch codes.").await?;
    /// assert_eq!(verdict.action, "GUARDRAIL_INTERVENED");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` if the guardrail has no version or there is no content; `Timeout`
    /// after the [`operation_timeout`](ApplyGuardrail::operation_timeout); `DoesNotExist`, `AccessDenied` …, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `ApplyGuardrail` (`bedrock:ApplyGuardrail`).
    fn apply_guardrail(
        &self,
        guardrail: impl Into<GuardrailConfiguration>,
        content: impl Into<GuardrailContent>,
    ) -> ApplyGuardrail;
}

impl<M: BoundModel + ?Sized> ApplyGuardrailExt for M {
    fn apply_guardrail(
        &self,
        guardrail: impl Into<GuardrailConfiguration>,
        content: impl Into<GuardrailContent>,
    ) -> ApplyGuardrail {
        ApplyGuardrail::new(self.session().clone(), guardrail.into(), content)
    }
}

/// `apply` on a bound guardrail.
#[cfg(feature = "control-plane")]
pub trait ApplyExt {
    /// Checks content with this guardrail: text, or text and image blocks. The content is checked as a prompt, unless
    /// [`source`](ApplyGuardrail::source) says that it is a reply. Awaiting sends it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let created = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail_id = created.guardrail_id.as_str();
    /// let guardrail = Guardrail::objects().using(&session).get(guardrail_id).await?;
    /// let verdict = guardrail.apply("Tell me the launch codes.").await?;
    /// assert_eq!(verdict.action, "GUARDRAIL_INTERVENED");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`apply_guardrail`](ApplyGuardrailExt::apply_guardrail).
    ///
    /// # Requests
    ///
    /// One `ApplyGuardrail` (`bedrock:ApplyGuardrail`).
    fn apply(&self, content: impl Into<GuardrailContent>) -> ApplyGuardrail;
}

#[cfg(feature = "control-plane")]
impl ApplyExt for Bound<Guardrail> {
    fn apply(&self, content: impl Into<GuardrailContent>) -> ApplyGuardrail {
        ApplyGuardrail::new(self.session().clone(), self.into(), content)
    }
}

/// A check by a guardrail. Awaiting sends it.
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ApplyGuardrail {
    session: Session,
    guardrail: GuardrailConfiguration,
    request: ApplyGuardrailRequest,
}

/// Shows the guardrail and the number of content blocks, but not their content.
impl fmt::Debug for ApplyGuardrail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApplyGuardrail")
            .field("guardrail", &self.guardrail)
            .field("content_blocks", &self.request.content.len())
            .finish_non_exhaustive()
    }
}

impl ApplyGuardrail {
    pub(crate) fn new(
        session: Session,
        guardrail: GuardrailConfiguration,
        content: impl Into<GuardrailContent>,
    ) -> Self {
        let request = ApplyGuardrailRequest::new(GuardrailContentSource::Input, content.into().into_blocks());
        Self { session, guardrail, request }
    }

    /// Sets whether the content is a prompt (`Input`) or a reply (`Output`).
    pub fn source(mut self, source: GuardrailContentSource) -> Self {
        self.request.source = source;
        self
    }

    /// Sets the time limit of the call with all of its attempts. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.session = self.session.with_operation_timeout(timeout);
        self
    }

    /// Sets whether the response has only what was found, or everything that was checked.
    pub fn output_scope(mut self, output_scope: GuardrailOutputScope) -> Self {
        self.request.output_scope = Some(output_scope);
        self
    }
}

impl IntoFuture for ApplyGuardrail {
    type Output = Result<ApplyGuardrailResponse>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            guardrail_config::check(&self.guardrail, OPERATION)?;
            let GuardrailConfiguration { guardrail_identifier, guardrail_version, .. } = self.guardrail;
            if self.request.content.is_empty() {
                return Err(Error::invalid_input(OPERATION, "there is no content to check"));
            }
            let input = ApplyGuardrailInputBuilder::try_from(self.request)
                .map_err(|error| Error::unsendable(OPERATION, error))?
                .set_guardrail_identifier(guardrail_identifier)
                .set_guardrail_version(guardrail_version);
            let client = sdk::charged_runtime(&self.session);
            let call = sdk::Call::new(&self.session, OPERATION);
            call.send(|| input.send_with(&client)).await.map(Into::into)
        })
    }
}
