//! Models of any kind, distinguished by their ARNs.

use bedrock_orm_core::{Resource, Result, Session};
use bedrock_orm_models::{
    CustomModel, CustomModelDeployment, FoundationModel, ImportedModel, InferenceProfile, PromptRouter,
    ProvisionedModelThroughput,
};
use futures_core::future::BoxFuture;
use serde_core::{Serialize, Serializer};

use super::Get;
use crate::Objects;

/// A model of any kind that an ARN or ID can refer to: AWS accepts several kinds in the same place. Bound, it can be
/// invoked, except a custom model: Bedrock invokes it only through a deployment or provisioned throughput.
///
/// It serializes as the model that it is.
#[derive(Clone, Debug, PartialEq)]
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

impl Serialize for AnyModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::FoundationModel(model) => model.serialize(serializer),
            Self::CustomModel(model) => model.serialize(serializer),
            Self::ImportedModel(model) => model.serialize(serializer),
            Self::CustomModelDeployment(deployment) => deployment.serialize(serializer),
            Self::InferenceProfile(profile) => profile.serialize(serializer),
            Self::ProvisionedModelThroughput(throughput) => throughput.serialize(serializer),
            Self::PromptRouter(router) => router.serialize(serializer),
        }
    }
}

impl Resource for AnyModel {
    const KIND: &'static str = "Model";
}

impl Objects for AnyModel {}

impl Get for AnyModel {
    /// An ARN, or the ID of a foundation model or an inference profile. An ID does not say which of the two it names, so
    /// AWS is asked for a model first, and then for a profile.
    type Key = String;

    #[inline]
    fn get(session: &Session, key: String) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
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
                _ => by_id(session, key).await?,
            })
        })
    }
}

/// Gets the foundation model with this ID or ARN or, if AWS has none, the inference profile with this ID.
#[inline]
async fn by_id(session: &Session, key: String) -> Result<AnyModel> {
    let unknown = match FoundationModel::get(session, key.clone()).await {
        // The ID of an application profile does not have the form that AWS expects of a model's.
        Err(error) if (error.is_does_not_exist() || error.is_validation()) && !key.starts_with("arn:") => {
            error
        }
        model => return model.map(AnyModel::FoundationModel),
    };
    match InferenceProfile::get(session, key).await {
        // AWS's error for a profile says less.
        Err(error) if error.is_does_not_exist() || error.is_validation() => Err(unknown),
        profile => profile.map(AnyModel::InferenceProfile),
    }
}

/// Returns the type of the resource from its ARN. Empty for an ID.
fn kind(key: &str) -> &str {
    match key.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4)) {
        Some(resource) => resource.split('/').next().unwrap_or_default(),
        None => "",
    }
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
                "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/abcdefabcdef"
            ),
            "custom-model"
        );
        assert_eq!(kind("eu.amazon.nova-lite-v1:0"), "", "an ID does not say it");
    }
}
