//! Luma AI's Ray: videos, by asynchronous invocations.

use super::data::data;
use crate::AsyncModelBody;

data! {
    /// The input of an asynchronous invocation of Luma AI's Ray, which writes a video.
    ///
    /// ```
    /// use bedrock_orm_models::providers::LumaRay;
    /// use serde_json::json;
    ///
    /// assert_eq!(
    ///     serde_json::to_value(LumaRay::new("A satellite above Earth.").duration("5s").resolution("720p"))?,
    ///     json!({"prompt": "A satellite above Earth.", "duration": "5s", "resolution": "720p"})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the parameters](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-luma.html).
    pub struct LumaRay {
        /// What the video shows, in up to 5,000 characters.
        prompt: String,
    }
    values {
        /// Whether the end of the video leads to its beginning.
        #[serde(rename = "loop")]
        loops: bool,
    }
    optional {
        /// The width to the height: `1:1`, `16:9`, `9:16`, `4:3`, `3:4`, `21:9` or `9:21`.
        aspect_ratio: String,
        /// The length: `5s` or `9s`.
        duration: String,
        /// The resolution: `540p` or `720p`.
        resolution: String,
    }
}

impl LumaRay {
    /// Creates a video of this text.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

impl AsyncModelBody for LumaRay {}
