//! The guardrail that a call goes through.

use bedrock_orm_core::{Error, Result};
#[cfg(feature = "control-plane")]
use bedrock_orm_models::Guardrail;
use bedrock_orm_models::GuardrailConfiguration;

/// A fetched guardrail, or a configuration: one of the two, or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuardrailChoice {
    object: Option<GuardrailConfiguration>,
    configuration: Option<GuardrailConfiguration>,
}

impl GuardrailChoice {
    #[cfg(feature = "control-plane")]
    pub(crate) fn set_object(&mut self, guardrail: &Guardrail) {
        self.object = Some(
            GuardrailConfiguration::default()
                .guardrail_identifier(guardrail.guardrail_id.as_str())
                .guardrail_version(guardrail.version.as_str()),
        );
    }

    pub(crate) fn set_configuration(&mut self, configuration: GuardrailConfiguration) {
        self.configuration.get_or_insert_default().merge(configuration);
    }

    /// What AWS is told.
    pub(crate) fn settled(self, operation: &'static str) -> Result<Option<GuardrailConfiguration>> {
        let configuration = match (self.object, self.configuration) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid_input(
                    operation,
                    "a guardrail and a guardrail configuration are both given",
                )
                .with_hint("a call goes through one guardrail: leave one of the two out"));
            }
            (None, None) => return Ok(None),
            (object, configuration) => object.or(configuration).unwrap_or_default(),
        };
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        if !given(&configuration.guardrail_identifier) {
            return Err(Error::invalid_input(operation, "the guardrail has no ID")
                .with_hint("`Guardrail::objects().list()` shows those that there are"));
        }
        if !given(&configuration.guardrail_version) {
            let id = configuration.guardrail_identifier.as_deref().unwrap_or_default();
            return Err(Error::invalid_input(
                operation,
                format!("guardrail `{id}` is given without a version"),
            )
            .with_hint("AWS wants one: a number, or `DRAFT`"));
        }
        Ok(Some(configuration))
    }
}
