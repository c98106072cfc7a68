//! Invokable resources, and the target of an invocation.

use aws_sdk_bedrockruntime::Client;
use bedrock_orm_core::{Bound, Resource, Session, sdk};
#[cfg(feature = "control-plane")]
use bedrock_orm_managers::resources::AnyModel;
use bedrock_orm_models::FoundationModel;

use crate::model_id::end_of_life;
#[cfg(feature = "control-plane")]
use crate::model_id::resolver::Resolver;
#[cfg(feature = "control-plane")]
use crate::model_id::{explain::explain, resolved::CUSTOM_MODEL};
use crate::preflight::ModelFacts;

/// A resource that Bedrock can invoke. A bound one has all methods of the runtime API.
pub trait Invokable: Resource {
    /// Returns the model ID for requests: an ID or an ARN.
    fn invocation_id(&self) -> &str;

    /// Returns the ARN that AWS records in an asynchronous invocation of it, if it is known.
    fn invocation_arn(&self) -> Option<&str>;

    /// Returns why Bedrock cannot invoke it, and what to invoke instead. `None` if it can be invoked.
    fn refusal(&self) -> Option<&'static str> {
        None
    }

    /// Returns the foundation model that it is. `None` if it is not one.
    fn as_foundation_model(&self) -> Option<&FoundationModel> {
        None
    }
}

impl Invokable for FoundationModel {
    fn invocation_id(&self) -> &str {
        &self.model_id
    }

    fn invocation_arn(&self) -> Option<&str> {
        Some(self.model_arn.as_str()).filter(|arn| !arn.is_empty())
    }

    fn as_foundation_model(&self) -> Option<&FoundationModel> {
        Some(self)
    }
}

/// Invokes the model of any type. A custom model is the only type that Bedrock does not invoke directly.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-use.html>
#[cfg(feature = "control-plane")]
impl Invokable for AnyModel {
    fn invocation_id(&self) -> &str {
        match self {
            Self::FoundationModel(model) => model.invocation_id(),
            Self::CustomModel(model) => &model.model_arn,
            Self::ImportedModel(model) => model.invocation_id(),
            Self::CustomModelDeployment(deployment) => deployment.invocation_id(),
            Self::InferenceProfile(profile) => profile.invocation_id(),
            Self::ProvisionedModelThroughput(throughput) => throughput.invocation_id(),
            Self::PromptRouter(router) => router.invocation_id(),
            // A type that is newer than this code.
            _ => "",
        }
    }

    fn invocation_arn(&self) -> Option<&str> {
        match self {
            Self::FoundationModel(model) => model.invocation_arn(),
            _ => Some(self.invocation_id()).filter(|arn| !arn.is_empty()),
        }
    }

    fn refusal(&self) -> Option<&'static str> {
        matches!(self, Self::CustomModel(_)).then_some(CUSTOM_MODEL)
    }

    fn as_foundation_model(&self) -> Option<&FoundationModel> {
        match self {
            Self::FoundationModel(model) => Some(model),
            _ => None,
        }
    }
}

/// A model to invoke, and the session for the calls.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) session: Session,
    pub(crate) model_id: String,
    pub(crate) model_arn: Option<String>,
    pub(crate) refusal: Option<&'static str>,
    /// Whether the time limits of calls begin after a limiter's queue.
    pub(crate) waits_for_room: bool,
}

impl Target {
    pub(crate) fn new(session: &Session, model_id: impl Into<String>) -> Self {
        let model_id = model_id.into();
        let model_arn = model_id.starts_with("arn:").then(|| model_id.clone());
        Self { session: session.clone(), model_id, model_arn, refusal: None, waits_for_room: false }
    }

    pub(crate) fn client(&self) -> Client {
        sdk::runtime(&self.session)
    }

    /// Returns the client for requests that are charged.
    pub(crate) fn charged_client(&self) -> Client {
        sdk::charged_runtime(&self.session)
    }

    /// Returns what is known of the model without a request: what the session has resolved before.
    pub(crate) fn known_facts(&self) -> ModelFacts {
        #[cfg(feature = "control-plane")]
        if let Some(model) = Resolver::of(&self.session).known_model(&self.session, &self.model_id) {
            return ModelFacts::from(&*model);
        }
        ModelFacts::default()
    }

    /// Returns the ID of the foundation model behind it, if the session has resolved it before.
    pub(crate) fn known_model_id(&self) -> Option<String> {
        #[cfg(feature = "control-plane")]
        if let Some(model) = Resolver::of(&self.session).known_model(&self.session, &self.model_id) {
            return Some(model.model_id.clone());
        }
        None
    }

    /// Creates a call of the operation, which starts now.
    pub(crate) fn call(&self, operation: &'static str) -> sdk::Call<'_> {
        let call = sdk::Call::new(&self.session, operation);
        let call = call.with_model_id(&self.model_id).with_refusal(self.refusal);
        let call = call.waiting_for_room(self.waits_for_room);
        #[cfg(feature = "control-plane")]
        let call = call.with_explain(explain);
        call
    }
}

/// A model with its session: every [`Bound`] model that Bedrock can invoke. It has the methods of all extension traits,
/// also as `dyn BoundModel`, so that a struct can hold any model:
///
/// ```
/// use bedrock_orm::BoundModel;
/// use bedrock_orm::prelude::*;
///
/// struct Summarizer {
///     model: Box<dyn BoundModel>,
/// }
///
/// impl Summarizer {
///     async fn summarize(&self, note: &str) -> bedrock_orm::Result<String> {
///         let reply = self.model.converse(note).system("Summarize the note.").await?;
///         Ok(reply.text())
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let model = FoundationModel::objects().using(&session).get("amazon.nova-lite-v1:0").await?;
/// let summarizer = Summarizer { model: Box::new(model) };
/// println!("{}", summarizer.summarize("The rollback took four minutes.").await?);
/// # Ok(())
/// # }
/// ```
pub trait BoundModel: Send + Sync {
    /// Returns the session for the calls.
    fn session(&self) -> &Session;

    /// Returns what a request is sent to.
    fn target(&self) -> Target;

    /// Returns the foundation model that it is. `None` if it is not one.
    fn as_foundation_model(&self) -> Option<&FoundationModel>;
}

impl<M: Invokable + Send + Sync> BoundModel for Bound<M> {
    fn session(&self) -> &Session {
        self.session()
    }

    fn target(&self) -> Target {
        if let Some(foundation_model) = Invokable::as_foundation_model(&**self) {
            end_of_life::warn_once(self.session(), foundation_model);
        }
        Target {
            session: self.session().clone(),
            model_id: self.invocation_id().to_owned(),
            model_arn: self.invocation_arn().map(str::to_owned),
            refusal: self.refusal(),
            waits_for_room: false,
        }
    }

    fn as_foundation_model(&self) -> Option<&FoundationModel> {
        Invokable::as_foundation_model(&**self)
    }
}
