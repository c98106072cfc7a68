//! `resolve` and `invocable`: what a model is, and what to call to reach it.

use std::future::IntoFuture;
use std::pin::Pin;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session};
use bedrock_orm_models::{FoundationModel, InferenceProfileSummary, InferenceType};

use super::end_of_life;
use super::resolved::{ResolvedModel, Routing, is_on_demand};
use super::resolver::{self, Resolver};
use crate::{BoundModel, Invokable};

/// `resolve` and `invocable` on a bound model.
///
/// Both use the control plane only, and keep its answers as long as the session lives. Tasks that ask for the same model
/// at the same time share its requests. An ID says nothing about itself, so nothing is read from its form.
pub trait ResolveExt {
    /// Returns what to call to reach this model. Some models can be called by their own ID. Others need an inference
    /// profile: AWS refuses their IDs because "on-demand throughput isn’t supported". Each region has its own profiles.
    ///
    /// A foundation model becomes itself or a system-defined profile of the session's region; see
    /// [`InvocableModel::routing`] for which. Anything else, such as a profile or a provisioned model, stays as it is.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let sonnet = FoundationModel::with_id("anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
    /// let sonnet = sonnet.invocable().await?;
    /// assert_eq!(sonnet.invocation_id, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    /// println!("{}", sonnet.converse("Say hello.").await?.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `DoesNotExist` if AWS does not know the model, or if the region has no allowed way to call it;
    /// `InvalidInput` for a custom model, which only its deployments can invoke; `AccessDenied`, `Throttled` …, as AWS
    /// returns them.
    ///
    /// # Requests
    ///
    /// None for a fetched foundation model that can be called by its own ID, one `ListInferenceProfiles`
    /// (`bedrock:ListInferenceProfiles`) for the session if it needs a profile. Otherwise as [`resolve`](Self::resolve).
    fn invocable(&self) -> InvocableModel;

    /// Returns the foundation model behind this model, with its modalities and lifecycle, and where it replies.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let profile = InferenceProfile::objects().using(&session).get("us.amazon.nova-lite-v1:0").await?;
    /// let resolved = profile.resolve().await?;
    /// assert_eq!(resolved.model_id(), Some("amazon.nova-lite-v1:0"));
    /// assert_eq!((resolved.reads("IMAGE"), resolved.streams()), (Some(true), Some(true)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist` if AWS does not know the model; `AccessDenied`, `Throttled` …, as AWS returns them. A failure is
    /// not kept.
    ///
    /// # Requests
    ///
    /// At most two for each model, once in the life of the session: `GetFoundationModel` (`bedrock:GetFoundationModel`),
    /// after what leads to it: `GetInferenceProfile`, `GetProvisionedModelThroughput` … for an ARN. An ID can be that of
    /// a model or of a profile, so the first ID costs one `ListInferenceProfiles` for the whole session instead.
    ///
    /// Longer ways cost more: a custom model's deployment leads over the custom model (three), and a prompt router can
    /// lead over a profile (three). An application profile that is named by its ID instead of its ARN costs one request
    /// more.
    fn resolve(&self) -> impl Future<Output = Result<Bound<ResolvedModel>>> + Send + 'static;
}

impl<M: BoundModel + ?Sized> ResolveExt for M {
    fn invocable(&self) -> InvocableModel {
        InvocableModel::new(self.session(), self.target().model_id, self.as_foundation_model())
    }

    fn resolve(&self) -> impl Future<Output = Result<Bound<ResolvedModel>>> + Send + 'static {
        resolve(self.session().clone(), self.target().model_id, fetched(self.as_foundation_model()))
    }
}

/// Resolves an ID or ARN, or a model that is known already.
#[inline]
pub(crate) async fn resolve(
    session: Session,
    name: String,
    known: Option<FoundationModel>,
) -> Result<Bound<ResolvedModel>> {
    if name.trim().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "the model's ID is blank"));
    }
    let resolver = Resolver::of(&session);
    let model = match known {
        Some(model) => {
            end_of_life::warn_once(&session, &model);
            resolver.keep(&session, &model)
        }
        None => Box::pin(resolver.resolve(&session, &name)).await?,
    };
    Ok(Bound::new(model, session))
}

/// Returns the model if it was fetched. One that has only its ID says nothing.
#[inline]
fn fetched(model: Option<&FoundationModel>) -> Option<FoundationModel> {
    model.filter(|model| is_on_demand(model).is_some()).cloned()
}

impl Invokable for ResolvedModel {
    #[inline]
    fn invocation_id(&self) -> &str {
        &self.invocation_id
    }

    #[inline]
    fn invocation_arn(&self) -> Option<&str> {
        match &self.foundation_model {
            Some(model) if self.names_foundation_model => model.invocation_arn(),
            _ => Some(self.invocation_id.as_str()).filter(|id| id.starts_with("arn:")),
        }
    }

