//! A resolved model: what an ID or ARN leads to.

use bedrock_orm_core::Resource;
use bedrock_orm_models::jiff::Timestamp;
use bedrock_orm_models::{FoundationModel, InferenceType, ModelModality};

/// Why a custom model cannot be invoked. It is the only kind that Bedrock does not invoke directly.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-use.html>
pub(crate) const CUSTOM_MODEL: &str = "a custom model cannot be invoked directly: invoke a CustomModelDeployment or ProvisionedModelThroughput of it";

/// Where requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Routing {
    /// In the session's region.
    Region,
    /// In one of several regions that the inference profile names, usually those of one geography.
    Geography,
    /// In any commercial region.
    Global,
}

/// What an ID or ARN leads to, as AWS's control plane describes it. Bound, it can be invoked.
///
/// [`ResolveExt`](crate::ResolveExt) returns it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResolvedModel {
    /// What requests name: an ID or an ARN.
    pub invocation_id: String,
    /// The foundation model that replies. For a custom model and its deployments, it is the base model; for a prompt
    /// router, the fallback model.
    ///
    /// `None` if no foundation model is behind it (an imported model, a marketplace endpoint), or if AWS omits the base
    /// of a custom model.
    pub foundation_model: Option<FoundationModel>,
    /// Where requests are answered.
    pub routing: Routing,
    /// The regions that can answer. Empty for [`Routing::Global`].
    pub regions: Vec<String>,
    pub(crate) names_foundation_model: bool,
    pub(crate) refusal: Option<&'static str>,
}

impl Resource for ResolvedModel {
    const KIND: &'static str = "Model";
}

impl ResolvedModel {
    /// Returns the ID of the foundation model that replies.
    pub fn model_id(&self) -> Option<&str> {
        self.foundation_model.as_ref().map(|model| model.model_id.as_str())
    }

    /// Returns whether prompts can have this modality. `None` if AWS does not say.
    pub fn reads(&self, modality: impl Into<ModelModality>) -> Option<bool> {
        let modality = modality.into();
        Some(self.foundation_model.as_ref()?.input_modalities.as_ref()?.contains(&modality))
    }

    /// Returns whether replies can have this modality. `None` if AWS does not say.
    pub fn writes(&self, modality: impl Into<ModelModality>) -> Option<bool> {
        let modality = modality.into();
        Some(self.foundation_model.as_ref()?.output_modalities.as_ref()?.contains(&modality))
    }

    /// Returns whether the model streams replies. `None` if AWS does not say.
    pub fn streams(&self) -> Option<bool> {
        self.foundation_model.as_ref()?.response_streaming_supported
    }

    /// Returns whether the model can be called by its own ID, without an inference profile. `None` if AWS does not say.
    pub fn is_on_demand(&self) -> Option<bool> {
        self.foundation_model.as_ref().and_then(is_on_demand)
    }

    /// Returns when AWS retires the model. `None` if AWS has announced no date.
    pub fn end_of_life(&self) -> Option<Timestamp> {
        self.foundation_model.as_ref()?.model_lifecycle.as_ref()?.end_of_life_time
    }
}

/// Returns whether the model can be called by its own ID. `None` if AWS does not say.
pub(crate) fn is_on_demand(model: &FoundationModel) -> Option<bool> {
    // Besides these values, AWS sends `INFERENCE_PROFILE`, which its description lacks.
    Some(model.inference_types_supported.as_ref()?.contains(&InferenceType::OnDemand))
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::FoundationModel;
    use serde_json::json;

    use super::is_on_demand;

    #[test]
    fn a_value_that_the_description_lacks_is_not_on_demand() {
        let of = |types| {
            let model: FoundationModel =
                serde_json::from_value(json!({"modelId": "m", "inferenceTypesSupported": types})).unwrap();
            is_on_demand(&model)
        };
        assert_eq!(of(json!(["INFERENCE_PROFILE"])), Some(false));
        assert_eq!(of(json!(["ON_DEMAND", "INFERENCE_PROFILE"])), Some(true));
        assert_eq!(of(json!([])), Some(false));
        assert_eq!(of(json!(null)), None);
    }
}
