//! The guardrail configuration of a call: merges settings, and checks them before anything is sent.

use bedrock_orm_core::{Error, Result};
use bedrock_orm_models::GuardrailConfiguration;

/// Merges a later configuration into the one that is set.
pub(crate) fn merge(configuration: &mut Option<GuardrailConfiguration>, later: GuardrailConfiguration) {
    configuration.get_or_insert_default().merge(later);
}

/// Checks that a guardrail has an ID and a version.
pub(crate) fn check(configuration: &GuardrailConfiguration, operation: &'static str) -> Result<()> {
    let is_set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    if !is_set(&configuration.guardrail_identifier) {
        return Err(Error::invalid_input(operation, "the guardrail has no ID")
            .with_hint("`Guardrail::objects().list()` lists the guardrails of the region"));
    }
    if !is_set(&configuration.guardrail_version) {
        let id = configuration.guardrail_identifier.as_deref().unwrap_or_default();
        return Err(Error::invalid_input(operation, format!("guardrail `{id}` has no version"))
            .with_hint("AWS requires one: a number, or `DRAFT`"));
    }
    Ok(())
}
