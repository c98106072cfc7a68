//! The tokens of calls, as numbers that add up.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::wire::wire_struct;
use crate::{CacheTtl, TokenUsage, Usage};

/// The tokens that one or more calls used. It counts each token once, and it adds up.
///
/// AWS's [`TokenUsage`] leaves the cached tokens out of its input tokens; [`input_tokens`](Self::input_tokens) includes
/// them.
///
/// ```
/// use bedrock_orm_models::{CacheTtl, TokenUsage, Tokens};
///
/// let reported: TokenUsage = serde_json::from_str(
///     r#"{"inputTokens": 12, "outputTokens": 40, "totalTokens": 2100, "cacheReadInputTokens": 2048}"#,
/// )?;
/// let first = Tokens::from(&reported);
/// assert_eq!((first.input_tokens(), first.output_tokens, first.total_tokens()), (2060, 40, 2100));
///
/// let second = Tokens::default().uncached_input_tokens(8).output_tokens(2).cache_write(CacheTtl::OneHour, 100);
/// let both: Tokens = [first, second].into_iter().sum();
/// assert_eq!(both.input_tokens(), 2168);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: [How tokens are counted](https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// The tokens of prompts that were neither read from the cache nor written to it.
    pub uncached_input_tokens: u64,
    /// The tokens of replies.
    pub output_tokens: u64,
    /// The tokens of prompts that were read from the cache.
    pub cache_read_tokens: u64,
    /// The tokens of prompts that were written to the cache, by the time that they stay there. Writes for which AWS
    /// reports no time are under five minutes, AWS's default.
    pub cache_writes: BTreeMap<CacheTtl, u64>,
}

wire_struct!(Tokens {
    0 "uncachedInputTokens" uncached_input_tokens defaulted,
    1 "outputTokens" output_tokens defaulted,
    2 "cacheReadTokens" cache_read_tokens defaulted,
    3 "cacheWrites" cache_writes filled,
});

impl Tokens {
    /// Sets the tokens of prompts that were neither read from the cache nor written to it.
    #[must_use]
    pub fn uncached_input_tokens(mut self, tokens: u64) -> Self {
        self.uncached_input_tokens = tokens;
        self
    }

    /// Sets the tokens of replies.
    #[must_use]
    pub fn output_tokens(mut self, tokens: u64) -> Self {
        self.output_tokens = tokens;
        self
    }

    /// Sets the tokens of prompts that were read from the cache.
    #[must_use]
    pub fn cache_read_tokens(mut self, tokens: u64) -> Self {
        self.cache_read_tokens = tokens;
        self
    }

    /// Adds tokens of prompts that were written to the cache for this time. Zero adds nothing.
    #[must_use]
    pub fn cache_write(mut self, ttl: CacheTtl, tokens: u64) -> Self {
        self.write(ttl, tokens);
        self
    }

    fn write(&mut self, ttl: CacheTtl, tokens: u64) {
        if tokens > 0 {
            let written = self.cache_writes.entry(ttl).or_default();
            *written = written.saturating_add(tokens);
        }
    }

    /// Returns the tokens of prompts that were written to the cache, for any time.
    pub fn cache_write_tokens(&self) -> u64 {
        self.cache_writes.values().fold(0, |sum, tokens| sum.saturating_add(*tokens))
    }

    /// Returns all tokens of prompts, with those that were read from the cache and written to it.
    pub fn input_tokens(&self) -> u64 {
        self.uncached_input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens())
    }

    /// Returns all tokens of prompts and replies.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens().saturating_add(self.output_tokens)
    }

    /// Returns whether it counts no tokens.
    pub fn is_zero(&self) -> bool {
        self.total_tokens() == 0
    }
}

impl From<&TokenUsage> for Tokens {
    fn from(usage: &TokenUsage) -> Self {
        let mut sum = Self {
            uncached_input_tokens: count(usage.input_tokens),
            output_tokens: count(usage.output_tokens),
            cache_read_tokens: usage.cache_read_input_tokens.map_or(0, count),
            cache_writes: BTreeMap::new(),
        };
        for detail in usage.cache_details.iter().flatten() {
            sum.write(detail.ttl.clone(), count(detail.input_tokens));
        }
        let written = usage.cache_write_input_tokens.map_or(0, count);
        sum.write(CacheTtl::FiveMinutes, written.saturating_sub(sum.cache_write_tokens()));
        sum
    }
}

