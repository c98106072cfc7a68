//! Stability AI's images.

use super::data::data;
use crate::{Blob, ModelBody};

data! {
    /// A request for an image, in the format of Stability AI's models.
    ///
    /// ```
    /// use bedrock_orm_models::providers::StabilityImage;
    /// use serde_json::json;
    ///
    /// let request = StabilityImage::new("A lighthouse at dawn").aspect_ratio("16:9").seed(7);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"prompt": "A lighthouse at dawn", "aspect_ratio": "16:9", "seed": 7})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html).
    pub struct StabilityImage {
        /// What the image shows.
        prompt: String,
    }
    floats {
        /// How much the image may differ from `image`, from 0 to 1.
        strength,
    }
    values {
        /// Makes the image repeatable. 0 means random.
        seed: u64,
    }
    optional {
        /// `text-to-image` or `image-to-image`.
        mode: String,
        /// The width to the height, such as `16:9`.
        aspect_ratio: String,
        /// What the image does not show.
        negative_prompt: String,
        /// The format: `png` or `jpeg`.
        output_format: String,
        /// The image to start from.
        image: Blob,
        /// The part of `image` to change, for the models that edit.
        mask: Blob,
    }
}

impl StabilityImage {
    /// Creates a request.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }
}

data! {
    /// Images of Stability AI's models.
    pub struct StabilityImageResponse {
        /// The images.
        images: Vec<Blob>,
        /// The seeds that produced them.
        seeds: Vec<u64>,
        /// Why an image is missing. `None` if it is not.
        finish_reasons: Vec<Option<String>>,
    }
}

impl ModelBody for StabilityImage {
    type Response = StabilityImageResponse;
}
