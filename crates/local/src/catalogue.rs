//! The foundation models: facts about real ones, from a data file.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{AwsError, AwsResult};

const MODELS: &str = include_str!("../data/foundation_models.json");

/// The prefixes of system-defined inference profiles.
const GEOGRAPHIES: &[&str] = &["apac", "au", "ca", "eu", "global", "jp", "sa", "us", "us-gov"];

/// Who speaks for a prompt of AWS's prompt management, whose ARN does not tell its model.
const STAND_IN: &str = "anthropic.claude-3-5-sonnet-20240620-v1:0";

/// What the description's enums know of the facts that AWS's own answers hold.
const MODALITIES: &[&str] = &["TEXT", "IMAGE", "EMBEDDING"];
const INFERENCE_TYPES: &[&str] = &["ON_DEMAND", "PROVISIONED"];

static CATALOGUE: LazyLock<Result<Catalogue, String>> = LazyLock::new(|| {
    serde_json::from_str(MODELS).map(|models| Catalogue { models }).map_err(|error| error.to_string())
});

#[derive(Debug)]
pub(crate) struct Catalogue {
    models: Vec<FoundationModel>,
}

#[derive(Debug, Deserialize)]
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
    lifecycle: Lifecycle,
    /// What Converse cannot do with this model.
    #[serde(default)]
    without: Vec<Lack>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Lifecycle {
    Active,
    Legacy,
    /// No longer listed, and refused when it is called.
    Ended,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lack {
    Converse,
    System,
    Tools,
}

impl Catalogue {
    pub(crate) fn load() -> std::io::Result<&'static Self> {
        CATALOGUE.as_ref().map_err(|error| std::io::Error::other(error.as_str()))
    }

    /// The models that AWS lists.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &FoundationModel> {
        self.models.iter().filter(|model| model.lifecycle != Lifecycle::Ended)
    }

    /// A listed model by its id or its ARN.
    pub(crate) fn get(&self, identifier: &str) -> Option<&FoundationModel> {
        let id = identifier.rsplit_once("foundation-model/").map_or(identifier, |(_, id)| id);
        self.listed().find(|model| model.model_id == id)
    }

    /// A listed model, or AWS's word that there is none.
    pub(crate) fn get_or_refuse(&self, identifier: &str) -> AwsResult<&FoundationModel> {
        self.get(identifier).ok_or_else(|| {
            AwsError::not_found("Could not resolve the foundation model from the provided model identifier.")
        })
    }

    /// Any model by its id.
    pub(crate) fn known(&self, id: &str) -> Option<&FoundationModel> {
        self.models.iter().find(|model| model.model_id == id)
    }

    /// The model behind a name that the catalogue itself can tell: an id, a system-defined inference profile, the
    /// ARN of either, or that of a stored prompt.
    pub(crate) fn invoked(&self, identifier: &str) -> AwsResult<&FoundationModel> {
        let invalid = || AwsError::validation("The provided model identifier is invalid.");
        let resource = match identifier.strip_prefix("arn:") {
            Some(arn) => arn.split_once('/').and_then(|_| arn.splitn(5, ':').nth(4)).ok_or_else(invalid)?,
            None => identifier,
        };
        if identifier.starts_with("arn:") && resource.starts_with("prompt/") {
            return self.known(STAND_IN).ok_or_else(invalid);
        }
        let id = resource.strip_prefix("foundation-model/").unwrap_or(resource);
        let id = id.strip_prefix("inference-profile/").unwrap_or(id);
        if let Some(model) = self.known(id) {
            return model.on_demand();
        }
        let (geography, base) = id.split_once('.').ok_or_else(invalid)?;
        self.known(base).filter(|_| GEOGRAPHIES.contains(&geography)).ok_or_else(invalid)?.alive()
    }
}

impl FoundationModel {
    pub(crate) fn arn(&self, region: &str) -> String {
        format!("arn:aws:bedrock:{region}::foundation-model/{}", self.model_id)
    }

    pub(crate) fn lacks(&self, lack: Lack) -> bool {
        self.without.contains(&lack)
    }

    /// The maker's name as the id spells it.
    pub(crate) fn maker(&self) -> &str {
        self.model_id.split('.').next().unwrap_or_default()
    }

    /// Whether AWS counts tokens for it.
    pub(crate) fn counts_tokens(&self) -> bool {
        self.maker() == "anthropic" && !self.model_id.starts_with("anthropic.claude-v2")
    }

    /// Whether it refuses a temperature beside a top P, as Anthropic's models do from 4.1 on.
    pub(crate) fn wants_one_sampler(&self) -> bool {
        let minor = self.model_id.split_once("-4-").and_then(|(_, rest)| rest.split('-').next());
        self.maker() == "anthropic" && minor.is_some_and(|minor| minor.len() == 1)
    }

