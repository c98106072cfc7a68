//! A call whose one setting is its time limit.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use bedrock_orm_core::{Result, Session};

type Sending<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call whose one setting is its time limit. Awaiting sends it.
///
/// ```
/// use std::time::Duration;
///
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let model = FoundationModel::with_id("anthropic.claude-sonnet-4-5-20250929-v1:0").using(&session);
/// let count = model.count_tokens("Hello").operation_timeout(Duration::from_secs(5)).await?;
/// println!("{} tokens", count.input_tokens);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct TimedCall<T> {
    session: Session,
    send: Box<dyn FnOnce(Session) -> Sending<T> + Send>,
}

impl<T> TimedCall<T> {
    /// Creates a call. `send` gets the session, whose time limit is that of the call.
    pub(crate) fn new<F>(session: &Session, send: impl FnOnce(Session) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self { session: session.clone(), send: Box::new(|session| Box::pin(send(session))) }
    }

    /// Sets the time limit of the call with all of its attempts, and of a stream until its end. The default is the session's
    /// [`operation_timeout`](bedrock_orm_core::SessionBuilder::operation_timeout). `None` means no limit.
    pub fn operation_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.session = self.session.with_operation_timeout(timeout);
        self
    }
}

impl<T> IntoFuture for TimedCall<T> {
    type Output = Result<T>;
    type IntoFuture = Sending<T>;

    fn into_future(self) -> Sending<T> {
        (self.send)(self.session)
    }
}

/// Shows the session.
impl<T> fmt::Debug for TimedCall<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TimedCall").field("session", &self.session).finish_non_exhaustive()
    }
}
