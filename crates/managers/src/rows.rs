//! Going through a list, page by page or row by row.

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

/// A list's pages, one request each, sent as they are asked for.
pub struct Pages<M>(Boxed<Page<Bound<M>>>);

/// A list's rows. The next page is asked for while the rows of the one before are worked on.
pub struct Rows<M>(Boxed<Bound<M>>);

impl<M> Pages<M> {
    /// The next page; none after the last.
    pub async fn next(&mut self) -> Option<Result<Page<Bound<M>>>> {
        self.0.next().await
    }
}

impl<M> Rows<M> {
    /// These rows, for a list that is not a manager's.
    pub fn new(rows: impl Stream<Item = Result<Bound<M>>> + Send + 'static) -> Self {
        Self(Box::pin(rows))
    }

    /// The next row; none after the last.
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

/// The pages of the query under way, or why there is none.
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

/// Its rows, with a page fetched ahead.
pub(crate) fn rows<M: Row>(engine: Result<Engine<M>>) -> Rows<M> {
    under_way(engine, true)
}

/// Its rows, with nothing sent before they need it.
pub(crate) fn rows_as_needed<M: Row>(engine: Result<Engine<M>>) -> Rows<M> {
    under_way(engine, false)
}

fn under_way<M: Row>(engine: Result<Engine<M>>, prefetches: bool) -> Rows<M> {
    match engine {
        Ok(engine) => Rows::new(Ahead::new(engine, prefetches)),
        Err(error) => Rows::new(stream::iter([Err(error)])),
    }
}

/// A query, and the page that it has come to.
type Turn<M> = (Engine<M>, Option<Result<Page<Bound<M>>>>);

/// A page on its way.
enum Fetch<M: Row> {
    Awaited(BoxFuture<'static, Turn<M>>),
    Ahead(Task<Turn<M>>),
}

/// A task that ends with who wants it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The rows of a query. Once a page's first row is handed out, the next page may be fetched while the caller works.
struct Ahead<M: Row> {
    engine: Option<Engine<M>>,
    fetch: Option<Fetch<M>>,
    page: vec::IntoIter<Bound<M>>,
    /// Whether a row of the page was handed out.
    begun: bool,
    prefetches: bool,
}

impl<M: Row> Ahead<M> {
    fn new(engine: Engine<M>, prefetches: bool) -> Self {
        Self { engine: Some(engine), fetch: None, page: Vec::new().into_iter(), begun: false, prefetches }
    }

    /// Sends for the next page, where there is to be one, a runtime to do it, and no request under way.
    fn fetch_ahead(&mut self) {
        if !self.prefetches || !self.begun {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if let Some(engine) = self.engine.take_if(|engine| !engine.is_done()) {
            self.fetch = Some(Fetch::Ahead(Task(runtime.spawn(turn(engine)))));
        }
    }

    fn poll_fetch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<Bound<M>>>>> {
        if self.fetch.is_none() {
            let Some(engine) = self.engine.take() else { return Poll::Ready(None) };
            self.fetch = Some(Fetch::Awaited(turn(engine).boxed()));
        }
        let turn = match &mut self.fetch {
            Some(Fetch::Awaited(turn)) => Ok(ready!(turn.poll_unpin(context))),
            Some(Fetch::Ahead(Task(task))) => ready!(task.poll_unpin(context)),
            None => return Poll::Ready(None),
        };
        self.fetch = None;
        Poll::Ready(match turn {
            Ok((engine, page)) => {
                self.engine = page.is_some().then_some(engine);
                page
            }
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(error) => Some(Err(Error::new(ErrorKind::Transport, format!("no next page: {error}")))),
        })
    }
}

async fn turn<M: Row>(mut engine: Engine<M>) -> Turn<M> {
    let page = engine.next(None).await;
    (engine, page)
}

impl<M: Row> Unpin for Ahead<M> {}

impl<M: Row> Stream for Ahead<M> {
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
