//! Meta's Llama.

use super::data::{data, keep, replace, tokens, values};
use crate::{ModelBody, StreamedBody, Usage};

data! {
    /// A request in the format of Meta's Llama. The prompt has the tokens of the model's own template.
    ///
    /// ```
    /// use bedrock_orm_models::providers::LlamaText;
    /// use serde_json::json;
    ///
    /// let request = LlamaText::new("What is AI?").max_gen_len(512).temperature(0.7).top_p(0.9);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"prompt": "What is AI?", "max_gen_len": 512, "temperature": 0.7, "top_p": 0.9})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html).
    pub struct LlamaText {
        /// The prompt.
        prompt: String,
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
    }
    values {
        /// The most tokens that the reply may have.
        max_gen_len: u32,
    }
    lists {
        /// Images in base64. Llama 3.2 and later have them.
        images: String,
    }
}

impl LlamaText {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

values! {
    /// Why a reply of Llama ended.
    pub enum LlamaStopReason {
        "stop" => Stop,
        "length" => Length,
    }
}

data! {
    /// A reply of Llama, or a part of a streamed one.
    pub struct LlamaResponse {
        /// The text.
        generation: String,
    }
    values {
        /// The tokens of the prompt, in the first part.
        prompt_token_count: u64,
        /// The tokens of the reply so far.
        generation_token_count: u64,
    }
    optional {
        /// Why the reply ended, in the last part.
        stop_reason: LlamaStopReason,
    }
}

impl LlamaResponse {
    /// Returns the text.
    pub fn text(&self) -> String {
        self.generation.clone()
    }
}

impl ModelBody for LlamaText {
    type Response = LlamaResponse;

    fn usage(response: &LlamaResponse) -> Usage {
        Usage {
            input_tokens: tokens(response.prompt_token_count),
            output_tokens: tokens(response.generation_token_count),
            ..Usage::default()
        }
    }
}

impl StreamedBody for LlamaText {
    type Event = LlamaResponse;

    fn add(response: &mut LlamaResponse, event: &LlamaResponse) {
        response.generation.push_str(&event.generation);
        replace(&mut response.prompt_token_count, event.prompt_token_count.as_ref());
        replace(&mut response.generation_token_count, event.generation_token_count.as_ref());
        replace(&mut response.stop_reason, event.stop_reason.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &LlamaResponse) -> bool {
        event.stop_reason.is_some()
    }

    fn text(event: &LlamaResponse) -> Option<&str> {
        Some(&event.generation)
    }
}
