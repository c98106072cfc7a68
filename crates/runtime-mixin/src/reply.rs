//! The reply of a model.

use std::ops::Deref;

use bedrock_orm_models::{ConverseResponse, Message, Tokens};
use serde_core::{Serialize, Serializer};

use crate::FailedAttempt;
use crate::caching::report::{CacheReport, Caching, report};
use crate::preflight::Finding;

/// A model's reply: AWS's response, to which it derefs, and what AWS's response does not say. It serializes as AWS's
/// response.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
/// let reply: Reply = model.converse("Hello").await?;
/// assert_eq!(reply.model_id(), "amazon.nova-pro-v1:0");
/// println!("{} ({}, request {:?})", reply.text(), reply.stop_reason, reply.request_id());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    response: ConverseResponse,
    model_id: String,
    request_id: Option<String>,
    failed_attempts: Vec<FailedAttempt>,
    rounds: Vec<Reply>,
    repairs: Vec<Finding>,
    caching: Option<Box<Caching>>,
}

impl Reply {
    pub(crate) fn new(response: ConverseResponse, model_id: String, request_id: Option<String>) -> Self {
        Self {
            response,
            model_id,
            request_id,
            failed_attempts: Vec::new(),
            rounds: Vec::new(),
            repairs: Vec::new(),
            caching: None,
        }
    }

    pub(crate) fn after(mut self, failed_attempts: Vec<FailedAttempt>) -> Self {
        self.failed_attempts = failed_attempts;
        self
    }

    pub(crate) fn with_rounds(mut self, rounds: Vec<Self>) -> Self {
        self.rounds = rounds;
        self
    }

    pub(crate) fn with_repairs(mut self, repairs: Vec<Finding>) -> Self {
        self.repairs = repairs;
        self
    }

    pub(crate) fn with_caching(mut self, caching: impl Into<Option<Caching>>) -> Self {
        self.caching = caching.into().map(Box::new);
        self
    }

    /// Returns the ID or ARN of the model that was called.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Returns AWS's request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the tokens that the reply used, with cached tokens inside the input. AWS's own numbers are in `usage`.
    pub fn tokens(&self) -> Tokens {
        Tokens::from(&self.response.usage)
    }

    /// Returns the attempts that failed before this reply, in order, if [fallbacks](crate::Converse::or) were given.
    pub fn failed_attempts(&self) -> &[FailedAttempt] {
        &self.failed_attempts
    }

    /// Returns the replies of a [chat's](crate::Chat) turn before this one, which called tools. The usage of each is its own.
    pub fn rounds(&self) -> &[Self] {
        &self.rounds
    }

    /// Returns what was repaired in the request, if [`Preflight::Repair`](crate::preflight::Preflight::Repair) was set.
    pub fn repairs(&self) -> &[Finding] {
        &self.repairs
    }

    /// Returns what the prompt cache read and wrote, and why it read nothing, in one line with `Display`. The reasons
    /// need a [`CachePolicy`](crate::CachePolicy) on the call.
    pub fn cache(&self) -> CacheReport {
        report(&self.response, self.caching.as_deref())
    }

    /// Converts the reply to AWS's response.
    pub fn into_inner(self) -> ConverseResponse {
        self.response
    }

    /// Converts the reply to its message.
    pub fn into_message(self) -> Option<Message> {
        self.response.into_message()
    }
}

impl Deref for Reply {
    type Target = ConverseResponse;

    fn deref(&self) -> &ConverseResponse {
        &self.response
    }
}

impl From<Reply> for ConverseResponse {
    fn from(reply: Reply) -> Self {
        reply.response
    }
}

/// Replies are equal to responses with the same members.
impl PartialEq<ConverseResponse> for Reply {
    #[inline]
    fn eq(&self, response: &ConverseResponse) -> bool {
        self.response == *response
    }
}

impl PartialEq<Reply> for ConverseResponse {
    #[inline]
    fn eq(&self, reply: &Reply) -> bool {
        *self == reply.response
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.response.serialize(serializer)
    }
}
