//! A foundation model by its ID alone.

use crate::FoundationModel;

impl FoundationModel {
    /// A model of which nothing but the ID is known, for those who may invoke and not look up. Its ARN is empty and
    /// its other fields are unset until it is fetched.
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
