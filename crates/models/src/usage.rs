//! The tokens of a call.

/// The tokens that a call used, as far as AWS or the model reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The tokens of the prompt that were not read from the cache.
    pub input_tokens: Option<i64>,
    /// The tokens of the reply.
    pub output_tokens: Option<i64>,
    /// The tokens of the prompt that were read from the cache.
    pub cache_read_input_tokens: Option<i64>,
    /// The tokens of the prompt that were written to the cache.
    pub cache_write_input_tokens: Option<i64>,
}

impl Usage {
    /// Returns these tokens, with those of `other` where these are unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.or(other.input_tokens),
            output_tokens: self.output_tokens.or(other.output_tokens),
            cache_read_input_tokens: self.cache_read_input_tokens.or(other.cache_read_input_tokens),
            cache_write_input_tokens: self.cache_write_input_tokens.or(other.cache_write_input_tokens),
        }
    }
}
