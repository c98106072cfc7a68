//! A foundation model by its ID alone.

use crate::FoundationModel;

impl FoundationModel {
    /// Creates a model from its ID, for callers that can invoke models but not get them. Its ARN is empty and its other
    /// fields are unset.
    ///
    /// ```
    /// use bedrock_orm_models::FoundationModel;
    ///
    /// let model = FoundationModel::with_id("amazon.nova-lite-v1:0");
    /// assert_eq!(model.model_id, "amazon.nova-lite-v1:0");
    /// ```
    pub fn with_id(model_id: impl Into<String>) -> Self {
        Self { model_id: model_id.into(), ..Self::default() }
    }
}
