//! Walking through a list, page by page or row by row.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Page;
use crate::resources::{PageRequest, Row};

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// A list's pages, one request each, sent as they are asked for.
pub struct Pages<M>(Boxed<Page<Bound<M>>>);

/// A list's rows; a page is asked for when the one before is used up.
pub struct Rows<M>(Boxed<Bound<M>>);

impl<M> Pages<M> {
    /// The next page; none after the last.
    pub async fn next(&mut self) -> Option<Result<Page<Bound<M>>>> {
        self.0.next().await
    }
}

impl<M> Rows<M> {
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

/// The walk through a list: where it is, and how much is still wanted.
pub(crate) struct Walk<M: Row> {
    pub(crate) session: Session,
    pub(crate) parameters: M::Parameters,
    pub(crate) token: Option<String>,
    pub(crate) wanted: Option<usize>,
    pub(crate) page_size: Option<i32>,
    pub(crate) seen: HashSet<u64>,
    pub(crate) ended: bool,
    /// Whether a next token came that had come before.
    pub(crate) repeats: bool,
}

impl<M: Row> Walk<M> {
    /// The next page; none where the list has ended or enough has come.
    async fn next(&mut self) -> Result<Option<Page<Bound<M>>>> {
        if self.ended || self.wanted == Some(0) {
            return Ok(None);
        }
        if self.repeats {
            let message =
                format!("AWS gave the same next token twice in a list of {}; it would have no end", M::NOUN);
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        let request = PageRequest { token: self.token.take(), size: self.size() };
        let mut page = M::page(&self.session, &self.parameters, request).await?;
        if let Some(wanted) = &mut self.wanted {
            page.items.truncate(*wanted);
            *wanted -= page.items.len();
        }
        match &page.next_token {
            None => self.ended = true,
            Some(token) if self.is_new(token) => self.token = page.next_token.clone(),
            // The page that it came with is good.
            Some(_) => self.repeats = true,
        }
        Ok(Some(page.map(|row| Bound::new(row, self.session.clone()))))
    }

    /// How large a page to ask for: no larger than what is still wanted.
    fn size(&self) -> Option<i32> {
        let wanted = self.wanted.and_then(|wanted| i32::try_from(wanted).ok());
        match (self.page_size, wanted) {
            (Some(size), Some(wanted)) => Some(size.min(wanted)),
            (size, wanted) => size.or(wanted),
        }
        .map(|size| M::LARGEST_PAGE.map_or(size, |largest| size.min(largest)))
    }

    fn is_new(&mut self, token: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }
}

pub(crate) fn pages<M: Row>(walk: impl Future<Output = Result<Walk<M>>> + Send + 'static) -> Pages<M> {
    let pages = stream::once(walk)
        .map_ok(|walk| {
            stream::try_unfold(
                walk,
                |mut walk| async move { Ok(walk.next().await?.map(|page| (page, walk))) },
            )
        })
        .try_flatten();
    Pages(Box::pin(pages))
}

pub(crate) fn rows<M: Row>(pages: Pages<M>) -> Rows<M> {
    Rows(Box::pin(pages.map_ok(|page| stream::iter(page.items.into_iter().map(Ok))).try_flatten()))
}
