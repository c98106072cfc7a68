//! What a model accepts, as far as the caller or AWS's control plane knows.

use bedrock_orm_models::FoundationModel;

/// Something in a request that some models accept and others refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ModelFeature {
    /// A conversation that begins with the assistant's message. Refused, unless the facts say that it is accepted.
    AssistantFirst,
    /// A text block that is empty or has only whitespace. Refused, unless the facts say that it is accepted.
    BlankText,
    /// A cache point in a message after reasoning, even if other blocks are between them.
    CachePointAfterReasoning,
    /// Cache points.
    CachePoints,
    /// A successful tool result without content.
    EmptyToolResult,
    /// A tool choice of `any` or of one tool.
    ForcedTools,
    /// A tool choice of `any` or of one tool, when the request turns on reasoning. Refused with the field `thinking` or
    /// `reasoning_config`, unless the facts say that it is accepted.
    ForcedToolsWithReasoning,
    /// Reasoning blocks in the history. A model refuses the signed reasoning of another one, too: say that it refuses
    /// them if the history is another model's.
    ReasoningInHistory,
    /// Consecutive messages of one role.
    RepeatedRoles,
    /// A tool result whose `json` is not an object. Refused, unless the facts say that it is accepted.
    ScalarToolResult,
    /// A system prompt.
    SystemPrompt,
    /// A message with a tool result and something else.
    TextWithToolResult,
    /// `oneOf`, `anyOf` or `allOf` at the top level of a tool's schema.
    UnionSchema,
    /// Reasoning blocks without a signature.
    UnsignedReasoning,
}

/// What a model accepts and refuses. A feature that is not mentioned is unknown.
///
/// An unknown feature is no reason to refuse a request: [`Preflight::Strict`](super::Preflight::Strict) lets it pass.
///
/// ```
/// use bedrock_orm::preflight::{ModelFacts, ModelFeature};
///
/// let facts = ModelFacts::default()
///     .refuses([ModelFeature::SystemPrompt, ModelFeature::ForcedTools])
///     .accepts([ModelFeature::RepeatedRoles]);
/// assert_eq!(facts.accepted(ModelFeature::SystemPrompt), Some(false));
/// assert_eq!(facts.accepted(ModelFeature::CachePoints), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    /// What is known of each feature, in the order of the features.
    accepted: Vec<(ModelFeature, bool)>,
}

impl ModelFacts {
    /// Adds features that the model accepts.
    #[must_use]
    pub fn accepts(self, features: impl IntoIterator<Item = ModelFeature>) -> Self {
        self.with(features, true)
    }

    /// Adds features that the model refuses.
    #[must_use]
    pub fn refuses(self, features: impl IntoIterator<Item = ModelFeature>) -> Self {
        self.with(features, false)
    }

    /// Returns whether the model accepts the feature. `None` if it is not known.
    pub fn accepted(&self, feature: ModelFeature) -> Option<bool> {
        self.place(feature).ok().map(|place| self.accepted[place].1)
    }

    fn with(mut self, features: impl IntoIterator<Item = ModelFeature>, accepted: bool) -> Self {
        for feature in features {
            match self.place(feature) {
                Ok(place) => self.accepted[place].1 = accepted,
                Err(place) => self.accepted.insert(place, (feature, accepted)),
            }
        }
        self
    }

    /// Returns the place of the feature, or the place where it belongs.
    fn place(&self, feature: ModelFeature) -> Result<usize, usize> {
        self.accepted.binary_search_by_key(&feature, |(known, _)| *known)
    }

    /// Returns whether the model is known to accept the feature.
    pub(super) fn accept(&self, feature: ModelFeature) -> bool {
        self.accepted(feature) == Some(true)
    }

    /// Returns whether the model is known to refuse the feature.
    pub(super) fn refuse(&self, feature: ModelFeature) -> bool {
        self.accepted(feature) == Some(false)
    }
}

/// What is known of a provider's models. The name is the one that the control plane returns.
///
/// Sources: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html> for forced tools; AWS's
/// error messages for the others.
const PROVIDERS: &[(&str, &[ModelFeature])] = &[
    ("AI21 Labs", &[ModelFeature::ForcedTools]),
    (
        "Anthropic",
        &[ModelFeature::ForcedToolsWithReasoning, ModelFeature::UnionSchema, ModelFeature::UnsignedReasoning],
    ),
    ("Cohere", &[ModelFeature::ForcedTools]),
    ("DeepSeek", &[ModelFeature::ReasoningInHistory]),
    ("Meta", &[ModelFeature::ForcedTools, ModelFeature::TextWithToolResult]),
];

/// What is known of a model that was fetched: what its provider's models refuse.
///
/// ```
/// use bedrock_orm::models::FoundationModel;
/// use bedrock_orm::preflight::{ModelFacts, ModelFeature};
///
/// let mut model = FoundationModel::with_id("some-model");
/// model.provider_name = Some("Meta".to_owned());
/// assert_eq!(ModelFacts::from(&model).accepted(ModelFeature::ForcedTools), Some(false));
/// ```
impl From<&FoundationModel> for ModelFacts {
    fn from(model: &FoundationModel) -> Self {
        let provider = model.provider_name.as_deref();
        let known = PROVIDERS.iter().find(|(name, _)| Some(*name) == provider);
        Self::default().refuses(known.into_iter().flat_map(|(_, refused)| refused.iter().copied()))
    }
}
