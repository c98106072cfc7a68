//! `Converse`: a turn of a conversation.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::time::Duration;

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput as SdkResponse;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseInputBuilder;
use bedrock_orm_core::sdk::{self, Inference, ReplyContent, Report};
use bedrock_orm_core::{Error, Limiter, Result, Session};
use bedrock_orm_models::{
    ConverseRequest, ConverseStreamRequest, GuardrailConfiguration, GuardrailStreamProcessingMode,
    GuardrailTrace, InferenceConfiguration, OutputConfig, PerformanceConfiguration, PromptVariableValues,
    ServiceTier, SystemContentBlock, TokenUsage, Tool, ToolChoice, ToolConfiguration,
};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
#[cfg(feature = "schema")]
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::caching;
use crate::preflight::{Finding, ModelFacts, Preflight};
use crate::reasoning::{request_for, writer};
#[cfg(feature = "schema")]
use crate::typed::{self, form::TypedForm, reply::Typed};
use crate::{BoundModel, CachePolicy, ConverseStream, Reply, Target};
use crate::{demand, fallback, guardrail_config, preflight, stream};

/// `converse` and `converse_stream` on a bound model.
pub trait ConverseExt {
    /// Sends a turn of a conversation: a string, a [`Message`](bedrock_orm_models::Message), all messages so far, or a
    /// whole [`ConverseRequest`]. Chain settings onto it; awaiting sends it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// let reply = model
    ///     .converse("Give me three short deployment safety checks.")
    ///     .system("Answer with concise bullet points.")
    ///     .max_tokens(512)
    ///     .await?;
    /// println!("{} ({} tokens)", reply.text(), reply.usage.total_tokens);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: `InvalidInput` before anything is sent if a guardrail has no ID or no version, a number is not
    /// finite, or JSON is nested too deeply; `DoesNotExist` if AWS does not know the model; `Timeout`
    /// after the [`operation_timeout`](Converse::operation_timeout); `Validation`, `AccessDenied`, `Throttled`,
    /// `ModelTimeout` …, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `Converse` (`bedrock:InvokeModel`, and `bedrock:ApplyGuardrail` with a guardrail).
    ///
    /// If AWS refuses the model for on-demand throughput, the first refusal of a session also sends one
    /// `ListInferenceProfiles` (`bedrock:ListInferenceProfiles`), for the hint of the error. Without that permission, or
    /// after two seconds, the hint says how to list the profiles.
    fn converse(&self, request: impl Into<ConverseRequest>) -> Converse<Reply>;

    /// Streams the reply to the same turn. Awaiting sends it and returns the [`ConverseStream`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// let mut text = model.converse_stream("Stream a one sentence release note.").await?.text();
    /// while let Some(piece) = text.next().await {
    ///     print!("{}", piece?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`converse`](Self::converse) if the stream does not open; see [`ConverseStream`] for later errors.
    ///
    /// # Requests
    ///
    /// One `ConverseStream` (`bedrock:InvokeModelWithResponseStream`, and `bedrock:ApplyGuardrail` with a guardrail).
    fn converse_stream(&self, request: impl Into<ConverseRequest>) -> Converse<ConverseStream>;
}

impl<M: BoundModel + ?Sized> ConverseExt for M {
    fn converse(&self, request: impl Into<ConverseRequest>) -> Converse<Reply> {
        Converse::new(self.target(), request.into())
    }

    fn converse_stream(&self, request: impl Into<ConverseRequest>) -> Converse<ConverseStream> {
        Converse::new(self.target(), request.into())
    }
}

