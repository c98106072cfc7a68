//! Asks the control plane what an ID or ARN leads to, and keeps the answers as long as the session lives.

use std::sync::Arc;

use bedrock_orm_core::{Result, Session, sdk};
use bedrock_orm_managers::all_rows;
use bedrock_orm_managers::resources::{Get, Row};
use bedrock_orm_models::{
    CustomModel, CustomModelDeployment, FoundationModel, InferenceProfile, InferenceProfileModel,
    InferenceProfileSummary, InferenceProfileType, PromptRouter, ProvisionedModelThroughput,
};

use super::arn::Arn;
use super::cells::Cells;
use super::end_of_life;
use super::resolved::{CUSTOM_MODEL, ResolvedModel, Routing};

/// The longest way from a name to a foundation model: a prompt router, a profile, a model; or a deployment, a custom
/// model that is based on another one, and that one's base.
const MAX_STEPS: usize = 5;

/// The answers of the control plane to a session.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// What each ID and ARN leads to.
    origins: Cells<Origin>,
    /// Foundation models by region and ID.
    models: Cells<FoundationModel>,
    /// The system-defined inference profiles of the region, under an empty name.
    profiles: Cells<Vec<InferenceProfileSummary>>,
    /// The IDs to count tokens with, by the IDs to invoke.
    pub(crate) counting_ids: Cells<String>,
}

/// What an ID or ARN leads to.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    routing: Routing,
    regions: Vec<String>,
    names_foundation_model: bool,
    refusal: Option<&'static str>,
    /// `None` if no foundation model is behind it, or AWS does not say which.
    model: Option<ModelKey>,
}

/// A foundation model, and the region whose control plane describes it.
#[derive(Clone, Debug)]
struct ModelKey {
    /// `None` for the session's own region.
    region: Option<String>,
    id: String,
}

impl Resolver {
    /// Returns the session's resolver.
    pub(crate) fn of(session: &Session) -> Arc<Self> {
        sdk::extension(session)
    }

    /// Returns what the ID or ARN leads to, with the foundation model behind it.
    pub(crate) async fn resolve(&self, session: &Session, name: &str) -> Result<ResolvedModel> {
        let origin = self.origin(session, name).await?;
        let model = match &origin.model {
            Some(key) => Some(self.model(session, key).await?),
            None => None,
        };
        Ok(resolved(name, &origin, model.as_deref()))
    }

    /// Returns what the ID or ARN leads to.
    pub(crate) async fn origin(&self, session: &Session, name: &str) -> Result<Arc<Origin>> {
        self.origins.get(name, self.follow(session, name)).await
    }

    /// Keeps a foundation model that was fetched elsewhere.
    pub(crate) fn keep(&self, session: &Session, model: &FoundationModel) -> ResolvedModel {
        let key = ModelKey { region: None, id: model.model_id.clone() };
        self.models.keep(&cell_name(session, &key), || model.clone());
        let origin = Origin::of_foundation_model(session, &model.model_id);
        self.origins.keep(&model.model_id, || origin.clone());
        resolved(&model.model_id, &origin, Some(model))
    }

    /// Returns everything that was resolved so far.
    pub(crate) fn known(&self, session: &Session) -> Vec<ResolvedModel> {
        let origins = self.origins.all().into_iter();
        let known = origins.filter_map(|(name, origin)| {
            let model = match &origin.model {
                Some(key) => Some(self.models.known(&cell_name(session, key))?),
                None => None,
            };
            Some(resolved(&name, &origin, model.as_deref()))
        });
        known.collect()
    }

    /// Returns the foundation model that this ID or ARN leads to, if it was resolved before.
    pub(crate) fn known_model(&self, session: &Session, name: &str) -> Option<Arc<FoundationModel>> {
        let origin = self.origins.known(name)?;
        self.models.known(&cell_name(session, origin.model.as_ref()?))
    }

