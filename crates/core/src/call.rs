//! Calls of AWS operations, and their log events.

use std::error::Error as StdError;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bedrock_orm_models::{Message, SystemContentBlock, Tokens};
use tracing::{Instrument, Span};

use crate::error::from_sdk;
use crate::ledger::LedgerEntry;
use crate::limiter::{Demand, Permit};
#[cfg(feature = "otel")]
use crate::telemetry::metrics::{Measured, Metrics};
use crate::telemetry::{self, Inference, PromptContent, Report};
use crate::{Error, ErrorKind, Limiter, Result, Session};

/// Looks up what AWS's error does not say, for its hint. It gets the session and the ID of the model that was called. It
/// can send requests, and returns the error that it got, whatever happens to them.
pub type Explain =
    for<'a> fn(&'a Session, &'a str, Error) -> Pin<Box<dyn Future<Output = Error> + Send + 'a>>;

/// Boxes a future. The SDK's futures are large: in a box, the futures around them stay small. The box is there before the
/// future is made, so that it is made in place; `Box::pin` would copy nine kilobytes.
#[inline]
pub fn boxed<F: Future>(future: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), future()))
}

/// A call of an AWS operation. It logs one event with the target `bedrock_orm`: the duration and the usage, or the
/// error. The event never contains a prompt, a reply or a credential.
pub struct Call<'a> {
    session: &'a Session,
    operation: &'static str,
    model_id: Option<&'a str>,
    refusal: Option<&'static str>,
    explain: Option<Explain>,
    timeout: Option<Duration>,
    /// Whether the time limit begins after the limiter's queue.
    waits_for_room: bool,
    running: Running,
}

/// The part of a call that lives until its end, which for a stream is later than its response. It holds the call's span,
/// its entry in the ledger, and its place in a quota. Dropping it ends the call.
pub struct Running {
    started: Instant,
    inference: Option<Inference>,
    is_open: bool,
    /// The prompt, if the session records content, until the span has it.
    prompt: Option<Box<PromptContent>>,
    #[cfg(feature = "otel")]
    first_chunk: Option<Duration>,
    span: Span,
    entry: Option<LedgerEntry>,
    permit: Option<Permit>,
}

/// A call that starts now.
impl Default for Running {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            inference: None,
            is_open: false,
            prompt: None,
            #[cfg(feature = "otel")]
            first_chunk: None,
            span: Span::none(),
            entry: None,
            permit: None,
        }
    }
}

impl Running {
    /// Returns whether someone wants to know what the call uses.
    fn is_metered(&self) -> bool {
        self.entry.is_some() || self.permit.is_some()
    }

    /// Tells what the call used, as soon as it is known. `usage` is not called if no one wants to know.
    pub fn used(&mut self, usage: impl FnOnce() -> Option<Tokens>) {
        if self.is_metered() {
            self.settle(usage().as_ref());
        }
    }

    fn settle(&mut self, usage: Option<&Tokens>) {
        if let Some(entry) = self.entry.take() {
            entry.used(usage);
        }
        if let Some(permit) = self.permit.take() {
            permit.used(usage);
        }
    }

    /// Tells that the first event of the stream arrived.
    pub fn first_chunk(&mut self) {
        #[cfg(feature = "otel")]
        self.first_chunk.get_or_insert_with(|| self.started.elapsed());
        if !self.span.is_disabled() {
            telemetry::first_chunk(&self.span, self.started.elapsed());
        }
    }

    /// Ends what the call is charged, after an error.
    fn failed(&mut self, error: &Error) {
        let is_charged = self.is_open
            || matches!(
                error.kind(),
                ErrorKind::Timeout | ErrorKind::StreamInterrupted | ErrorKind::InvalidResponse
            ) && error.http_status().is_none_or(|status| status < 400);
        if is_charged {
            return self.settle(None);
        }
        if let Some(entry) = self.entry.take() {
            entry.refused();
        }
        if let Some(permit) = self.permit.take() {
            permit.refused();
        }
    }
}

impl<'a> Call<'a> {
    /// Creates a call that starts now. Its time limit is the session's for calls that invoke no model.
    pub fn new(session: &'a Session, operation: &'static str) -> Self {
        let timeout = session.limits().operation;
        let running = Running::default();
        Self {
            session,
            operation,
            model_id: None,
            refusal: None,
            explain: None,
            timeout,
            waits_for_room: false,
            running,
        }
    }

