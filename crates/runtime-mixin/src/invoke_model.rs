//! `InvokeModel`: a request and a response in the provider's format.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_bedrockruntime::operation::RequestId;
use bedrock_orm_core::sdk::{self, Inference, Report};
use bedrock_orm_core::{Error, Limiter, Result};
use bedrock_orm_models::{
    Blob, GuardrailConfiguration, PerformanceConfigLatency, ServiceTierType, Trace, Usage,
};
use serde_json::{Map, Value};

use crate::invoke::token_counts::TokenCounts;
use crate::{BoundModel, InvokeModelStream, Target};
use crate::{demand, guardrail_config};

pub(crate) const OPERATION: &str = "InvokeModel";

/// `invoke_model` and `invoke_model_with_response_stream` on a bound model.
pub trait InvokeModelExt {
    /// Invokes the model with a body in the provider's format: bytes, text, or a `serde_json::Value`. Awaiting sends
    /// it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use serde_json::{Value, json};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("meta.llama3-8b-instruct-v1:0").await?;
    /// let body = json!({"prompt": "Summarize this deployment note in one sentence."});
    /// let response: Value = model.invoke_model(body).await?.body.json()?;
    /// println!("{}", response["generation"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` before anything is sent if a guardrail has no ID or no version; `Timeout` after
    /// the [`operation_timeout`](InvokeModel::operation_timeout); `Validation` if the body is not in the provider's format; `AccessDenied`, `Throttled` …, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `InvokeModel` (`bedrock:InvokeModel`, and `bedrock:ApplyGuardrail` with a guardrail).
    ///
    /// If AWS refuses the model for on-demand throughput, the first refusal of a session also sends one
    /// `ListInferenceProfiles` (`bedrock:ListInferenceProfiles`), for the hint of the error. Without that permission, or
    /// after two seconds, the hint says how to list the profiles.
    fn invoke_model(&self, body: impl Into<Blob>) -> InvokeModel<InvokeModelResponse>;

    /// Streams the response to the same body. Awaiting sends it and returns the [`InvokeModelStream`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// use serde_json::{Value, json};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("meta.llama3-8b-instruct-v1:0").await?;
    /// let body = json!({"prompt": "Stream a one sentence status update."});
    /// let mut stream = model.invoke_model_with_response_stream(body).await?;
    /// while let Some(chunk) = stream.next().await {
    ///     println!("{}", chunk?.json::<Value>()?["generation"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`invoke_model`](Self::invoke_model) if the stream does not open; see [`InvokeModelStream`] for later errors.
    ///
    /// # Requests
    ///
    /// One `InvokeModelWithResponseStream` (`bedrock:InvokeModelWithResponseStream`, and `bedrock:ApplyGuardrail` with
    /// a guardrail).
    fn invoke_model_with_response_stream(&self, body: impl Into<Blob>) -> InvokeModel<InvokeModelStream>;
}

impl<M: BoundModel + ?Sized> InvokeModelExt for M {
    fn invoke_model(&self, body: impl Into<Blob>) -> InvokeModel<InvokeModelResponse> {
        InvokeModel::new(self.target(), body.into())
    }

    fn invoke_model_with_response_stream(&self, body: impl Into<Blob>) -> InvokeModel<InvokeModelStream> {
        InvokeModel::new(self.target(), body.into())
    }
}

/// An invocation. Awaiting sends it and returns `R`: the whole response or a stream of it, raw or typed. A repeated
/// setting follows the rule of [`Converse`](crate::Converse).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct InvokeModel<R> {
    pub(crate) target: Target,
    /// The body, or why it cannot be sent.
    body: Result<Blob, String>,
    pub(crate) content_type: String,
    pub(crate) accept: Option<String>,
    pub(crate) trace: Option<Trace>,
    pub(crate) performance_config_latency: Option<PerformanceConfigLatency>,
    pub(crate) service_tier: Option<ServiceTierType>,
    request_metadata: Option<Map<String, Value>>,
    pub(crate) limits: sdk::ReplyLimits,
    pub(crate) restarts: u32,
    guardrail: Option<GuardrailConfiguration>,
    tags: Vec<(String, String)>,
    pub(crate) limiter: Option<Limiter>,
    response: PhantomData<fn() -> R>,
}