impl Usage {
    /// Returns these tokens as numbers that add up. `None` if the tokens of the prompt are unknown.
    pub fn tokens(self) -> Option<Tokens> {
        let count = |tokens: Option<i64>| tokens.and_then(|tokens| tokens.try_into().ok());
        let written = count(self.cache_write_input_tokens).unwrap_or_default();
        let tokens = Tokens::default()
            .uncached_input_tokens(count(self.input_tokens)?)
            .output_tokens(count(self.output_tokens).unwrap_or_default())
            .cache_read_tokens(count(self.cache_read_input_tokens).unwrap_or_default());
        Some(tokens.cache_write(CacheTtl::FiveMinutes, written))
    }
}

impl From<TokenUsage> for Tokens {
    fn from(usage: TokenUsage) -> Self {
        Self::from(&usage)
    }
}

/// AWS never sends a negative count.
fn count(tokens: i32) -> u64 {
    tokens.try_into().unwrap_or_default()
}

impl AddAssign<&Self> for Tokens {
    fn add_assign(&mut self, more: &Self) {
        self.uncached_input_tokens = self.uncached_input_tokens.saturating_add(more.uncached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(more.cache_read_tokens);
        for (ttl, tokens) in &more.cache_writes {
            self.write(ttl.clone(), *tokens);
        }
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, more: Self) {
        *self += &more;
    }
}

impl Add for Tokens {
    type Output = Self;

    fn add(mut self, more: Self) -> Self {
        self += more;
        self
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), Add::add)
    }
}

impl<'a> Sum<&'a Self> for Tokens {
    fn sum<I: Iterator<Item = &'a Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |mut sum, usage| {
            sum += usage;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn usage(json: serde_json::Value) -> Tokens {
        Tokens::from(from_value::<TokenUsage>(json).unwrap())
    }

    #[test]
    fn writes_are_apart_by_their_time_and_the_rest_is_five_minutes() {
        let detailed = usage(json!({
            "inputTokens": 1, "outputTokens": 2, "totalTokens": 53, "cacheWriteInputTokens": 50,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 30}, {"ttl": "5m", "inputTokens": 15}],
        }));
        let writes = [(CacheTtl::FiveMinutes, 20), (CacheTtl::OneHour, 30)];
        assert_eq!(detailed.cache_writes, BTreeMap::from(writes));
        assert_eq!((detailed.input_tokens(), detailed.total_tokens()), (51, 53));
        let plain = usage(json!({"inputTokens": 1, "outputTokens": 0, "cacheWriteInputTokens": 7}));
        assert_eq!(plain.cache_writes, BTreeMap::from([(CacheTtl::FiveMinutes, 7)]));
        let none = usage(json!({"inputTokens": 1, "outputTokens": 0, "cacheWriteInputTokens": 0}));
        assert_eq!(none.cache_writes, BTreeMap::new());
    }

    #[test]
    fn sums_keep_every_part_and_json_keeps_sums() {
        let one = Tokens::default()
            .uncached_input_tokens(1)
            .output_tokens(2)
            .cache_read_tokens(4)
            .cache_write(CacheTtl::OneHour, 8)
            .cache_write("2h".into(), 16);
        let two: Tokens = [&one, &one].into_iter().sum();
        assert_eq!((two.input_tokens(), two.output_tokens, two.cache_write_tokens()), (58, 4, 48));
        assert_eq!(two, one.clone() + one);
        let json = serde_json::to_value(&two).unwrap();
        assert_eq!(json["cacheWrites"], json!({"1h": 16, "2h": 32}));
        assert_eq!(from_value::<Tokens>(json).unwrap(), two);
        let most = Tokens::default().uncached_input_tokens(u64::MAX);
        assert_eq!((most.clone() + most).total_tokens(), u64::MAX);
    }
}
