//! Executes a planned query: requests pages as they are needed, and no more.

use std::any::Any;
use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;

use bedrock_orm_core::{Bound, Error, Result, Session, SessionChoice};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use crate::Page;
use crate::lookups::{Order, Q};
use crate::page_tokens::PageTokens;
use crate::plan::{PlannedQuery, PlannedSource};
use crate::prefetch::{Prefetcher, prefetch};
use crate::resources::{PageRequest, Row};

/// How many lists are fetched concurrently when all rows of several are needed.
const CONCURRENT_LISTS: usize = 8;

/// One list in one session.
pub(crate) struct Walk<M: Row> {
    choice: SessionChoice,
    session: Option<Session>,
    parameters: M::Parameters,
    tokens: PageTokens,
    page_size: Option<i32>,
    filter: Q<M>,
    /// Whether nearly all rows that AWS returns match.
    is_exact: bool,
    /// Whether there are several lists. Their errors name their sessions.
    is_one_of_several: bool,
}

impl<M: Row> Walk<M> {
    /// Fetches the next page, and keeps the rows that match. Returns `None` at the end of the list.
    async fn next(&mut self, wanted: Option<usize>) -> Option<Result<Page<Bound<M>>>> {
        if self.tokens.has_ended() {
            return None;
        }
        let page = self.page(wanted).await;
        if page.is_err() {
            self.tokens.end();
        }
        Some(
            page.map_err(
                |error| if self.is_one_of_several { error.with_session(self.name()) } else { error },
            ),
        )
    }

    async fn page(&mut self, wanted: Option<usize>) -> Result<Page<Bound<M>>> {
        let request = PageRequest { token: self.tokens.take()?, size: self.size(wanted) };
        let session = match &self.session {
            Some(session) => session,
            None => self.session.insert(self.choice.session().await?),
        };
        let mut page = M::page(session, &self.parameters, request).await?;
        self.tokens.arrived(page.items.len(), page.next_token.as_deref());
        retain_matching(&self.filter, &mut page.items);
        Ok(page)
    }

    /// The page size to ask for: that of the plan, but no more rows than are still wanted.
    fn size(&self, wanted: Option<usize>) -> Option<i32> {
        let wanted = wanted.filter(|_| self.is_exact).and_then(|wanted| i32::try_from(wanted).ok());
        self.page_size.map(|size| wanted.map_or(size, |wanted| size.min(wanted)))
    }

    fn name(&self) -> String {
        match (&self.choice, &self.session) {
            (SessionChoice::Default, Some(session)) => session.region().to_owned(),
            (SessionChoice::Default, None) => "default".to_owned(),
            (choice, _) => choice.to_string(),
        }
    }
}

/// Where the rows come from.
enum Source<M: Row> {
    Walk(Box<Walk<M>>),
    /// Several sources, one after the other.
    Chain(VecDeque<Engine<M>>),
}

