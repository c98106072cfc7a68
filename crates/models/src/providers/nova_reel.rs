//! Amazon's Nova Reel: videos, by asynchronous invocations.

use super::data::data;
use crate::{AsyncModelBody, ImageBlock};

data! {
    /// The input of an asynchronous invocation of Amazon's Nova Reel, which writes a video.
    ///
    /// ```
    /// use bedrock_orm_models::providers::NovaReel;
    /// use serde_json::json;
    ///
    /// assert_eq!(
    ///     serde_json::to_value(NovaReel::text("A satellite above Earth.").seed(7))?,
    ///     json!({
    ///         "taskType": "TEXT_VIDEO",
    ///         "textToVideoParams": {"text": "A satellite above Earth."},
    ///         "videoGenerationConfig": {"durationSeconds": 6, "fps": 24, "dimension": "1280x720", "seed": 7},
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the parameters](https://docs.aws.amazon.com/nova/latest/userguide/video-gen-access.html).
    #[serde(rename_all = "camelCase")]
    pub struct NovaReel {
        /// The task. The member with its parameters is set.
        task_type: String,
        /// The form of the video.
        video_generation_config: NovaReelConfig,
    }
    optional {
        /// The parameters of `TEXT_VIDEO`.
        text_to_video_params: NovaReelText,
        /// The parameters of `MULTI_SHOT_AUTOMATED`.
        multi_shot_automated_params: NovaReelText,
        /// The parameters of `MULTI_SHOT_MANUAL`.
        multi_shot_manual_params: NovaReelShots,
    }
}

impl NovaReel {
    /// Creates a video of 6 seconds from a text of up to 512 characters: `TEXT_VIDEO`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of("TEXT_VIDEO", Some(6)).text_to_video_params(NovaReelText::new(text))
    }

    /// Creates a video of 6 seconds that begins with an image of 1280 by 720 pixels: `TEXT_VIDEO`.
    pub fn text_and_image(text: impl Into<String>, image: impl Into<ImageBlock>) -> Self {
        let params = NovaReelText { images: Some(vec![image.into()]), ..NovaReelText::new(text) };
        Self::of("TEXT_VIDEO", Some(6)).text_to_video_params(params)
    }

    /// Creates a video of several shots from one text of up to 4,000 characters: `MULTI_SHOT_AUTOMATED`. The seconds are a
    /// multiple of 6 from 12 to 120.
    pub fn multi_shot(text: impl Into<String>, duration_seconds: u32) -> Self {
        Self::of("MULTI_SHOT_AUTOMATED", Some(duration_seconds))
            .multi_shot_automated_params(NovaReelText::new(text))
    }

    /// Creates a video of these shots, of 6 seconds each: `MULTI_SHOT_MANUAL`. A string is a shot without an image.
    pub fn shots(shots: impl IntoIterator<Item = impl Into<NovaReelShot>>) -> Self {
        let shots = shots.into_iter().map(Into::into).collect();
        Self::of("MULTI_SHOT_MANUAL", None)
            .multi_shot_manual_params(NovaReelShots { shots, ..NovaReelShots::default() })
    }

    fn of(task_type: &str, duration_seconds: Option<u32>) -> Self {
        let config = NovaReelConfig {
            fps: 24,
            dimension: "1280x720".to_owned(),
            duration_seconds,
            ..NovaReelConfig::default()
        };
        Self { task_type: task_type.to_owned(), video_generation_config: config, ..Self::default() }
    }

    /// Sets the seed, which makes the video repeatable: 0 to 2,147,483,646.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.video_generation_config.seed = Some(seed);
        self
    }
}

data! {
    /// The form of a video.
    #[serde(rename_all = "camelCase")]
    pub struct NovaReelConfig {
        /// The pictures of a second: 24.
        fps: u32,
        /// The width and the height: `1280x720`.
        dimension: String,
    }
    values {
        /// The length in seconds. Videos of manual shots have none.
        duration_seconds: u32,
        /// Makes the video repeatable.
        seed: u64,
    }
}

data! {
    /// What a video shows.
    pub struct NovaReelText {
        /// What it shows.
        text: String,
    }
    lists {
        /// Its first picture: one image. Automated shots take none.
        images: ImageBlock,
    }
}

impl NovaReelText {
    /// Creates it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

data! {
    /// The shots of a video.
    pub struct NovaReelShots {
        /// The shots, up to 20.
        shots: Vec<NovaReelShot>,
    }
}

data! {
    /// A shot of 6 seconds.
    pub struct NovaReelShot {
        /// What it shows, in up to 512 characters.
        text: String,
    }
    optional {
        /// Its first picture, of 1280 by 720 pixels.
        image: ImageBlock,
    }
}

impl NovaReelShot {
    /// Creates a shot.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl From<&str> for NovaReelShot {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl AsyncModelBody for NovaReel {}