/// A turn of a conversation. Awaiting sends it and returns `R`: the whole reply, or a stream of it.
///
/// You can chain settings in any order, also onto a whole [`ConverseRequest`]. A repeated setting follows one rule: a
/// single value replaces the earlier one, a list is extended, and a value with members (a configuration, a map, a JSON
/// object) is merged member by member, by the same rule.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
/// let turn = model
///     .converse("Hello")
///     .system("Be brief.")
///     .system("Answer in French.") // both
///     .max_tokens(64)
///     .max_tokens(128) // 128
///     .inference_config(InferenceConfiguration::default().temperature(0.2)); // 128 and 0.2
/// turn.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Converse<R> {
    target: Target,
    /// In a box: it is large, and moves with each setting and into each future.
    request: Box<ConverseRequest>,
    guardrail_trace: Option<GuardrailTrace>,
    guardrail_mode: Option<GuardrailStreamProcessingMode>,
    limits: sdk::ReplyLimits,
    restarts: u32,
    fallbacks: Vec<Target>,
    /// Who wrote the reasoning in the messages: see [`writer`]. `None` means the first target.
    reasoning_of: Option<String>,
    preflight: Preflight,
    facts: Option<ModelFacts>,
    tags: Vec<(String, String)>,
    limiter: Option<Limiter>,
    cache: Option<Box<CachePolicy>>,
    #[cfg(feature = "schema")]
    form: Option<TypedForm>,
    reply: PhantomData<fn() -> R>,
}

/// Shows the model and the number of messages, but not their content.
impl<R> fmt::Debug for Converse<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Converse")
            .field("model_id", &self.target.model_id)
            .field("messages", &self.request.messages.as_ref().map_or(0, Vec::len))
            .finish_non_exhaustive()
    }
}

impl<R> Converse<R> {
    pub(crate) fn new(target: Target, request: ConverseRequest) -> Self {
        let limits = sdk::reply_limits(&target.session);
        Self {
            target,
            request: Box::new(request),
            guardrail_trace: None,
            guardrail_mode: None,
            limits,
            restarts: 0,
            fallbacks: Vec::new(),
            reasoning_of: None,
            preflight: Preflight::Off,
            facts: None,
            tags: Vec::new(),
            limiter: None,
            cache: None,
            #[cfg(feature = "schema")]
            form: None,
            reply: PhantomData,
        }
    }

    pub(crate) fn request(&self) -> &ConverseRequest {
        &self.request
    }

    pub(crate) fn request_mut(&mut self) -> &mut ConverseRequest {
        &mut self.request
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn set_target(&mut self, target: Target) {
        self.target = target;
    }

    /// Returns what replied after this many failed attempts.
    pub(crate) fn target_after(&self, failed_attempts: usize) -> &Target {
        let fallback = failed_attempts.checked_sub(1).and_then(|index| self.fallbacks.get(index));
        fallback.unwrap_or(&self.target)
    }

    /// Returns who wrote the reasoning in the messages.
    pub(crate) fn reasoning_of(&self) -> String {
        self.reasoning_of.clone().unwrap_or_else(|| writer(&self.target))
    }

    /// Sets who wrote the reasoning in the messages. `None` means the first target.
    pub(crate) fn set_reasoning_of(&mut self, writer: Option<String>) {
        self.reasoning_of = writer;
    }

    /// Sets what the model accepts. `None` means what the session has resolved.
    pub(crate) fn with_facts(mut self, facts: Option<ModelFacts>) -> Self {
        self.facts = facts;
        self
    }

    /// Returns the same turn, for another form of its reply.
    pub(crate) fn retyped<S>(self) -> Converse<S> {
        Converse {
            target: self.target,
            request: self.request,
            guardrail_trace: self.guardrail_trace,
            guardrail_mode: self.guardrail_mode,
            limits: self.limits,
            restarts: self.restarts,
            fallbacks: self.fallbacks,
            reasoning_of: self.reasoning_of,
            preflight: self.preflight,
            facts: self.facts,
            tags: self.tags,
            limiter: self.limiter,
            cache: self.cache,
            #[cfg(feature = "schema")]
            form: self.form,
            reply: PhantomData,
        }
    }

    /// Adds a system prompt: a string or a block.
    pub fn system(mut self, system: impl Into<SystemContentBlock>) -> Self {
        self.request.system.get_or_insert_default().push(system.into());
        self
    }

    /// Merges inference settings.
    pub fn inference_config(mut self, inference_config: InferenceConfiguration) -> Self {
        self.request.inference_config.get_or_insert_default().merge(inference_config);
        self
    }

    /// Sets the maximum number of tokens in the reply.
    pub fn max_tokens(mut self, max_tokens: i32) -> Self {
        self.request.inference_config.get_or_insert_default().max_tokens = Some(max_tokens);
        self
    }

    /// Sets the temperature, from 0 to 1.
    ///
    /// AWS accepts an `f32`, but the SDK writes it with the digits of an `f64`: 0.1 is sent as 0.10000000149011612,
    /// which is the same `f32`. The same applies to [`top_p`](Self::top_p).
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.request.inference_config.get_or_insert_default().temperature = Some(temperature);
        self
    }

