//! Streams of pages and of rows.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bedrock_orm_core::{Bound, Error, ErrorKind, Result};
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::Page;
use crate::engine::Engine;
use crate::resources::Row;

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// A stream of pages. Each is requested when it is polled.
pub struct Pages<M>(Boxed<Page<Bound<M>>>);

/// A stream of rows. The next page is fetched in the background while you work on the current one.
pub struct Rows<M>(Boxed<Bound<M>>);

impl<M> Pages<M> {
    /// Returns the next page, or `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Page<Bound<M>>>> {
        self.0.next().await
    }
}

impl<M> Rows<M> {
    /// Creates a stream of these rows, for a list that no manager has.
    pub fn new(rows: impl Stream<Item = Result<Bound<M>>> + Send + 'static) -> Self {
        Self(Box::pin(rows))
    }

    /// Returns the next row, or `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Bound<M>>> {
        self.0.next().await
    }
}

impl<M> Stream for Pages<M> {
    type Item = Result<Page<Bound<M>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<M> Stream for Rows<M> {
    type Item = Result<Bound<M>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<M> fmt::Debug for Pages<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pages")
    }
}

impl<M> fmt::Debug for Rows<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rows")
    }
}

/// Returns the pages of the query, or the error if it is invalid.
pub(crate) fn pages<M: Row>(engine: Result<Engine<M>>) -> Pages<M> {
    let pages = stream::iter([engine]).flat_map(|engine| match engine {
        Ok(engine) => {
            stream::unfold(engine, |mut engine| async { engine.next(None).await.map(|page| (page, engine)) })
                .boxed()
        }
        Err(error) => stream::iter([Err(error)]).boxed(),
    });
    Pages(Box::pin(pages))
}

/// Returns the rows. The next page is fetched in the background.
pub(crate) fn rows<M: Row>(engine: Result<Engine<M>>) -> Rows<M> {
    stream_rows(engine, true)
}

/// Returns the rows. A page is fetched only when its rows are polled.
pub(crate) fn rows_as_needed<M: Row>(engine: Result<Engine<M>>) -> Rows<M> {
    stream_rows(engine, false)
}

fn stream_rows<M: Row>(engine: Result<Engine<M>>, fetches_ahead: bool) -> Rows<M> {
    match engine {
        Ok(engine) => Rows::new(RowStream::new(engine, fetches_ahead)),
        Err(error) => Rows::new(stream::iter([Err(error)])),
    }
}

/// The engine, and the page that it returned.
type Fetched<M> = (Engine<M>, Option<Result<Page<Bound<M>>>>);

/// A page that is being fetched.
enum Fetch<M: Row> {
    Awaited(BoxFuture<'static, Fetched<M>>),
    Ahead(Task<Fetched<M>>),
}

/// A task that is aborted when this value is dropped.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The rows of a query. When the first row of a page has been returned, the next page can be fetched.
struct RowStream<M: Row> {
    engine: Option<Engine<M>>,
    fetch: Option<Fetch<M>>,
    page: vec::IntoIter<Bound<M>>,
    /// Whether a row of the page has been returned.
    begun: bool,
    fetches_ahead: bool,
}

impl<M: Row> RowStream<M> {
    fn new(engine: Engine<M>, fetches_ahead: bool) -> Self {
        Self { engine: Some(engine), fetch: None, page: Vec::new().into_iter(), begun: false, fetches_ahead }
    }

    /// Fetches the next page in the background, if there is one and a runtime to do it.
    fn fetch_ahead(&mut self) {
        if !self.fetches_ahead || !self.begun {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if let Some(engine) = self.engine.take_if(|engine| !engine.is_done()) {
            self.fetch = Some(Fetch::Ahead(Task(runtime.spawn(next_page(engine)))));
        }
    }

    fn poll_fetch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<Bound<M>>>>> {
        if self.fetch.is_none() {
            let Some(engine) = self.engine.take() else { return Poll::Ready(None) };
            self.fetch = Some(Fetch::Awaited(next_page(engine).boxed()));
        }
        let fetched = match &mut self.fetch {
            Some(Fetch::Awaited(fetch)) => Ok(ready!(fetch.poll_unpin(context))),
            Some(Fetch::Ahead(Task(task))) => ready!(task.poll_unpin(context)),
            None => return Poll::Ready(None),
        };
        self.fetch = None;
        Poll::Ready(match fetched {
            Ok((engine, page)) => {
                self.engine = page.is_some().then_some(engine);
                page
            }
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime shuts down.
            Err(error) => {
                Some(Err(Error::new(ErrorKind::Transport, format!("the next page was not fetched: {error}"))))
            }
        })
    }
}

async fn next_page<M: Row>(mut engine: Engine<M>) -> Fetched<M> {
    let page = engine.next(None).await;
    (engine, page)
}

impl<M: Row> Unpin for RowStream<M> {}

impl<M: Row> Stream for RowStream<M> {
    type Item = Result<Bound<M>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.page.next() {
                self.fetch_ahead();
                self.begun = true;
                return Poll::Ready(Some(Ok(row)));
            }
            match ready!(self.poll_fetch(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    self.page = page.items.into_iter();
                    self.begun = false;
                }
            }
        }
    }
}
