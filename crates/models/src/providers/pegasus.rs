//! TwelveLabs' Pegasus: texts about videos.

use serde_json::Value;

use super::data::{data, keep, replace, values};
use super::twelvelabs::TwelveLabsMedia;
use crate::{ModelBody, StreamedBody};

values! {
    /// Why a text of Pegasus ended.
    pub enum PegasusFinishReason {
        "stop" => Stop,
        "length" => Length,
    }
}

data! {
    /// A request to TwelveLabs' Pegasus 1.2, which answers questions about a video. It is for `InvokeModel`, not for
    /// asynchronous invocations.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{Pegasus, TwelveLabsMedia};
    /// use serde_json::json;
    ///
    /// let video = TwelveLabsMedia::s3("s3://my-bucket/a.mp4", "123456789012");
    /// assert_eq!(
    ///     serde_json::to_value(Pegasus::new("What happens?", video).max_output_tokens(200))?,
    ///     json!({
    ///         "inputPrompt": "What happens?",
    ///         "mediaSource": {"s3Location": {"uri": "s3://my-bucket/a.mp4", "bucketOwner": "123456789012"}},
    ///         "maxOutputTokens": 200,
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the parameters](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html).
    #[serde(rename_all = "camelCase")]
    pub struct Pegasus {
        /// The question, of up to 2,000 tokens.
        input_prompt: String,
        /// The video, of up to one hour.
        media_source: TwelveLabsMedia,
    }
    floats {
        /// The randomness of the text, from 0 to 1.
        temperature,
    }
    values {
        /// The most tokens that the text may have, up to 4,096.
        max_output_tokens: u32,
    }
    optional {
        /// The JSON schema of the text: `{"jsonSchema": {…}}`.
        response_format: Value,
    }
}

impl Pegasus {
    /// Creates a request.
    pub fn new(input_prompt: impl Into<String>, media_source: TwelveLabsMedia) -> Self {
        Self { input_prompt: input_prompt.into(), media_source, ..Self::default() }
    }
}

data! {
    /// A text about a video.
    #[serde(rename_all = "camelCase")]
    pub struct PegasusResponse {
        /// The text.
        message: String,
    }
    optional {
        /// Why it ended.
        finish_reason: PegasusFinishReason,
    }
}

impl ModelBody for Pegasus {
    type Response = PegasusResponse;
}

/// AWS's page does not show the chunks of a stream: they are taken to have the members of the response.
impl StreamedBody for Pegasus {
    type Event = PegasusResponse;

    fn add(response: &mut PegasusResponse, event: &PegasusResponse) {
        response.message.push_str(&event.message);
        replace(&mut response.finish_reason, event.finish_reason.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &PegasusResponse) -> bool {
        event.finish_reason.is_some()
    }

    fn text(event: &PegasusResponse) -> Option<&str> {
        Some(event.message.as_str()).filter(|text| !text.is_empty())
    }
}