impl<R> InvokeModel<R> {
    pub(crate) fn new(target: Target, body: Blob) -> Self {
        Self::with_body(target, Ok(body))
    }

    /// Creates an invocation with the body, or with the reason why it cannot be sent.
    pub(crate) fn with_body(target: Target, body: Result<Blob, String>) -> Self {
        let limits = sdk::reply_limits(&target.session);
        Self {
            target,
            body,
            content_type: "application/json".to_owned(),
            accept: None,
            trace: None,
            performance_config_latency: None,
            service_tier: None,
            request_metadata: None,
            limits,
            restarts: 0,
            guardrail: None,
            tags: Vec::new(),
            limiter: None,
            response: PhantomData,
        }
    }

    /// Sets the media type of the body. The default is `application/json`.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// Sets the media type of the response. The default is AWS's.
    pub fn accept(mut self, accept: impl Into<String>) -> Self {
        self.accept = Some(accept.into());
        self
    }

    /// Sets whether the response shows what the guardrail found.
    pub fn trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Sets the guardrail: a fetched [`Guardrail`](bedrock_orm_models::Guardrail), an ID and a version, or a
    /// configuration. It is merged into the one that is set.
    pub fn guardrail(mut self, guardrail: impl Into<GuardrailConfiguration>) -> Self {
        guardrail_config::merge(&mut self.guardrail, guardrail.into());
        self
    }

    /// Sets the latency: standard, or optimized, which is faster and more expensive. Not every model supports both.
    pub fn performance_config_latency(mut self, latency: PerformanceConfigLatency) -> Self {
        self.performance_config_latency = Some(latency);
        self
    }

    /// Sets the service tier.
    pub fn service_tier(mut self, service_tier: ServiceTierType) -> Self {
        self.service_tier = Some(service_tier);
        self
    }

    /// Adds labels for the invocation log.
    pub fn request_metadata(
        mut self,
        metadata: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let labels = metadata.into_iter().map(|(key, value)| (key.into(), Value::String(value.into())));
        self.request_metadata.get_or_insert_default().extend(labels);
        self
    }

    /// Adds a tag for the session's [`ledger`](bedrock_orm_core::Session::ledger), as
    /// [`Converse::tag`](crate::Converse::tag) does.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Lets the call wait until this limiter has room, instead of [the session's](bedrock_orm_core::Session::limit).
    pub fn limiter(mut self, limiter: &Limiter) -> Self {
        self.limiter = Some(limiter.clone());
        self
    }

    /// Sets the time limit of the reply with all attempts, and of a stream until its end. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.total = sdk::supported_timeout(timeout.into());
        self
    }

    /// Returns the same invocation with another type of response.
    pub(crate) fn returning<S>(self) -> InvokeModel<S> {
        InvokeModel {
            target: self.target,
            body: self.body,
            content_type: self.content_type,
            accept: self.accept,
            trace: self.trace,
            performance_config_latency: self.performance_config_latency,
            service_tier: self.service_tier,
            request_metadata: self.request_metadata,
            limits: self.limits,
            restarts: self.restarts,
            guardrail: self.guardrail,
            tags: self.tags,
            limiter: self.limiter,
            response: PhantomData,
        }
    }

    /// Returns the body, or the error if it cannot be sent.
    pub(crate) fn take_body(&mut self, operation: &'static str) -> Result<Blob> {
        let body = std::mem::replace(&mut self.body, Ok(Blob::default()));
        body.map_err(|reason| Error::invalid_input(operation, reason))
    }

    /// Gives the tags to the session of the call.
    pub(crate) fn apply_tags(&mut self) {
        if !self.tags.is_empty() {
            self.target.session = sdk::with_tags(&self.target.session, std::mem::take(&mut self.tags));
        }
    }

    /// Returns the labels as the header has them.
    pub(crate) fn labels(&mut self) -> Option<String> {
        self.request_metadata.take().map(|labels| Value::Object(labels).to_string())
    }

    /// Returns the guardrail, after checking it. Its trace applies unless the call sets one.
    pub(crate) fn take_guardrail(&mut self, operation: &'static str) -> Result<GuardrailConfiguration> {
        let Some(guardrail) = self.guardrail.take() else { return Ok(GuardrailConfiguration::default()) };
        guardrail_config::check(&guardrail, operation)?;
        if let (None, Some(trace)) = (&self.trace, &guardrail.trace) {
            // A guardrail configuration has `enabled`; the header has `ENABLED`.
            self.trace = Some(trace.as_str().to_uppercase().into());
        }
        Ok(guardrail)
    }
}

