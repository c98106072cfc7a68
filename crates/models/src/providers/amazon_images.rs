//! Amazon's image models: Nova Canvas and Titan Image Generator.

use serde_json::Value;

use super::data::data;
use crate::{Blob, ModelBody};

data! {
    /// A request for images, in the format of Amazon's Nova Canvas and Titan Image Generator.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{AmazonImageConfig, AmazonImages};
    /// use serde_json::json;
    ///
    /// let request = AmazonImages::from_text("A lighthouse at dawn")
    ///     .image_generation_config(AmazonImageConfig::default().number_of_images(2).width(512).height(512));
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "taskType": "TEXT_IMAGE",
    ///         "textToImageParams": {"text": "A lighthouse at dawn"},
    ///         "imageGenerationConfig": {"numberOfImages": 2, "width": 512, "height": 512},
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Sources: [Nova Canvas](https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html),
    /// [Titan](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html).
    #[serde(rename_all = "camelCase")]
    pub struct AmazonImages {
        /// The task, such as `TEXT_IMAGE`. The member with its parameters is set.
        task_type: String,
    }
    optional {
        /// The parameters of `TEXT_IMAGE`.
        text_to_image_params: AmazonTextToImage,
        /// The parameters of `INPAINTING`.
        in_painting_params: Value,
        /// The parameters of `OUTPAINTING`.
        out_painting_params: Value,
        /// The parameters of `IMAGE_VARIATION`.
        image_variation_params: Value,
        /// The parameters of `COLOR_GUIDED_GENERATION`.
        color_guided_generation_params: Value,
        /// The parameters of `BACKGROUND_REMOVAL`.
        background_removal_params: Value,
        /// The parameters of `VIRTUAL_TRY_ON`.
        virtual_try_on_params: Value,
        /// The number of images, and their size.
        image_generation_config: AmazonImageConfig,
    }
}

impl AmazonImages {
    /// Creates a request for images of a text.
    pub fn from_text(text: impl Into<String>) -> Self {
        let params = AmazonTextToImage { text: text.into(), ..AmazonTextToImage::default() };
        Self { task_type: "TEXT_IMAGE".to_owned(), ..Self::default() }.text_to_image_params(params)
    }
}

data! {
    /// What images show.
    #[serde(rename_all = "camelCase")]
    pub struct AmazonTextToImage {
        /// What they show.
        text: String,
    }
    floats {
        /// How close the images are to `condition_image`, from 0 to 1.
        control_strength,
    }
    optional {
        /// What they do not show.
        negative_text: String,
        /// An image whose layout they follow.
        condition_image: Blob,
        /// How they follow it: `CANNY_EDGE` or `SEGMENTATION`.
        control_mode: String,
        /// Their style. Nova Canvas has it.
        style: String,
    }
}

data! {
    /// The number of images, and their size.
    #[serde(rename_all = "camelCase")]
    pub struct AmazonImageConfig {
    }
    floats {
        /// How closely the images follow the text, from 1.1 to 10.
        cfg_scale,
    }
    values {
        /// How many images, from 1 to 5.
        number_of_images: u32,
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
        /// Makes the images repeatable.
        seed: u64,
    }
    optional {
        /// `standard` or `premium`.
        quality: String,
    }
}

data! {
    /// Images of Nova Canvas or Titan Image Generator.
    #[serde(rename_all = "camelCase")]
    pub struct AmazonImagesResponse {
        /// The images, as PNG.
        images: Vec<Blob>,
    }
    optional {
        /// Why there are fewer images than were asked for.
        error: String,
        /// The mask that the model chose. Nova Canvas has it.
        mask_image: Blob,
    }
}

impl ModelBody for AmazonImages {
    type Response = AmazonImagesResponse;
}
