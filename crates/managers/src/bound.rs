//! What a bound model can do with its session: fetch, change, stop and delete itself.

use bedrock_orm_core::{Bound, Result};

use crate::resources::{Delete, Get, Keyed, Stop, Update};
use crate::{Manager, Objects as _};

/// Fetches a thing anew.
pub trait RefreshExt: Sized {
    /// The thing as it is now.
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
    /// One of the noun's Get operation.
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send + 'static;
}

impl<M: Get + Keyed<Full = M>> RefreshExt for Bound<M> {
    fn refresh(&self) -> impl Future<Output = Result<Self>> + Send + 'static {
        self.full()
    }
}

/// Fetches the whole of which a list's row, or the answer to a creation, is a part.
pub trait FullExt {
    /// The whole: `Guardrail` for a `GuardrailSummary`.
    type Full;

    /// The whole, through the same session.
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
    /// One of the noun's Get operation.
    fn full(&self) -> impl Future<Output = Result<Bound<Self::Full>>> + Send + 'static;
}

impl<M: Keyed> FullExt for Bound<M> {
    type Full = M::Full;

    fn full(&self) -> impl Future<Output = Result<Bound<M::Full>>> + Send + 'static {
        manager(self).get(self.key())
    }
}

/// Changes a thing.
pub trait UpdateExt {
    /// The noun.
    type Full: Update;

    /// Changes it, and gives AWS's answer. This value stays as it is: `refresh` fetches the new one.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(profile: Bound<InferenceProfile>) {
    /// profile.update(()).await; // AWS changes no inference profile
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::update`](crate::Manager::update).
    ///
    /// # Requests
    ///
    /// One of the noun's Update operation, such as `UpdateGuardrail` (`bedrock:UpdateGuardrail`).
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

/// Deletes a thing.
pub trait DeleteExt {
    /// Deletes it. Of a guardrail it deletes the version that this is; the draft stands for the whole.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(model: Bound<FoundationModel>) {
    /// model.delete().await; // nobody deletes a foundation model
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::delete`](crate::Manager::delete).
    ///
    /// # Requests
    ///
    /// One of the noun's Delete operation, such as `DeleteImportedModel` (`bedrock:DeleteImportedModel`).
    fn delete(&self) -> impl Future<Output = Result<()>> + Send + 'static;
}

impl<M: Keyed<Full: Delete>> DeleteExt for Bound<M> {
    fn delete(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        manager(self).delete(self.key())
    }
}

/// Stops a job.
pub trait StopExt {
    /// Stops it.
    ///
    /// ```compile_fail
    /// # use bedrock_orm::prelude::*;
    /// # async fn example(job: Bound<ModelCopyJob>) {
    /// job.stop().await; // AWS stops no copy job
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Manager::stop`](crate::Manager::stop).
    ///
    /// # Requests
    ///
    /// One of the noun's Stop operation, such as `StopModelInvocationJob` (`bedrock:StopModelInvocationJob`).
    fn stop(&self) -> impl Future<Output = Result<()>> + Send + 'static;
}

impl<M: Keyed<Full: Stop>> StopExt for Bound<M> {
    fn stop(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        manager(self).stop(self.key())
    }
}

/// The manager of the resource, on the model's session.
fn manager<M: Keyed>(model: &Bound<M>) -> Manager<M::Full> {
    M::Full::objects().using(model.session())
}