    /// Whether a tool can be forced on it.
    pub(crate) fn can_be_made_to_use_tools(&self) -> bool {
        !matches!(self.maker(), "ai21" | "cohere" | "meta")
    }

    /// Whether inference profiles lead to it.
    pub(crate) fn has_profiles(&self) -> bool {
        self.inference_types_supported.iter().any(|inference| inference == "INFERENCE_PROFILE")
    }

    /// Whether one of them leads to it wherever it is: the global ones came with Claude 4 and Nova 2.
    pub(crate) fn is_global(&self) -> bool {
        let generations = [
            "amazon.nova-2-",
            "anthropic.claude-haiku-4",
            "anthropic.claude-opus-4",
            "anthropic.claude-sonnet-4",
        ];
        self.has_profiles() && generations.iter().any(|generation| self.model_id.starts_with(generation))
    }

    /// Whether it hears and speaks, at the same time.
    pub(crate) fn speaks(&self) -> bool {
        self.output_modalities.iter().any(|output| output == "SPEECH")
    }

    /// Whether it works through StartAsyncInvoke.
    pub(crate) fn invokes_asynchronously(&self) -> bool {
        let makes = |modality: &str| self.output_modalities.iter().any(|output| output == modality);
        let watches = self.input_modalities.iter().any(|input| input == "VIDEO");
        makes("VIDEO") || (makes("EMBEDDING") && watches)
    }

    /// As control-plane operations give it.
    pub(crate) fn summary(&self, region: &str) -> Value {
        let described = |facts: &[String], known: &[&str]| {
            facts.iter().filter(|fact| known.contains(&fact.as_str())).cloned().collect::<Vec<_>>()
        };
        let status = if self.lifecycle == Lifecycle::Active { "ACTIVE" } else { "LEGACY" };
        json!({
            "modelArn": self.arn(region),
            "modelId": self.model_id,
            "modelName": self.model_name,
            "providerName": self.provider_name,
            "inputModalities": described(&self.input_modalities, MODALITIES),
            "outputModalities": described(&self.output_modalities, MODALITIES),
            "responseStreamingSupported": self.response_streaming_supported,
            "customizationsSupported": self.customizations_supported,
            "inferenceTypesSupported": described(&self.inference_types_supported, INFERENCE_TYPES),
            "modelLifecycle": { "status": status },
        })
    }

    fn alive(&self) -> AwsResult<&Self> {
        if self.lifecycle == Lifecycle::Ended {
            return Err(AwsError::not_found(
                "This model version has reached the end of its life. \
                 Please refer to the AWS documentation for more details.",
            ));
        }
        Ok(self)
    }

    fn on_demand(&self) -> AwsResult<&Self> {
        if self.inference_types_supported.iter().any(|inference| inference == "ON_DEMAND") {
            return self.alive();
        }
        Err(AwsError::validation(format!(
            "Invocation of model ID {} with on-demand throughput isn’t supported. Retry your request with the ID \
             or ARN of an inference profile that contains this model.",
            self.model_id
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoked(identifier: &str) -> Result<String, String> {
        let catalogue = Catalogue::load().unwrap();
        catalogue.invoked(identifier).map(|model| model.model_id.clone()).map_err(|error| error.message)
    }

    #[test]
    fn ids_are_unique() {
        let catalogue = Catalogue::load().unwrap();
        let mut ids: Vec<_> = catalogue.models.iter().map(|model| &model.model_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), catalogue.models.len());
        assert!(ids.len() > 60);
    }

    #[test]
    fn models_are_reached_by_every_name_of_their_own() {
        const HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";
        const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:";
        let identifiers = [
            HAIKU.to_owned(),
            format!("us.{HAIKU}"),
            format!("us-gov.{HAIKU}"),
            format!("arn:aws:bedrock:us-east-1::foundation-model/{HAIKU}"),
            format!("{ARN}inference-profile/eu.{HAIKU}"),
        ];
        for identifier in identifiers {
            assert_eq!(invoked(&identifier).as_deref(), Ok(HAIKU), "{identifier}");
        }
        assert_eq!(invoked(&format!("{ARN}prompt/ABCDEFGHIJ:1")).as_deref(), Ok(STAND_IN));
    }

    #[test]
    fn unknown_models_are_invalid() {
        for identifier in ["does-not-exist", "xx.anthropic.claude-3-haiku-20240307-v1:0", "arn:", "us.", ""] {
            assert_eq!(invoked(identifier), Err("The provided model identifier is invalid.".into()));
        }
    }

    #[test]
    fn some_models_need_a_profile() {
        let base = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert!(invoked(base).unwrap_err().contains("isn’t supported"));
        assert_eq!(invoked(&format!("global.{base}")).as_deref(), Ok(base));
    }

    #[test]
    fn models_end() {
        assert!(invoked("anthropic.claude-instant-v1").unwrap_err().contains("end of its life"));
        assert!(Catalogue::load().unwrap().get("anthropic.claude-instant-v1").is_none());
    }
}
