//! What meters a session's calls: tags, the ledger, and limiters.

use std::sync::{Arc, PoisonError};

use crate::ledger::{Ledger, LedgerEntry};
use crate::pattern::matches;
use crate::{Limiter, Session};

use super::meters::Meters;

impl Session {
    /// Returns the ledger of this session and its clones: the tokens that their calls use, by model and tags. The first
    /// use starts it, so that sessions without a ledger count nothing. Sessions for other regions have ledgers of their
    /// own.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let ledger = session.ledger();
    /// let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// let reply = model.converse("Hello").await?;
    /// assert_eq!(ledger.total(), reply.tokens());
    /// # Ok(())
    /// # }
    /// ```
    pub fn ledger(&self) -> Ledger {
        self.meters().ledger.get_or_init(Ledger::default).clone()
    }

    /// Returns a clone of this session whose calls have this tag in the [`ledger`](Self::ledger), besides the tags that
    /// they already have. A tag with the same name is replaced. Tags are not sent to AWS; for its invocation log, there
    /// is `request_metadata`.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let acme = session.tagged("tenant", "acme");
    /// let ledger = session.ledger();
    /// FoundationModel::with_id("amazon.nova-lite-v1:0").using(&acme).converse("Hello").await?;
    /// assert_eq!(ledger.snapshot().rows[0].tags["tenant"], "acme");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tagged(&self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with_tags([(name.into(), value.into())])
    }

    /// Returns a clone of this session whose calls also have these tags.
    pub(crate) fn with_tags(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        self.with_own(|own| Arc::make_mut(own.tags.get_or_insert_default()).extend(more))
    }

    /// Returns the tags of its calls.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.own_tags()
            .into_iter()
            .flat_map(|tags| tags.iter())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Lets the calls of a model wait for this limiter, in this session and its clones: `converse`, `converse_stream`,
    /// `invoke_model` and `invoke_model_with_response_stream`. The ID or ARN is that of the calls; `*` in it stands for any
    /// text. If several match, the last that was set applies. A call can also [have its own](Limiter).
    ///
    /// The time in the queue counts towards the call's `operation_timeout`, and a stream's silence starts after it.
    ///
    /// ```
    /// use bedrock_orm_core::{Limiter, Session, TokenQuota};
    ///
    /// # fn main() -> bedrock_orm_core::Result<()> {
    /// let session = Session::local("http://127.0.0.1:8080")?;
    /// session.limit("*claude-sonnet-4-5*", &Limiter::new(TokenQuota::per_minute(200_000).burndown(5)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn limit(&self, model_id: impl Into<String>, limiter: &Limiter) {
        let mut limiters = self.meters().limiters.write().unwrap_or_else(PoisonError::into_inner);
        let model_id = model_id.into();
        limiters.retain(|(pattern, _)| *pattern != model_id);
        limiters.push((model_id, limiter.clone()));
    }

    /// Returns the limiter of a model's calls.
    pub(crate) fn limiter(&self, model_id: &str) -> Option<Limiter> {
        let limiters = &self.inner.meters.get()?.limiters;
        let limiters = limiters.read().unwrap_or_else(PoisonError::into_inner);
        limiters
            .iter()
            .rev()
            .find(|(pattern, _)| matches(pattern, model_id))
            .map(|(_, limiter)| limiter.clone())
    }

    /// Starts the entry of a charged call, if the session has a ledger.
    pub(crate) fn ledger_entry(&self, model_id: &str) -> Option<LedgerEntry> {
        let ledger = self.inner.meters.get()?.ledger.get()?;
        Some(ledger.entry(model_id, self.own_tags()))
    }

    fn meters(&self) -> &Meters {
        self.inner.meters.get_or_init(Meters::default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_add_up_and_go_along_to_other_regions() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        let tagged = session.tagged("tenant", "acme").tagged("feature", "search").tagged("tenant", "globex");
        let tags = |session: &Session| session.tags().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>();
        assert_eq!(tags(&tagged), ["feature=search", "tenant=globex"]);
        assert_eq!(tags(&session), [""; 0]);
        assert_ne!(tagged, session);
        assert_eq!(tagged, session.tagged("feature", "search").tagged("tenant", "globex"));
        let oregon = tagged.in_region("us-west-2").unwrap();
        assert_eq!(tags(&oregon), tags(&tagged));
        assert_eq!(oregon.in_region("us-east-1").unwrap(), tagged);
        assert_eq!(tags(&session.in_region("us-west-2").unwrap()), [""; 0]);
    }

    #[test]
    fn clones_share_a_ledger_that_starts_when_it_is_asked_for() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        assert!(session.ledger_entry("a").is_none());
        let ledger = session.ledger();
        session.tagged("tenant", "acme").ledger_entry("a").unwrap().used(None);
        assert_eq!(ledger.snapshot(), session.tagged("tenant", "globex").ledger().snapshot());
        assert_eq!(ledger.snapshot().rows[0].tags["tenant"], "acme");
        assert!(session.in_region("us-west-2").unwrap().ledger_entry("a").is_none());
    }
}