    /// Returns the system-defined inference profiles of the region that lead to the model.
    pub(crate) async fn profiles_of(
        &self,
        session: &Session,
        model_id: &str,
    ) -> Result<Vec<InferenceProfileSummary>> {
        let leads_to_it = |profile: &&InferenceProfileSummary| {
            arns(&profile.models).filter_map(Arn::parse).any(|arn| arn.name == model_id)
        };
        Ok(self.profiles(session).await?.iter().filter(leads_to_it).cloned().collect())
    }

    async fn profiles(&self, session: &Session) -> Result<Arc<Vec<InferenceProfileSummary>>> {
        let list = async {
            let parameters = <InferenceProfileSummary as Row>::Parameters::default();
            let parameters = parameters.type_equals(InferenceProfileType::SystemDefined.into());
            all_rows::<InferenceProfileSummary>(session, &parameters).await
        };
        self.profiles.get("", list).await
    }

    async fn model(&self, session: &Session, key: &ModelKey) -> Result<Arc<FoundationModel>> {
        let fetch = async {
            let session = match &key.region {
                Some(region) => session.in_region(region)?,
                None => session.clone(),
            };
            FoundationModel::get(&session, key.id.clone()).await
        };
        let model = self.models.get(&cell_name(session, key), fetch).await?;
        end_of_life::warn_once(session, &model);
        Ok(model)
    }

    /// Follows a name to its foundation model, one resource after the other.
    async fn follow(&self, session: &Session, name: &str) -> Result<Origin> {
        let mut origin = Origin {
            routing: Routing::Region,
            regions: vec![session.region().to_owned()],
            names_foundation_model: false,
            refusal: None,
            model: None,
        };
        let mut name = name.to_owned();
        for step in 0..MAX_STEPS {
            let Some(arn) = Arn::parse(&name) else {
                return self.follow_id(session, &name, origin, step).await;
            };
            let next = match arn.kind {
                "foundation-model" if step == 0 => {
                    return Ok(Origin::of_foundation_model(session, arn.name));
                }
                "foundation-model" => {
                    origin.model = Some(ModelKey::new(session, &arn));
                    return Ok(origin);
                }
                "inference-profile" | "application-inference-profile" => {
                    let models = match self.listed(|profile| profile.inference_profile_arn == name) {
                        Some(models) => models,
                        None => InferenceProfile::get(session, name.clone()).await?.models,
                    };
                    origin.route(session, &models);
                    return Ok(origin);
                }
                "provisioned-model" | "provisioned-model-v2" => {
                    let throughput = ProvisionedModelThroughput::get(session, name.clone()).await?;
                    Some(throughput.foundation_model_arn)
                }
                "custom-model-deployment" => {
                    Some(CustomModelDeployment::get(session, name.clone()).await?.model_arn)
                }
                "custom-model" => {
                    if step == 0 {
                        origin.refusal = Some(CUSTOM_MODEL);
                    }
                    CustomModel::get(session, name.clone()).await?.base_model_arn
                }
                "prompt-router" | "default-prompt-router" => {
                    Some(PromptRouter::get(session, name.clone()).await?.fallback_model.model_arn)
                }
                // An imported model, a marketplace endpoint, a stored prompt, or what is newer than this code.
                _ => None,
            };
            match next {
                Some(next) => name = next,
                None => return Ok(origin),
            }
        }
        Ok(origin)
    }

