//! Foundation models.

use aws_sdk_bedrock::operation::list_foundation_models::builders::ListFoundationModelsInputBuilder;
use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session, sdk};
use bedrock_orm_models::{
    FoundationModel, FoundationModelAvailability, InferenceType, ModelCustomization, ModelModality,
};

use super::{Get, Keyed, List, PageRequest, Parameter, Row};
use crate::lookups::NamedField;
use crate::{Manager, Objects, Page, QuerySet};

impl Objects for FoundationModel {}

impl Get for FoundationModel {
    /// The model's ID or ARN.
    type Key = String;

    async fn fetch(session: &Session, key: String) -> Result<Self> {
        const OPERATION: &str = "GetFoundationModel";
        let answer = sdk::control_plane(session)
            .get_foundation_model()
            .model_identifier(&key)
            .send()
            .await
            .map_err(|error| sdk::error(session, OPERATION, Some(&key), error))?;
        answer.model_details.map(Into::into).ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, format!("{OPERATION} answered without a model's details"))
        })
    }
}

impl Keyed for FoundationModel {
    type Noun = Self;

    fn key(&self) -> String {
        self.model_id.clone()
    }
}

impl List for FoundationModel {
    type Row = Self;
}

impl Row for FoundationModel {
    type Parameters = ListFoundationModelsInputBuilder;

    const OPERATION: &'static str = "ListFoundationModels";
    const LARGEST_PAGE: Option<i32> = None;
    const FIELDS: &'static [&'static dyn NamedField<Self>] = &[];
    const PARAMETERS: &'static [Parameter<Self::Parameters>] = &[];

    fn identity(&self) -> String {
        self.model_arn.clone()
    }

    /// AWS lists foundation models in one page.
    async fn page(
        session: &Session,
        parameters: &Self::Parameters,
        _page: PageRequest,
    ) -> Result<Page<Self>> {
        let answer = parameters
            .clone()
            .send_with(&sdk::control_plane(session))
            .await
            .map_err(|error| sdk::error(session, "ListFoundationModels", None, error))?;
        let models = answer.model_summaries.unwrap_or_default();
        Ok(Page::new(models.into_iter().map(Into::into).collect(), None))
    }
}

/// The filters that AWS applies itself.
impl QuerySet<FoundationModel> {
    /// Only the models of that maker, in any case of letters.
    #[must_use]
    pub fn by_provider(mut self, provider: impl Into<String>) -> Self {
        self.parameters = self.parameters.by_provider(provider);
        self
    }

    /// Only the models that can be trained further in that way.
    #[must_use]
    pub fn by_customization_type(mut self, customization: ModelCustomization) -> Self {
        self.parameters = self.parameters.by_customization_type(customization.into());
        self
    }

    /// Only the models that write that modality.
    #[must_use]
    pub fn by_output_modality(mut self, modality: ModelModality) -> Self {
        self.parameters = self.parameters.by_output_modality(modality.into());
        self
    }

    /// Only the models that can be invoked in that way.
    #[must_use]
    pub fn by_inference_type(mut self, inference_type: InferenceType) -> Self {
        self.parameters = self.parameters.by_inference_type(inference_type.into());
        self
    }
}

impl Manager<FoundationModel> {
    /// Whether this account may use the model, and what is missing if not.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// let availability = FoundationModel::objects().using(&session).availability("amazon.nova-lite-v1:0").await?;
    /// println!("{}", availability.authorization_status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist` or `Validation` as AWS answers.
    ///
    /// # Requests
    ///
    /// One `GetFoundationModelAvailability` (`bedrock:GetFoundationModelAvailability`).
    pub fn availability<K: Into<String>>(
        &self,
        model_id: K,
    ) -> impl Future<Output = Result<Bound<FoundationModelAvailability>>> + Send + use<K> {
        let (choice, model_id) = (self.choice().clone(), model_id.into());
        async move {
            Self::bind(choice, |session| async move {
                sdk::control_plane(&session)
                    .get_foundation_model_availability()
                    .model_id(&model_id)
                    .send()
                    .await
                    .map(Into::into)
                    .map_err(|error| {
                        sdk::error(&session, "GetFoundationModelAvailability", Some(&model_id), error)
                    })
            })
            .await
        }
    }
}
