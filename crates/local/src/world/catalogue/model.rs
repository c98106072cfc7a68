//! A foundation model: its facts in AWS's catalogue, and what it accepts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::catalogue::rules::{Accepted, Feature};
use crate::world::catalogue::style::Style;

/// A foundation model.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundationModel {
    pub(crate) model_id: String,
    pub(crate) model_name: String,
    pub(crate) provider_name: String,
    pub(crate) input_modalities: Vec<String>,
    pub(crate) output_modalities: Vec<String>,
    pub(crate) response_streaming_supported: bool,
    pub(crate) customizations_supported: Vec<String>,
    pub(crate) inference_types_supported: Vec<String>,
    model_lifecycle: Lifecycle,
    /// The size of the context window, in tokens.
    pub(crate) context_window: Option<u64>,
    /// The ID of the model that a declared one behaves like.
    #[serde(skip)]
    like: Option<String>,
    #[serde(skip)]
    pub(crate) accepted: Accepted,
    #[serde(skip)]
    pub(crate) style: Style,
}

/// A model's lifecycle dates.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Lifecycle {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_of_life_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legacy_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_extended_access_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_of_life_time: Option<Timestamp>,
    /// Whether AWS has retired the model, if the date is unknown or differs from the announced one.
    #[serde(skip_serializing)]
    ended: bool,
}

impl FoundationModel {
    /// Creates a declared model that has the facts of another one, except its names and dates.
    pub(super) fn like(id: &str, like: &Self) -> Self {
        Self {
            model_id: id.to_owned(),
            model_name: id.to_owned(),
            model_lifecycle: Lifecycle::default(),
            like: Some(like.base_id().to_owned()),
            ..like.clone()
        }
    }

    /// Creates a declared model that reads and writes text.
    pub(super) fn of_text(id: &str) -> Self {
        Self {
            model_id: id.to_owned(),
            model_name: id.to_owned(),
            provider_name: id.split('.').next().unwrap_or_default().to_owned(),
            input_modalities: vec!["TEXT".to_owned()],
            output_modalities: vec!["TEXT".to_owned()],
            response_streaming_supported: true,
            customizations_supported: Vec::new(),
            inference_types_supported: vec!["ON_DEMAND".to_owned()],
            model_lifecycle: Lifecycle::default(),
            context_window: None,
            like: None,
            accepted: Accepted::default(),
            style: Style::default(),
        }
    }

    pub(crate) fn arn(&self, region: &str) -> String {
        format!("arn:aws:bedrock:{region}::foundation-model/{}", self.model_id)
    }

    /// Returns the ID that determines the model's behaviour: its own, or the ID of the model that a declared one is like.
    pub(crate) fn base_id(&self) -> &str {
        self.like.as_deref().unwrap_or(&self.model_id)
    }

    /// Returns the provider's name in the model ID: `anthropic`.
    pub(crate) fn provider(&self) -> &str {
        self.base_id().split('.').next().unwrap_or_default()
    }

    /// Returns whether the model accepts a feature. It does unless a rule says otherwise.
    pub(crate) fn accepts(&self, feature: Feature) -> bool {
        !self.accepted.refused.contains(&feature)
    }

    /// Returns whether the model has this input modality.
    pub(crate) fn reads(&self, modality: &str) -> bool {
        self.input_modalities.iter().any(|input| input == modality)
    }

    /// Returns whether the model has this output modality.
    fn writes(&self, modality: &str) -> bool {
        self.output_modalities.iter().any(|output| output == modality)
    }

    pub(super) fn is_on_demand(&self) -> bool {
        self.inference_types_supported.iter().any(|inference| inference == "ON_DEMAND")
    }

    /// Returns whether it is a speech-to-speech model.
    pub(crate) fn is_speech_model(&self) -> bool {
        self.writes("SPEECH")
    }

    /// Returns whether StartAsyncInvoke accepts the model.
    pub(crate) fn invokes_asynchronously(&self) -> bool {
        self.writes("VIDEO") || (self.writes("EMBEDDING") && self.reads("VIDEO"))
    }

    /// Returns whether the model is past its end of life.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        self.model_lifecycle.ended || is_past(self.model_lifecycle.end_of_life_time, now)
    }

    /// Returns the model as control-plane operations list it.
    pub(crate) fn summary(&self, region: &str, now: Timestamp) -> Value {
        let is_legacy = self.has_ended(now) || is_past(self.model_lifecycle.legacy_time, now);
        let mut lifecycle = json!(self.model_lifecycle);
        lifecycle["status"] = json!(if is_legacy { "LEGACY" } else { "ACTIVE" });
        json!({
            "modelArn": self.arn(region),
            "modelId": self.model_id,
            "modelName": self.model_name,
            "providerName": self.provider_name,
            "inputModalities": self.input_modalities,
            "outputModalities": self.output_modalities,
            "responseStreamingSupported": self.response_streaming_supported,
            "customizationsSupported": self.customizations_supported,
            "inferenceTypesSupported": self.inference_types_supported,
            "modelLifecycle": lifecycle,
        })
    }
}

fn is_past(time: Option<Timestamp>, now: Timestamp) -> bool {
    time.is_some_and(|time| time <= now)
}
