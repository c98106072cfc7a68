//! The tags of a resource.

use bedrock_orm_core::{Bound, Result};
use bedrock_orm_models::Tag;

use crate::Objects;
use crate::resources::Tagged;

/// `tags`, `tag` and `untag` on a bound model.
pub trait TagsExt {
    /// Lists the tags.
    ///
    /// # Errors
    ///
    /// `DoesNotExist` or `Validation`, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `ListTagsForResource` (`bedrock:ListTagsForResource`).
    fn tags(&self) -> impl Future<Output = Result<Vec<Tag>>> + Send + 'static;

    /// Adds these tags. Tags with the same keys are replaced.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// let guardrail = made.full().await?;
    /// guardrail.tag([("team", "search"), ("stage", "test")]).await?;
    /// guardrail.untag(["stage"]).await?;
    /// assert_eq!(guardrail.tags().await?, [("team", "search").into()]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist`, `Validation` or `TooManyTags`, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `TagResource` (`bedrock:TagResource`).
    fn tag<T: Into<Tag>>(
        &self,
        tags: impl IntoIterator<Item = T>,
    ) -> impl Future<Output = Result<()>> + Send + 'static;

    /// Removes the tags with these keys.
    ///
    /// # Errors
    ///
    /// `DoesNotExist` or `Validation`, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `UntagResource` (`bedrock:UntagResource`).
    fn untag<K: Into<String>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<()>> + Send + 'static;
}

impl<M: Tagged> TagsExt for Bound<M> {
    fn tags(&self) -> impl Future<Output = Result<Vec<Tag>>> + Send + 'static {
        Tag::objects().using(self.session()).of(self.arn())
    }

    fn tag<T: Into<Tag>>(
        &self,
        tags: impl IntoIterator<Item = T>,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        let tags: Vec<Tag> = tags.into_iter().map(Into::into).collect();
        Tag::objects().using(self.session()).add(self.arn(), tags)
    }

    fn untag<K: Into<String>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        Tag::objects().using(self.session()).remove(self.arn(), keys)
    }
}
