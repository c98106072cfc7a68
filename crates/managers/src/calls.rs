//! Sends the requests of operations. The futures are boxed: the type of an operation's request ends here, and what is built
//! on it is compiled once, not for each operation.

use std::error::Error as StdError;
use std::pin::Pin;

use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::RequestId;
use bedrock_orm_core::{Bound, Result, Session, SessionChoice, sdk};
use futures_core::future::BoxFuture;

use crate::Page;

/// Sends a request, and converts its response. `request` returns what sends it, made in its box ([`sdk::boxed`]), or why it
/// cannot be sent.
pub(crate) fn send<'a, F, O, E, T>(
    session: &'a Session,
    operation: &'static str,
    request: impl FnOnce() -> Result<Pin<Box<F>>> + Send + 'a,
    response: impl FnOnce(O) -> Result<T> + Send + 'a,
) -> BoxFuture<'a, Result<T>>
where
    F: Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send + 'a,
    O: RequestId + Send + 'a,
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    Box::pin(async move {
        let sending = request()?;
        response(sdk::Call::new(session, operation).send_boxed(sending).await?)
    })
}

/// Converts the rows of a page and binds them, each in one step: a row is large to move.
pub(crate) fn page_of<R, M: From<R>>(
    session: &Session,
    rows: Vec<R>,
    next_token: Option<String>,
) -> Page<Bound<M>> {
    let items = rows.into_iter().map(|row| Bound::new(row.into(), session.clone())).collect();
    Page::new(items, next_token)
}

/// Makes a call with the chosen session.
pub(crate) fn with_session<T>(
    choice: &SessionChoice,
    call: impl FnOnce(&Session) -> BoxFuture<'_, Result<T>> + Send + 'static,
) -> BoxFuture<'static, Result<T>> {
    let choice = choice.clone();
    Box::pin(async move { call(&choice.session().await?).await })
}

/// Makes a call with the chosen session, and binds the result to it.
pub(crate) fn bound<T>(
    choice: &SessionChoice,
    call: impl FnOnce(&Session) -> BoxFuture<'_, Result<T>> + Send + 'static,
) -> BoxFuture<'static, Result<Bound<T>>> {
    let choice = choice.clone();
    Box::pin(async move {
        let session = choice.session().await?;
        let value = call(&session).await?;
        Ok(Bound::new(value, session))
    })
}