    /// Sets nucleus sampling: the probability mass of the most likely tokens to sample from, from 0 to 1.
    pub fn top_p(mut self, top_p: f32) -> Self {
        self.request.inference_config.get_or_insert_default().top_p = Some(top_p);
        self
    }

    /// Adds sequences that end the reply.
    pub fn stop_sequences(mut self, stop_sequences: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let inference_config = self.request.inference_config.get_or_insert_default();
        inference_config
            .stop_sequences
            .get_or_insert_default()
            .extend(stop_sequences.into_iter().map(Into::into));
        self
    }

    /// Adds tools that the model can call, and sets the tool choice if the configuration has one.
    pub fn tool_config(mut self, tool_config: ToolConfiguration) -> Self {
        self.request.tool_config.get_or_insert_default().merge(tool_config);
        self
    }

    /// Adds tools that the model can call.
    pub fn tools(mut self, tools: impl IntoIterator<Item = impl Into<Tool>>) -> Self {
        self.request.tool_config.get_or_insert_default().tools.extend(tools.into_iter().map(Into::into));
        self
    }

    /// Sets whether the model has to call a tool, and which.
    pub fn tool_choice(mut self, tool_choice: ToolChoice) -> Self {
        self.request.tool_config.get_or_insert_default().tool_choice = Some(tool_choice);
        self
    }

    /// Sets the guardrail: a fetched [`Guardrail`](bedrock_orm_models::Guardrail), an ID and a version, or a
    /// configuration. It is merged into the guardrail configuration that the request already has.
    pub fn guardrail(mut self, guardrail: impl Into<GuardrailConfiguration>) -> Self {
        guardrail_config::merge(&mut self.request.guardrail_config, guardrail.into());
        self
    }

    /// Sets whether the reply's trace shows what the guardrail found.
    pub fn guardrail_trace(mut self, trace: GuardrailTrace) -> Self {
        self.guardrail_trace = Some(trace);
        self
    }

    /// Merges model-specific fields into the request, such as `json!({"top_k": 50})`.
    pub fn additional_model_request_fields(mut self, fields: impl Into<Value>) -> Self {
        match (&mut self.request.additional_model_request_fields, fields.into()) {
            (Some(Value::Object(existing)), Value::Object(more)) => existing.extend(more),
            (existing, fields) => *existing = Some(fields),
        }
        self
    }

    /// Adds fields of the provider's own response that AWS also returns, as JSON pointers such as `/stop_sequence`.
    pub fn additional_model_response_field_paths(
        mut self,
        paths: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let existing = self.request.additional_model_response_field_paths.get_or_insert_default();
        existing.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Adds values for the variables of a managed prompt.
    pub fn prompt_variables(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<PromptVariableValues>)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.request.prompt_variables.get_or_insert_default().extend(variables);
        self
    }

    /// Adds labels for the invocation log.
    pub fn request_metadata(
        mut self,
        metadata: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let metadata = metadata.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.request.request_metadata.get_or_insert_default().extend(metadata);
        self
    }

    /// Adds a tag for the session's [`ledger`](Session::ledger), such as a tenant or a feature, besides the [tags of the
    /// session](Session::tagged). A tag with the same name is replaced. It is not sent to AWS.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Lets the call wait until this limiter has room, instead of [the session's](Session::limit). Fallbacks keep to the
    /// limiters of their sessions.
    pub fn limiter(mut self, limiter: &Limiter) -> Self {
        self.limiter = Some(limiter.clone());
        self
    }