    /// Follows an ID. It can be that of a profile or of a model; only AWS knows.
    async fn follow_id(
        &self,
        session: &Session,
        id: &str,
        mut origin: Origin,
        step: usize,
    ) -> Result<Origin> {
        match self.profiles(session).await {
            // Without the right to list profiles, an ID is looked up by itself.
            Err(error) if !error.is_access_denied() => return Err(error),
            _ => {}
        }
        let mut models = self.listed(|profile| profile.inference_profile_id == id);
        if models.is_none() {
            let key = ModelKey { region: None, id: id.to_owned() };
            let unknown = match self.model(session, &key).await {
                // The ID of an application profile does not have the form that AWS expects of a model's.
                Err(error) if error.is_does_not_exist() || error.is_validation() => error,
                Err(error) => return Err(error),
                Ok(_) if step == 0 => return Ok(Origin::of_foundation_model(session, id)),
                Ok(_) => {
                    origin.model = Some(key);
                    return Ok(origin);
                }
            };
            // An application profile can be named by its ID alone.
            models = match InferenceProfile::get(session, id.to_owned()).await {
                Ok(profile) => Some(profile.models),
                // AWS's error for a profile says less.
                Err(error) if error.is_does_not_exist() || error.is_validation() => return Err(unknown),
                Err(error) => return Err(error),
            };
        }
        origin.route(session, &models.unwrap_or_default());
        Ok(origin)
    }

    /// Returns the models of the first listed profile that matches, if the profiles were listed.
    fn listed(&self, is_it: impl Fn(&InferenceProfileSummary) -> bool) -> Option<Vec<InferenceProfileModel>> {
        let profiles = self.profiles.known("")?;
        profiles.iter().find(|profile| is_it(profile)).map(|profile| profile.models.clone())
    }
}

impl Origin {
    fn of_foundation_model(session: &Session, id: &str) -> Self {
        Self {
            routing: Routing::Region,
            regions: vec![session.region().to_owned()],
            names_foundation_model: true,
            refusal: None,
            model: Some(ModelKey { region: None, id: id.to_owned() }),
        }
    }

    /// Returns the ID of the foundation model behind something else.
    pub(crate) fn model_behind(&self) -> Option<&str> {
        self.model.as_ref().filter(|_| !self.names_foundation_model).map(|model| model.id.as_str())
    }

    /// Sets where a profile with these models leads.
    fn route(&mut self, session: &Session, models: &[InferenceProfileModel]) {
        (self.routing, self.regions) = route(session, models);
        let parsed: Vec<Arn<'_>> = arns(models).filter_map(Arn::parse).collect();
        // The session's own region describes the model if it has it; else, any of the others does.
        let here = parsed.iter().find(|arn| arn.region == session.region());
        let model = here.or_else(|| parsed.iter().find(|arn| !arn.region.is_empty())).or(parsed.first());
        self.model = model.map(|arn| ModelKey::new(session, arn));
    }
}

impl ModelKey {
    fn new(session: &Session, arn: &Arn<'_>) -> Self {
        let elsewhere = !arn.region.is_empty() && arn.region != session.region();
        Self { region: elsewhere.then(|| arn.region.to_owned()), id: arn.name.to_owned() }
    }
}

/// Returns where a profile with these models leads. AWS names the models of a global profile without a region, besides
/// the one in the session's region.
pub(crate) fn route(session: &Session, models: &[InferenceProfileModel]) -> (Routing, Vec<String>) {
    let regions: Vec<String> = arns(models).filter_map(Arn::parse).map(|arn| arn.region.to_owned()).collect();
    match &regions[..] {
        _ if regions.iter().any(String::is_empty) => (Routing::Global, Vec::new()),
        [only] if only == session.region() => (Routing::Region, regions),
        _ => (Routing::Geography, regions),
    }
}

fn arns(models: &[InferenceProfileModel]) -> impl Iterator<Item = &str> {
    models.iter().filter_map(|model| model.model_arn.as_deref())
}

fn cell_name(session: &Session, key: &ModelKey) -> String {
    format!("{}/{}", key.region.as_deref().unwrap_or(session.region()), key.id)
}

fn resolved(name: &str, origin: &Origin, model: Option<&FoundationModel>) -> ResolvedModel {
    ResolvedModel {
        invocation_id: name.to_owned(),
        foundation_model: model.cloned(),
        routing: origin.routing,
        regions: origin.regions.clone(),
        names_foundation_model: origin.names_foundation_model,
        refusal: origin.refusal,
    }
}
