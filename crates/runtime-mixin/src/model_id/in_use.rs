//! Lists the models that a session has resolved, for scripts that look for models to replace.

use std::time::Duration;

use bedrock_orm_core::Session;

use super::end_of_life;
use super::resolved::ResolvedModel;
use super::resolver::Resolver;

/// `models_in_use` on a session.
pub trait ModelsInUseExt {
    /// Returns the models that the session has resolved so far: by [`resolve`](crate::ResolveExt::resolve) and
    /// [`invocable`](crate::ResolveExt::invocable), and where another call had to look a model up. A model that was only
    /// invoked is not among them, since invoking looks nothing up.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let models = ConversationManager::new(&session);
    /// for id in ["amazon.nova-pro-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"] {
    ///     models.resolve(id).await?;
    /// }
    /// for model in session.models_in_use().ending_within_days(180) {
    ///     println!("{} ends on {:?}", model.invocation_id, model.end_of_life());
    /// }
    /// assert_eq!(session.models_in_use().into_iter().count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Requests
    ///
    /// None.
    fn models_in_use(&self) -> ModelsInUse;
}

impl ModelsInUseExt for Session {
    fn models_in_use(&self) -> ModelsInUse {
        ModelsInUse { models: Resolver::of(self).known(self) }
    }
}

/// The models that a session has resolved, each by the ID or ARN that it was resolved from.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelsInUse {
    models: Vec<ResolvedModel>,
}

impl ModelsInUse {
    /// Keeps the models whose end of life is at most this many days away, or in the past. A model without an announced
    /// end of life is not among them.
    #[must_use]
    pub fn ending_within_days(mut self, days: u16) -> Self {
        let within = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let ends = |model: &ResolvedModel| {
            model.foundation_model.as_ref().is_some_and(|model| end_of_life::ends_within(model, within))
        };
        self.models.retain(ends);
        self
    }

    /// Returns the models in the order of their IDs.
    pub fn iter(&self) -> std::slice::Iter<'_, ResolvedModel> {
        self.models.iter()
    }
}

impl IntoIterator for ModelsInUse {
    type Item = ResolvedModel;
    type IntoIter = std::vec::IntoIter<ResolvedModel>;

    fn into_iter(self) -> Self::IntoIter {
        self.models.into_iter()
    }
}

impl<'a> IntoIterator for &'a ModelsInUse {
    type Item = &'a ResolvedModel;
    type IntoIter = std::slice::Iter<'a, ResolvedModel>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
