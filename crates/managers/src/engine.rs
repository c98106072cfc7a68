//! The walk through a query's lists: pages are asked for as they are needed, and no more of them.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use bedrock_orm_core::{Bound, Error, ErrorKind, Result, Session, SessionChoice};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use crate::Page;
use crate::lookups::{Order, Q};
use crate::prefetch::{Prefetcher, prefetch};
use crate::resources::{PageRequest, Row};

/// How many lists are walked at once, where all rows of several are needed.
const LISTS_AT_ONCE: usize = 8;

/// One list in one session.
pub(crate) struct Walk<M: Row> {
    choice: SessionChoice,
    session: Option<Session>,
    pub(crate) parameters: M::Parameters,
    pub(crate) token: Option<String>,
    pub(crate) page_size: Option<i32>,
    pub(crate) filter: Q<M>,
    /// Whether about as many rows come as are asked for: what is not pushed may drop any number of them.
    pub(crate) whole: bool,
    /// Whether there are others, so that an error has to name its session.
    pub(crate) among_others: bool,
    seen: HashSet<u64>,
    ended: bool,
    /// Whether a next token came that had come before.
    repeats: bool,
}

impl<M: Row> Walk<M> {
    pub(crate) fn new(choice: SessionChoice, parameters: M::Parameters) -> Self {
        Self {
            choice,
            session: None,
            parameters,
            token: None,
            page_size: None,
            filter: Q::all(),
            whole: true,
            among_others: false,
            seen: HashSet::new(),
            ended: false,
            repeats: false,
        }
    }

    /// The next page of the rows that match; none where the list has ended.
    async fn next(&mut self, wanted: Option<usize>) -> Option<Result<Page<Bound<M>>>> {
        if self.ended {
            return None;
        }
        let page = self.page(wanted).await;
        if page.is_err() {
            self.ended = true;
        }
        Some(page.map_err(|error| if self.among_others { error.with_session(self.name()) } else { error }))
    }

    async fn page(&mut self, wanted: Option<usize>) -> Result<Page<Bound<M>>> {
        if self.repeats {
            let message =
                format!("AWS gave the same next token twice in a list of {}; it would have no end", M::KIND);
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        let session = match &self.session {
            Some(session) => session.clone(),
            None => self.session.insert(self.choice.session().await?).clone(),
        };
        let request = PageRequest { token: self.token.take(), size: self.size(wanted) };
        let page = M::page(&session, &self.parameters, request).await?;
        match &page.next_token {
            None => self.ended = true,
            Some(token) if self.is_new(token) => self.token = page.next_token.clone(),
            // The page that it came with is good.
            Some(_) => self.repeats = true,
        }
        let matching = page.items.into_iter().filter(|row| self.filter.matches(row));
        let items = matching.map(|row| Bound::new(row, session.clone())).collect();
        Ok(Page { items, next_token: page.next_token })
    }

    /// How large a page to ask for: no larger than what is still wanted.
    fn size(&self, wanted: Option<usize>) -> Option<i32> {
        let wanted = wanted.filter(|_| self.whole).and_then(|wanted| i32::try_from(wanted).ok());
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

    fn name(&self) -> String {
        match (&self.choice, &self.session) {
            (SessionChoice::Default, Some(session)) => session.region().to_owned(),
            (SessionChoice::Default, None) => "default".to_owned(),
            (choice, _) => choice.to_string(),
        }
    }
}

/// Where rows come from.
pub(crate) enum Source<M: Row> {
    Walk(Box<Walk<M>>),
    /// One after the other.
    Chain(VecDeque<Engine<M>>),
}

impl<M: Row> Source<M> {
    /// Nothing is to come.
    fn is_done(&self) -> bool {
        match self {
            Self::Walk(walk) => walk.ended,
            Self::Chain(chain) => chain.iter().all(Engine::is_done),
        }
    }

    async fn next(&mut self, wanted: Option<usize>) -> Option<Result<Page<Bound<M>>>> {
        match self {
            Self::Walk(walk) => walk.next(wanted).await,
            Self::Chain(chain) => loop {
                match chain.front_mut()?.next(wanted).await {
                    Some(page) => return Some(page),
                    None => chain.pop_front(),
                };
            },
        }
    }

    /// Every page in order, the lists walked at once.
    fn all(&mut self) -> BoxStream<'_, Result<Page<Bound<M>>>> {
        match self {
            Self::Walk(walk) => {
                stream::unfold(walk, |walk| async { walk.next(None).await.map(|page| (page, walk)) }).boxed()
            }
            Self::Chain(chain) => stream::iter(chain.iter_mut())
                .map(Engine::drain)
                .buffered(LISTS_AT_ONCE)
                .flat_map(stream::iter)
                .boxed(),
        }
    }
}

/// What has to be known of all rows before the first can be given.
pub(crate) struct Gather<M> {
    pub(crate) order: Order<M>,
    /// Last row first, as AWS lists.
    pub(crate) backwards: bool,
}

/// A query under way.
pub(crate) struct Engine<M: Row> {
    pub(crate) source: Source<M>,
    pub(crate) filter: Q<M>,
    pub(crate) distinct: Option<Seen>,
    pub(crate) gather: Option<Gather<M>>,
    pub(crate) skip: usize,
    pub(crate) wanted: Option<usize>,
    pub(crate) related: Vec<Box<dyn Prefetcher<M>>>,
    /// Whether an error leaves the other sessions' rows to come.
    pub(crate) keep_going: bool,
    errors: VecDeque<Error>,
    gathered: Option<Vec<Bound<M>>>,
    ended: bool,
}

impl<M: Row> Engine<M> {
    pub(crate) fn new(source: Source<M>) -> Self {
        Self {
            source,
            filter: Q::all(),
            distinct: None,
            gather: None,
            skip: 0,
            wanted: None,
            related: Vec::new(),
            keep_going: false,
            errors: VecDeque::new(),
            gathered: None,
            ended: false,
        }
    }

