//! A quota of tokens, as the caller knows it.

/// A quota of tokens for one model in one region of one account. AWS's console, Service Quotas, shows it.
///
/// ```
/// use bedrock_orm_core::TokenQuota;
///
/// let claude = TokenQuota::per_minute(200_000).per_day(144_000_000).burndown(5).model_max_tokens(64_000);
/// ```
///
/// Source: [How tokens are counted](https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct TokenQuota {
    pub(super) per_minute: u64,
    pub(super) per_day: Option<u64>,
    pub(super) burndown: u64,
    pub(super) model_max_tokens: u64,
    pub(super) concurrency: Option<u32>,
}

impl TokenQuota {
    /// Creates a quota of this many tokens per minute.
    pub fn per_minute(tokens: u64) -> Self {
        Self { per_minute: tokens, per_day: None, burndown: 1, model_max_tokens: 0, concurrency: None }
    }

    /// Sets the quota of tokens per day. It is counted over the last 24 hours. There is none by default.
    pub fn per_day(mut self, tokens: u64) -> Self {
        self.per_day = Some(tokens);
        self
    }

    /// Sets how many tokens of the quota a token of a reply takes. The default is 1; for Claude 4 and newer models, AWS
    /// takes 5.
    pub fn burndown(mut self, burndown: u64) -> Self {
        self.burndown = burndown;
        self
    }

    /// Sets the most tokens that the model can reply with. AWS reserves them for a request that does not set
    /// `max_tokens`. The default is 0: nothing is reserved for such a request here, so that AWS may refuse it.
    pub fn model_max_tokens(mut self, tokens: u64) -> Self {
        self.model_max_tokens = tokens;
        self
    }

    pub(super) fn has_model_max_tokens(self) -> bool {
        self.model_max_tokens > 0
    }

    /// Sets how many requests can be under way at once. There is no limit by default.
    pub fn concurrency(mut self, requests: u32) -> Self {
        self.concurrency = Some(requests.max(1));
        self
    }
}
