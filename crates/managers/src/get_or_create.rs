//! One thing of a noun, made where it is not there.

use bedrock_orm_core::{Bound, ErrorKind, Result};

use crate::lookups::Q;
use crate::resources::{Create, Get, Keyed, List, Update};
use crate::{Full as _, Manager};

impl<M> Manager<M>
where
    M: Get + List<Row: Keyed<Noun = M>> + Create<Created: Keyed<Noun = M>>,
{
    /// The one that meets the condition, or else one made from the request; `true` where it was made.
    ///
    /// It is not atomic: AWS has nothing like it. Two who call at once may both find nothing and both make one. Where
    /// AWS refuses the second for its name, the first is given.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// let request = CreateGuardrailRequest::new("no-secrets", "Not that.", "Not that.").word_policy_config(words);
    /// let guardrails = Guardrail::objects().using(&session);
    /// let (guardrail, created) = guardrails.get_or_create(Guardrail::NAME.eq("no-secrets"), request.clone()).await?;
    /// assert!(created);
    /// let (same, created) = guardrails.get_or_create(Guardrail::NAME.eq("no-secrets"), request).await?;
    /// assert!(!created && same.guardrail_id == guardrail.guardrail_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`MultipleObjectsReturned`](ErrorKind::MultipleObjectsReturned) where several meet the condition; or as
    /// [`create`](Self::create) and [`get`](Self::get).
    ///
    /// # Requests
    ///
    /// The noun's List operation, up to a second row that meets the condition; its Create operation, where there is
    /// none; its Get operation.
    pub async fn get_or_create(
        &self,
        condition: impl Into<Q<M::Row>> + Send,
        request: impl Into<M::Request> + Send,
    ) -> Result<(Bound<M>, bool)> {
        let (condition, request) = (condition.into(), request.into());
        if let Some(row) = self.find(&condition).await? {
            return Ok((row.full().await?, false));
        }
        match self.create(request).await {
            Ok(made) => Ok((made.full().await?, true)),
            Err(error) if error.kind() == ErrorKind::Conflict => match self.find(&condition).await? {
                Some(row) => Ok((row.full().await?, false)),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The one that meets the condition, changed, or else one made from the request; `true` where it was made.
    ///
    /// It is not atomic: AWS has nothing like it.
    ///
    /// # Errors
    ///
    /// As [`get_or_create`](Self::get_or_create) and [`update`](Self::update).
    ///
    /// # Requests
    ///
    /// As [`get_or_create`](Self::get_or_create), and the noun's Update operation where there is one.
    pub async fn update_or_create(
        &self,
        condition: impl Into<Q<M::Row>> + Send,
        change: impl Into<M::Change> + Send,
        request: impl Into<M::Request> + Send,
    ) -> Result<(Bound<M>, bool)>
    where
        M: Update,
    {
        let (change, request) = (change.into(), request.into());
        let Some(row) = self.find(&condition.into()).await? else {
            return Ok((self.create(request).await?.full().await?, true));
        };
        M::change(row.session(), row.key(), change).await?;
        Ok((row.full().await?, false))
    }

    async fn find(&self, condition: &Q<M::Row>) -> Result<Option<Bound<M::Row>>> {
        match self.list().get(condition.clone()).await {
            Ok(row) => Ok(Some(row)),
            Err(error) if error.is_does_not_exist() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
