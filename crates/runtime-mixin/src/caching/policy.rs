//! The policy: how long the prefixes of a request are cached.

use bedrock_orm_models::CacheTtl;

/// Places cache points in a request, so that AWS reads what it has in common with an earlier one from its cache, at a
/// reduced price.
///
/// A request has at most four cache points, in this order: at the end of its tools, at the end of its system prompt, at the
/// end of the previous user message, where an earlier turn ended, and at the end of the last one. Cache points that the
/// request already has stay as they are, and count. A message with reasoning gets none, since AWS refuses it. Nothing
/// else of the request changes.
///
/// If AWS refuses a cache point for the model, the request is sent again without those of that place, and the session
/// remembers it for the model. A refused request costs nothing. What a model takes is never guessed from its ID, so
/// application inference profiles work like the models behind them.
///
/// AWS caches a prefix from a minimum of tokens on, which depends on the model (often 1,024); writing into the cache can cost
/// more than fresh input, so a policy pays off for prompts that are sent again within the TTL.
///
/// ```
/// use bedrock_orm::CachePolicy;
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let claude = FoundationModel::with_id("us.anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
/// let handbook = "Restart the worker before the queue. ".repeat(200);
/// for question in ["What comes first?", "And then?"] {
///     let reply = claude.converse(question).system(handbook.as_str()).cache(CachePolicy::auto()).await?;
///     println!("{}", reply.cache());
/// }
/// # Ok(())
/// # }
/// ```
///
/// Source: [prompt caching](https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CachePolicy {
    pub(crate) ttl: CacheTtl,
    pub(crate) messages_ttl: Option<CacheTtl>,
}

impl CachePolicy {
    /// Creates a policy that caches tools, system prompt and messages for five minutes after their last use.
    pub fn auto() -> Self {
        Self { ttl: CacheTtl::FiveMinutes, messages_ttl: None }
    }

    /// Sets how long prefixes are cached after their last use. An hour costs more to write than five minutes, and not all
    /// models offer it.
    #[must_use]
    pub fn ttl(mut self, ttl: impl Into<CacheTtl>) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// Sets another, shorter time for messages, which change from turn to turn.
    ///
    /// AWS takes no cache point with a longer time after one with a shorter time. A longer time than that of tools and
    /// system prompt is therefore shortened to it.
    #[must_use]
    pub fn messages_ttl(mut self, ttl: impl Into<CacheTtl>) -> Self {
        self.messages_ttl = Some(ttl.into());
        self
    }
}
