//! The foundation models: AWS's, from data files, and the declared ones.

mod model;
mod profiles;
pub(crate) mod rules;
pub(crate) mod style;

use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;

use crate::wire::error::{AwsError, AwsResult};
use crate::wire::routing::is_identifier_of;
pub(crate) use crate::world::catalogue::model::FoundationModel;
use crate::world::catalogue::profiles::ProfileGroup;
use crate::world::catalogue::rules::{Accepted, Rule};
use crate::world::catalogue::style::{Style, StyleRule};

const MODELS: &str = include_str!("../../../data/foundation_models.json");

/// The model of prompts in AWS's prompt management, whose ARNs do not contain a model.
const PROMPT_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

static DATA: LazyLock<Result<Data, String>> = LazyLock::new(Data::read);

#[derive(Debug)]
struct Data {
    models: Vec<FoundationModel>,
    rules: Vec<Rule>,
    styles: Vec<StyleRule>,
    profiles: Vec<ProfileGroup>,
}

/// A server's models.
#[derive(Debug)]
pub(crate) struct Catalogue {
    data: &'static Data,
    keeps_retired: bool,
    declared: Mutex<Vec<&'static FoundationModel>>,
}

/// The models of a region at a time.
#[derive(Clone, Copy)]
pub(crate) struct RegionalModels<'a> {
    catalogue: &'a Catalogue,
    region: &'a str,
    now: Timestamp,
}

/// A model that the data files lack, and the known model that it behaves like.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declaration {
    pub(crate) id: String,
    pub(crate) like: Option<String>,
}

/// A system-defined inference profile of a model.
pub(crate) struct SystemProfile {
    pub(crate) prefix: &'static str,
    pub(crate) model: &'static FoundationModel,
    /// The regions that it routes to. Empty if it can be any region.
    pub(crate) regions: &'static [String],
}

impl Data {
    fn read() -> Result<Self, String> {
        let mut models: Vec<FoundationModel> =
            serde_json::from_str(MODELS).map_err(|error| error.to_string())?;
        let (rules, styles) = (rules::read()?, style::read()?);
        models.iter_mut().for_each(|model| apply_rules(model, &rules, &styles));
        Ok(Self { models, rules, styles, profiles: profiles::read()? })
    }
}

/// Sets what the rules say about a model.
fn apply_rules(model: &mut FoundationModel, rules: &[Rule], styles: &[StyleRule]) {
    model.accepted = Accepted::for_model(rules, &model.model_id);
    model.style = Style::for_model(styles, &model.model_id);
}

impl Catalogue {
    /// # Errors
    ///
    /// Fails if a declared model is not valid.
    pub(crate) fn new(keeps_retired: bool, declared: &[Declaration]) -> std::io::Result<Self> {
        let data = DATA.as_ref().map_err(|error| std::io::Error::other(error.as_str()))?;
        let catalogue = Self { data, keeps_retired, declared: Mutex::default() };
        catalogue
            .reset(declared)
            .map_err(|why| std::io::Error::new(std::io::ErrorKind::InvalidInput, why))?;
        Ok(catalogue)
    }

