//! What a prompt cache read and wrote, and constructors of cache points.

use crate::{CachePointBlock, CachePointType, CacheTtl, ContentBlock, SystemContentBlock, TokenUsage, Tool};

/// The input of a turn by what the prompt cache did with it, in tokens.
///
/// Source: [prompt caching](https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CacheUsage {
    /// The tokens that were read from the cache.
    pub read: u64,
    /// The tokens that were written into the cache.
    pub written: u64,
    /// The written tokens by the time they are kept for, if AWS reports it.
    pub written_by_ttl: Vec<(CacheTtl, u64)>,
    /// The tokens that were neither read nor written.
    pub fresh: u64,
}

impl CacheUsage {
    /// Returns the number of all input tokens.
    pub fn input(&self) -> u64 {
        self.read + self.written + self.fresh
    }

    /// Returns the share of the input that was read from the cache, from 0 to 1.
    pub fn read_share(&self) -> f64 {
        // Token counts are far below 2^52.
        if self.input() == 0 { 0.0 } else { self.read as f64 / self.input() as f64 }
    }
}

impl TokenUsage {
    /// Returns what the prompt cache read and wrote.
    ///
    /// ```
    /// use bedrock_orm_models::{CacheTtl, TokenUsage};
    /// use serde_json::{from_value, json};
    ///
    /// let usage: TokenUsage = from_value(json!({
    ///     "inputTokens": 100, "outputTokens": 20, "totalTokens": 1_220, "cacheReadInputTokens": 900,
    ///     "cacheWriteInputTokens": 200, "cacheDetails": [{"ttl": "5m", "inputTokens": 200}]
    /// }))?;
    /// let cache = usage.cache();
    /// assert_eq!((cache.read, cache.written, cache.fresh), (900, 200, 100));
    /// assert_eq!(cache.written_by_ttl, [(CacheTtl::FiveMinutes, 200)]);
    /// assert_eq!(cache.read_share(), 0.75);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn cache(&self) -> CacheUsage {
        let tokens = |count: i32| u64::try_from(count).unwrap_or_default();
        let details = self.cache_details.as_deref().unwrap_or_default();
        CacheUsage {
            read: tokens(self.cache_read_input_tokens.unwrap_or_default()),
            written: tokens(self.cache_write_input_tokens.unwrap_or_default()),
            written_by_ttl: details
                .iter()
                .map(|detail| (detail.ttl.clone(), tokens(detail.input_tokens)))
                .collect(),
            fresh: tokens(self.input_tokens),
        }
    }
}

impl CachePointBlock {
    /// Creates a cache point that is kept for this time after its last use. AWS's default is five minutes.
    pub fn kept_for(ttl: impl Into<CacheTtl>) -> Self {
        Self::new(CachePointType::Default).ttl(ttl)
    }
}

impl From<CachePointBlock> for ContentBlock {
    fn from(point: CachePointBlock) -> Self {
        Self::CachePoint(point)
    }
}

impl From<CachePointBlock> for SystemContentBlock {
    fn from(point: CachePointBlock) -> Self {
        Self::CachePoint(point)
    }
}

impl From<CachePointBlock> for Tool {
    fn from(point: CachePointBlock) -> Self {
        Self::CachePoint(point)
    }
}

impl Tool {
    /// Creates a cache point: the tools are cached up to it.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::new(CachePointType::Default))
    }
}
