//! What a bound model can do with its session: get, update, stop and delete its resource.

use bedrock_orm_core::{Bound, Result};

use crate::resources::{Delete, Get, Keyed, Stop, Update};
use crate::{Manager, Objects as _};

/// `refresh` on a bound model.
pub trait RefreshExt: Sized {
    /// Gets the resource again, in its current state.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
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
    /// One Get operation.
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send + 'static;
}

impl<M: Get + Keyed<Full = M>> RefreshExt for Bound<M> {
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send + 'static {
        self.full()
    }
}

/// `full` on a row of a list, and on the response to a creation.
pub trait FullExt {
    /// The full resource: `Guardrail` for a `GuardrailSummary`.
    type Full;

    /// Gets the full resource through the same session.
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
    /// One Get operation.
    fn full(&self) -> impl Future<Output = Result<Bound<Self::Full>>> + Send + 'static;
}

impl<M: Keyed> FullExt for Bound<M> {
    type Full = M::Full;

    fn full(&self) -> impl Future<Output = Result<Bound<M::Full>>> + Send + 'static {
        manager(self).get(self.key())
    }
}

/// `update` on a bound model.
pub trait UpdateExt {
    /// The full resource.
    type Full: Update;

    /// Updates the resource, and returns AWS's response. This value does not change: `refresh` gets the new state.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(profile: Bound<InferenceProfile>) {
    /// profile.update(()).await; // an inference profile cannot be updated
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::update`](crate::Manager::update).
    ///
    /// # Requests
    ///
    /// One Update operation, such as `UpdateGuardrail` (`bedrock:UpdateGuardrail`).
    fn update<R: Into<<Self::Full as Update>::Request>>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<Bound<<Self::Full as Update>::Updated>>> + Send + 'static;
}

impl<M: Keyed<Full: Update>> UpdateExt for Bound<M> {
    type Full = M::Full;

    fn update<R: Into<<M::Full as Update>::Request>>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<Bound<<M::Full as Update>::Updated>>> + Send + 'static {
        manager(self).update(self.key(), request)
    }
}

/// `delete` on a bound model.
pub trait DeleteExt {
    /// Deletes the resource. For a numbered guardrail version, it deletes this version; for the draft, the guardrail
    /// with all of its versions.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(model: Bound<FoundationModel>) {
    /// model.delete().await; // a foundation model cannot be deleted
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::delete`](crate::Manager::delete).
    ///
    /// # Requests
    ///
    /// One Delete operation, such as `DeleteImportedModel` (`bedrock:DeleteImportedModel`).
    fn delete(&self) -> impl Future<Output = Result<()>> + Send + 'static;
}

impl<M: Keyed<Full: Delete>> DeleteExt for Bound<M> {
    fn delete(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        manager(self).delete(self.key())
    }
}

/// `stop` on a bound job.
pub trait StopExt {
    /// Stops the job.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(job: Bound<ModelCopyJob>) {
    /// job.stop().await; // a copy job cannot be stopped
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::stop`](crate::Manager::stop).
    ///
    /// # Requests
    ///
    /// One Stop operation, such as `StopModelInvocationJob` (`bedrock:StopModelInvocationJob`).
    fn stop(&self) -> impl Future<Output = Result<()>> + Send + 'static;
}

impl<M: Keyed<Full: Stop>> StopExt for Bound<M> {
    fn stop(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        manager(self).stop(self.key())
    }
}

/// Returns the manager of the full resource, on the model's session.
fn manager<M: Keyed>(model: &Bound<M>) -> Manager<M::Full> {
    M::Full::objects().using(model.session())
}
