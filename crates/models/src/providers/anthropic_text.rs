//! Anthropic's text completions, which came before Messages.

use super::data::{data, keep, replace};
use crate::{ModelBody, StreamedBody};

data! {
    /// A request in the format of Claude 2's text completions. **AWS has retired these models**: new code uses
    /// [`ClaudeMessages`](super::ClaudeMessages).
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html).
    pub struct ClaudeCompletion {
        /// The prompt: `\n\nHuman: … \n\nAssistant:`.
        prompt: String,
        /// The most tokens that the reply may have.
        max_tokens_to_sample: u32,
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
    }
    values {
        /// The number of the most likely tokens to sample from.
        top_k: u32,
    }
    lists {
        /// Texts that end the reply.
        stop_sequences: String,
    }
}

impl ClaudeCompletion {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>, max_tokens_to_sample: u32) -> Self {
        Self { prompt: prompt.into(), max_tokens_to_sample, ..Self::default() }
    }
}

data! {
    /// A reply of Claude 2, or a part of a streamed one.
    pub struct ClaudeCompletionResponse {
        /// The text.
        completion: String,
    }
    optional {
        /// Why it ended: `stop_sequence` or `max_tokens`.
        stop_reason: String,
        /// The stop sequence that ended it.
        stop: String,
    }
}

impl ClaudeCompletionResponse {
    /// Returns the text.
    pub fn text(&self) -> String {
        self.completion.clone()
    }
}

impl ModelBody for ClaudeCompletion {
    type Response = ClaudeCompletionResponse;
}

impl StreamedBody for ClaudeCompletion {
    type Event = ClaudeCompletionResponse;

    fn add(response: &mut ClaudeCompletionResponse, event: &ClaudeCompletionResponse) {
        response.completion.push_str(&event.completion);
        replace(&mut response.stop_reason, event.stop_reason.as_ref());
        replace(&mut response.stop, event.stop.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &ClaudeCompletionResponse) -> bool {
        event.stop_reason.is_some()
    }

    fn text(event: &ClaudeCompletionResponse) -> Option<&str> {
        Some(&event.completion)
    }
}
