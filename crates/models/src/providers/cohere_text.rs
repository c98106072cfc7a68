//! Cohere's Command: text completions.

use super::cohere::CohereFinishReason;
use super::data::{data, keep, replace};
use crate::{ModelBody, StreamedBody};

data! {
    /// A request in the format of Cohere's Command, which came before Command R. **AWS has retired these models.**
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html).
    pub struct CohereText {
        /// The prompt.
        prompt: String,
    }
    floats {
        /// The randomness of the reply, from 0 to 5.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        p,
    }
    values {
        /// The most tokens that the reply may have.
        max_tokens: u32,
        /// The number of the most likely tokens to sample from.
        k: u32,
        /// How many texts are generated, from 1 to 5.
        num_generations: u32,
        /// Whether a stream comes in pieces. Otherwise, it is one chunk with the whole reply.
        stream: bool,
    }
    optional {
        /// What is cut if the prompt is too long: `NONE`, `START` or `END`.
        truncate: String,
        /// Which likelihoods are returned: `GENERATION`, `ALL` or `NONE`.
        return_likelihoods: String,
    }
    lists {
        /// Texts that end the reply.
        stop_sequences: String,
    }
}

impl CohereText {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

data! {
    /// A reply of Command.
    pub struct CohereTextResponse {
        /// The texts.
        generations: Vec<CohereGeneration>,
    }
    optional {
        /// Its ID.
        id: String,
        /// The prompt.
        prompt: String,
    }
}

impl CohereTextResponse {
    /// Returns the first text.
    pub fn text(&self) -> String {
        self.generations.first().map(|generation| generation.text.clone()).unwrap_or_default()
    }
}

data! {
    /// A text of Command.
    pub struct CohereGeneration {
        /// The text.
        text: String,
    }
    optional {
        /// Its ID.
        id: String,
        /// Why it ended.
        finish_reason: CohereFinishReason,
    }
}

data! {
    /// A part of a streamed reply of Command, or the whole of it.
    pub struct CohereTextEvent {
    }
    values {
        /// Whether it is the last part.
        is_finished: bool,
        /// The position of the text, if there are several.
        index: usize,
    }
    optional {
        /// More text.
        text: String,
        /// Why the text ended.
        finish_reason: CohereFinishReason,
        /// The ID of the reply.
        id: String,
        /// The prompt.
        prompt: String,
    }
    lists {
        /// The texts, if this is the whole reply.
        generations: CohereGeneration,
    }
}

impl ModelBody for CohereText {
    type Response = CohereTextResponse;
}

impl StreamedBody for CohereText {
    type Event = CohereTextEvent;

    fn add(response: &mut CohereTextResponse, event: &CohereTextEvent) {
        response.generations.extend_from_slice(event.generations.as_deref().unwrap_or_default());
        if event.generations.is_none() {
            let index = event.index.unwrap_or_default();
            while response.generations.len() <= index.min(MAX_GENERATIONS) {
                response.generations.push(CohereGeneration::default());
            }
            if let Some(generation) = response.generations.get_mut(index) {
                generation.text.push_str(event.text.as_deref().unwrap_or_default());
                replace(&mut generation.finish_reason, event.finish_reason.as_ref());
            }
        }
        replace(&mut response.id, event.id.as_ref());
        replace(&mut response.prompt, event.prompt.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &CohereTextEvent) -> bool {
        event.generations.is_some() || event.is_finished == Some(true)
    }

    fn text(event: &CohereTextEvent) -> Option<&str> {
        let first = || event.generations.as_ref()?.first().map(|generation| generation.text.as_str());
        event.text.as_deref().or_else(first)
    }
}

/// More texts than a request can have.
const MAX_GENERATIONS: usize = 16;
