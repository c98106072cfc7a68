//! Models of any kind, distinguished by their ARNs.

use bedrock_orm_core::{Resource, Result, Session};
use bedrock_orm_models::{
    CustomModel, CustomModelDeployment, FoundationModel, ImportedModel, InferenceProfile, PromptRouter,
    ProvisionedModelThroughput,
};

use serde::Serialize;

use super::Get;
use crate::Objects;

/// A model of any kind that an ARN or ID can refer to: AWS accepts several kinds in the same place. Bound, it can be
/// invoked, except a custom model: Bedrock invokes it only through a deployment or provisioned throughput.
///
/// It serializes as the model that it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // as large as AWS makes them
pub enum AnyModel {
    /// A foundation model.
    FoundationModel(FoundationModel),
    /// A custom model.
    CustomModel(CustomModel),
    /// An imported model.
    ImportedModel(ImportedModel),
    /// A deployment of a custom model.
    CustomModelDeployment(CustomModelDeployment),
    /// An inference profile.
    InferenceProfile(InferenceProfile),
    /// Provisioned throughput.
    ProvisionedModelThroughput(ProvisionedModelThroughput),
    /// A prompt router.
    PromptRouter(PromptRouter),
}

impl Resource for AnyModel {
    const KIND: &'static str = "Model";
}

impl Objects for AnyModel {}

impl Get for AnyModel {
    /// An ARN or an ID. An ID is that of a foundation model, or, with a region's prefix, of an inference profile.
    type Key = String;

    async fn get(session: &Session, key: String) -> Result<Self> {
        Ok(match kind(&key) {
            "custom-model" => Self::CustomModel(CustomModel::get(session, key).await?),
            "imported-model" => Self::ImportedModel(ImportedModel::get(session, key).await?),
            "custom-model-deployment" => {
                Self::CustomModelDeployment(CustomModelDeployment::get(session, key).await?)
            }
            "inference-profile" | "application-inference-profile" => {
                Self::InferenceProfile(InferenceProfile::get(session, key).await?)
            }
            "provisioned-model" | "provisioned-model-v2" => {
                Self::ProvisionedModelThroughput(ProvisionedModelThroughput::get(session, key).await?)
            }
            "prompt-router" | "default-prompt-router" => {
                Self::PromptRouter(PromptRouter::get(session, key).await?)
            }
            _ => Self::FoundationModel(FoundationModel::get(session, key).await?),
        })
    }
}

/// Returns the kind from the ARN, or from the form of the ID: `us.amazon.nova-lite-v1:0` has one more dot than the ID
/// of a model.
fn kind(key: &str) -> &str {
    if !key.starts_with("arn:") {
        let id = key.split(':').next().unwrap_or(key);
        let starts_with_area = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global."]
            .iter()
            .any(|area| id.starts_with(area));
        return if starts_with_area { "inference-profile" } else { "foundation-model" };
    }
    key.splitn(6, ':').nth(5).and_then(|resource| resource.split('/').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn the_arn_says_what_it_is() {
        assert_eq!(
            kind("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
            "foundation-model"
        );
        assert_eq!(
            kind("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"),
            "inference-profile"
        );
        assert_eq!(
            kind(
                "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.titan-text-lite-v1:0/abcdefabcdef"
            ),
            "custom-model"
        );
        assert_eq!(kind("eu.amazon.nova-lite-v1:0"), "inference-profile");
        assert_eq!(kind("amazon.nova-lite-v1:0"), "foundation-model");
    }
}
