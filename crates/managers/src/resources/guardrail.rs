//! Guardrails and their versions.

use aws_sdk_bedrock::operation::create_guardrail::builders::CreateGuardrailInputBuilder;
use aws_sdk_bedrock::operation::create_guardrail_version::builders::CreateGuardrailVersionInputBuilder;
use aws_sdk_bedrock::operation::list_guardrails::builders::ListGuardrailsInputBuilder;
use aws_sdk_bedrock::operation::update_guardrail::builders::UpdateGuardrailInputBuilder;
use bedrock_orm_core::{Bound, Error, Result, Session, sdk};
use bedrock_orm_models::{
    CreateGuardrailRequest, CreateGuardrailResponse, CreateGuardrailVersionRequest,
    CreateGuardrailVersionResponse, Guardrail, GuardrailSummary, UpdateGuardrailRequest,
    UpdateGuardrailResponse,
};

use super::{Create, Delete, Get, Keyed, List, PageRequest, Parameter, Row, Update};
use crate::lookups::NamedField;
use crate::{Manager, Objects, Page, QuerySet};

/// What a guardrail is found by: its ID or ARN, and a version. Without one it is the draft that is meant, and, when
/// deleting, the guardrail with all of its versions.
///
/// ```
/// use bedrock_orm_managers::resources::GuardrailKey;
///
/// let draft = GuardrailKey::from("gr-123");
/// let version = GuardrailKey::from(("gr-123", "1"));
/// assert_eq!(version.version.as_deref(), Some("1"));
/// assert_eq!(draft.version, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GuardrailKey {
    /// Its ID or ARN.
    pub identifier: String,
    /// `DRAFT`, or a number.
    pub version: Option<String>,
}

impl From<&str> for GuardrailKey {
    fn from(identifier: &str) -> Self {
        Self { identifier: identifier.to_owned(), version: None }
    }
}

impl From<String> for GuardrailKey {
    fn from(identifier: String) -> Self {
        Self { identifier, version: None }
    }
}

impl From<&String> for GuardrailKey {
    fn from(identifier: &String) -> Self {
        identifier.as_str().into()
    }
}

impl<I: Into<String>, V: Into<String>> From<(I, V)> for GuardrailKey {
    fn from((identifier, version): (I, V)) -> Self {
        Self { identifier: identifier.into(), version: Some(version.into()) }
    }
}

impl GuardrailKey {
    /// A blank version would read as none, and so mean another thing than was said.
    fn checked(self, operation: &'static str) -> Result<Self> {
        match self.version.as_deref() {
            Some(version) if version.trim().is_empty() => Err(Error::invalid_input(
                operation,
                format!("the version of guardrail `{}` is blank", self.identifier),
            )
            .with_hint("give a number or `DRAFT`, or the ID alone for the draft")),
            _ => Ok(self),
        }
    }
}

impl Objects for Guardrail {}

impl Get for Guardrail {
    type Key = GuardrailKey;

    async fn fetch(session: &Session, key: GuardrailKey) -> Result<Self> {
        const OPERATION: &str = "GetGuardrail";
        let key = key.checked(OPERATION)?;
        sdk::control_plane(session)
            .get_guardrail()
            .guardrail_identifier(key.identifier)
            .set_guardrail_version(key.version)
            .send()
            .await
            .map(Into::into)
            .map_err(|error| sdk::error(session, OPERATION, None, error))
    }
}

impl List for Guardrail {
    type Row = GuardrailSummary;
}

impl Row for GuardrailSummary {
    type Parameters = ListGuardrailsInputBuilder;

    const OPERATION: &'static str = "ListGuardrails";
    const LARGEST_PAGE: Option<i32> = Some(1000);
    const FIELDS: &'static [&'static dyn NamedField<Self>] = &[];
    const PARAMETERS: &'static [Parameter<Self::Parameters>] = &[];

    fn identity(&self) -> String {
        format!("{} {}", self.arn, self.version)
    }

    async fn page(session: &Session, parameters: &Self::Parameters, page: PageRequest) -> Result<Page<Self>> {
        let answer = parameters
            .clone()
            .set_next_token(page.token)
            .set_max_results(page.size)
            .send_with(&sdk::control_plane(session))
            .await
            .map_err(|error| sdk::error(session, "ListGuardrails", None, error))?;
        Ok(Page::new(answer.guardrails.into_iter().map(Into::into).collect(), answer.next_token))
    }
}

impl Create for Guardrail {
    type Request = CreateGuardrailRequest;
    type Created = CreateGuardrailResponse;

