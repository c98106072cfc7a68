//! `converse_as`: a turn of a conversation whose reply is a Rust type.

use bedrock_orm_models::ConverseRequest;
use schemars::JsonSchema;
use serde_core::de::DeserializeOwned;

use crate::typed::reply::Typed;
use crate::{BoundModel, Converse};

/// `converse_as` on a bound model.
pub trait ConverseAsExt {
    /// Sends a turn of a conversation, as [`converse`](crate::ConverseExt::converse), and reads the reply as a value of the
    /// type. Chain settings onto it; awaiting sends it and returns the [`Typed`] reply.
    ///
    /// The model is told the form by its schema: in the request's `outputConfig`, where the model can then reply in no other
    /// form. If AWS refuses that for the model, by a tool that it has to call, or by one that the system prompt asks it to call.
    /// The session remembers the form that the model took, and [`form`](Converse::form) sets it. Doc comments of the
    /// type and its fields are part of the schema, and reach the model.
    ///
    /// A reply that does not fit is sent back once, with where and why it does not.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, Deserialize, JsonSchema)]
    /// struct Incident {
    ///     /// One sentence.
    ///     summary: String,
    ///     severity: Severity,
    /// }
    ///
    /// #[derive(Debug, Deserialize, JsonSchema)]
    /// enum Severity {
    ///     Low,
    ///     High,
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// let incident = model.converse_as::<Incident>("The login page is slow.").max_tokens(512).await?;
    /// println!("{:?}: {}", incident.severity, incident.summary);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As `converse`; and `ReplyMisfit` if the second reply does not fit either, with the place and the reason;
    /// `ReplyRefused` if a guardrail, a filter or the model itself refused to reply; `ReplyTruncated` if the reply reached
    /// `max_tokens`. Each has the reply in [`partial_message`](bedrock_orm_core::Error::partial_message), and shows none of it.
    ///
    /// # Requests
    ///
    /// One `Converse` (`bedrock:InvokeModel`), and one more if the reply does not fit. The first call of a session for a
    /// model also sends one for each form that AWS refuses, which is free of charge.
    fn converse_as<T: DeserializeOwned + JsonSchema + Send + 'static>(
        &self,
        request: impl Into<ConverseRequest>,
    ) -> Converse<Typed<T>>;
}

impl<M: BoundModel + ?Sized> ConverseAsExt for M {
    fn converse_as<T: DeserializeOwned + JsonSchema + Send + 'static>(
        &self,
        request: impl Into<ConverseRequest>,
    ) -> Converse<Typed<T>> {
        Converse::new(self.target(), request.into())
    }
}