/// A stream of a response: raw, or typed.
pub trait ResponseStream: sealed::Sealed {}

pub(crate) mod sealed {
    /// Only this crate has response streams.
    pub trait Sealed {}
}

impl sealed::Sealed for InvokeModelStream {}
impl ResponseStream for InvokeModelStream {}

impl<S: ResponseStream> InvokeModel<S> {
    /// Sets how long the stream can be silent, counted from sending, before it fails as interrupted. The default is the
    /// session's [`stream_silence_timeout`](bedrock_orm_core::Session::stream_silence_timeout). `None` means no limit.
    pub fn silence_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.silence = sdk::supported_timeout(timeout.into());
        self
    }

    /// Sets how long the stream can be silent before its first event, counted from sending. The default is the session's
    /// [`stream_first_event_timeout`](bedrock_orm_core::SessionBuilder::stream_first_event_timeout). `None` means that
    /// the `silence_timeout` applies.
    pub fn first_event_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.first_event = sdk::supported_timeout(timeout.into());
        self
    }

    /// Sends the request again, at most this often, if the stream is interrupted or silent for too long before its first
    /// event. Awaiting then waits for the first event. The default is 0, since AWS may charge every request. A stream
    /// that has had an event is never restarted.
    pub fn restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }
}

impl IntoFuture for InvokeModel<InvokeModelResponse> {
    type Output = Result<InvokeModelResponse>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let body = self.take_body(OPERATION)?;
            let guardrail = self.take_guardrail(OPERATION)?;
            let labels = self.labels();
            self.apply_tags();
            let (target, mut timeout) = (self.target, self.limits.total);
            let mut call = target.call(OPERATION).with_inference(Inference::GenerateContent);
            if let Some(limiter) = self.limiter.or_else(|| call.limiter()) {
                timeout = Box::pin(call.admit(&limiter, demand::of_body(&body), timeout)).await?;
            }
            let counts = TokenCounts::default();
            let request = target
                .charged_client()
                .invoke_model()
                .model_id(&target.model_id)
                .body(body.into())
                .content_type(self.content_type)
                .set_accept(self.accept)
                .set_trace(self.trace.map(Into::into))
                .set_guardrail_identifier(guardrail.guardrail_identifier)
                .set_guardrail_version(guardrail.guardrail_version)
                .set_performance_config_latency(self.performance_config_latency.map(Into::into))
                .set_service_tier(self.service_tier.map(Into::into))
                .set_request_metadata(labels);
            let sending = sdk::boxed(|| request.customize().interceptor(counts.clone()).send());
            let report = |_: &_| Report { tokens: counts.usage().tokens(), ..Report::default() };
            let response = call.within(timeout).send_with_report(sending, report).await?;
            Ok(InvokeModelResponse {
                request_id: response.request_id().map(str::to_owned),
                usage: counts.usage(),
                body: response.body.into(),
                content_type: response.content_type,
                performance_config_latency: response.performance_config_latency.map(Into::into),
                service_tier: response.service_tier.map(Into::into),
            })
        })
    }
}

/// A model's response in the provider's format. `response.body.json()` parses it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InvokeModelResponse {
    /// The bytes.
    pub body: Blob,
    /// Their media type.
    pub content_type: String,
    /// The latency that was used.
    pub performance_config_latency: Option<PerformanceConfigLatency>,
    /// The service tier that was used.
    pub service_tier: Option<ServiceTierType>,
    /// The tokens that AWS's headers count. Not every model has them.
    pub usage: Usage,
    /// AWS's request ID.
    pub request_id: Option<String>,
}
