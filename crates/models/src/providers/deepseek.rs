//! DeepSeek's text completions, for R1. The chats of V3 are [`ChatCompletions`](super::ChatCompletions).

use super::data::{add_each, data, keep, replace, values};
use crate::{ModelBody, StreamedBody};

data! {
    /// A request in the format of DeepSeek R1. The prompt has the model's own tags. After `<think>`, the model reasons.
    ///
    /// ```
    /// use bedrock_orm_models::providers::DeepSeekText;
    /// use serde_json::json;
    ///
    /// let request = DeepSeekText::new("<｜begin▁of▁sentence｜><｜User｜>Why?<｜Assistant｜><think>\n").max_tokens(512);
    /// assert_eq!(serde_json::to_value(&request)?["max_tokens"], 512);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-deepseek.html).
    pub struct DeepSeekText {
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
        max_tokens: u32,
    }
    lists {
        /// Texts that end the reply.
        stop: String,
    }
}

impl DeepSeekText {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

values! {
    /// Why a text of DeepSeek ended.
    pub enum DeepSeekStopReason {
        "stop" => Stop,
        "length" => Length,
    }
}

data! {
    /// A reply of DeepSeek R1, or a part of a streamed one.
    pub struct DeepSeekTextResponse {
        /// The texts: one.
        choices: Vec<DeepSeekChoice>,
    }
}

impl DeepSeekTextResponse {
    /// Returns the text, after the reasoning and `</think>` if the prompt asks for it.
    pub fn text(&self) -> String {
        self.choices.iter().map(|choice| choice.text.as_str()).collect()
    }
}

data! {
    /// A text of DeepSeek R1.
    pub struct DeepSeekChoice {
        /// The text.
        text: String,
    }
    optional {
        /// Why it ended.
        stop_reason: DeepSeekStopReason,
    }
}

impl ModelBody for DeepSeekText {
    type Response = DeepSeekTextResponse;
}

impl StreamedBody for DeepSeekText {
    type Event = DeepSeekTextResponse;

    fn add(response: &mut DeepSeekTextResponse, event: &DeepSeekTextResponse) {
        add_each(&mut response.choices, &event.choices, |choice, more| {
            choice.text.push_str(&more.text);
            replace(&mut choice.stop_reason, more.stop_reason.as_ref());
        });
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &DeepSeekTextResponse) -> bool {
        event.choices.iter().any(|choice| choice.stop_reason.is_some())
    }

    fn text(event: &DeepSeekTextResponse) -> Option<&str> {
        event.choices.first().map(|choice| choice.text.as_str())
    }
}