    /// Replaces the declared models.
    pub(crate) fn reset(&self, declared: &[Declaration]) -> Result<(), String> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner).clear();
        declared.iter().try_for_each(|declaration| self.declare(declaration).map(drop))
    }

    /// Adds a model. It is never freed, so that models can be `&'static`.
    pub(crate) fn declare(&self, declaration: &Declaration) -> Result<&'static FoundationModel, String> {
        let Declaration { id, like } = declaration;
        let is_id = |character: char| character.is_ascii_alphanumeric() || ".:-_".contains(character);
        if id.is_empty() || !id.chars().all(is_id) {
            return Err(format!(
                "“{id}” is not a model ID, which has only letters, digits, '.', ':', '-' and '_'"
            ));
        }
        if self.find(id).is_some() {
            return Err(format!("the model {id} exists already"));
        }
        let like = like.as_deref().map(|like| {
            self.find(like).ok_or_else(|| format!("{id} cannot be like {like}, which is not known"))
        });
        let model = match like.transpose()? {
            Some(like) => FoundationModel::like(id, like),
            None => {
                let mut model = FoundationModel::of_text(id);
                apply_rules(&mut model, &self.data.rules, &self.data.styles);
                model
            }
        };
        let model: &'static _ = Box::leak(Box::new(model));
        self.declared.lock().unwrap_or_else(PoisonError::into_inner).push(model);
        Ok(model)
    }

    /// Returns the models of a region at a time.
    pub(crate) fn at<'a>(&'a self, region: &'a str, now: Timestamp) -> RegionalModels<'a> {
        RegionalModels { catalogue: self, region, now }
    }

    /// Finds a model by its ID, even past its end of life.
    pub(crate) fn find(&self, id: &str) -> Option<&'static FoundationModel> {
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        self.data.models.iter().chain(declared.iter().copied()).find(|model| model.model_id == id)
    }

    /// Finds the model that an ID, a profile's ID or an ARN ends with.
    pub(crate) fn named_by(&self, identifier: &str) -> Option<&'static FoundationModel> {
        self.all().into_iter().find(|model| is_identifier_of(&model.model_id, identifier))
    }

    fn all(&self) -> Vec<&'static FoundationModel> {
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        self.data.models.iter().chain(declared.iter().copied()).collect()
    }
}

impl RegionalModels<'_> {
    /// Returns the models that AWS lists: all that are not past their end of life.
    pub(crate) fn listed(self) -> impl Iterator<Item = &'static FoundationModel> {
        self.catalogue.all().into_iter().filter(move |model| !self.has_ended(model))
    }

    /// Gets a listed model by its ID or its ARN in this region.
    pub(crate) fn get(self, identifier: &str) -> Option<&'static FoundationModel> {
        let id = match identifier.starts_with("arn:") {
            true => self.arn_resource(identifier)?.strip_prefix("foundation-model/")?,
            false => identifier,
        };
        self.catalogue.find(id).filter(|model| !self.has_ended(model))
    }

    /// Gets a listed model, or returns AWS's error.
    pub(crate) fn require(self, identifier: &str) -> AwsResult<&'static FoundationModel> {
        self.get(identifier).ok_or_else(|| {
            AwsError::not_found("Could not resolve the foundation model from the provided model identifier.")
        })
    }

    /// Resolves an identifier of a call to its model: a model ID, the ID of a system-defined inference profile, the ARN of
    /// either, or the ARN of a stored prompt.
    pub(crate) fn resolve(self, identifier: &str) -> AwsResult<&'static FoundationModel> {
        let resource = match identifier.starts_with("arn:") {
            true => self.arn_resource(identifier).ok_or_else(invalid_identifier)?,
            false => identifier,
        };
        if identifier.starts_with("arn:") && resource.starts_with("prompt/") {
            return self.catalogue.find(PROMPT_MODEL).ok_or_else(invalid_identifier);
        }
        let id = resource.strip_prefix("foundation-model/").unwrap_or(resource);
        let id = id.strip_prefix("inference-profile/").unwrap_or(id);
        match self.catalogue.find(id) {
            Some(model) => self.check_end_of_life(model).and_then(check_on_demand),
            None => self.check_end_of_life(self.find_by_profile(id).ok_or_else(invalid_identifier)?),
        }
    }

    /// Gets a model by its ID, unless it is past its end of life.
    pub(crate) fn invocable(self, id: &str) -> AwsResult<&'static FoundationModel> {
        self.check_end_of_life(self.catalogue.find(id).ok_or_else(invalid_identifier)?)
    }

    /// Returns the inference profiles that AWS defines for a model in this region.
    pub(crate) fn profiles(self, model: &'static FoundationModel) -> Vec<SystemProfile> {
        let groups = &self.catalogue.data.profiles;
        let is_known = groups.iter().any(|group| group.has_region(self.region));
        let of_model = groups.iter().filter(|group| group.has_model(model.base_id()));
        let profile = |group: &'static ProfileGroup| {
            let regions = group.route(self.region, is_known)?;
            Some(SystemProfile { prefix: &group.prefix, model, regions })
        };
        of_model.filter_map(profile).collect()
    }

    /// Finds a model by the ID of a system-defined inference profile of this region.
    fn find_by_profile(self, id: &str) -> Option<&'static FoundationModel> {
        let (prefix, base) = id.split_once('.')?;
        let model = self.catalogue.find(base)?;
        self.profiles(model).iter().any(|profile| profile.prefix == prefix).then_some(model)
    }

    /// Returns the resource part of an ARN, or `None` if the ARN is of another region.
    fn arn_resource(self, arn: &str) -> Option<&str> {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, _, region, _, resource] if region.is_empty() || region == self.region => {
                Some(resource)
            }
            _ => None,
        }
    }

    fn has_ended(self, model: &FoundationModel) -> bool {
        !self.catalogue.keeps_retired && model.has_ended(self.now)
    }

    /// Refuses a model past its end of life.
    fn check_end_of_life(self, model: &'static FoundationModel) -> AwsResult<&'static FoundationModel> {
        if self.has_ended(model) {
            return Err(AwsError::not_found(
                "This model version has reached the end of its life. \
                 Please refer to the AWS documentation for more details.",
            ));
        }
        Ok(model)
    }
}