    /// Sets the latency: standard, or optimized, which is faster and more expensive. Not every model supports both.
    pub fn performance_config(mut self, performance_config: impl Into<PerformanceConfiguration>) -> Self {
        self.request.performance_config = Some(performance_config.into());
        self
    }

    /// Sets the service tier.
    pub fn service_tier(mut self, service_tier: impl Into<ServiceTier>) -> Self {
        self.request.service_tier = Some(service_tier.into());
        self
    }

    /// Merges output settings: a JSON schema for the reply, and the effort of the model.
    pub fn output_config(mut self, output_config: OutputConfig) -> Self {
        self.request.output_config.get_or_insert_default().merge(output_config);
        self
    }

    /// Sets the time limit of the reply with all attempts, and of a stream until its end. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.total = sdk::supported_timeout(timeout.into());
        self
    }

    /// Sets what is done about a request that AWS would refuse: nothing, an error before anything is sent, or a repair.
    /// See [`preflight`](crate::preflight) for the rules. The reply has [what was repaired](Reply::repairs), and each
    /// repair is a log event without content.
    ///
    /// What depends on the model is taken from [`model_facts`](Self::model_facts), or else from what the session has
    /// resolved before. Nothing is sent to find it out.
    ///
    /// ```
    /// use bedrock_orm::preflight::Preflight;
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::objects().using(&session).get("amazon.nova-pro-v1:0").await?;
    /// let history = [Message::user("Hi"), Message::assistant(" "), Message::user("Are you there?")];
    /// let refused = model.converse(&history[..]).preflight(Preflight::Strict).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    ///
    /// let reply = model.converse(&history[..]).preflight(Preflight::Repair).model_facts(&*model).await?;
    /// println!("{}: {}", reply.repairs()[0], reply.repairs()[0].repair);
    /// # Ok(())
    /// # }
    /// ```
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.preflight = preflight;
        self
    }

    /// Sets what the model accepts, for [`preflight`](Self::preflight): a fetched model, or your own facts. They are also
    /// used for [fallbacks](Self::or).
    pub fn model_facts(mut self, facts: impl Into<ModelFacts>) -> Self {
        self.facts = Some(facts.into());
        self
    }

    /// Adds a model to call if the ones before it fail: missing, not allowed, throttled, overloaded, too slow or broken.
    /// A request that AWS rejects is not sent to it. Nothing falls back unless this is set. The reply says which model
    /// replied, and [which ones failed](Reply::failed_attempts). A stream falls back until it is open, not after.
    ///
    /// AWS may charge a failed attempt, if it failed by a time limit or a broken connection.
    ///
    /// The reasoning in the messages is sent to the model that it comes from, and left out for another one, which would
    /// reject its signatures.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let frankfurt = session.in_region("eu-central-1")?;
    /// # let pro = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// # let lite = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// let reply = pro.converse("Hello").or_in(&frankfurt).or(&lite).await?;
    /// for attempt in reply.failed_attempts() {
    ///     println!("{} failed in {}: {}", attempt.model_id, attempt.region, attempt.error);
    /// }
    /// println!("{} replied", reply.model_id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn or<M: BoundModel + ?Sized>(mut self, model: &M) -> Self {
        self.fallbacks.push(model.target());
        self
    }

    /// Adds the same model in another session, such as one of another region or account, to call if the ones before it
    /// fail, as with [`or`](Self::or).
    pub fn or_in(mut self, session: &Session) -> Self {
        self.fallbacks.push(Target { session: session.clone(), ..self.target.clone() });
        self
    }

    /// Places cache points in the request, so that AWS reads what it has in common with an earlier one from its cache.
    /// [`Reply::cache`] says what was read and written, and why nothing was read. See [`CachePolicy`].
    ///
    /// A model that refuses cache points costs more requests: each refusal sends the request again without the
    /// points that were refused. The session remembers them for the model.
    pub fn cache(mut self, policy: CachePolicy) -> Self {
        self.cache = Some(Box::new(policy));
        self
    }

    /// Gives the tags to the sessions of the calls.
    fn apply_tags(&mut self) {
        if self.tags.is_empty() {
            return;
        }
        let tags = std::mem::take(&mut self.tags);
        for target in std::iter::once(&mut self.target).chain(&mut self.fallbacks) {
            target.session = sdk::with_tags(&target.session, tags.clone());
        }
    }

    /// Checks the request, and returns what was repaired in it.
    fn check_request(&mut self, operation: &'static str) -> Result<Vec<Finding>> {
        if let Some(guardrail) = &mut self.request.guardrail_config {
            guardrail_config::check(guardrail, operation)?;
            if self.guardrail_trace.is_some() {
                guardrail.trace = self.guardrail_trace.take();
            }
        }
        if self.preflight == Preflight::Off {
            return Ok(Vec::new());
        }
        let facts = self.facts.take().unwrap_or_else(|| self.target.known_facts());
        preflight::apply(self.preflight, &mut self.request, &facts, operation)
    }
}

