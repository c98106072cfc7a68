//! One thing of a noun, made where it is not there.

use std::time::Duration;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use tokio::time::sleep;

use crate::lookups::Q;
use crate::resources::{Create, Get, Keyed, List, Update};
use crate::{FullExt as _, Manager};

/// How often a change is tried while another one is under way: with the pauses between, for about half a minute.
const TRIES: u32 = 20;

/// The longest pause after the first try; it doubles with each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause of all.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// What there was, or what was made.
enum Found<Row, Created> {
    There(Bound<Row>),
    Made(Bound<Created>),
}

impl<M> Manager<M>
where
    M: Get + List<Row: Keyed<Full = M>> + Create<Created: Keyed<Full = M>>,
{
    /// The one that meets the condition, or else one made from the request; `true` where it was made.
    ///
    /// It is not atomic: AWS has nothing like it. Two who call at once may both find nothing and both make one. Where
    /// AWS refuses the second for its name, the first is found and given.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
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
        request: impl Into<<M as Create>::Request> + Send,
    ) -> Result<(Bound<M>, bool)> {
        match self.find_or_make(&condition.into(), request.into()).await? {
            Found::There(row) => Ok((row.full().await?, false)),
            Found::Made(made) => Ok((made.full().await?, true)),
        }
    }

    /// The one that meets the condition, changed, or else one made from the request; `true` where it was made.
    ///
    /// It is not atomic: AWS has nothing like it. Where another call makes it first, that one is changed. Where AWS
    /// refuses the change because the thing is being made or changed, it is tried again, up to twenty times in about
    /// half a minute. Of several changes at once one is the last, and nobody knows which.
    ///
    /// # Errors
    ///
    /// As [`get_or_create`](Self::get_or_create) and [`update`](Self::update).
    ///
    /// # Requests
    ///
    /// As [`get_or_create`](Self::get_or_create), and the noun's Update operation where there is one; both again for
    /// each try.
    pub async fn update_or_create(
        &self,
        condition: impl Into<Q<M::Row>> + Send,
        change: impl Into<<M as Update>::Request> + Send,
        request: impl Into<<M as Create>::Request> + Send,
    ) -> Result<(Bound<M>, bool)>
    where
        M: Update,
    {
        let (condition, change, request) = (condition.into(), change.into(), request.into());
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            let row = match self.find_or_make(&condition, request.clone()).await? {
                Found::There(row) => row,
                Found::Made(made) => return Ok((made.full().await?, true)),
            };
            match M::update(row.session(), row.key(), change.clone()).await {
                Ok(_) => return Ok((row.full().await?, false)),
                Err(error) if tries < TRIES && may_pass(&error) => {
                    // At random, so that those who collided do not collide again.
                    sleep(pause.mul_f64(fastrand::f64())).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The one that meets the condition, or one made; found after all where another call made it in the meantime.
    async fn find_or_make(
        &self,
        condition: &Q<M::Row>,
        request: <M as Create>::Request,
    ) -> Result<Found<M::Row, M::Created>> {
        if let Some(row) = self.find(condition).await? {
            return Ok(Found::There(row));
        }
        match self.create(request).await {
            Ok(made) => Ok(Found::Made(made)),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.find(condition).await?.map(Found::There).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn find(&self, condition: &Q<M::Row>) -> Result<Option<Bound<M::Row>>> {
        match self.list().get(condition.clone()).await {
            Ok(row) => Ok(Some(row)),
            Err(error) if error.is_does_not_exist() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the thing is being made, changed or deleted by another call.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::ResourceInUse | ErrorKind::DoesNotExist)
}