/// Refuses a model that needs an inference profile.
fn check_on_demand(model: &'static FoundationModel) -> AwsResult<&'static FoundationModel> {
    if model.is_on_demand() {
        return Ok(model);
    }
    Err(AwsError::validation(format!(
        "Invocation of model ID {} with on-demand throughput isn’t supported. Retry your request with the ID \
         or ARN of an inference profile that contains this model.",
        model.model_id
    )))
}

/// AWS's error for an identifier that no model in this region has.
pub(crate) fn invalid_identifier() -> AwsError {
    AwsError::validation("The provided model identifier is invalid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: &str = "us-east-1";

    fn catalogue() -> Catalogue {
        Catalogue::new(false, &[]).unwrap()
    }

    fn on(date: &str) -> Timestamp {
        format!("{date}T12:00:00Z").parse().unwrap()
    }

    fn resolve_in(region: &str, identifier: &str) -> Result<String, String> {
        let models = catalogue();
        let model = models.at(region, on("2026-11-21")).resolve(identifier);
        model.map(|model| model.model_id.clone()).map_err(|error| error.message)
    }

    fn resolve(identifier: &str) -> Result<String, String> {
        resolve_in(REGION, identifier)
    }

    const INVALID: &str = "The provided model identifier is invalid.";

    #[test]
    fn ids_are_unique() {
        let catalogue = catalogue();
        let mut ids: Vec<_> = catalogue.all().iter().map(|model| &model.model_id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(count > 150);
    }

    #[test]
    fn models_are_resolved_by_each_of_their_identifiers() {
        const NOVA: &str = "amazon.nova-lite-v1:0";
        const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:";
        let identifiers = [
            NOVA.to_owned(),
            format!("us.{NOVA}"),
            format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"),
            format!("{ARN}inference-profile/us.{NOVA}"),
        ];
        for identifier in identifiers {
            assert_eq!(resolve(&identifier).as_deref(), Ok(NOVA), "{identifier}");
        }
        assert_eq!(resolve(&format!("{ARN}prompt/ABCDEFGHIJ:1")).as_deref(), Ok(PROMPT_MODEL));
    }

    #[test]
    fn unknown_models_are_invalid() {
        for identifier in ["does-not-exist", "xx.amazon.nova-lite-v1:0", "arn:", "us.", ""] {
            assert_eq!(resolve(identifier), Err(INVALID.into()), "{identifier}");
        }
    }

    #[test]
    fn profiles_exist_in_their_regions_only() {
        const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        for (region, prefix) in [
            ("us-east-1", "us"),
            ("us-east-1", "global"),
            ("eu-west-1", "eu"),
            ("ap-northeast-1", "jp"),
            ("ap-southeast-2", "au"),
            ("us-gov-west-1", "us-gov"),
        ] {
            assert_eq!(
                resolve_in(region, &format!("{prefix}.{SONNET}")).as_deref(),
                Ok(SONNET),
                "{prefix} {region}"
            );
        }
        for (region, prefix) in [
            ("us-east-1", "eu"),
            ("us-east-1", "xx"),
            ("us-east-1", "us-gov"),
            ("eu-west-1", "us"),
            ("us-gov-west-1", "us"),
            ("ap-southeast-2", "jp"),
        ] {
            assert_eq!(
                resolve_in(region, &format!("{prefix}.{SONNET}")),
                Err(INVALID.into()),
                "{prefix} {region}"
            );
        }
        // The lists lack this region, but its geography has the profile.
        assert!(resolve_in("eu-east-9", &format!("eu.{SONNET}")).is_ok());
        assert!(resolve_in("eu-east-9", &format!("us.{SONNET}")).is_err());
    }

    #[test]
    fn arns_are_resolved_in_their_region_only() {
        let arn = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
        assert_eq!(resolve(arn), Err(INVALID.into()));
        let models = catalogue();
        let models = models.at(REGION, on("2026-11-21"));
        assert!(models.get(arn).is_none());
        assert!(models.get(&arn.replace("west-2", "east-1")).is_some());
    }

    #[test]
    fn some_models_need_a_profile() {
        let base = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert!(resolve(base).unwrap_err().contains("isn’t supported"));
        assert_eq!(resolve(&format!("global.{base}")).as_deref(), Ok(base));
    }

    #[test]
    fn every_model_that_needs_a_profile_has_one() {
        let models = catalogue();
        for model in models.data.models.iter().filter(|model| !model.has_ended(on("2026-11-21"))) {
            let needs = model.inference_types_supported == ["INFERENCE_PROFILE"];
            let has = models.data.profiles.iter().any(|group| group.has_model(&model.model_id));
            assert!(has || !needs, "{}", model.model_id);
        }
    }

    #[test]
    fn models_end_by_the_clock() {
        const COMMAND_R: &str = "cohere.command-r-v1:0";
        let models = catalogue();
        let status = |date| {
            models.find(COMMAND_R).unwrap().summary(REGION, on(date))["modelLifecycle"]["status"].clone()
        };
        assert_eq!(status("2026-01-01"), "ACTIVE");
        assert_eq!(status("2026-08-18"), "LEGACY");
        assert!(models.at(REGION, on("2026-08-18")).resolve(COMMAND_R).is_ok());
        assert!(models.at(REGION, on("2026-08-18")).get(COMMAND_R).is_some());
        let ended = models.at(REGION, on("2026-08-20"));
        assert!(ended.resolve(COMMAND_R).unwrap_err().message.contains("end of its life"));
        assert!(ended.get(COMMAND_R).is_none());
        let keeping = Catalogue::new(true, &[]).unwrap();
        assert!(keeping.at(REGION, on("2026-08-20")).resolve(COMMAND_R).is_ok());
    }

    #[test]
    fn styles_come_from_the_data_file() {
        let models = catalogue();
        let style = |id: &str| models.find(id).unwrap().style;
        assert_eq!(style("anthropic.claude-haiku-4-5-20251001-v1:0").cache_minimum, Some(4096));
        assert_eq!(style("anthropic.claude-3-haiku-20240307-v1:0").cache_minimum, None);
        assert_eq!(style("meta.llama3-70b-instruct-v1:0"), Style::default());
    }

    #[test]
    fn a_declared_model_behaves_like_another_one() {
        let models = catalogue();
        let declare = |id: &str, like: Option<&str>| {
            models.declare(&Declaration { id: id.to_owned(), like: like.map(str::to_owned) })
        };
        let sonnet = declare("anthropic.claude-tomorrow", Some("anthropic.claude-sonnet-5")).unwrap();
        assert_eq!((sonnet.base_id(), sonnet.provider()), ("anthropic.claude-sonnet-5", "anthropic"));
        let here = models.at(REGION, on("2026-11-21"));
        assert!(here.resolve("us.anthropic.claude-tomorrow").is_ok());
        assert!(here.resolve("anthropic.claude-tomorrow").is_err());
        declare("own.model", None).unwrap();
        assert_eq!(here.resolve("own.model").unwrap().model_id, "own.model");
        for (id, like) in [("own.model", None), ("no model", None), ("other", Some("unknown")), ("", None)] {
            assert!(declare(id, like).is_err(), "{id}");
        }
    }
}