impl Converse<ConverseStream> {
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

    /// Sets whether the guardrail checks the text before it is streamed, or while it is streamed.
    pub fn guardrail_stream_processing_mode(mut self, mode: GuardrailStreamProcessingMode) -> Self {
        self.guardrail_mode = Some(mode);
        self
    }
}

impl IntoFuture for Converse<Reply> {
    type Output = Result<Reply>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        sdk::boxed(|| async move {
            let repairs = self.check_request(OPERATION)?;
            self.apply_tags();
            let timeout = self.limits.total;
            let (mut limiter, cache) = (self.limiter.take(), self.cache.take());
            if self.fallbacks.is_empty() && cache.is_none() {
                let reply = reply(self.target, self.request, timeout, limiter).await?;
                return Ok(reply.with_repairs(repairs));
            }
            let reasoning_of = self.reasoning_of();
            let call = |target| {
                let request = request_for(&target, &self.request, &reasoning_of);
                Box::pin(cached_reply(target, request, timeout, limiter.take(), cache.clone()))
            };
            let (reply, failed) = fallback::first_success(self.target, self.fallbacks, call).await?;
            Ok(reply.after(failed).with_repairs(repairs))
        })
    }
}

const OPERATION: &str = "Converse";

async fn reply(
    target: Target,
    request: Box<ConverseRequest>,
    mut timeout: Option<Duration>,
    limiter: Option<Limiter>,
) -> Result<Reply> {
    let call = target.call(OPERATION).with_inference(Inference::Chat);
    let mut call = call.with_prompt(request.system.as_deref(), request.messages.as_deref());
    if let Some(limiter) = limiter.or_else(|| call.limiter()) {
        timeout = Box::pin(call.admit(&limiter, demand::of_turn(&request), timeout)).await?;
    }
    let input = ConverseInputBuilder::try_from(*request)
        .map_err(|error| Error::unsendable(OPERATION, error))?
        .model_id(&target.model_id);
    let client = target.charged_client();
    let sending = pin!(input.send_with(&client));
    let records_content = sdk::records_content(&target.session);
    let response =
        call.within(timeout).send_with_report(sending, |response| report(response, records_content)).await?;
    let request_id = response.request_id().map(str::to_owned);
    Ok(Reply::new(response.into(), target.model_id, request_id))
}

async fn cached_reply(
    target: Target,
    request: ConverseRequest,
    timeout: Option<Duration>,
    limiter: Option<Limiter>,
    cache: Option<Box<CachePolicy>>,
) -> Result<Reply> {
    let Some(policy) = cache else { return reply(target, Box::new(request), timeout, limiter).await };
    let call = |request| reply(target.clone(), Box::new(request), timeout, limiter.clone());
    let (reply, caching) = caching::sending::send(&target, &request, &policy, call).await?;
    Ok(reply.with_caching(caching))
}

#[cfg(feature = "schema")]
impl<T> Converse<Typed<T>> {
    /// Sets how the model is told the form of its reply. By default, the session finds out which form the model takes.
    pub fn form(mut self, form: TypedForm) -> Self {
        self.form = Some(form);
        self
    }
}

