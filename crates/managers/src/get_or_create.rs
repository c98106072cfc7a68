//! `get_or_create` and `update_or_create`.

use std::time::Duration;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use tokio::time::sleep;

use crate::lookups::Q;
use crate::resources::{Create, Get, Keyed, List, Update};
use crate::{FullExt as _, Manager};

/// How often an update is attempted while another one is in progress: with the pauses between, for about half a minute.
const MAX_ATTEMPTS: u32 = 20;

/// The longest pause after the first attempt. It doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The upper bound of all pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

enum Found<Row, Created> {
    Existing(Bound<Row>),
    Created(Bound<Created>),
}

impl<M> Manager<M>
where
    M: Get + List<Row: Keyed<Full = M>> + Create<Created: Keyed<Full = M>>,
{
    /// Returns the resource that meets the condition, or creates one from the request. The flag is `true` if it was
    /// created.
    ///
    /// This is not atomic, because AWS has no such operation: two concurrent calls can both find nothing and both create
    /// a resource. If AWS rejects the second because of its name, the first is returned.
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
    /// [`MultipleObjectsReturned`](ErrorKind::MultipleObjectsReturned) if several meet the condition; or as
    /// [`create`](Self::create) and [`get`](Self::get).
    ///
    /// # Requests
    ///
    /// The List operation, up to a second row that meets the condition; the Create operation if there is no such row; the
    /// Get operation.
    pub fn get_or_create<C: Into<Q<M::Row>>, R: Into<<M as Create>::Request>>(
        &self,
        condition: C,
        request: R,
    ) -> impl Future<Output = Result<(Bound<M>, bool)>> + Send + 'static + use<M, C, R> {
        let (manager, condition, request) = (self.clone(), condition.into(), request.into());
        async move {
            match manager.find_or_create(&condition, request).await? {
                Found::Existing(row) => Ok((row.full().await?, false)),
                Found::Created(created) => Ok((created.full().await?, true)),
            }
        }
    }

    /// Updates the resource that meets the condition, or creates one from the request. The flag is `true` if it was
    /// created.
    ///
    /// This is not atomic, because AWS has no such operation. If another call creates the resource first, that one is
    /// updated. If AWS rejects the update because the resource is being created or updated, it is retried, up to twenty
    /// times in about half a minute. Of several concurrent updates, any can be the last.
    ///
    /// # Errors
    ///
    /// As [`get_or_create`](Self::get_or_create) and [`update`](Self::update).
    ///
    /// # Requests
    ///
    /// As [`get_or_create`](Self::get_or_create), and the Update operation if the resource exists; both again for each
    /// attempt.
    pub fn update_or_create<C, U, R>(
        &self,
        condition: C,
        update: U,
        create: R,
    ) -> impl Future<Output = Result<(Bound<M>, bool)>> + Send + 'static + use<M, C, U, R>
    where
        M: Update,
        C: Into<Q<M::Row>>,
        U: Into<<M as Update>::Request>,
        R: Into<<M as Create>::Request>,
    {
        let manager = self.clone();
        let (condition, update, create) = (condition.into(), update.into(), create.into());
        async move {
            let mut pause = FIRST_PAUSE;
            let mut attempts = 1;
            loop {
                let row = match manager.find_or_create(&condition, create.clone()).await? {
                    Found::Existing(row) => row,
                    Found::Created(created) => return Ok((created.full().await?, true)),
                };
                match M::update(row.session(), row.key(), update.clone()).await {
                    Ok(_) => return Ok((row.full().await?, false)),
                    Err(error) if attempts < MAX_ATTEMPTS && is_transient(&error) => {
                        // Random pauses keep calls that collided from colliding again.
                        sleep(pause.mul_f64(fastrand::f64())).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        attempts += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Finds the resource or creates it. If another call created it in the meantime, it is found.
    async fn find_or_create(
        &self,
        condition: &Q<M::Row>,
        request: <M as Create>::Request,
    ) -> Result<Found<M::Row, M::Created>> {
        if let Some(row) = self.find(condition).await? {
            return Ok(Found::Existing(row));
        }
        match self.create(request).await {
            Ok(created) => Ok(Found::Created(created)),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.find(condition).await?.map(Found::Existing).ok_or(error)
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

/// Returns whether another call may be creating, updating or deleting the resource.
fn is_transient(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::ResourceInUse | ErrorKind::DoesNotExist)
}