    async fn make(session: &Session, request: CreateGuardrailRequest) -> Result<CreateGuardrailResponse> {
        const OPERATION: &str = "CreateGuardrail";
        CreateGuardrailInputBuilder::try_from(request)
            .map_err(|error| Error::unsendable(OPERATION, error))?
            .send_with(&sdk::control_plane(session))
            .await
            .map(Into::into)
            .map_err(|error| sdk::error(session, OPERATION, None, error))
    }
}

impl Update for Guardrail {
    /// The guardrail's ID or ARN: it is always the draft that changes.
    type UpdateKey = String;
    type Change = UpdateGuardrailRequest;
    type Updated = UpdateGuardrailResponse;

    async fn change(
        session: &Session,
        key: String,
        request: UpdateGuardrailRequest,
    ) -> Result<UpdateGuardrailResponse> {
        const OPERATION: &str = "UpdateGuardrail";
        UpdateGuardrailInputBuilder::try_from(request)
            .map_err(|error| Error::unsendable(OPERATION, error))?
            .guardrail_identifier(key)
            .send_with(&sdk::control_plane(session))
            .await
            .map(Into::into)
            .map_err(|error| sdk::error(session, OPERATION, None, error))
    }
}

impl Delete for Guardrail {
    async fn remove(session: &Session, key: GuardrailKey) -> Result<()> {
        const OPERATION: &str = "DeleteGuardrail";
        let key = key.checked(OPERATION)?;
        sdk::control_plane(session)
            .delete_guardrail()
            .guardrail_identifier(key.identifier)
            .set_guardrail_version(key.version)
            .send()
            .await
            .map(drop)
            .map_err(|error| sdk::error(session, OPERATION, None, error))
    }
}

impl Keyed for Guardrail {
    type Noun = Self;

    fn key(&self) -> GuardrailKey {
        (self.guardrail_id.as_str(), self.version.as_str()).into()
    }
}

impl Keyed for GuardrailSummary {
    type Noun = Guardrail;

    fn key(&self) -> GuardrailKey {
        (self.id.as_str(), self.version.as_str()).into()
    }
}

impl Keyed for CreateGuardrailResponse {
    type Noun = Guardrail;

    fn key(&self) -> GuardrailKey {
        (self.guardrail_id.as_str(), self.version.as_str()).into()
    }
}

impl Keyed for UpdateGuardrailResponse {
    type Noun = Guardrail;

    fn key(&self) -> GuardrailKey {
        (self.guardrail_id.as_str(), self.version.as_str()).into()
    }
}

impl Keyed for CreateGuardrailVersionResponse {
    type Noun = Guardrail;

    fn key(&self) -> GuardrailKey {
        (self.guardrail_id.as_str(), self.version.as_str()).into()
    }
}

impl Manager<Guardrail> {
    /// The draft and all numbered versions of one guardrail, as a lazy queryset.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail_id = made.guardrail_id.as_str();
    /// let versions = Guardrail::objects().using(&session).list_versions(guardrail_id).await?;
    /// assert_eq!(versions[0].version, "DRAFT");
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_versions(&self, identifier: impl Into<String>) -> QuerySet<GuardrailSummary> {
        let mut versions = self.list();
        versions.parameters = versions.parameters.guardrail_identifier(identifier);
        versions
    }

    /// Makes a numbered version of the guardrail's draft. The request can carry a description and a token that makes a
    /// repeated call harmless; `Default::default()` carries neither.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::builder().region("us-east-1").endpoint_url(local.url()).access_key("any", "any").build().await?;
    /// # use bedrock_orm::models::{CreateGuardrailRequest, GuardrailWordConfig, GuardrailWordPolicyConfig};
    /// # let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    /// # let request = CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.");
    /// # let made = Guardrail::objects().using(&session).create(request.word_policy_config(words)).await?;
    /// # let guardrail_id = made.guardrail_id.as_str();
    /// let version = Guardrail::objects().using(&session).create_version(guardrail_id, Default::default()).await?;
    /// assert_eq!(version.version, "1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist`, `Conflict` or `ServiceQuotaExceeded` as AWS answers.
    ///
    /// # Requests
    ///
    /// One `CreateGuardrailVersion` (`bedrock:CreateGuardrailVersion`).
    pub fn create_version<K: Into<String>>(
        &self,
        identifier: K,
        request: CreateGuardrailVersionRequest,
    ) -> impl Future<Output = Result<Bound<CreateGuardrailVersionResponse>>> + Send + use<K> {
        let (choice, identifier) = (self.choice().clone(), identifier.into());
        async move {
            Self::bind(choice, |session| async move {
                CreateGuardrailVersionInputBuilder::from(request)
                    .guardrail_identifier(identifier)
                    .send_with(&sdk::control_plane(&session))
                    .await
                    .map(Into::into)
                    .map_err(|error| sdk::error(&session, "CreateGuardrailVersion", None, error))
            })
            .await
        }
    }
}