#[cfg(feature = "schema")]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> IntoFuture for Converse<Typed<T>> {
    type Output = Result<Typed<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let repairs = self.check_request(OPERATION)?;
            self.apply_tags();
            let (timeout, cache, form) = (self.limits.total, self.cache.take(), self.form);
            let mut limiter = self.limiter.take();
            let reasoning_of = self.reasoning_of();
            let call = |target: Target| {
                let request = request_for(&target, &self.request, &reasoning_of);
                let (limiter, cache) = (limiter.take(), cache.clone());
                Box::pin(async move {
                    let call = |request| {
                        cached_reply(target.clone(), request, timeout, limiter.clone(), cache.clone())
                    };
                    typed::sending::send(&target, request, form, OPERATION, call).await
                })
            };
            let (typed, failed): (Typed<T>, _) =
                fallback::first_success(self.target, self.fallbacks, call).await?;
            Ok(typed.map_reply(|reply: Reply| reply.after(failed).with_repairs(repairs)))
        })
    }
}

fn report(response: &SdkResponse, records_content: bool) -> Report {
    let router = response.trace().and_then(|trace| trace.prompt_router());
    let message = response.output().filter(|_| records_content).and_then(|output| output.as_message().ok());
    Report {
        tokens: response.usage().map(|usage| TokenUsage::from(usage.clone()).into()),
        finish_reason: Some(response.stop_reason().as_str().to_owned()),
        model_id: router.and_then(|router| router.invoked_model_id()).map(str::to_owned),
        content: message.map(|message| {
            ReplyContent::new(&message.clone().into(), &response.stop_reason().as_str().into())
        }),
    }
}

impl IntoFuture for Converse<ConverseStream> {
    type Output = Result<ConverseStream>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        sdk::boxed(|| async move {
            let repairs = self.check_request(crate::converse_stream::OPERATION)?;
            self.apply_tags();
            let (mode, cache) = (self.guardrail_mode.take(), self.cache.take());
            let (limits, restarts) = (self.limits, self.restarts);
            let mut limiter = self.limiter.take();
            if self.fallbacks.is_empty() && cache.is_none() {
                let request = Box::new(self.request.streamed(mode));
                let stream = open(self.target, request, limits, restarts, limiter).await?;
                return Ok(stream.with_repairs(repairs));
            }
            let reasoning_of = self.reasoning_of();
            let call = |target| {
                let request = request_for(&target, &self.request, &reasoning_of);
                let (mode, limiter) = (mode.clone(), limiter.take());
                let open = move |target: Target, request: ConverseRequest| {
                    let request = Box::new(request.streamed(mode.clone()));
                    open(target, request, limits, restarts, limiter.clone())
                };
                Box::pin(cached_stream(target, request, cache.clone(), open))
            };
            let (stream, failed) = fallback::first_success(self.target, self.fallbacks, call).await?;
            Ok(stream.after(failed).with_repairs(repairs))
        })
    }
}

async fn cached_stream<F: Future<Output = Result<ConverseStream>>>(
    target: Target,
    request: ConverseRequest,
    cache: Option<Box<CachePolicy>>,
    open: impl Fn(Target, ConverseRequest) -> F,
) -> Result<ConverseStream> {
    let Some(policy) = cache else { return open(target, request).await };
    let call = |request| open(target.clone(), request);
    let (stream, caching) = caching::sending::send(&target, &request, &policy, call).await?;
    Ok(stream.with_caching(caching))
}

/// Opens a stream, with restarts until its first event.
async fn open(
    target: Target,
    request: Box<ConverseStreamRequest>,
    limits: sdk::ReplyLimits,
    restarts: u32,
    limiter: Option<Limiter>,
) -> Result<ConverseStream> {
    if restarts == 0 {
        return ConverseStream::open(target, request, limits, limiter).await;
    }
    stream::restarting(restarts, limits, |limits| {
        let (target, request, limiter) = (target.clone(), request.clone(), limiter.clone());
        async move { ConverseStream::open(target, request, limits, limiter).await?.begun().await }
    })
    .await
}