impl<M: Row> Source<M> {
    /// Whether there are no more pages.
    fn is_done(&self) -> bool {
        match self {
            Self::Walk(walk) => walk.tokens.has_ended(),
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

    /// Fetches all pages, and calls `take` with each, in order, as long as it continues. Lists are fetched concurrently.
    async fn each_page(&mut self, mut take: impl FnMut(Result<Page<Bound<M>>>) -> ControlFlow<()>) {
        match self {
            Self::Walk(walk) => {
                while let Some(page) = walk.next(None).await {
                    if take(page).is_break() {
                        return;
                    }
                }
            }
            Self::Chain(chain) => {
                let mut fetches = Vec::with_capacity(chain.len());
                for list in chain {
                    fetches.push(async { Box::new(list.drain().await) as Fetched }.boxed());
                }
                let mut fetched = concurrently(fetches);
                while let Some(pages) = fetched.next().await {
                    // They are what was boxed above.
                    let Ok(pages) = pages.downcast::<Pages<M>>() else { return };
                    for page in *pages {
                        if take(page).is_break() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// The pages of a list, or why one could not be fetched.
type Pages<M> = Vec<Result<Page<Bound<M>>>>;

/// The [`Pages`] of a list of any rows.
type Fetched = Box<dyn Any + Send>;

/// Fetches lists concurrently, and yields their pages in the order of the lists. It knows nothing of the rows, so it is
/// compiled once.
fn concurrently(fetches: Vec<BoxFuture<'_, Fetched>>) -> BoxStream<'_, Fetched> {
    stream::iter(fetches).buffered(CONCURRENT_LISTS).boxed()
}

/// The order to sort all rows in before the first one is returned.
struct Sort<M> {
    order: Order<M>,
    /// Whether AWS's order is reversed.
    reversed: bool,
}

/// Executes a planned query.
pub(crate) struct Engine<M: Row> {
    source: Source<M>,
    filter: Q<M>,
    distinct: Option<Seen>,
    sort: Option<Sort<M>>,
    skip: usize,
    wanted: Option<usize>,
    related: Vec<Box<dyn Prefetcher<M>>>,
    /// Whether to continue with the other sessions when one fails.
    keep_going: bool,
    errors: VecDeque<Error>,
    sorted: Option<Vec<Bound<M>>>,
    ended: bool,
}

impl<M: Row> Engine<M> {
    /// Prepares the execution. Sends nothing.
    ///
    /// # Errors
    ///
    /// If the queryset is invalid.
    pub(crate) fn new(query: PlannedQuery<M>) -> Result<Self> {
        if let Some(error) = query.error {
            return Err(error);
        }
        let plan = query.plan;
        let mut engine = match query.source {
            PlannedSource::Union(parts) => {
                let mut chain = VecDeque::with_capacity(parts.len());
                for part in parts {
                    chain.push_back(Self::new(part)?);
                }
                Self { filter: query.filter, ..Self::of(Source::Chain(chain)) }
            }
            PlannedSource::List { sessions, parameters, starting_token, is_exact } => {
                let is_one_of_several = sessions.len() > 1;
                let mut walks = VecDeque::with_capacity(sessions.len());
                for choice in sessions {
                    let walk = Walk {
                        choice,
                        session: None,
                        parameters: parameters.clone(),
                        tokens: PageTokens::of::<M>(starting_token.clone()),
                        page_size: plan.page_size,
                        filter: query.filter.clone(),
                        is_exact,
                        is_one_of_several,
                    };
                    walks.push_back(Self::of(Source::Walk(Box::new(walk))));
                }
                match walks.pop_front_if(|_| !is_one_of_several) {
                    Some(walk) => walk,
                    None => Self::of(Source::Chain(walks)),
                }
            }
        };
        engine.distinct = plan.distinct.then(Seen::default);
        engine.sort = plan.order.map(|_| Sort { order: query.order, reversed: query.reversed });
        engine.skip = plan.offset;
        engine.wanted = if plan.sends_nothing { Some(0) } else { plan.limit };
        for relation in &query.related {
            engine.related.push(relation.prefetcher(query.concurrency)?);
        }
        engine.keep_going = query.keep_going;
        Ok(engine)
    }

    /// All rows of the source, as they are.
    fn of(source: Source<M>) -> Self {
        Self {
            source,
            filter: Q::all(),
            distinct: None,
            sort: None,
            skip: 0,
            wanted: None,
            related: Vec::new(),
            keep_going: false,
            errors: VecDeque::new(),
            sorted: None,
            ended: false,
        }
    }

    /// Whether there are no more pages.
    pub(crate) fn is_done(&self) -> bool {
        let exhausted = self.sorted.is_none() && self.source.is_done();
        self.errors.is_empty() && (self.ended || self.wanted == Some(0) || exhausted)
    }

    /// Returns the next page, or `None` at the end. The caller needs no more than `needed` rows.
    pub(crate) fn next(&mut self, needed: Option<usize>) -> BoxFuture<'_, Option<Result<Page<Bound<M>>>>> {
        async move {
            if self.wanted != Some(0)
                && !self.ended
                && let Some(sort) = self.sort.take()
            {
                self.sort_all(&sort).await;
            }
            if let Some(error) = self.errors.pop_front() {
                return Some(Err(error));
            }
            if self.is_done() {
                return None;
            }
            let page = match self.sorted.take() {
                Some(rows) => {
                    self.ended = true;
                    Ok(Page::new(rows, None))
                }
                None => self.page(needed).await?,
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

    /// Collects the rows of all remaining pages.
    pub(crate) async fn collect(mut self) -> Result<Vec<Bound<M>>> {
        if self.wanted.is_none() && self.sort.is_none() {
            // Without a limit, all lists are needed and can be fetched concurrently.
            self.sort = Some(Sort { order: Order::none(), reversed: false });
        }
        let mut rows = Vec::new();
        while let Some(page) = self.next(None).await {
            append(&mut rows, page?.items);
        }
        Ok(rows)
    }

    async fn drain(&mut self) -> Pages<M> {
        let mut pages = Vec::new();
        while let Some(page) = self.next(None).await {
            pages.push(page);
        }
        pages
    }

    /// Returns the next page of the source, without rows that do not match and without duplicates.
    async fn page(&mut self, needed: Option<usize>) -> Option<Result<Page<Bound<M>>>> {
        // The number of rows that are dropped is unknown, so the limit is not passed down.
        let drops_rows = self.distinct.is_some() || !self.filter.is_all();
        let wanted = min_some(self.wanted, needed).filter(|_| !drops_rows);
        let page = self.source.next(wanted.map(|wanted| wanted.saturating_add(self.skip))).await?;
        Some(page.map(|mut page| {
            retain_rows(&self.filter, &mut self.distinct, &mut page.items);
            page
        }))
    }

    /// Fetches all rows, and sorts those that are wanted.
    async fn sort_all(&mut self, sort: &Sort<M>) {
        let mut rows = Vec::new();
        let keep = self.wanted.map(|wanted| wanted.saturating_add(self.skip));
        let take = |page: Result<Page<Bound<M>>>| match page {
            Ok(mut page) => {
                retain_rows(&self.filter, &mut self.distinct, &mut page.items);
                append(&mut rows, page.items);
                // Cuts the rows from time to time: memory stays bounded, and the cost of sorting is amortized.
                if let Some(keep) = keep
                    && !sort.reversed
                    && rows.len() / 2 > keep.max(500)
                {
                    sort_rows(&sort.order, &mut rows);
                    rows.truncate(keep);
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.errors.push_back(error);
                self.ended = !self.keep_going;
                if self.ended { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
        };
        self.source.each_page(take).await;
        if self.ended {
            return;
        }
        if sort.reversed {
            rows.reverse();
        }
        sort_rows(&sort.order, &mut rows);
        self.sorted = Some(rows);
    }

    /// Applies offset and limit to the page.
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

/// The rows that were seen, by session and identity.
#[derive(Default)]
pub(crate) struct Seen {
    sessions: Vec<Session>,
    identities: HashSet<(usize, String)>,
}

impl Seen {
    fn is_new(&mut self, session: &Session, identity: String) -> bool {
        let place = self.sessions.iter().position(|seen| seen == session).unwrap_or_else(|| {
            self.sessions.push(session.clone());
            self.sessions.len() - 1
        });
        self.identities.insert((place, identity))
    }
}

fn retain_matching<M>(filter: &Q<M>, rows: &mut Vec<Bound<M>>) {
    if !filter.is_all() {
        rows.retain(|row| filter.matches(row));
    }
}

fn retain_rows<M: Row>(filter: &Q<M>, distinct: &mut Option<Seen>, rows: &mut Vec<Bound<M>>) {
    retain_matching(filter, rows);
    if let Some(seen) = distinct {
        rows.retain(|row| seen.is_new(row.session(), row.identity()));
    }
}

/// Appends rows. The first ones stay where they are: most lists have one page.
fn append<T>(rows: &mut Vec<T>, mut more: Vec<T>) {
    if rows.is_empty() {
        *rows = more;
    } else {
        rows.append(&mut more);
    }
}

/// Sorts the rows. Rows that are equal keep their order.
fn sort_rows<M>(order: &Order<M>, rows: &mut [Bound<M>]) {
    if order.keys().is_empty() {
        return;
    }
    let mut places = sorted_places(rows.len(), &|one, other| order.compare(&rows[one], &rows[other]));
    for index in 0..rows.len() {
        // What was at a lower place has moved to where that place's row came from.
        while places[index] < index {
            places[index] = places[places[index]];
        }
        rows.swap(index, places[index]);
    }
}

/// Returns the places of the rows, sorted. Sorting places instead of rows is compiled once, not for each type of rows.
fn sorted_places(rows: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

fn min_some(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