    /// Sets the time limit of the call with all of its attempts. `None` means no limit.
    #[must_use]
    pub fn within(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets whether the time limit begins after the limiter's queue: for work in the background, where no one waits.
    #[must_use]
    pub fn waiting_for_room(mut self, waits: bool) -> Self {
        self.waits_for_room = waits;
        self
    }

    /// Sets the ID of the model that is called.
    #[must_use]
    pub fn with_model_id(mut self, model_id: &'a str) -> Self {
        self.model_id = Some(model_id);
        self
    }

    /// Sets the reason why the call cannot be sent, if there is one.
    #[must_use]
    pub fn with_refusal(mut self, refusal: Option<&'static str>) -> Self {
        self.refusal = refusal;
        self
    }

    /// Sets the function that completes the hint of AWS's error.
    #[must_use]
    pub fn with_explain(mut self, explain: Explain) -> Self {
        self.explain = Some(explain);
        self
    }

    /// Sets that the call invokes a model, which AWS charges by tokens.
    #[must_use]
    pub fn with_inference(mut self, inference: Inference) -> Self {
        self.running.inference = Some(inference);
        self
    }

    /// Sets the prompt, for the span of the call if the session records content.
    #[must_use]
    pub fn with_prompt(
        mut self,
        system: Option<&[SystemContentBlock]>,
        messages: Option<&[Message]>,
    ) -> Self {
        if self.session.records_content() {
            self.running.prompt = Some(Box::new(PromptContent::new(system, messages)));
        }
        self
    }

    /// Continues a call.
    #[must_use]
    pub fn resume(mut self, running: Running) -> Self {
        self.running = running;
        self
    }

    /// Returns the part of the call that lives until its end.
    pub fn into_running(self) -> Running {
        self.running
    }

    /// Returns the limiter that the session has for the call.
    pub fn limiter(&self) -> Option<Limiter> {
        self.session.limiter(self.model_id?)
    }

    /// Waits until the limiter has room for the call, which starts then. Returns what is left of its time limit.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check); `Timeout` if the limiter has no room within the time limit; `Throttled` if the
    /// limiter's quota of the day is used up.
    pub async fn admit(
        &mut self,
        limiter: &Limiter,
        demand: Demand,
        timeout: Option<Duration>,
    ) -> Result<Option<Duration>> {
        self.check()?;
        let queued = tokio::time::Instant::now();
        let admitted = match timeout.filter(|_| !self.waits_for_room) {
            Some(timeout) => tokio::time::timeout(timeout, limiter.admit(demand)).await,
            None => Ok(limiter.admit(demand).await),
        };
        let permit = match admitted {
            Ok(permit) => permit.map_err(|error| error.with_operation(self.operation)),
            Err(_) => {
                let message = format!("the limiter had no room within {timeout:?}: nothing was sent");
                Err(Error::new(ErrorKind::Timeout, message)
                    .with_operation(self.operation)
                    .with_hint("`operation_timeout` includes the time in the queue"))
            }
        };
        self.running.permit = Some(permit?);
        self.running.started = Instant::now();
        if self.waits_for_room {
            return Ok(timeout);
        }
        Ok(timeout.map(|timeout| timeout.saturating_sub(queued.elapsed()).max(Duration::from_millis(1))))
    }

    /// Returns the operation.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Checks whether the call can be sent.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the call cannot be sent, if the model's ID is blank, or if the time limit is zero.
    pub fn check(&self) -> Result<()> {
        if let Some(refusal) = self.refusal {
            return Err(Error::invalid_input(self.operation, refusal));
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            let message = "operation_timeout is zero: every call would time out";
            return Err(Error::invalid_input(self.operation, message).with_hint("`None` sets no limit"));
        }
        match self.model_id {
            Some(id) if id.chars().all(char::is_whitespace) => {
                Err(Error::invalid_input(self.operation, "the model's ID is blank"))
            }
            _ => Ok(()),
        }
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// The error that AWS returns; `Timeout` after the call's time limit; as [`check`](Self::check) before anything is
    /// sent.
    pub fn send<T, E, F, S>(self, sending: S) -> impl Future<Output = Result<T>> + use<'a, T, E, F, S>
    where
        T: RequestId + Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        S: FnOnce() -> F,
    {
        self.send_boxed(boxed(sending))
    }

    /// Sends the request, whose future is in its box already.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_boxed<T, E, F>(
        self,
        sending: Pin<Box<F>>,
    ) -> impl Future<Output = Result<T>> + use<'a, T, E, F>
    where
        T: RequestId + Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        self.send_with_report(sending, |_| Report::default())
    }

    /// Sends the request, and tells what `report` reads from the response. `sending` is copied: it is a pinned pointer, as
    /// the SDK's futures are large.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_with_report<T, E, F, R>(mut self, sending: F, report: R) -> Result<T>
    where
        T: RequestId + Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        R: FnOnce(&T) -> Report,
    {
        let response = self.open(sending).await?;
        self.succeeded(response.request_id(), || report(&response));
        Ok(response)
    }