    /// Nothing is to come.
    pub(crate) fn is_done(&self) -> bool {
        let exhausted = self.gathered.is_none() && self.source.is_done();
        self.errors.is_empty() && (self.ended || self.wanted == Some(0) || exhausted)
    }

    /// The next page; none where the rows have ended or enough has come. The caller needs no more than `asked` rows.
    pub(crate) fn next(&mut self, asked: Option<usize>) -> BoxFuture<'_, Option<Result<Page<Bound<M>>>>> {
        async move {
            if self.wanted != Some(0)
                && !self.ended
                && let Some(gather) = self.gather.take()
            {
                self.gather(&gather).await;
            }
            if let Some(error) = self.errors.pop_front() {
                return Some(Err(error));
            }
            if self.is_done() {
                return None;
            }
            let page = match self.gathered.take() {
                Some(rows) => {
                    self.ended = true;
                    Ok(Page::new(rows, None))
                }
                None => self.page(asked).await?,
            };
            let page = match page {
                Ok(page) => {
                    let page = self.cut(page);
                    prefetch(&mut self.related, page).await
                }
                Err(error) => Err(error),
            };
            self.ended |= page.is_err() && !self.keep_going;
            Some(page)
        }
        .boxed()
    }

    /// All rows, in order: what is left of the pages.
    pub(crate) async fn collect(mut self) -> Result<Vec<Bound<M>>> {
        if self.wanted.is_none() && self.gather.is_none() {
            self.gather = Some(Gather { order: Order::none(), backwards: false });
        }
        let mut rows = Vec::new();
        while let Some(page) = self.next(None).await {
            rows.append(&mut page?.items);
        }
        Ok(rows)
    }

    async fn drain(&mut self) -> Vec<Result<Page<Bound<M>>>> {
        let mut pages = Vec::new();
        while let Some(page) = self.next(None).await {
            pages.push(page);
        }
        pages
    }

    /// The next page of the source, without what does not match or was there before.
    async fn page(&mut self, asked: Option<usize>) -> Option<Result<Page<Bound<M>>>> {
        // How many rows are dropped here nobody knows.
        let dropping = self.distinct.is_some() || !self.filter.is_all();
        let wanted = least(self.wanted, asked).filter(|_| !dropping);
        let page = self.source.next(wanted.map(|wanted| wanted.saturating_add(self.skip))).await?;
        Some(page.map(|mut page| {
            sift(&self.filter, &mut self.distinct, &mut page.items);
            page
        }))
    }

    /// Walks through all rows, and keeps those that are wanted, in their order.
    async fn gather(&mut self, gather: &Gather<M>) {
        let mut rows = Vec::new();
        let keep = self.wanted.map(|wanted| wanted.saturating_add(self.skip));
        let mut pages = self.source.all();
        while let Some(page) = pages.next().await {
            match page {
                Ok(mut page) => {
                    sift(&self.filter, &mut self.distinct, &mut page.items);
                    rows.append(&mut page.items);
                    // Now and then, so that what sorting costs is spread over as many rows as are kept.
                    if let Some(keep) = keep
                        && !gather.backwards
                        && rows.len() / 2 > keep.max(500)
                    {
                        arrange(&gather.order, &mut rows);
                        rows.truncate(keep);
                    }
                }
                Err(error) => {
                    self.errors.push_back(error);
                    if !self.keep_going {
                        self.ended = true;
                        return;
                    }
                }
            }
        }
        if gather.backwards {
            rows.reverse();
        }
        arrange(&gather.order, &mut rows);
        self.gathered = Some(rows);
    }

    /// The page without what is skipped and what is more than wanted.
    fn cut(&mut self, mut page: Page<Bound<M>>) -> Page<Bound<M>> {
        let skipped = self.skip.min(page.items.len());
        self.skip -= skipped;
        page.items.drain(..skipped);
        if let Some(wanted) = &mut self.wanted {
            page.items.truncate(*wanted);
            *wanted -= page.items.len();
        }
        page
    }
}

/// What tells rows apart: session and identity.
#[derive(Default)]
pub(crate) struct Seen {
    sessions: Vec<Session>,
    identities: HashSet<(usize, String)>,
}

impl Seen {
    fn is_new<M: Row>(&mut self, row: &Bound<M>) -> bool {
        let session =
            self.sessions.iter().position(|session| session == row.session()).unwrap_or_else(|| {
                self.sessions.push(row.session().clone());
                self.sessions.len() - 1
            });
        self.identities.insert((session, row.identity()))
    }
}

fn sift<M: Row>(filter: &Q<M>, distinct: &mut Option<Seen>, rows: &mut Vec<Bound<M>>) {
    if !filter.is_all() {
        rows.retain(|row| filter.matches(row));
    }
    if let Some(seen) = distinct {
        rows.retain(|row| seen.is_new(row));
    }
}

/// In that order; rows that are equal in it stay as they are.
fn arrange<M>(order: &Order<M>, rows: &mut [Bound<M>]) {
    if !order.keys().is_empty() {
        rows.sort_by(|one, other| order.compare(one, other));
    }
}

fn least(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
