//! Calls of AWS operations, and their log events.

use std::error::Error as StdError;
use std::pin::Pin;
use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bedrock_orm_models::Usage;
use tracing::Instrument;

use crate::error::from_sdk;
use crate::{Error, ErrorKind, Result, Session};

/// Looks up what AWS's error does not say, for its hint. It gets the session and the ID of the model that was called. It
/// can send requests, and returns the error that it got, whatever happens to them.
pub type Explain =
    for<'a> fn(&'a Session, &'a str, Error) -> Pin<Box<dyn Future<Output = Error> + Send + 'a>>;

/// A call of an AWS operation. It logs one event with the target `bedrock_orm`: the duration and the usage, or the
/// error. The event never contains a prompt, a reply or a credential.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    session: &'a Session,
    operation: &'static str,
    model_id: Option<&'a str>,
    refusal: Option<&'static str>,
    explain: Option<Explain>,
    timeout: Option<Duration>,
    started: Instant,
}

impl<'a> Call<'a> {
    /// Creates a call that starts now. Its time limit is the session's for calls that invoke no model.
    pub fn new(session: &'a Session, operation: &'static str) -> Self {
        let timeout = session.limits().operation;
        Self {
            session,
            operation,
            model_id: None,
            refusal: None,
            explain: None,
            timeout,
            started: Instant::now(),
        }
    }

    /// Sets the time limit of the call with all of its attempts. `None` means no limit.
    #[must_use]
    pub fn within(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
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

    /// Sets when the call started.
    #[must_use]
    pub fn with_start(mut self, started: Instant) -> Self {
        self.started = started;
        self
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
            Some(id) if id.trim().is_empty() => {
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
    pub fn send<T, E, F>(self, sending: F) -> impl Future<Output = Result<T>> + use<'a, T, E, F>
    where
        T: RequestId,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        // The SDK's futures are large. Boxing them here keeps the futures around them small.
        self.send_with_usage(Box::pin(sending), |_| Usage::default())
    }

    /// Sends the request, and logs the usage that `usage` reads from the response. The caller boxes the future where
    /// it is created, so that it is never moved.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_with_usage<T, E, F, U>(
        self,
        sending: Pin<Box<F>>,
        usage: U,
    ) -> impl Future<Output = Result<T>> + use<'a, T, E, F, U>
    where
        T: RequestId,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        U: FnOnce(&T) -> Usage,
    {
        let opened = self.open(sending);
        async move {
            let response = opened.await?;
            self.succeeded(response.request_id(), || usage(&response));
            Ok(response)
        }
    }

    /// Sends a request that opens a stream. Logs a failure, but not a success, because the stream continues.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn open<T, E, F>(self, sending: Pin<Box<F>>) -> Result<T>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.check()?;
        let Self { session, operation, model_id, timeout, .. } = self;
        let region = session.region();
        let span = tracing::debug_span!(target: "bedrock_orm", "bedrock", operation, model_id, region);
        let sending = sending.instrument(span);
        let response = match timeout {
            Some(timeout) => match tokio::time::timeout(timeout, sending).await {
                Ok(response) => response,
                Err(_) => return Err(self.expired(timeout)),
            },
            None => sending.await,
        };
        let error = match response {
            Ok(response) => return Ok(response),
            Err(error) => from_sdk::error(session, operation, model_id, error),
        };
        self.failed(&error);
        match (self.explain, model_id) {
            (Some(explain), Some(model_id)) => Err(explain(session, model_id, error).await),
            _ => Err(error),
        }
    }

    fn expired(&self, timeout: Duration) -> Error {
        let message = format!("the time limit expired: no whole response within {timeout:?}");
        let error = Error::new(ErrorKind::Timeout, message)
            .with_operation(self.operation)
            .with_hint("`operation_timeout`, of the session or of the call, sets the limit");
        self.failed(&error);
        error
    }

    /// Logs that the call succeeded.
    pub fn succeeded(&self, request_id: Option<&str>, usage: impl FnOnce() -> Usage) {
        if !tracing::enabled!(target: "bedrock_orm", tracing::Level::DEBUG) {
            return;
        }
        let usage = usage();
        tracing::debug!(
            target: "bedrock_orm",
            operation = self.operation,
            model_id = self.model_id,
            region = self.session.region(),
            latency_ms = self.milliseconds(),
            input_tokens = usage.input_tokens,
            output_tokens = usage.output_tokens,
            cache_read_input_tokens = usage.cache_read_input_tokens,
            cache_write_input_tokens = usage.cache_write_input_tokens,
            request_id,
            "succeeded"
        );
    }

    /// Logs that the call failed.
    pub fn failed(&self, error: &Error) {
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

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
