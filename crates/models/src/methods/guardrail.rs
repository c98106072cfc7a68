//! The guardrail of a call, and the content that a guardrail checks.

use crate::{Guardrail, GuardrailConfiguration, GuardrailContentBlock, GuardrailSummary, GuardrailTextBlock};

impl GuardrailConfiguration {
    /// Creates a configuration from the ID or ARN of a guardrail and its version: a number, or `DRAFT`.
    ///
    /// ```
    /// use bedrock_orm_models::{GuardrailConfiguration, GuardrailTrace};
    ///
    /// let guardrail = GuardrailConfiguration::new("gr-1234567890ab", "1").trace(GuardrailTrace::Enabled);
    /// assert_eq!(guardrail.guardrail_version.as_deref(), Some("1"));
    /// ```
    pub fn new(identifier: impl Into<String>, version: impl Into<String>) -> Self {
        Self::default().guardrail_identifier(identifier).guardrail_version(version)
    }
}

/// The ID and the version of a guardrail.
impl<I: Into<String>, V: Into<String>> From<(I, V)> for GuardrailConfiguration {
    fn from((identifier, version): (I, V)) -> Self {
        Self::new(identifier, version)
    }
}

/// Refers to this version of the guardrail.
impl From<&Guardrail> for GuardrailConfiguration {
    fn from(guardrail: &Guardrail) -> Self {
        (guardrail.guardrail_id.as_str(), guardrail.version.as_str()).into()
    }
}

/// Refers to this version of the guardrail.
impl From<&GuardrailSummary> for GuardrailConfiguration {
    fn from(guardrail: &GuardrailSummary) -> Self {
        (guardrail.id.as_str(), guardrail.version.as_str()).into()
    }
}

impl From<&str> for GuardrailContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(GuardrailTextBlock::new(text))
    }
}

impl From<String> for GuardrailContentBlock {
    fn from(text: String) -> Self {
        Self::Text(GuardrailTextBlock::new(text))
    }
}

/// The content that a guardrail checks: one or more blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GuardrailContent(Vec<GuardrailContentBlock>);

impl GuardrailContent {
    /// Returns the blocks.
    pub fn into_blocks(self) -> Vec<GuardrailContentBlock> {
        self.0
    }
}

impl<B: Into<GuardrailContentBlock>> From<B> for GuardrailContent {
    fn from(block: B) -> Self {
        Self(vec![block.into()])
    }
}

impl From<Vec<GuardrailContentBlock>> for GuardrailContent {
    fn from(blocks: Vec<GuardrailContentBlock>) -> Self {
        Self(blocks)
    }
}

impl<const COUNT: usize> From<[GuardrailContentBlock; COUNT]> for GuardrailContent {
    fn from(blocks: [GuardrailContentBlock; COUNT]) -> Self {
        Self(blocks.into())
    }
}