    #[inline]
    fn refusal(&self) -> Option<&'static str> {
        self.refusal
    }

    #[inline]
    fn as_foundation_model(&self) -> Option<&FoundationModel> {
        self.foundation_model.as_ref().filter(|_| self.names_foundation_model)
    }
}

/// A search for what to call to reach a model. Awaiting returns it, bound to the session.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct InvocableModel {
    session: Session,
    name: String,
    known: Option<FoundationModel>,
    routing: Vec<Routing>,
}

impl InvocableModel {
    #[inline]
    pub(crate) fn new(session: &Session, name: String, model: Option<&FoundationModel>) -> Self {
        let routing = vec![Routing::Region, Routing::Geography, Routing::Global];
        Self { session: session.clone(), name, known: fetched(model), routing }
    }

    /// Sets where requests may be answered, in the order of preference. What is not named is not used. The default is
    /// `[Region, Geography, Global]`: the model itself if it can be called by its own ID, else a profile of the
    /// region's geography, else a global profile. If several profiles of a kind lead to the model, the one with the
    /// fewest regions is used, and then the first by ID.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use bedrock_orm::Routing;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let sonnet = FoundationModel::with_id("anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
    /// let anywhere = sonnet.invocable().routing([Routing::Global, Routing::Geography]).await?;
    /// assert_eq!(anywhere.routing, Routing::Global);
    /// let nearby = sonnet.invocable().routing([Routing::Region, Routing::Geography]).await?; // never global
    /// println!("{} replies in {}", nearby.invocation_id, nearby.regions.join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn routing(mut self, routing: impl IntoIterator<Item = Routing>) -> Self {
        self.routing = routing.into_iter().collect();
        self
    }

    #[inline]
    async fn find(self) -> Result<Bound<ResolvedModel>> {
        let Self { session, name, known, routing } = self;
        let model = resolve(session.clone(), name, known).await?;
        if let Some(refusal) = model.refusal {
            return Err(Error::new(ErrorKind::InvalidInput, refusal));
        }
        let Some(foundation_model) = model.as_foundation_model() else { return Ok(model) };
        let itself = is_on_demand(foundation_model) == Some(true);
        if itself && routing.first() == Some(&Routing::Region) {
            return Ok(model);
        }
        let resolver = Resolver::of(&session);
        let profiles = Box::pin(resolver.profiles_of(&session, &foundation_model.model_id)).await?;
        for wanted in &routing {
            if itself && *wanted == Routing::Region {
                return Ok(model);
            }
            if let Some(profile) = closest(&session, &profiles, *wanted) {
                let (routing, regions) = resolver::route(&session, &profile.models);
                let profile = ResolvedModel {
                    invocation_id: profile.inference_profile_id.clone(),
                    foundation_model: Some(foundation_model.clone()),
                    routing,
                    regions,
                    names_foundation_model: false,
                    refusal: None,
                };
                return Ok(Bound::new(profile, session));
            }
        }
        Err(unreachable(&session, foundation_model, &profiles, itself))
    }
}

impl IntoFuture for InvocableModel {
    type Output = Result<Bound<ResolvedModel>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.find())
    }
}

/// Returns the profile with this routing that has the fewest regions.
#[inline]
fn closest<'a>(
    session: &Session,
    profiles: &'a [InferenceProfileSummary],
    wanted: Routing,
) -> Option<&'a InferenceProfileSummary> {
    let regions = |profile: &InferenceProfileSummary| {
        let (routing, regions) = resolver::route(session, &profile.models);
        (routing == wanted).then_some(regions.len())
    };
    let fitting = profiles.iter().filter_map(|profile| Some((regions(profile)?, profile)));
    fitting
        .min_by_key(|(regions, profile)| (*regions, profile.inference_profile_id.as_str()))
        .map(|(_, profile)| profile)
}

#[inline]
fn unreachable(
    session: &Session,
    model: &FoundationModel,
    profiles: &[InferenceProfileSummary],
    itself: bool,
) -> Error {
    let (id, region) = (&model.model_id, session.region());
    let is_provisioned = model
        .inference_types_supported
        .as_ref()
        .is_some_and(|types| types.contains(&InferenceType::Provisioned));
    let (why, hint) = if itself || !profiles.is_empty() {
        let ids: Vec<&str> = profiles.iter().map(|profile| profile.inference_profile_id.as_str()).collect();
        let ids = if itself { [&[id.as_str()], &ids[..]].concat() } else { ids };
        ("with the allowed routing", format!("other routings allow: {}", ids.join(", ")))
    } else if is_provisioned {
        ("on demand", "buy provisioned throughput for it, or use another model".to_owned())
    } else {
        (
            "on demand",
            "no inference profile of the region leads to it: use another region or model".to_owned(),
        )
    };
    Error::new(ErrorKind::DoesNotExist, format!("{id} cannot be called in {region} {why}")).with_hint(hint)
}
