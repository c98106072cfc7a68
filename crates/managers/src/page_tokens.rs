//! The page tokens of a list.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session};

use crate::resources::{PageRequest, Row};

/// The most pages without rows, one after the other, that are followed. Filters of AWS's can leave pages empty, but a list
/// with only such pages does not end.
const MOST_EMPTY_PAGES: usize = 1_000;

/// Follows the page tokens of a list, and notices a list that would not end. It has nothing of the rows, so it is compiled
/// once.
pub(crate) struct PageTokens {
    operation: &'static str,
    kind: &'static str,
    next: Option<String>,
    seen: HashSet<u64>,
    ended: bool,
    /// Whether AWS returned a next token twice.
    repeats: bool,
    /// How many pages without rows came last, one after the other.
    empty_pages: usize,
}

impl PageTokens {
    /// Starts at the page with this token, or at the first page.
    pub(crate) fn of<M: Row>(starting: Option<String>) -> Self {
        Self {
            operation: M::OPERATION,
            kind: M::KIND,
            next: starting,
            seen: HashSet::new(),
            ended: false,
            repeats: false,
            empty_pages: 0,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns the token of the next page; `None` for the first one.
    pub(crate) fn take(&mut self) -> Result<Option<String>> {
        if self.repeats {
            return Err(self.endless("AWS returned the same next token twice"));
        }
        if self.empty_pages >= MOST_EMPTY_PAGES {
            return Err(self.endless(&format!("AWS returned {MOST_EMPTY_PAGES} empty pages in a row")));
        }
        Ok(self.next.take())
    }

    /// Notes a page that arrived.
    pub(crate) fn arrived(&mut self, rows: usize, next: Option<&str>) {
        self.empty_pages = if rows == 0 { self.empty_pages + 1 } else { 0 };
        match next {
            None => self.ended = true,
            Some(token) if self.is_new(token) => self.next = Some(token.to_owned()),
            // This page is still good.
            Some(_) => self.repeats = true,
        }
    }

    fn is_new(&mut self, token: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    /// The error for a list that would not end.
    fn endless(&self, what: &str) -> Error {
        let message = format!("{what}, so the list of {} would not end", self.kind);
        Error::new(ErrorKind::InvalidResponse, message).with_operation(self.operation)
    }
}

/// Returns all rows of a list, as AWS lists them with these parameters. It does without the conditions, orders and streams of
/// a queryset, which the crates above would have to compile for each type of rows.
///
/// # Errors
///
/// AWS's errors; `InvalidResponse` if the list would not end.
pub async fn all_rows<M: Row>(session: &Session, parameters: &M::Parameters) -> Result<Vec<M>> {
    let mut tokens = PageTokens::of::<M>(None);
    let mut rows = Vec::new();
    while !tokens.has_ended() {
        let request = PageRequest { token: tokens.take()?, size: None };
        let page = M::page(session, parameters, request).await?;
        tokens.arrived(page.items.len(), page.next_token.as_deref());
        rows.extend(page.items.into_iter().map(Bound::into_inner));
    }
    Ok(rows)
}
