//! TwelveLabs' Marengo: vectors of videos, audio, images and texts.

use super::data::{data, values, vectors};
use super::twelvelabs::TwelveLabsMedia;
use crate::{AsyncModelBody, ModelBody};

values! {
    /// What Marengo reads.
    pub enum MarengoInputType {
        "text" => Text,
        "image" => Image,
        "text_image" => TextImage,
        "audio" => Audio,
        "video" => Video,
        "multi_input" => MultiInput,
    }
}

data! {
    /// The input of TwelveLabs' Marengo Embed 3.0: of `InvokeModel` for texts and images, and of asynchronous invocations for
    /// all. Version 2.7 has another form.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{Marengo, MarengoClip, TwelveLabsMedia};
    /// use serde_json::json;
    ///
    /// let video = MarengoClip::new(TwelveLabsMedia::s3("s3://my-bucket/a.mp4", "123456789012"));
    /// assert_eq!(
    ///     serde_json::to_value(Marengo::of_video(video.embedding_option(["visual"]).end_sec(60.0)))?,
    ///     json!({"inputType": "video", "video": {
    ///         "mediaSource": {"s3Location": {"uri": "s3://my-bucket/a.mp4", "bucketOwner": "123456789012"}},
    ///         "endSec": 60.0,
    ///         "embeddingOption": ["visual"],
    ///     }})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the parameters](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo-3.html).
    #[serde(rename_all = "camelCase")]
    pub struct Marengo {
        /// What it reads. The member with this name is set.
        input_type: MarengoInputType,
    }
    optional {
        /// A text.
        text: MarengoContent,
        /// An image.
        image: MarengoContent,
        /// An image with a text.
        #[serde(rename = "text_image")]
        text_image: MarengoContent,
        /// Audio.
        audio: MarengoClip,
        /// A video.
        video: MarengoClip,
        /// The ID of the request.
        inference_id: String,
    }
}

impl Marengo {
    /// Creates the input of a text, of up to 500 tokens.
    pub fn of_text(text: impl Into<String>) -> Self {
        let content = MarengoContent::default().input_text(text);
        Self { input_type: MarengoInputType::Text, text: Some(content), ..Self::default() }
    }

    /// Creates the input of an image.
    pub fn of_image(image: TwelveLabsMedia) -> Self {
        let content = MarengoContent::default().media_source(image);
        Self { input_type: MarengoInputType::Image, image: Some(content), ..Self::default() }
    }

    /// Creates the input of an image with a text.
    pub fn of_text_image(text: impl Into<String>, image: TwelveLabsMedia) -> Self {
        let content = MarengoContent::default().input_text(text).media_source(image);
        Self { input_type: MarengoInputType::TextImage, text_image: Some(content), ..Self::default() }
    }

    /// Creates the input of audio, for asynchronous invocations.
    pub fn of_audio(clip: MarengoClip) -> Self {
        Self { input_type: MarengoInputType::Audio, audio: Some(clip), ..Self::default() }
    }

    /// Creates the input of a video, for asynchronous invocations.
    pub fn of_video(clip: MarengoClip) -> Self {
        Self { input_type: MarengoInputType::Video, video: Some(clip), ..Self::default() }
    }
}

data! {
    /// A text, an image, or both.
    #[serde(rename_all = "camelCase")]
    pub struct MarengoContent {
    }
    optional {
        /// The text.
        input_text: String,
        /// The image.
        media_source: TwelveLabsMedia,
    }
}

data! {
    /// Audio or a video, and which vectors of it to return.
    #[serde(rename_all = "camelCase")]
    pub struct MarengoClip {
        /// Where it is.
        media_source: TwelveLabsMedia,
    }
    floats {
        /// Where to begin, in seconds.
        start_sec,
        /// Where to end, in seconds.
        end_sec,
    }
    optional {
        /// How it is divided.
        segmentation: MarengoSegmentation,
    }
    lists {
        /// The kinds of vectors: `visual`, `audio`, `transcription`. All by default.
        embedding_option: String,
        /// `separate_embedding` for a vector of each kind, `fused_embedding` for one of several kinds.
        embedding_type: String,
        /// `clip` for the vectors of the segments, `asset` for those of the whole.
        embedding_scope: String,
    }
}

impl MarengoClip {
    /// Creates the input of the whole audio or video.
    pub fn new(media_source: TwelveLabsMedia) -> Self {
        Self { media_source, ..Self::default() }
    }
}

data! {
    /// How audio or a video is divided.
    pub struct MarengoSegmentation {
        /// `dynamic` or `fixed`. The member with this name is set.
        method: String,
    }
    optional {
        /// Segments that end where shots do.
        dynamic: MarengoDynamicSegments,
        /// Segments of one length.
        fixed: MarengoFixedSegments,
    }
}

impl MarengoSegmentation {
    /// Creates segments that end where the shots of a video do, of at least 1 to 5 seconds.
    pub fn of_shots(min_duration_sec: u32) -> Self {
        let dynamic = MarengoDynamicSegments { min_duration_sec, ..MarengoDynamicSegments::default() };
        Self { method: "dynamic".to_owned(), dynamic: Some(dynamic), ..Self::default() }
    }

    /// Creates segments of 1 to 10 seconds.
    pub fn of_length(duration_sec: u32) -> Self {
        let fixed = MarengoFixedSegments { duration_sec, ..MarengoFixedSegments::default() };
        Self { method: "fixed".to_owned(), fixed: Some(fixed), ..Self::default() }
    }
}

data! {
    /// Segments that end where shots do.
    #[serde(rename_all = "camelCase")]
    pub struct MarengoDynamicSegments {
        /// The shortest segment, in seconds.
        min_duration_sec: u32,
    }
}

data! {
    /// Segments of one length.
    #[serde(rename_all = "camelCase")]
    pub struct MarengoFixedSegments {
        /// The length, in seconds.
        duration_sec: u32,
    }
}

data! {
    /// The vectors of Marengo. An asynchronous invocation writes them into its file `output.json`.
    pub struct MarengoResponse {
        /// The vectors.
        data: Vec<MarengoVector>,
    }
}

data! {
    /// A vector.
    #[serde(rename_all = "camelCase")]
    pub struct MarengoVector {
        /// The vector.
        #[serde(deserialize_with = "vectors")]
        embedding: Vec<f32>,
    }
    floats {
        /// Where the segment begins, in seconds.
        start_sec,
        /// Where the segment ends, in seconds.
        end_sec,
    }
    optional {
        /// The kind of the vector.
        embedding_option: String,
        /// `clip` or `asset`.
        embedding_scope: String,
    }
}

impl ModelBody for Marengo {
    type Response = MarengoResponse;
}

impl AsyncModelBody for Marengo {}
