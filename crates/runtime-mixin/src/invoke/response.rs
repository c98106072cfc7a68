//! A typed response.

use std::fmt;
use std::future::IntoFuture;
use std::ops::Deref;
use std::pin::Pin;

use bedrock_orm_core::{Partial, Result};
use bedrock_orm_models::{ModelBody, PerformanceConfigLatency, ServiceTierType, Usage};
use serde_json::Value;

use crate::invoke::parse::{GuardrailOutcome, parse};
use crate::invoke_model::OPERATION;
use crate::{InvokeModel, InvokeModelResponse};

/// The response to a body of the type `B`. It dereferences to the body of the response.
pub struct TypedResponse<B: ModelBody> {
    pub(crate) body: B::Response,
    pub(crate) usage: Usage,
    pub(crate) request_id: Option<String>,
    pub(crate) performance_config_latency: Option<PerformanceConfigLatency>,
    pub(crate) service_tier: Option<ServiceTierType>,
    pub(crate) guardrail: GuardrailOutcome,
}

impl<B: ModelBody> TypedResponse<B> {
    fn new(response: InvokeModelResponse) -> Result<Self> {
        let body: B::Response = match parse::<B, _>(OPERATION, &response.body) {
            Ok(body) => body,
            Err(error) => {
                let error = error.with_request_id(response.request_id.as_deref());
                return Err(error.with_partial(Partial::Body(response.body)));
            }
        };
        Ok(Self {
            usage: response.usage.or(B::usage(&body)),
            guardrail: GuardrailOutcome::of(&response.body),
            body,
            request_id: response.request_id,
            performance_config_latency: response.performance_config_latency,
            service_tier: response.service_tier,
        })
    }

    /// Returns the body of the response.
    pub fn into_body(self) -> B::Response {
        self.body
    }

    /// Returns the tokens, from AWS's headers or metrics, or else from the body.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns AWS's request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the latency that was used.
    pub fn performance_config_latency(&self) -> Option<&PerformanceConfigLatency> {
        self.performance_config_latency.as_ref()
    }

    /// Returns the service tier that was used.
    pub fn service_tier(&self) -> Option<&ServiceTierType> {
        self.service_tier.as_ref()
    }

    /// Returns whether the guardrail changed or blocked something. `None` without a guardrail.
    pub fn guardrail_intervened(&self) -> Option<bool> {
        self.guardrail.action.as_ref().map(|_| self.guardrail.intervened())
    }

    /// Returns what the guardrail found, if the request asked for its trace.
    pub fn guardrail_trace(&self) -> Option<&Value> {
        self.guardrail.trace.as_ref()
    }
}

impl<B: ModelBody> Deref for TypedResponse<B> {
    type Target = B::Response;

    fn deref(&self) -> &B::Response {
        &self.body
    }
}

impl<B: ModelBody<Response: Clone>> Clone for TypedResponse<B> {
    fn clone(&self) -> Self {
        Self {
            body: self.body.clone(),
            usage: self.usage,
            request_id: self.request_id.clone(),
            performance_config_latency: self.performance_config_latency.clone(),
            service_tier: self.service_tier.clone(),
            guardrail: self.guardrail.clone(),
        }
    }
}

/// Shows the request ID and the tokens, but not the content.
impl<B: ModelBody> fmt::Debug for TypedResponse<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TypedResponse")
            .field("request_id", &self.request_id)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl<B: ModelBody> IntoFuture for InvokeModel<TypedResponse<B>> {
    type Output = Result<TypedResponse<B>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let response = self.returning::<InvokeModelResponse>().into_future();
        Box::pin(async move { TypedResponse::new(response.await?) })
    }
}
