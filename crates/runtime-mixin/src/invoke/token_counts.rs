//! The tokens that AWS counts in the headers of `InvokeModel`, which the SDK does not return.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_bedrockruntime::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::BoxError;
use bedrock_orm_models::Usage;

/// Reads the headers of a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenCounts {
    usage: Arc<Mutex<Usage>>,
}

impl TokenCounts {
    /// Returns the tokens of the response.
    pub(crate) fn usage(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for TokenCounts {
    fn name(&self) -> &'static str {
        "token counts"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        let count = |name: &str| headers.get(name).and_then(|count| count.parse().ok());
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = Usage {
            input_tokens: count("x-amzn-bedrock-input-token-count"),
            output_tokens: count("x-amzn-bedrock-output-token-count"),
            cache_read_input_tokens: count("x-amzn-bedrock-cache-read-input-token-count"),
            cache_write_input_tokens: count("x-amzn-bedrock-cache-write-input-token-count"),
        };
        Ok(())
    }
}
