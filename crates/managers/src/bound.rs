//! What a bound model can do with its session: fetch itself.

use bedrock_orm_core::{Bound, Result};

use crate::resources::{Get, Keyed};

/// Fetches a thing anew.
pub trait Refresh: Sized {
    /// The thing as it is now.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// assert_eq!(model.refresh().await?.provider_name.as_deref(), Some("Amazon"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// One of the noun's Get operation.
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send;
}

impl<M: Get + Keyed<Noun = M>> Refresh for Bound<M> {
    async fn refresh(&self) -> Result<Self> {
        self.full().await
    }
}

/// Fetches the whole of which a list's row, or the answer to a creation, is a part.
pub trait Full {
    /// The whole: `Guardrail` for a `GuardrailSummary`.
    type Noun;

    /// The whole, through the same session.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// for row in Guardrail::objects().using(&session).list().await? {
    ///     println!("{}", row.full().await?.blocked_input_messaging);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::get`](crate::Manager::get).
    ///
    /// # Requests
    ///
    /// One of the noun's Get operation.
    fn full(&self) -> impl Future<Output = Result<Bound<Self::Noun>>> + Send;
}

impl<M: Keyed> Full for Bound<M> {
    type Noun = M::Noun;

    async fn full(&self) -> Result<Bound<M::Noun>> {
        let session = self.session();
        let noun = M::Noun::fetch(session, self.key()).await?;
        Ok(Bound::new(noun, session.clone()))
    }
}
