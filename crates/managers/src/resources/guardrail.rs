//! Guardrails and their versions.

use std::fmt;

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::{Guardrail, GuardrailSummary};

use super::Key;
use super::key::{not_blank, region_of};
use crate::{Manager, QuerySet};

/// Identifies a guardrail: an ID or ARN, and a version. Without a version it is the draft, or, when deleting, the
/// guardrail with all of its versions.
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
    /// The ID or ARN.
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

/// The identifier, and the version if there is one: `gr-123 version 1`.
impl fmt::Display for GuardrailKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.identifier)?;
        match &self.version {
            Some(version) => write!(formatter, " version {version}"),
            None => Ok(()),
        }
    }
}

impl Key for GuardrailKey {
    /// A blank version would be read as no version, which has a different meaning.
    fn checked(self, operation: &'static str) -> Result<Self> {
        not_blank(operation, "the guardrail's ID", &self.identifier)?;
        match self.version.as_deref() {
            Some(version) if version.trim().is_empty() => Err(Error::invalid_input(
                operation,
                format!("the version of guardrail `{}` is blank", self.identifier),
            )
            .with_hint("give a number or `DRAFT`, or the ID alone for the draft")),
            // Without a version, all operations use the draft. `DRAFT` is not a version that can be deleted.
            Some("DRAFT") => Ok(Self { version: None, ..self }),
            // AWS accepts no version here, and would update the draft instead.
            Some(version) if operation == "UpdateGuardrail" => Err(Error::invalid_input(
                operation,
                format!(
                    "version {version} of guardrail `{}` cannot be updated, only its draft can",
                    self.identifier
                ),
            )
            .with_hint("give the ID alone, and create a new version of the draft after the update")),
            _ => Ok(self),
        }
    }

    fn region(&self) -> Option<&str> {
        region_of(&self.identifier)
    }

    fn deleted(self) -> Self {
        match self.version.as_deref() {
            Some("DRAFT") => Self { version: None, ..self },
            _ => self,
        }
    }

    fn whole(&self) -> Option<Self> {
        self.version.is_some().then(|| Self { identifier: self.identifier.clone(), version: None })
    }
}

impl Manager<Guardrail> {
    /// Returns a lazy queryset of the draft and all numbered versions of a guardrail.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
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
        self.list().guardrail_identifier(identifier)
    }
}