    /// Sends a request that opens a stream. Logs a failure, but not a success, because the stream continues. `sending` is a
    /// pinned pointer, as for [`send_with_report`](Self::send_with_report).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn open<T, E, F>(&mut self, sending: F) -> Result<T>
    where
        T: Send,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let mut response = None;
        // From here on, the type of the response does not matter: `run` is compiled once, not for each operation.
        self.run(pin!(async { response = Some(sending.await) })).await?;
        let error = match response {
            Some(Ok(response)) => {
                self.running.is_open = true;
                return Ok(response);
            }
            Some(Err(error)) => from_sdk::error(self.session, self.operation, self.model_id, error),
            // `run` returns an error unless the future ended, and then there is a response.
            None => Error::new(ErrorKind::InvalidResponse, "the request ended without a response"),
        };
        Err(self.explained(error).await)
    }

    /// Begins the call, and runs the future that sends it, in the call's span and within its time limit.
    async fn run(&mut self, sending: Pin<&mut (dyn Future<Output = ()> + Send)>) -> Result<()> {
        self.check()?;
        let Self { session, operation, model_id, timeout, .. } = *self;
        if self.running.inference.is_some() {
            self.running.entry = model_id.and_then(|model_id| session.ledger_entry(model_id));
        }
        self.running.span = telemetry::span(operation, model_id, session.region(), self.running.inference);
        if let Some(prompt) = self.running.prompt.take() {
            telemetry::prompt(&self.running.span, &prompt);
        }
        let sending = sending.instrument(self.running.span.clone());
        let ended = match (&self.running.permit, timeout) {
            (Some(permit), timeout) => {
                // Boxed, so that calls without a limiter are no larger.
                let sending = Box::pin(permit.limiter().hear(sending));
                tokio::time::timeout(timeout.unwrap_or(Duration::MAX), sending).await
            }
            (None, Some(timeout)) => tokio::time::timeout(timeout, sending).await,
            (None, None) => {
                sending.await;
                Ok(())
            }
        };
        ended.map_err(|_| self.expired(timeout.unwrap_or_default()))
    }

    /// Tells that the call failed, and completes the error.
    async fn explained(&mut self, error: Error) -> Error {
        self.failed(&error);
        match (self.explain, self.model_id) {
            (Some(explain), Some(model_id)) => explain(self.session, model_id, error).await,
            _ => error,
        }
    }

    fn expired(&mut self, timeout: Duration) -> Error {
        let message = format!("the time limit expired: no whole response within {timeout:?}");
        let error = Error::new(ErrorKind::Timeout, message)
            .with_operation(self.operation)
            .with_hint("`operation_timeout`, of the session or of the call, sets the limit");
        self.failed(&error);
        error
    }

    /// Tells that the call succeeded, with what AWS reported. `report` is not called if no one wants to know.
    pub fn succeeded(&mut self, request_id: Option<&str>, report: impl FnOnce() -> Report) {
        if self.is_reported() {
            self.ended(request_id, &report());
        }
    }

    fn is_reported(&self) -> bool {
        let is_measured = cfg!(feature = "otel") && self.running.inference.is_some();
        is_measured
            || self.running.is_metered()
            || tracing::enabled!(target: "bedrock_orm", tracing::Level::DEBUG)
    }

    fn ended(&mut self, request_id: Option<&str>, report: &Report) {
        #[cfg(feature = "otel")]
        self.measure(Some(report), None);
        self.running.settle(report.tokens.as_ref());
        telemetry::succeeded(&self.running.span, report);
        let usage = report.tokens.as_ref();
        let unless_zero = |tokens: u64| Some(tokens).filter(|tokens| *tokens > 0);
        tracing::debug!(
            target: "bedrock_orm",
            operation = self.operation,
            model_id = self.model_id,
            region = self.session.region(),
            latency_ms = self.milliseconds(),
            input_tokens = usage.map(|usage| usage.uncached_input_tokens),
            output_tokens = usage.filter(|_| self.running.inference.is_some()).map(|usage| usage.output_tokens),
            cache_read_input_tokens = usage.and_then(|usage| unless_zero(usage.cache_read_tokens)),
            cache_write_input_tokens = usage.and_then(|usage| unless_zero(usage.cache_write_tokens())),
            request_id,
            "succeeded"
        );
    }

    /// Tells that the call failed.
    pub fn failed(&mut self, error: &Error) {
        #[cfg(feature = "otel")]
        self.measure(None, Some(error));
        self.running.failed(error);
        telemetry::failed(&self.running.span, error);
        tracing::debug!(
            target: "bedrock_orm",
            operation = self.operation,
            model_id = self.model_id,
            region = self.session.region(),
            latency_ms = self.milliseconds(),
            kind = ?error.kind(),
            code = error.code(),
            http_status = error.http_status(),
            request_id = error.request_id(),
            "failed"
        );
    }

    /// Records the metrics of a call that invoked a model.
    #[cfg(feature = "otel")]
    fn measure(&self, report: Option<&Report>, error: Option<&Error>) {
        let (Some(inference), Some(model_id)) = (self.running.inference, self.model_id) else { return };
        self.session.extension::<Metrics>().ended(&Measured {
            inference,
            model_id,
            response_model: report.and_then(|report| report.model_id.as_deref()),
            duration: self.running.started.elapsed(),
            first_chunk: self.running.first_chunk,
            tokens: report.and_then(|report| report.tokens.as_ref()),
            error,
        });
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.running.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
