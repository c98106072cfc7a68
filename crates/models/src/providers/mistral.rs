//! Mistral's text completions. Mistral's chats are [`ChatCompletions`](super::ChatCompletions).

use super::data::{add_each, data, keep, replace, values};
use crate::{ModelBody, StreamedBody};

data! {
    /// A request in the format of Mistral's text completions. The prompt has the model's own tags: `<s>[INST] … [/INST]`.
    ///
    /// ```
    /// use bedrock_orm_models::providers::MistralText;
    /// use serde_json::json;
    ///
    /// let request = MistralText::new("<s>[INST] Explain quantum computing [/INST]").max_tokens(512).temperature(0.7);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"prompt": "<s>[INST] Explain quantum computing [/INST]", "max_tokens": 512, "temperature": 0.7})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-text-completion.html).
    pub struct MistralText {
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
        /// The number of the most likely tokens to sample from.
        top_k: u32,
    }
    lists {
        /// Texts that end the reply.
        stop: String,
    }
}

impl MistralText {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

values! {
    /// Why a text of Mistral ended.
    pub enum MistralStopReason {
        "stop" => Stop,
        "length" => Length,
    }
}

data! {
    /// A reply of Mistral's text completions, or a part of a streamed one.
    pub struct MistralTextResponse {
        /// The texts: one.
        outputs: Vec<MistralOutput>,
    }
}

impl MistralTextResponse {
    /// Returns the text.
    pub fn text(&self) -> String {
        self.outputs.iter().map(|output| output.text.as_str()).collect()
    }
}

data! {
    /// A text of Mistral's text completions.
    pub struct MistralOutput {
        /// The text.
        text: String,
    }
    optional {
        /// Why it ended.
        stop_reason: MistralStopReason,
    }
}

impl ModelBody for MistralText {
    type Response = MistralTextResponse;
}

impl StreamedBody for MistralText {
    type Event = MistralTextResponse;

    fn add(response: &mut MistralTextResponse, event: &MistralTextResponse) {
        add_each(&mut response.outputs, &event.outputs, |output, more| {
            output.text.push_str(&more.text);
            replace(&mut output.stop_reason, more.stop_reason.as_ref());
        });
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &MistralTextResponse) -> bool {
        event.outputs.iter().any(|output| output.stop_reason.is_some())
    }

    fn text(event: &MistralTextResponse) -> Option<&str> {
        event.outputs.first().map(|output| output.text.as_str())
    }
}
